package redis

import (
	"encoding/binary"
	"math"
)

// Scripts and gateway tell each other whole numbers as doubles of eight bytes, as Lua
// has them: text of sixteen digits would take Redis longer than all else.

func appendDoubles(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(float64(n)))
	}
	return b
}

// readSeat reads the numbers of one seat; packed has at least as many.
func readSeat(packed string) (numbers [seatLength]int64) {
	for i := range numbers {
		numbers[i] = int64(math.Float64frombits(binary.BigEndian.Uint64([]byte(packed[8*i : 8*i+8]))))
	}
	return numbers
}
