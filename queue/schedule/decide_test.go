package schedule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestEveryReasonIsTheOneThatPeopleNeedToKnow(t *testing.T) {
	s := august(t)
	last := Span{at(t, "2021-08-19T20:00:00+09:00"), at(t, "2021-09-18T18:00:00+09:00")}
	f := func(s *Schedule, facts Facts, instant string, why Reason, next Span) {
		t.Helper()
		if v := s.Decide(facts, at(t, instant)); v.Allowed || v.Why != why || v.Next != next || v.Window != (Span{}) || v.Kind != "" {
			t.Errorf("%+v at %s: %+v", facts, instant, v)
		}
	}
	own := func(day string, next string) Span {
		return Span{at(t, day+"T20:00:00+09:00"), at(t, next+"T18:00:00+09:00")}
	}
	f(s, Facts{Digit: 9}, "2021-08-01T00:00:00+09:00", NotYet, own("2021-08-09", "2021-08-10"))
	f(s, Facts{Digit: 0}, "2021-08-09T20:00:00+09:00", NotYourDay, own("2021-08-10", "2021-08-11"))
	f(s, Facts{Digit: 9}, "2021-08-10T20:00:00+09:00", NotYourDay, last)
	f(s, Facts{Digit: -1}, "2021-08-10T20:00:00+09:00", UnknownDigit, last)
	f(s, Facts{Digit: 5}, "2021-08-06T00:00:00+09:00", NoGroup, own("2021-08-15", "2021-08-16"))
	f(s, Facts{Digit: 5, Groups: 1<<16 - 1 - 1<<3}, "2021-08-18T18:30:00+09:00", NoGroup, last)
	f(s, Facts{Digit: 5}, "2021-09-18T18:00:00+09:00", Over, Span{})
	f(s, Facts{Digit: -1, Groups: 1 << 3}, "2021-09-18T18:00:00+09:00", Over, Span{})
	f(s, Facts{Digit: 10}, "2021-08-10T20:00:00+09:00", UnknownDigit, last) // no digit at all
	// Those whose turn never comes, or has passed.
	days := made(t, "Asia/Seoul", rotating(t, "2021-08-09", "2021-08-11"),
		Window{Kind: Group, Group: 0, From: civilTime(t, "2021-08-20T20:00"), Until: civilTime(t, "2021-08-21T20:00")})
	f(days, Facts{Digit: 5}, "2021-08-01T00:00:00+09:00", NotYourDay, Span{})
	f(days, Facts{Digit: 5}, "2021-08-10T00:00:00+09:00", NotYourDay, Span{})
	f(days, Facts{Digit: -1}, "2021-08-10T19:00:00+09:00", UnknownDigit, Span{})
	f(days, Facts{Digit: 5}, "2021-08-15T00:00:00+09:00", NoGroup, Span{})
	f(days, Facts{Digit: 9}, "2021-08-10T18:00:00+09:00", Over, Span{})
	f(days, Facts{Digit: 9}, "2021-08-20T20:00:00+09:00", Over, Span{})
}

func TestWindowsThatTouchOrOverlapAreOneTimeForWhoMayEnterInAll(t *testing.T) {
	both := Facts{Digit: 5, Groups: 1 << 3}
	want := Span{at(t, "2021-08-05T20:00:00+09:00"), at(t, "2021-09-18T18:00:00+09:00")}
	f := func(instant string, kind Kind) {
		t.Helper()
		if v := august(t).Decide(both, at(t, instant)); v != (Verdict{Allowed: true, Kind: kind, Window: want}) {
			t.Errorf("at %s: %+v", instant, v)
		}
	}
	f("2021-08-14T21:00:00+09:00", Group)
	f("2021-08-15T21:00:00+09:00", Rotation)
	f("2021-08-19T21:00:00+09:00", Everyone)
}

func TestWithoutAScheduleEverybodyMayAlways(t *testing.T) {
	var s *Schedule
	if v := s.Decide(Facts{Digit: -1}, 5); v != (Verdict{Allowed: true}) {
		t.Errorf("got %+v", v)
	}
	if from, until := s.Opening(5); from != 0 || until != 0 {
		t.Errorf("got %d, %d", from, until)
	}
}

