package config

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Bounds of a rate other than 0: from one entry in a day to one in a microsecond.
const (
	maxPerHour    = 3_600_000_000
	maxPeriod     = 86_400 // seconds
	rateScale     = 1_000_000
	rateNotations = "write 2,000,000/h, 30000/min, 555.5/s or 100/10s"
)

// Rate is how many visitors enter in a time. The zero value admits nobody. Rates are comparable;
// two ways of writing the same rate (60/min, 1/s) are different values with the same PerHour.
type Rate struct {
	count   int64 // in millionths of an entry
	seconds int64 // 0 only in the zero value
}

// ParseRate reads a rate: a count, `/`, and a period of `h`, `min` or `s`, which may carry a whole
// number of its own: `2,000,000/h`, `30000/min`, `555.5/s`, `100/10s`. Commas group by three; up to
// six decimals are kept. `0`, with or without a period, admits nobody. A bare number other than 0
// is refused, because its unit would be a guess. The most is 3,600,000,000/h, the least above 0 is
// 1/24h. Errors say what is wrong and what to write.
func ParseRate(text string) (Rate, error) {
	s := strings.TrimSpace(text)
	number, period, slash := strings.Cut(s, "/")
	count, ok := parseCount(number)
	if !ok {
		return Rate{}, &fault{fmt.Sprintf("%s is not a rate", quote(text)), rateNotations + "; 0 admits nobody"}
	}
	if !slash {
		if count == 0 {
			return Rate{}, nil
		}
		return Rate{}, &fault{fmt.Sprintf("the rate %s has no unit", s), fmt.Sprintf("write %s/h, %s/min or %s/s", s, s, s)}
	}
	seconds, ok := parsePeriod(period)
	if !ok {
		return Rate{}, &fault{fmt.Sprintf("%s has no period that is known", quote(text)),
			"a rate is counted per h, min or s, or a whole number of them up to 24h: " + rateNotations}
	}
	if count == 0 {
		return Rate{}, nil
	}
	return bounded(Rate{count: count, seconds: seconds}, s)
}

// bounded refuses a rate outside the bounds: above, a slot would be shorter than the microsecond
// that places and slots are counted in.
func bounded(r Rate, text string) (Rate, error) {
	if perHour := r.exact(3600); perHour.Cmp(big.NewRat(maxPerHour, 1)) > 0 {
		return Rate{}, &fault{fmt.Sprintf("the rate %s is above 3,600,000,000/h, one entry in a microsecond", text), "write a lower rate"}
	}
	if perDay := r.exact(maxPeriod); perDay.Cmp(big.NewRat(1, 1)) < 0 {
		return Rate{}, &fault{fmt.Sprintf("the rate %s is below one entry in a day", text), "write at least 1/24h, or 0 to admit nobody"}
	}
	return r, nil
}

// PerHour is the number of entries in an hour, the nearest float64 to the exact value.
func (r Rate) PerHour() float64 {
	f, _ := r.exact(3600).Float64()
	return f
}

// String is the rate in every notation, as each echo shows it:
// `2,000,000/h = 33,333.3/min = 555.6/s`. Figures are rounded to a decimal, those below 10 to
// three digits.
func (r Rate) String() string {
	return echo(r.exact(3600)) + "/h = " + echo(r.exact(60)) + "/min = " + echo(r.exact(1)) + "/s"
}

// Short is the rate as it was written, in one spelling: `2,000,000/h`, `100/10s`; `0` for none.
// ParseRate reads it back to an equal value.
func (r Rate) Short() string {
	if r.count == 0 {
		return "0"
	}
	return group(decimal(r.count)) + "/" + periodName(r.seconds)
}

// MarshalText is Short, for JSON and the like.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.Short()), nil }

// UnmarshalText is ParseRate, for JSON, flags and the like.
func (r *Rate) UnmarshalText(text []byte) error {
	parsed, err := ParseRate(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

// exact is the number of entries in so many seconds.
func (r Rate) exact(seconds int64) *big.Rat {
	if r.count == 0 {
		return new(big.Rat)
	}
	n := new(big.Int).Mul(big.NewInt(r.count), big.NewInt(seconds))
	d := new(big.Int).Mul(big.NewInt(rateScale), big.NewInt(r.seconds))
	return new(big.Rat).SetFrac(n, d)
}

// parseCount reads a number with optional grouping commas and decimals, in millionths.
func parseCount(s string) (int64, bool) {
	whole, decimals, dot := strings.Cut(s, ".")
	if dot && (decimals == "" || len(decimals) > 6 || !digits(decimals)) {
		return 0, false
	}
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		first := i == 0
		if !digits(g) || g == "" || (len(groups) > 1 && (first && len(g) > 3 || !first && len(g) != 3)) {
			return 0, false
		}
	}
	joined := strings.TrimLeft(strings.Join(groups, ""), "0")
	// 12 digits in millionths are within an int64, and above every bound.
	if len(joined) > 12 {
		return 0, false
	}
	n, err := strconv.ParseInt(joined+(decimals + "000000")[:6], 10, 64)
	return n, err == nil
}

// parsePeriod reads `h`, `min`, `s`, with or without a whole number before it, in seconds.
func parsePeriod(s string) (int64, bool) {
	unit := strings.TrimLeft(s, "0123456789")
	scale := map[string]int64{"h": 3600, "min": 60, "s": 1}[unit]
	number := s[:len(s)-len(unit)]
	if scale == 0 || len(number) > 5 || strings.HasPrefix(number, "0") {
		return 0, false
	}
	n := int64(1)
	if number != "" {
		n, _ = strconv.ParseInt(number, 10, 64)
	}
	return n * scale, n*scale <= maxPeriod
}

func periodName(seconds int64) string {
	unit, n := "s", seconds
	switch {
	case seconds%3600 == 0:
		unit, n = "h", seconds/3600
	case seconds%60 == 0:
		unit, n = "min", seconds/60
	}
	if n == 1 {
		return unit
	}
	return strconv.FormatInt(n, 10) + unit
}

// decimal writes millionths without trailing zeros.
func decimal(millionths int64) string {
	s := fmt.Sprintf("%d.%06d", millionths/rateScale, millionths%rateScale)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// echo rounds for people: a decimal from 10 on, three significant digits below.
func echo(v *big.Rat) string {
	places := 1
	for bound := big.NewRat(10, 1); v.Sign() > 0 && places < 9 && v.Cmp(bound) < 0; places++ {
		bound.Mul(bound, big.NewRat(1, 10))
	}
	s := v.FloatString(places)
	return group(strings.TrimSuffix(strings.TrimRight(s, "0"), "."))
}

// group puts commas between thousands.
func group(s string) string {
	whole, rest := s, ""
	if i := strings.IndexByte(s, '.'); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + rest
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
