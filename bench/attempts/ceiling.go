package attempts

import (
	"fmt"
	"slices"
	"time"
)

// Change is a rate that may have held from an instant on, in entries a second.
type Change struct {
	From time.Time
	Rate float64
}

// Entry is an entry, and when it was promised: who finds the rate used up is given a
// later one, and keeps it when the rate falls.
type Entry struct{ Promised, At time.Time }

// Over finds the first window in which more entries were made than the rates and the
// burst allow; "" is none. A rate counts until the next change, and until the last entry
// that was promised under it. The changes are in order of time.
func Over(entries []Entry, changes []Change, burst int) string {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return a.At.Compare(b.At) })
	allowed := allowances(entries, stretches(entries, changes))
	for i := range entries {
		for j := i; j < len(entries); j++ {
			// A microsecond is what instants in the journal are rounded to.
			if may := allowed[j] - allowed[i] + float64(burst) + 0.001; float64(j-i+1) > may {
				return fmt.Sprintf("%d entries between %s and %s, where %.1f are allowed", j-i+1,
					entries[i].At.Format(time.StampMicro), entries[j].At.Format(time.StampMicro), may)
			}
		}
	}
	return ""
}

// stretch is a time in which a rate counts.
type stretch struct {
	from, to time.Time
	rate     float64
}

func stretches(entries []Entry, changes []Change) []stretch {
	all := make([]stretch, 0, len(changes))
	for i, c := range changes {
		next := time.Unix(1<<40, 0)
		if i+1 < len(changes) {
			next = changes[i+1].From
		}
		x := stretch{c.From, next, c.Rate}
		for _, e := range entries {
			if !e.Promised.Before(c.From) && e.Promised.Before(next) && e.At.After(x.to) {
				x.to = e.At
			}
		}
		all = append(all, x)
	}
	return all
}

// allowances are how many entries the stretches give up to each of the entries, at the
// highest rate of each moment.
func allowances(entries []Entry, all []stretch) []float64 {
	var edges []time.Time
	for _, e := range entries {
		edges = append(edges, e.At)
	}
	for _, x := range all {
		edges = append(edges, x.from, x.to)
	}
	slices.SortFunc(edges, time.Time.Compare)
	sums, sum := make(map[time.Time]float64, len(edges)), 0.0
	for i, at := range edges {
		if i > 0 {
			sum += highest(all, edges[i-1], at) * at.Sub(edges[i-1]).Seconds()
		}
		sums[at] = sum
	}
	allowed := make([]float64, len(entries))
	for i, e := range entries {
		allowed[i] = sums[e.At]
	}
	return allowed
}

func highest(all []stretch, from, to time.Time) (rate float64) {
	for _, x := range all {
		if !x.from.After(from) && !to.After(x.to) {
			rate = max(rate, x.rate)
		}
	}
	return rate
}