func TestAnOpeningIsOneTimeInWhichAnybodyMayEnter(t *testing.T) {
	hours := func(kind Kind, first, last string, opens, closes time.Duration) Window {
		return Window{Kind: kind, First: civilTime(t, first), Last: civilTime(t, last), Opens: opens * time.Hour, Closes: closes * time.Hour}
	}
	f := func(s *Schedule, instant, from, until string) {
		t.Helper()
		if a, b := s.Opening(at(t, instant)); a != at(t, from) || b != at(t, until) {
			t.Errorf("at %s: %v to %v", instant, time.UnixMicro(a).UTC(), time.UnixMicro(b).UTC())
		}
	}
	daily := made(t, "UTC", rotating(t, "2021-08-09", "2021-08-11"), hours(Group, "2021-08-09", "2021-08-10", 19, 2))
	f(daily, "2021-01-01T00:00:00Z", "2021-08-09T19:00:00Z", "2021-08-10T18:00:00Z")
	f(daily, "2021-08-09T18:59:59.999999Z", "2021-08-09T19:00:00Z", "2021-08-10T18:00:00Z")
	f(daily, "2021-08-10T17:59:59.999999Z", "2021-08-09T19:00:00Z", "2021-08-10T18:00:00Z")
	f(daily, "2021-08-10T18:00:00Z", "2021-08-10T19:00:00Z", "2021-08-11T18:00:00Z")
	f(daily, "2021-08-11T18:00:00Z", "2021-08-11T20:00:00Z", "2021-08-12T18:00:00Z")
	f(daily, "2021-08-12T18:00:00Z", "2021-08-11T20:00:00Z", "2021-08-12T18:00:00Z") // closed for good
	f(daily, "2022-08-12T18:00:00Z", "2021-08-11T20:00:00Z", "2021-08-12T18:00:00Z")
	// Windows that touch are one opening; so is what a group's window bridges.
	f(made(t, "UTC", hours(Everyone, "2021-08-09", "2021-08-11", 20, 20)), "2021-08-10T20:00:00Z", "2021-08-09T20:00:00Z", "2021-08-12T20:00:00Z")
	f(august(t), "2021-08-10T19:00:00+09:00", "2021-08-05T20:00:00+09:00", "2021-09-18T18:00:00+09:00")
}

func TestARoomsOwnHoursBoundItsWindows(t *testing.T) {
	within := Span{at(t, "2021-08-09T21:00:00Z"), at(t, "2021-08-10T23:00:00Z")}
	s, err := New(time.UTC, within, []Window{rotating(t, "2021-08-08", "2021-08-12")})
	if err != nil {
		t.Fatal(err)
	}
	f := func(digit int, want Span) {
		t.Helper()
		if v := s.Decide(Facts{Digit: digit}, 0); v.Next != want {
			t.Errorf("digit %d: %+v", digit, v)
		}
	}
	f(8, Span{})
	f(9, Span{within.From, at(t, "2021-08-10T18:00:00Z")})
	f(0, Span{at(t, "2021-08-10T20:00:00Z"), within.Until})
	f(1, Span{})
	if _, err := New(time.UTC, Span{From: at(t, "2021-08-13T18:00:00Z")}, []Window{rotating(t, "2021-08-08", "2021-08-12")}); err == nil {
		t.Error("nothing is left, and no error")
	}
}

func TestDecidingAllocatesNothing(t *testing.T) {
	s := august(t)
	instant := at(t, "2021-08-10T21:00:00+09:00")
	for digit := -1; digit <= 9; digit++ {
		if n := testing.AllocsPerRun(100, func() { s.Decide(Facts{Digit: digit}, instant); s.Opening(instant) }); n != 0 {
			t.Errorf("digit %d: %v allocations", digit, n)
		}
	}
}

// drawn is any schedule of a few windows around some weeks of changing clocks, and its spans as an independent list.
func drawn(t *rapid.T) (s *Schedule, windows []Window, start time.Time) {
	names := []string{"Asia/Seoul", "UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"}
	z, err := time.LoadLocation(rapid.SampledFrom(names).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	minutes := rapid.IntRange(0, 24*60-1)
	start = time.Date(2011, rapid.SampledFrom([]time.Month{9, 10, 12}).Draw(t, "month"), 20, 0, 0, 0, 0, time.UTC) // Samoa skipped a day that December
	windows = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Window {
		w := Window{Kind: rapid.SampledFrom([]Kind{Rotation, Everyone, Group}).Draw(t, "kind"), Group: rapid.IntRange(0, 2).Draw(t, "group")}
		date := start.AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "date"))
		if w.Kind == Rotation || rapid.Bool().Draw(t, "daily") {
			w.First, w.Last = date, date.AddDate(0, 0, rapid.IntRange(0, 12).Draw(t, "days"))
			w.Opens = time.Duration(minutes.Draw(t, "opens")) * time.Minute
			w.Closes = time.Duration(minutes.Draw(t, "closes")) * time.Minute
			return w
		}
		w.From = date.Add(time.Duration(minutes.Draw(t, "from")) * time.Minute)
		w.Until = w.From.Add(time.Duration(rapid.IntRange(24*60+1, 5*24*60).Draw(t, "for")) * time.Minute)
		return w
	}), 1, 5).Draw(t, "windows")
	s, err = New(z, Span{}, windows)
	if err != nil {
		t.Skip(err) // all of a window is skipped by the clocks
	}
	return s, windows, start.In(z)
}

