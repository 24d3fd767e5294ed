package schedule

import "testing"

func TestTurnsSayWhoMayEnterWhen(t *testing.T) {
	var all []Turn
	for turn := range august(t).Turns() {
		all = append(all, turn)
	}
	// Ten days of a digit each with the group, what is before, between and after for the group alone, and the time for everyone.
	if len(all) != 1+10+9+1+1 {
		t.Fatalf("%d turns: %+v", len(all), all)
	}
	f := func(i int, from, until string, digits uint16, everyone bool) {
		t.Helper()
		want := Turn{Span{at(t, from), at(t, until)}, digits, 1 << 3, everyone}
		if all[i] != want {
			t.Errorf("turn %d is %+v, want %+v", i, all[i], want)
		}
	}
	f(0, "2021-08-05T20:00:00+09:00", "2021-08-09T20:00:00+09:00", 0, false)
	f(1, "2021-08-09T20:00:00+09:00", "2021-08-10T18:00:00+09:00", 1<<9, false)
	f(2, "2021-08-10T18:00:00+09:00", "2021-08-10T20:00:00+09:00", 0, false)
	f(3, "2021-08-10T20:00:00+09:00", "2021-08-11T18:00:00+09:00", 1<<0, false)
	f(21, "2021-08-19T20:00:00+09:00", "2021-09-18T18:00:00+09:00", 0, true)
	for range (*Schedule)(nil).Turns() {
		t.Error("a turn without a schedule")
	}
	for range august(t).Turns() {
		break
	}
}
