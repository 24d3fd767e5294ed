package schedule

import (
	"testing"
	"time"
)

func TestLocalTimesThatExistOnce(t *testing.T) {
	f := func(zoneName, local, want string) {
		t.Helper()
		if got := instant(civilTime(t, local), zone(t, zoneName)); got != at(t, want) {
			t.Errorf("%s in %s is %s, want %s", local, zoneName, time.UnixMicro(got).UTC().Format(time.RFC3339), want)
		}
	}
	f("Asia/Seoul", "2021-08-12T20:00", "2021-08-12T11:00:00Z")
	f("UTC", "2021-08-12T20:00:01", "2021-08-12T20:00:01Z")
	f("Pacific/Kiritimati", "2021-08-12T20:00", "2021-08-12T06:00:00Z") // 14 hours ahead
	f("Etc/GMT+12", "2021-08-12T20:00", "2021-08-13T08:00:00Z")
	f("Asia/Kathmandu", "2021-08-12T20:00", "2021-08-12T14:15:00Z")

	// The clocks skip an hour: what they do not show is the moment of the skip.
	f("Europe/Berlin", "2021-03-28T01:59:59", "2021-03-28T00:59:59Z")
	f("Europe/Berlin", "2021-03-28T02:00", "2021-03-28T01:00:00Z")
	f("Europe/Berlin", "2021-03-28T02:30", "2021-03-28T01:00:00Z")
	f("Europe/Berlin", "2021-03-28T03:00", "2021-03-28T01:00:00Z")
	f("Europe/Berlin", "2021-03-28T03:00:01", "2021-03-28T01:00:01Z")
	// They show an hour twice: it is the first.
	f("Europe/Berlin", "2021-10-31T01:59:59", "2021-10-30T23:59:59Z")
	f("Europe/Berlin", "2021-10-31T02:00", "2021-10-31T00:00:00Z")
	f("Europe/Berlin", "2021-10-31T02:59:59", "2021-10-31T00:59:59Z")
	f("Europe/Berlin", "2021-10-31T03:00", "2021-10-31T02:00:00Z")
	// Seoul had summer time in 1988: from 8 May 02:00 to 9 October 03:00.
	f("Asia/Seoul", "1988-05-08T01:59:59", "1988-05-07T16:59:59Z")
	f("Asia/Seoul", "1988-05-08T02:30", "1988-05-07T17:00:00Z")
	f("Asia/Seoul", "1988-05-08T03:30", "1988-05-07T17:30:00Z")
	f("Asia/Seoul", "1988-10-09T02:30", "1988-10-08T16:30:00Z")
	f("Asia/Seoul", "1988-10-09T03:00", "1988-10-08T18:00:00Z")
	// Half an hour, and a whole day that Samoa skipped.
	f("Australia/Lord_Howe", "2021-10-03T02:15", "2021-10-02T15:30:00Z")
	f("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z")
	f("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00:00Z")
}

// The clocks of Berlin went back from 03:00 to 02:00 on 31 October 2021: a window over that night is an hour longer, and one that
// ends in the hour that is there twice ends the first time.
func TestAWindowOverAChangeOfTheClocks(t *testing.T) {
	f := func(opens, closes time.Duration, from, until string) {
		t.Helper()
		s := made(t, "Europe/Berlin", Window{Kind: Rotation, First: civilTime(t, "2021-10-30"), Last: civilTime(t, "2021-10-30"), Opens: opens, Closes: closes})
		want := Span{at(t, from), at(t, until)}
		if got := s.Decide(Facts{Digit: 0}, want.From); got.Window != want {
			t.Errorf("%v to %v: %+v", opens, closes, got)
		}
	}
	f(20*time.Hour, 18*time.Hour, "2021-10-30T20:00:00+02:00", "2021-10-31T18:00:00+01:00")
	f(20*time.Hour, 2*time.Hour+30*time.Minute, "2021-10-30T20:00:00+02:00", "2021-10-31T02:30:00+02:00")
}