// mayEnter asks the clock on the wall, window by window. It knows nothing of times that are there twice, and is not asked then.
func mayEnter(windows []Window, f Facts, wall time.Time) bool {
	return slices.ContainsFunc(windows, func(w Window) bool {
		if w.Kind == Group && f.Groups>>w.Group&1 == 0 {
			return false
		}
		if w.First.IsZero() {
			return !wall.Before(w.From) && wall.Before(w.Until)
		}
		for date := w.First; !date.After(w.Last); date = date.AddDate(0, 0, 1) {
			until := date.Add(w.Closes)
			if w.Closes <= w.Opens {
				until = date.AddDate(0, 0, 1).Add(w.Closes)
			}
			if w.Kind == Rotation && date.Day()%10 != f.Digit {
				continue
			}
			if !wall.Before(date.Add(w.Opens)) && wall.Before(until) {
				return true
			}
		}
		return false
	})
}

func TestADecisionIsWhatTheClockOnTheWallSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, windows, start := drawn(t)
		f := Facts{Digit: rapid.IntRange(-1, 9).Draw(t, "digit"), Groups: uint16(rapid.IntRange(0, 7).Draw(t, "groups"))}
		for range 50 {
			i := start.Add(time.Duration(rapid.IntRange(-24*60, 40*24*60).Draw(t, "minute")) * time.Minute)
			_, a := i.Add(-3 * time.Hour).Zone()
			_, b := i.Add(3 * time.Hour).Zone()
			if a != b {
				continue
			}
			wall := time.Date(i.Year(), i.Month(), i.Day(), i.Hour(), i.Minute(), 0, 0, time.UTC)
			if v := s.Decide(f, i.UnixMicro()); v.Allowed != mayEnter(windows, f, wall) {
				t.Fatalf("%+v at %v: %+v", f, i, v)
			}
		}
	})
}

func TestAVerdictSaysExactlyWhereTheNextOneDiffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, start := drawn(t)
		f := Facts{Digit: rapid.IntRange(-1, 9).Draw(t, "digit"), Groups: uint16(rapid.IntRange(0, 7).Draw(t, "groups"))}
		allowed := func(at int64) bool { return s.Decide(f, at).Allowed }
		now := start.UnixMicro() + rapid.Int64Range(-24*3600e6, 40*24*3600e6).Draw(t, "at")
		v := s.Decide(f, now)
		flip := func(from, until int64, is bool) { // nothing changes between them
			t.Helper()
			if from >= until {
				t.Fatalf("%d to %d", from, until)
			}
			for _, at := range []int64{from, until - 1, rapid.Int64Range(from, until-1).Draw(t, "between")} {
				if allowed(at) != is {
					t.Fatalf("%+v: at %d it is %v", v, at, !is)
				}
			}
		}
		after := now
		if v.Allowed {
			flip(v.Window.From, v.Window.Until, true)
			if v.Window.From > now || now >= v.Window.Until || allowed(v.Window.From-1) || v.Why != "" || v.Kind == "" {
				t.Fatalf("at %d: %+v", now, v)
			}
			if from, until := s.Opening(now); from > v.Window.From || until < v.Window.Until {
				t.Fatalf("the opening is %d to %d, and the window %+v", from, until, v.Window)
			}
			after = v.Window.Until
		} else if v.Why == "" || v.Kind != "" || v.Window != (Span{}) {
			t.Fatalf("at %d: %+v", now, v)
		}
		if v.Next == (Span{}) {
			flip(after, after+400*24*3600e6, false)
			return
		}
		flip(after, v.Next.From, false)
		flip(v.Next.From, v.Next.Until, true)
		if allowed(v.Next.Until) {
			t.Fatalf("%+v: it goes on", v)
		}
	})
}

func TestOpeningsFollowOneAnotherWithTimeBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _, _ := drawn(t)
		all := Facts{Digit: -1, Groups: 7}
		anybody := func(at int64) bool {
			for d := range 10 {
				all.Digit = d
				if s.Decide(all, at).Allowed {
					return true
				}
			}
			return false
		}
		from, until := s.Opening(0)
		for range 70 {
			if anybody(from-1) || !anybody(from) || !anybody(until-1) || anybody(until) {
				t.Fatalf("%d to %d is no opening", from, until)
			}
			if a, b := s.Opening(rapid.Int64Range(from, until-1).Draw(t, "within")); a != from || b != until {
				t.Fatalf("within %d to %d it is %d to %d", from, until, a, b)
			}
			a, b := s.Opening(until)
			if a == from {
				return // the last
			}
			if a <= until || anybody(rapid.Int64Range(until, a-1).Draw(t, "between")) {
				t.Fatalf("after %d comes %d", until, a)
			}
			from, until = a, b
		}
	})
}
