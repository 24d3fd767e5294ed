package evening_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

const (
	visitors   = 20_000
	ratePer    = 10_000 // entries per second: 36,000,000/h
	rushBurst  = 100
	absentOf   = 5 // every fifth takes a place and never comes back
	rushLanes  = 192
	rushMargin = 25 * time.Second
)

// TestTwentyThousandVisitorsEnterInOrderAtTheRate runs alone: it measures.
func TestTwentyThousandVisitorsEnterInOrderAtTheRate(t *testing.T) {
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			e := begin(t, store, map[string]string{
				"rate": "36,000,000/h", "burst": fmt.Sprint(rushBurst), "opens_at": opensIn(time.Hour),
			})
			c := newCrowd(t, e.Visitors, visitors, rushLanes, absentOf)
			began := time.Now()
			c.join()
			joining := time.Since(began)
			if why := c.failures(); len(why) > 0 {
				t.Fatalf("not everybody could join: %v", why)
			}
			opens := time.Now().Add(2 * time.Second)
			e.Configure(t, map[string]string{"opens_at": opens.UTC().Format(time.RFC3339Nano)})
			gateway.Pass(time.Until(opens))
			began = time.Now()
			c.enter(opens, rushMargin)
			asking := time.Since(began)
			f := c.figures(e.Journal(t), opens)
			f.joining, f.asking = joining, asking
			t.Logf("%s\n%s", store, f)
			f.check(t)
			for _, why := range c.failures() {
				t.Error(why)
			}
		})
	}
}

// failures are what went wrong with people, a few of them.
func (c *crowd) failures() []string {
	var all []string
	for _, p := range c.all {
		if p.failed != "" && len(all) < 5 {
			all = append(all, p.failed)
		}
	}
	return all
}

// figures are what the journal says of an evening.
type figures struct {
	joined, called, entered, absent int
	polls                           int
	joining, asking                 time.Duration
	// opened is from the opening to the first entry, lasted from there to the last.
	opened, lasted time.Duration
	// used is the share of the rate that the entries took, from the first to the last.
	used float64
	// excess is the most entries above rate × W + burst, in any window; byWindow the
	// same for windows of one length.
	excess   float64
	byWindow map[time.Duration]float64
	// inversions are calls out of the order of places, duplicates tickets or passes
	// that entered twice, lost those who were there and did not get in, and wrong
	// those who were told another entry than the journal has.
	inversions, duplicates, lost, wrong int
}

func (c *crowd) figures(journal []gateway.Record, opens time.Time) figures {
	f := figures{joined: len(c.all), byWindow: map[time.Duration]float64{}}
	called := gateway.Tickets(journal, "call")
	f.called = len(called)
	for i := 1; i < len(called); i++ {
		if called[i].Place <= called[i-1].Place {
			f.inversions++
		}
	}
	entered := gateway.Tickets(journal, "enter")
	f.entered = len(entered)
	ids, times := map[string]bool{}, make([]int64, 0, len(entered))
	moments := map[int64]int{}
	for _, x := range entered {
		if ids[x.ID] {
			f.duplicates++
		}
		ids[x.ID] = true
		times = append(times, x.Entry)
		moments[x.Entry]++
	}
	for _, p := range c.all {
		f.polls += p.polls
		switch {
		case p.absent:
			f.absent++
		case p.enterAt.IsZero():
			f.lost++
		case moments[p.enterAt.UnixMicro()] == 0:
			f.wrong++
		default:
			moments[p.enterAt.UnixMicro()]--
		}
	}
	if len(times) > 1 {
		slices.Sort(times)
		f.time(times, opens)
	}
	return f
}

// time measures the sorted entries, in microseconds.
func (f *figures) time(times []int64, opens time.Time) {
	const perMicro = ratePer / 1e6
	first, last := times[0], times[len(times)-1]
	f.opened = time.UnixMicro(first).Sub(opens)
	f.lasted = time.Duration(last-first) * time.Microsecond
	f.used = float64(len(times)-1) / (float64(last-first) * perMicro)
	// All windows at once: entries i to j are at most rate × (their time) + burst, where
	// the best i for each j is the least of i - rate × time so far.
	least := math.Inf(1)
	f.excess = math.Inf(-1)
	for j, at := range times {
		level := float64(j) - float64(at-first)*perMicro
		least = math.Min(least, level)
		f.excess = math.Max(f.excess, level-least+1-rushBurst)
	}
	for _, w := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second} {
		f.byWindow[w] = worst(times, w, perMicro)
	}
}

// worst is the most that any window of a length holds above its ceiling.
func worst(times []int64, window time.Duration, perMicro float64) float64 {
	w, most, i := window.Microseconds(), 0, 0
	for j := range times {
		for times[j]-times[i] >= w {
			i++
		}
		most = max(most, j-i+1)
	}
	return float64(most) - perMicro*float64(w) - rushBurst
}

func (f figures) String() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-34s "+format+"\n", append([]any{name}, args...)...)
	}
	row("joined", "%d in %.1f s (%.0f/s)", f.joined, f.joining.Seconds(), float64(f.joined)/f.joining.Seconds())
	row("never came back", "%d", f.absent)
	row("called", "%d", f.called)
	row("entered", "%d, asking %d times in %.2f s", f.entered, f.polls, f.asking.Seconds())
	row("opening to first entry", "%d ms", f.opened.Milliseconds())
	row("first to last entry", "%.3f s", f.lasted.Seconds())
	row("share of the rate used", "%.2f %%", f.used*100)
	row("worst excess, any window", "%.2f entries", f.excess)
	for _, w := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second} {
		row("worst excess, windows of "+w.String(), "%.2f entries", f.byWindow[w])
	}
	row("inversions, duplicates", "%d, %d", f.inversions, f.duplicates)
	row("lost, told otherwise", "%d, %d", f.lost, f.wrong)
	return b.String()
}

// check holds the figures against the promises.
func (f figures) check(t *testing.T) {
	t.Helper()
	if f.called != visitors || f.entered != visitors-f.absent {
		t.Errorf("%d called and %d entered of %d, %d of whom never came back", f.called, f.entered, visitors, f.absent)
	}
	if f.inversions > 0 || f.duplicates > 0 || f.lost > 0 || f.wrong > 0 {
		t.Errorf("%d inversions, %d duplicates, %d lost, %d told otherwise", f.inversions, f.duplicates, f.lost, f.wrong)
	}
	// Entries are whole microseconds, in which the rate has a hundredth of an entry.
	if f.excess > 2*ratePer/1e6 {
		t.Errorf("the ceiling is passed by %.3f entries", f.excess)
	}
	if f.used < 0.98 {
		t.Errorf("%.2f %% of the rate was used", f.used*100)
	}
}
