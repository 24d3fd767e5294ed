package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

const (
	kib Size = 1 << 10
	mib Size = 1 << 20
	gib Size = 1 << 30
)

// parseSize reads a whole number with its unit: `512B`, `16KiB`, `10MiB`, `1GiB`. A bare number is
// refused, and so are KB and MB, which mean different things to different people.
func parseSize(text string) (Size, error) {
	s := strings.TrimSpace(text)
	unit := strings.TrimLeft(s, "0123456789")
	n, err := strconv.ParseInt(s[:len(s)-len(unit)], 10, 64)
	scale := map[string]Size{"B": 1, "KiB": kib, "MiB": mib, "GiB": gib}[unit]
	if err != nil || scale == 0 {
		return 0, &fault{fmt.Sprintf("%s is not a size", quote(text)), "write a whole number with B, KiB, MiB or GiB, such as 16KiB"}
	}
	if n > math.MaxInt64/int64(scale) {
		return 0, &fault{fmt.Sprintf("the size %s is too large", s), "write a smaller one"}
	}
	return Size(n) * scale, nil
}

// String is the size in the largest unit that needs no decimals; parseSize reads it back.
func (s Size) String() string {
	for _, u := range []struct {
		scale Size
		name  string
	}{{gib, "GiB"}, {mib, "MiB"}, {kib, "KiB"}} {
		if s != 0 && s%u.scale == 0 {
			return strconv.FormatInt(int64(s/u.scale), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
