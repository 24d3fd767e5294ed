package attempts_test

import (
	"testing"
	"time"

	"waitroom/bench/attempts"
)

// TestTheCeilingIsSeenToBePassed is what keeps F3 and F5 honest, where a little too much gets in.
func TestTheCeilingIsSeenToBePassed(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	now := func(all ...int) []attempts.Entry {
		var entries []attempts.Entry
		for _, ms := range all {
			entries = append(entries, attempts.Entry{Promised: at(ms), At: at(ms)})
		}
		return entries
	}
	steady := []attempts.Change{{From: at(0), Rate: 10}}
	fall := []attempts.Change{{From: at(0), Rate: 100}, {From: at(100), Rate: 10}}
	f := func(why string, entries []attempts.Entry, changes []attempts.Change, burst int, over bool) {
		t.Helper()
		if got := attempts.Over(entries, changes, burst); (got != "") != over {
			t.Errorf("%s: %q", why, got)
		}
	}
	f("one entry for each slot", now(0, 100, 200, 300), steady, 1, false)
	f("an entry half a slot too early", now(0, 100, 200, 250), steady, 1, true)
	f("a burst", now(50, 50, 50, 50, 50, 150), steady, 5, false)
	f("one more than the burst", now(50, 50, 50, 50, 50, 50), steady, 5, true)
	f("a bucket that a change has filled again", now(50, 50, 50, 110, 110, 110), []attempts.Change{steady[0], {From: at(100), Rate: 20}}, 3, true)
	f("the rate of each moment", now(0, 10, 20, 100, 200), fall, 1, false)
	f("the old rate after the change", now(90, 100, 110, 120), fall, 1, true)
	promised := now(90, 100)
	for i := range 5 {
		promised = append(promised, attempts.Entry{Promised: at(95), At: at(110 + 10*i)})
	}
	f("what was promised at the old rate", promised, fall, 1, false)
	f("and one more, promised after the change", append(promised, attempts.Entry{Promised: at(101), At: at(150)}), fall, 1, true)
}
