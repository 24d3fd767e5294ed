package simulate

import (
	"math"
	"slices"
)

// Result is what came of a run. Times are seconds, those of waits from the arrival, or
// from the opening for who came before it.
type Result struct {
	// Arrivals is who came. They entered, or did not show up when called, or were still
	// waiting or on their way in when the run ended at its limit.
	Arrivals int64 `json:"arrivals"`
	Entered  int64 `json:"entered"`
	NoShows  int64 `json:"no_shows"`
	Waiting  int64 `json:"waiting"`
	// Late is how many of the entered came after their slot was gone.
	Late int64 `json:"late"`
	// Wait is how long those waited who entered.
	Wait Percentiles `json:"wait_seconds"`
	// LastEntry is when the last one entered, after the opening.
	LastEntry float64 `json:"last_entry_seconds"`
	// LongestLine is the most who waited at a time, and when that was.
	LongestLine   int64   `json:"longest_line"`
	LongestLineAt float64 `json:"longest_line_at_seconds"`
	// RateUsed is the share of the rate's slots that was used while people waited.
	RateUsed float64 `json:"rate_used"`
	// Excess is the most entries in any window above rate × window + burst: 0 or less,
	// but for rounding.
	Excess float64 `json:"excess"`
	// Polls is the load of polls in a second, as told by the server: the most over ten
	// seconds, and the mean until the last entry, or over the whole run where none is.
	Polls Load `json:"polls_per_second"`
	// Joins and Enters are the loads of those.
	Joins  Load `json:"joins_per_second"`
	Enters Load `json:"enters_per_second"`
	// Followed is for how many visitors all polls were played; the figures of polls and
	// of estimates are theirs.
	Followed int64 `json:"followed"`
	// Estimates is how good the ranges were that people were shown, by how long they
	// really had to wait from then on until they were in.
	Estimates []Accuracy `json:"estimates"`

	loads []load
}

// Percentiles are of times, in seconds.
type Percentiles struct {
	P5  float64 `json:"p5"`
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Load is of requests in a second, and Total how many there were.
type Load struct {
	Peak  float64 `json:"peak"`
	Mean  float64 `json:"mean"`
	Total int64   `json:"total"`
}

// Accuracy is how good the estimates were that had a certain wait before them.
type Accuracy struct {
	// From and To bound the true remaining wait, in seconds; To is 0 for no bound.
	From float64 `json:"from_seconds"`
	To   float64 `json:"to_seconds"`
	// Shown is how many estimates that were.
	Shown int64 `json:"shown"`
	// Within is the share that contained the truth; Sooner the share of those who were
	// in before the range began, Longer of those who waited longer than it said.
	Within float64 `json:"within"`
	Sooner float64 `json:"sooner"`
	Longer float64 `json:"longer"`
	// UntilCall is the share that contained the time until the call, which is what
	// queue.EstimateWait estimates; people are in some seconds after it.
	UntilCall float64 `json:"within_until_call"`
	// Error is how far the middle of the range was from the truth, either way.
	Error Percentiles `json:"error_seconds"`
}

// bounds are those of the remaining waits that Accuracy is told for, in seconds.
var bounds = []float64{0, 10, 60, 300, 1800, 0}

func (r *run) result() *Result {
	t := r.tally
	res := &Result{
		Arrivals: int64(r.came), Entered: t.entered, NoShows: t.noShows,
		Waiting: r.line.waiting() + int64(r.coming), Late: t.late, Wait: percentiles(t.waits),
		LongestLine: t.longest, LongestLineAt: float64(t.longestAt-opening) / second,
		Followed: int64(len(r.crowd.people)), loads: t.loads,
	}
	if t.entered > 0 {
		res.LastEntry = float64(t.lastEntry-opening) / second
		res.Excess = t.excess - float64(r.line.pace.Burst)
	}
	used := 0.0
	for i, busy := range t.busy {
		if busy {
			used += float64(t.entries[i])
		}
	}
	if t.slots > 0 {
		res.RateUsed = used / t.slots
	}
	res.Polls = t.rate(func(l *load) int64 { return l.polls })
	res.Joins = t.rate(func(l *load) int64 { return l.joins })
	res.Enters = t.rate(func(l *load) int64 { return l.enters })
	for i := range len(bounds) - 1 {
		res.Estimates = append(res.Estimates, r.accuracy(bounds[i], bounds[i+1]))
	}
	return res
}

// rate is the load of one kind of request until the last entry.
func (t *tally) rate(of func(*load) int64) Load {
	var sum, most int64
	for i := range t.loads {
		n := of(&t.loads[i])
		sum, most = sum+n, max(most, n)
	}
	span := float64(len(t.loads)) * window / second
	if t.entered > 0 {
		span = math.Max(1, float64(t.lastEntry-t.start)/second)
	}
	return Load{Peak: float64(most) * second / window, Mean: float64(sum) / math.Max(1, span), Total: sum}
}

// accuracy is that of the estimates with such a remaining wait.
func (r *run) accuracy(from, to float64) Accuracy {
	a := Accuracy{From: from, To: to}
	var errors []uint32
	var within, sooner, longer, until float64
	for _, s := range r.tally.shown {
		entry := r.crowd.people[s.person].entry
		remaining := float64(entry-r.tally.start)/second - float64(s.at)/1000
		if entry == 0 || remaining < from || to > 0 && remaining >= to {
			continue
		}
		call := float64(r.crowd.people[s.person].called-r.tally.start)/second - float64(s.at)/1000
		if call >= float64(s.low) && call <= float64(s.high) {
			until++
		}
		switch {
		case remaining < float64(s.low):
			sooner++
		case remaining > float64(s.high):
			longer++
		default:
			within++
		}
		errors = append(errors, uint32(1000*math.Abs(float64(s.low+s.high)/2-remaining)))
	}
	a.Shown = int64(len(errors))
	if a.Shown > 0 {
		n := float64(a.Shown)
		a.Within, a.Sooner, a.Longer, a.UntilCall = within/n, sooner/n, longer/n, until/n
	}
	a.Error = percentiles(errors)
	return a
}

// percentiles are of milliseconds, which are sorted on the way.
func percentiles(ms []uint32) Percentiles {
	if len(ms) == 0 {
		return Percentiles{}
	}
	slices.Sort(ms)
	at := func(share float64) float64 {
		return float64(ms[min(len(ms)-1, int(share*float64(len(ms))))]) / 1000
	}
	return Percentiles{P5: at(0.05), P50: at(0.5), P95: at(0.95), P99: at(0.99), Max: at(1)}
}
