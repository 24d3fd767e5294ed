package redis

import (
	"encoding/binary"
	"math"
)

// Scripts and gateway tell each other whole numbers as doubles of eight bytes, as Lua
// has them: text of sixteen digits would take Redis longer than all else.

func appendDoubles(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = appendDouble(b, float64(n))
	}
	return b
}

func appendDouble(b []byte, n float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(n))
}

// double reads the number at an index of those packed in a string.
func double(packed string, i int) float64 {
	return math.Float64frombits(binary.BigEndian.Uint64([]byte(packed[8*i : 8*i+8])))
}