func TestDatesWithoutADigitOfTheirOwnKind(t *testing.T) {
	s := made(t, "Asia/Seoul", rotating(t, "2024-02-27", "2024-03-02"), rotating(t, "2023-02-27", "2023-03-01"), rotating(t, "2021-07-28", "2021-08-01"))
	f := func(instant string, digit int) {
		t.Helper()
		for d := -1; d <= 9; d++ {
			if v := s.Decide(Facts{Digit: d}, at(t, instant)); v.Allowed != (d == digit) {
				t.Errorf("%s, digit %d: %+v", instant, d, v)
			}
		}
	}
	f("2021-07-28T20:00:00+09:00", 8)
	f("2021-07-29T20:00:00+09:00", 9)
	f("2021-07-30T20:00:00+09:00", 0)
	f("2021-07-31T20:00:00+09:00", 1) // and the day after again
	f("2021-08-01T17:59:59+09:00", 1)
	f("2021-08-01T19:00:00+09:00", 99) // nobody
	f("2021-08-01T20:00:00+09:00", 1)
	f("2024-02-28T23:00:00+09:00", 8)
	f("2024-02-29T23:00:00+09:00", 9) // there is one
	f("2024-03-01T12:00:00+09:00", 9)
	f("2024-03-01T20:00:00+09:00", 1)
	f("2023-02-28T23:00:00+09:00", 8) // there is none
	f("2023-03-01T12:00:00+09:00", 8)
	f("2023-03-01T20:00:00+09:00", 1)
}

func TestTheDigitZeroIsThatOfThe10th20thAnd30th(t *testing.T) {
	s := made(t, "Asia/Seoul", rotating(t, "2021-08-01", "2021-08-31"))
	var days []int
	for v := s.Decide(Facts{Digit: 0}, 0); v.Next != (Span{}); v = s.Decide(Facts{Digit: 0}, v.Next.Until) {
		days = append(days, time.UnixMicro(v.Next.From).In(s.Zone()).Day())
	}
	if len(days) != 3 || days[0] != 10 || days[1] != 20 || days[2] != 30 {
		t.Errorf("got %v", days)
	}
}

func TestWindowsThatCannotBeAreRefused(t *testing.T) {
	f := func(w Window) {
		t.Helper()
		if s, err := New(zone(t, "Europe/Berlin"), Span{}, []Window{w}); err == nil {
			t.Errorf("got %+v", s)
		}
	}
	day := civilTime(t, "2021-08-09")
	f(Window{})
	f(Window{Kind: "some", From: day, Until: day.Add(1e12)})
	f(Window{Kind: Everyone})
	f(Window{Kind: Everyone, From: day, Until: day})
	f(Window{Kind: Everyone, From: day})
	f(Window{Kind: Everyone, Until: day})
	f(Window{Kind: Rotation, From: day, Until: day.Add(1e12)})
	f(Window{Kind: Rotation, First: day})
	f(Window{Kind: Rotation, First: day, Last: day, Opens: 24 * time.Hour})
	f(Window{Kind: Rotation, First: day, Last: day, Opens: -1})
	f(Window{Kind: Rotation, First: day, Last: day.Add(MaxSpans * 24 * time.Hour)})
	f(Window{Kind: Group, Group: -1, From: day, Until: day.Add(1e12)})
	f(Window{Kind: Group, Group: MaxGroups, From: day, Until: day.Add(1e12)})
	// 02:10 to 02:50 in the hour that is skipped.
	f(Window{Kind: Everyone, From: civilTime(t, "2021-03-28T02:10"), Until: civilTime(t, "2021-03-28T02:50")})
	f(Window{Kind: Everyone, First: civilTime(t, "2021-03-28"), Last: civilTime(t, "2021-03-28"), Opens: 2*time.Hour + 10*time.Minute, Closes: 2*time.Hour + 50*time.Minute})
	if s, err := New(nil, Span{}, nil); s != nil || err != nil {
		t.Errorf("no windows: %v, %v", s, err)
	}
	if _, err := New(nil, Span{}, []Window{rotating(t, "2021-08-09", "2021-08-18")}); err == nil {
		t.Error("without a zone")
	}
}
