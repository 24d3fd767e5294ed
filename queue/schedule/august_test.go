package schedule

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // the zones, wherever the tests run
)

// civilTime is a local time as people write it.
func civilTime(t testing.TB, text string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	t.Fatalf("%q is no time", text)
	return time.Time{}
}

// at is an instant, RFC 3339.
func at(t testing.TB, text string) int64 {
	t.Helper()
	i, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return i.UnixMicro()
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func made(t testing.TB, zoneName string, windows ...Window) *Schedule {
	t.Helper()
	s, err := New(zone(t, zoneName), Span{}, windows)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rotating is the rotation on the dates from first to last, 20:00 to 18:00.
func rotating(t testing.TB, first, last string) Window {
	t.Helper()
	return Window{Kind: Rotation, First: civilTime(t, first), Last: civilTime(t, last), Opens: 20 * time.Hour, Closes: 18 * time.Hour}
}

// august is what Korea had in 2021.
func august(t testing.TB) *Schedule {
	t.Helper()
	return made(t, "Asia/Seoul",
		rotating(t, "2021-08-09", "2021-08-18"),
		Window{Kind: Group, Group: 3, From: civilTime(t, "2021-08-05T20:00"), Until: civilTime(t, "2021-09-18T18:00")},
		Window{Kind: Everyone, From: civilTime(t, "2021-08-19T20:00"), Until: civilTime(t, "2021-09-18T18:00")})
}

func TestWhoWasBornOnThe12thMayEnterFromThe12thAt20To13thAt18(t *testing.T) {
	s := made(t, "Asia/Seoul", rotating(t, "2021-08-09", "2021-08-18"))
	born12 := Facts{Digit: 2}
	want := Span{at(t, "2021-08-12T20:00:00+09:00"), at(t, "2021-08-13T18:00:00+09:00")}
	f := func(instant int64, expected Verdict) {
		t.Helper()
		if got := s.Decide(born12, instant); got != expected {
			t.Errorf("at %s: %+v, want %+v", time.UnixMicro(instant).UTC().Format(time.RFC3339Nano), got, expected)
		}
	}
	f(at(t, "2021-08-12T19:59:59.999999+09:00"), Verdict{Why: NotYet, Next: want})
	f(want.From, Verdict{Allowed: true, Kind: Rotation, Window: want})
	f(at(t, "2021-08-13T17:59:59.999999+09:00"), Verdict{Allowed: true, Kind: Rotation, Window: want})
	f(want.Until, Verdict{Why: Over})
	f(at(t, "2021-08-12T17:59:59.999999+09:00"), Verdict{Why: NotYourDay, Next: want}) // it is the 11th's turn
	f(at(t, "2021-08-13T20:00:00+09:00"), Verdict{Why: Over})                          // it is the 13th's
	f(at(t, "2021-08-01T00:00:00+09:00"), Verdict{Why: NotYet, Next: want})
}

// ask is one question with its answer, worked out on paper from the notices of 2021: local time is UTC and nine hours.
func ask(minuteUTC time.Time, digit int) bool {
	korea := minuteUTC.Add(9 * time.Hour)
	date := korea.Day()
	if korea.Month() == time.September || date > 19 || date == 19 && korea.Hour() >= 20 {
		return true // everybody again; the twelve days end before 18 September
	}
	if korea.Hour() >= 18 && korea.Hour() < 20 {
		return false
	}
	if korea.Hour() < 18 {
		date-- // the evening before
	}
	return date >= 9 && date <= 18 && fmt.Sprint(date)[len(fmt.Sprint(date))-1] == '0'+byte(digit)
}

func TestEveryMinuteOfTheTwelveDaysAndEveryDigitOfAugust2021(t *testing.T) {
	s, allowed := august(t), [10]int{}
	start := time.Date(2021, 8, 7, 15, 0, 0, 0, time.UTC) // 8 August 00:00 in Korea
	for m := range 12 * 24 * 60 {
		now := start.Add(time.Duration(m) * time.Minute)
		for digit := range 10 {
			v := s.Decide(Facts{Digit: digit}, now.UnixMicro())
			if v.Allowed != ask(now, digit) {
				t.Fatalf("digit %d at %v: %+v", digit, now, v)
			}
			if v.Allowed {
				allowed[digit]++
			}
		}
		if v := s.Decide(Facts{Digit: -1}, now.UnixMicro()); v.Allowed != ask(now, 10) {
			t.Fatalf("no digit at %v: %+v", now, v)
		}
		if v := s.Decide(Facts{Digit: -1, Groups: 1 << 3}, now.UnixMicro()); !v.Allowed {
			t.Fatalf("the priority group at %v: %+v", now, v)
		}
	}
	// 22 hours of one's own, and 4 of the 19th.
	for digit, minutes := range allowed {
		if minutes != (22+4)*60 {
			t.Errorf("digit %d: %d minutes", digit, minutes)
		}
	}
}
