package config

import (
	"strings"
	"time"
)

// Limit is so many in a time, all of which may come at once: `300/min`, `5000/10min`. The zero
// value, written `off`, limits nothing.
type Limit struct {
	Count  int
	Period time.Duration
}

// maxLimit keeps the pause between two in the nanoseconds that it is counted in.
const maxLimit = 100_000_000

// parseLimit reads a whole number, `/` and a period of `h`, `min` or `s`, which may carry a whole
// number of its own, up to 24h; or `off`. Errors say what is wrong and what to write.
func parseLimit(text string) (Limit, error) {
	const mend = "write a whole number and its time such as 300/min or 5000/10min, or off for no limit"
	s := strings.TrimSpace(text)
	if s == "off" {
		return Limit{}, nil
	}
	number, period, slash := strings.Cut(s, "/")
	count, ok := parseCount(number)
	seconds, known := parsePeriod(period)
	switch {
	case !slash || !ok || !known || count%rateScale != 0:
		return Limit{}, &fault{quote(text) + " is not a limit", mend}
	case count == 0:
		return Limit{}, &fault{quote(text) + " would refuse everybody", mend}
	case count/rateScale > maxLimit:
		return Limit{}, &fault{quote(text) + " is above 100,000,000", "write a lower one"}
	}
	return Limit{Count: int(count / rateScale), Period: time.Duration(seconds) * time.Second}, nil
}

// String is the limit as it is written, in one spelling.
func (l Limit) String() string {
	if l == (Limit{}) {
		return "off"
	}
	return group(decimal(int64(l.Count)*rateScale)) + "/" + periodName(int64(l.Period/time.Second))
}
