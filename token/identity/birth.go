package identity

import (
	"errors"
	"strings"
	"time"
)

// The claims that tell the day of birth, by our names.
const (
	claimDate = "birthdate"     // OpenID Connect Core 1.0, section 5.1: 1990-03-12, 0000-03-12, 1990; also --03-12, and 19900312 of agencies
	claimYear = "birthyear"     // 1990
	claimDay  = "birthday"      // 0312 or 03-12
	claimType = "birthday_type" // SOLAR or LUNAR
)

// earliest is the first year in which somebody who books today was born.
const earliest = 1850

var (
	errNoDay     = errors.New("the day of birth was not given")
	errNotADay   = errors.New("the day of birth is none that there is")
	errTwoDays   = errors.New("the claims tell two days of birth")
	errLunar     = errors.New("the day of birth is one of the lunar calendar")
	errNoSuchAge = errors.New("the day of birth has not come yet, or is too long ago")
)

// birthDigit is the last digit of the day of birth. Without one it gives -1, why, and the error that says so, which does not tell the day.
func birthDigit(claims map[string]string, now time.Time) (int, Why, error) {
	switch strings.ToUpper(claims[claimType]) {
	case "", "SOLAR", "S":
	case "LUNAR", "L":
		return -1, Lunar, errLunar
	default:
		return -1, Incomplete, errNotADay
	}
	day, err := dayOfBirth(claims, now)
	if err != nil {
		return -1, Incomplete, err
	}
	return day % 10, "", nil
}

func dayOfBirth(claims map[string]string, now time.Time) (int, error) {
	year, month, day, ok := readDate(claims[claimDate])
	if !ok {
		return 0, errNotADay
	}
	if text := claims[claimDay]; text != "" {
		if len(text) == 5 && text[2] == '-' {
			text = text[:2] + text[3:]
		}
		m, okMonth := number(text, 0, 2)
		d, okDay := number(text, 2, 4)
		if len(text) != 4 || !okMonth || !okDay {
			return 0, errNotADay
		}
		if day != 0 && (m != month || d != day) {
			return 0, errTwoDays
		}
		month, day = m, d
		if text := claims[claimYear]; text != "" {
			y, ok := number(text, 0, 4)
			if len(text) != 4 || !ok {
				return 0, errNotADay
			}
			if year != 0 && y != year {
				return 0, errTwoDays
			}
			year = y
		}
	}
	if month == 0 && day == 0 {
		return 0, errNoDay
	}
	return day, possible(year, month, day, now)
}

// readDate reads a birthdate claim. What is not told is 0.
func readDate(s string) (year, month, day int, ok bool) {
	switch {
	case s == "":
		return 0, 0, 0, true
	case len(s) == 4: // the year alone
		year, ok = number(s, 0, 4)
		return year, 0, 0, ok
	case len(s) == 7 && strings.HasPrefix(s, "--") && s[4] == '-':
		s = "0000" + s[2:4] + s[5:]
	case len(s) == 10 && s[4] == '-' && s[7] == '-':
		s = s[:4] + s[5:7] + s[8:]
	case len(s) != 8:
		return 0, 0, 0, false
	}
	year, okYear := number(s, 0, 4)
	month, okMonth := number(s, 4, 6)
	day, okDay := number(s, 6, 8)
	// A day that is told is one; 0 stands for nothing but the year.
	return year, month, day, okYear && okMonth && okDay && month > 0 && day > 0
}

// number reads the decimal digits of s from one index to another.
func number(s string, from, to int) (n int, ok bool) {
	if to > len(s) {
		return 0, false
	}
	for _, c := range []byte(s[from:to]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// possible refuses days that no calendar has, and those on which nobody who lives was born. Year 0 is not known.
func possible(year, month, day int, now time.Time) error {
	in := year
	if in == 0 {
		in = 2000 // with a 29 February
	}
	date := time.Date(in, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if month < 1 || month > 12 || day < 1 || date.Day() != day || date.Month() != time.Month(month) {
		return errNotADay
	}
	// It is tomorrow somewhere.
	if year != 0 && (year < earliest || date.After(now.Add(24*time.Hour))) {
		return errNoSuchAge
	}
	return nil
}
