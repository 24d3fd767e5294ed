package main

import (
	"testing"
	"time"
)

func TestTimesOfAPlanAreRead(t *testing.T) {
	f := func(opens, text string, after time.Duration, value string, ok bool) {
		t.Helper()
		c, read := parseClock(opens)
		if !read {
			t.Fatalf("%q is no time", opens)
		}
		gotAfter, gotValue, gotOK := c.cut(text)
		if gotOK != ok || ok && (gotAfter != after || gotValue != value) {
			t.Errorf("opening at %q, %q is %s, %q, %v", opens, text, gotAfter, gotValue, gotOK)
		}
	}
	f("20:00", "20:30=1/h", 30*time.Minute, "1/h", true)
	f("20:00", "00:30=1/h", 4*time.Hour+30*time.Minute, "1/h", true) // the next day
	f("20:00", "+90s=1,000/h", 90*time.Second, "1,000/h", true)      // from the opening on
	f("", "+1h=1/h", time.Hour, "1/h", true)                         // needs no time of day
	f("2021-08-12T20:00:00+09:00", "20:30=1/h", 30*time.Minute, "1/h", true)
	f("2021-08-12T20:00:00+09:00", "2021-08-12T12:00:00Z=1/h", time.Hour, "1/h", true)
	f("2021-08-12T20:00:00+09:00", "2021-08-12T10:00:00Z=1/h", 0, "", false) // before the opening
	f("", "20:30=1/h", 0, "", false)
	f("20:00", "20:30", 0, "", false)
	f("20:00", "half nine=1/h", 0, "", false)
	f("20:00", "+-5m=1/h", 0, "", false)
}

func TestNumbersAndSharesOfAPlanAreRead(t *testing.T) {
	number := func(text string, want int, ok bool) {
		t.Helper()
		if got, read := parseCount(text); read != ok || got != want {
			t.Errorf("%q is %d, %v", text, got, read)
		}
	}
	number("1,900,000", 1_900_000, true)
	number("1900000", 1_900_000, true)
	number("0", 0, true)
	number("1,9", 0, false)
	number("19,00,000", 0, false)
	number("-1", 0, false)
	number("1e6", 0, false)
	number("", 0, false)
	of := func(text string, want float64, ok bool) {
		t.Helper()
		if got, read := parseShare(text); read != ok || ok && got != want {
			t.Errorf("%q is %g, %v", text, got, read)
		}
	}
	of("80%", 0.8, true)
	of("12.5 %", 0.125, true)
	of("0%", 0, true)
	of("0.8", 0, false)
	of("101%", 0, false)
	of("-1%", 0, false)
	of("NaN%", 0, false)
}

func TestTimesOfAPlanAreTold(t *testing.T) {
	f := func(opens string, after time.Duration, want string) {
		t.Helper()
		c, _ := parseClock(opens)
		if got := c.at(after); got != want {
			t.Errorf("%s after %q is %q, not %q", after, opens, got, want)
		}
	}
	f("20:00", 45*time.Minute+400*time.Millisecond, "20:45:00")
	f("20:00", 5*time.Hour, "01:00:00 of a later day")
	f("", 90*time.Minute, "+1h30m")
	f("", 10*time.Minute, "+10m")
	f("", 20*time.Hour, "+20h")
	f("", 0, "+0s")
}
