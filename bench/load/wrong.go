package load

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Wrong is what was wrong with the order, as visitors could see it: counts of which
// each should be 0.
type Wrong struct {
	// SamePlace are visitors with a place that another has, too; SamePass those with a
	// pass that another has; TwoPasses those who asked twice and got two.
	SamePlace int64 `json:"same_place"`
	SamePass  int64 `json:"same_pass"`
	TwoPasses int64 `json:"two_passes"`
	// Inversions are visitors who were told to wait more than Grace after a later place
	// had been called. Who is late or does not come is none, for they were called.
	Inversions int64 `json:"inversions"`
	// Above are entries above rate × W + burst, in any window of any length W.
	Above int64 `json:"above_ceiling"`
	// Refused are those whose ticket was not accepted any more, Moved those who joined
	// again and got another place, Risen those whose position rose, and PassRefused
	// those whose valid pass did not open.
	Refused     int64 `json:"tickets_refused"`
	Moved       int64 `json:"places_moved"`
	Risen       int64 `json:"positions_risen"`
	PassRefused int64 `json:"passes_refused"`
}

// Sum is how much was wrong in all.
func (w Wrong) Sum() int64 {
	return w.SamePlace + w.SamePass + w.TwoPasses + w.Inversions + w.Above + w.Refused + w.Moved + w.Risen + w.PassRefused
}

func (w Wrong) plus(o Wrong) Wrong {
	return Wrong{
		w.SamePlace + o.SamePlace, w.SamePass + o.SamePass, w.TwoPasses + o.TwoPasses, w.Inversions + o.Inversions,
		w.Above + o.Above, w.Refused + o.Refused, w.Moved + o.Moved, w.Risen + o.Risen, w.PassRefused + o.PassRefused,
	}
}

// RoomReport is what was seen of one room.
type RoomReport struct {
	Name    string `json:"name"`
	Entries int64  `json:"entries"`
	// EntrySpan is from the first entry to the last, in seconds, and PerSecond the
	// entries in it.
	EntrySpan float64 `json:"entry_span_seconds"`
	PerSecond float64 `json:"entries_per_second"`
	// RateUsed is that as a share of the plan's rate; 0 where none was given.
	RateUsed float64 `json:"rate_used"`
	// Held are the entries in whole stretches of ten seconds from the first entry on, as
	// shares of the rate: the least, the median and the most. Nil where there was none.
	Held *Held `json:"rate_held"`
	// Excess is the most by which any window's entries were above rate × W + burst;
	// negative where there was room left.
	Excess float64 `json:"excess"`
	// Behind is the longest that anybody was told to wait after a later place had been
	// called, in milliseconds: how far views are behind the store.
	Behind float64 `json:"behind_ms"`
	// Early are requests that came when a pass was to be valid by the server's own time,
	// and were told that it is not yet: its clock went back, by at most EarlyBy
	// milliseconds.
	Early   int64   `json:"early"`
	EarlyBy float64 `json:"early_by_ms"`
	Wrong   Wrong   `json:"wrong"`
	// Unchecked says what could not be checked, and why.
	Unchecked []string `json:"unchecked"`
}

// Held are shares of the rate.
type Held struct {
	Least  float64 `json:"least"`
	Median float64 `json:"median"`
	Most   float64 `json:"most"`
}

// stretch is how long those of Held are.
const stretch = 10 * time.Second

// held counts sorted entries by stretches.
func held(times []int64, perMicro float64) *Held {
	length := stretch.Microseconds()
	all := make([]float64, (times[len(times)-1]-times[0])/length)
	if len(all) == 0 {
		return nil
	}
	for _, at := range times {
		if i := (at - times[0]) / length; i < int64(len(all)) {
			all[i] += 1 / (perMicro * float64(length))
		}
	}
	slices.Sort(all)
	return &Held{all[0], all[len(all)/2], all[len(all)-1]}
}

// judge holds all that was seen against the promises. Places are those of all visitors
// of the room.
func (o *room) judge(p *Plan, places []int64) RoomReport {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := RoomReport{Name: o.name, Entries: int64(len(o.entries)), Unchecked: []string{}}
	r.Behind, r.Early, r.EarlyBy = float64(o.worst)/1000, o.tooEarly, float64(o.earliest)/1000
	passes := make([]uint64, 0, len(o.entries))
	times := make([]int64, 0, len(o.entries))
	for _, e := range o.entries {
		passes = append(passes, e.pass)
		if e.at != 0 {
			times = append(times, e.at)
		}
	}
	slices.Sort(times)
	r.Wrong = Wrong{
		SamePlace: twice(places), SamePass: twice(passes), TwoPasses: o.counts[twoPasses], Inversions: o.counts[inverted],
		Refused: o.counts[refused], Moved: o.counts[moved], Risen: o.counts[risen], PassRefused: o.counts[passRefused],
	}
	r.time(times, p)
	if o.drawn {
		r.Unchecked = append(r.Unchecked, "order of calls: the places were drawn")
	} else if o.unread > 0 {
		r.Unchecked = append(r.Unchecked, "order of calls of "+thousands(o.unread)+" visitors: their tickets show no place")
	}
	if p.RatePerHour == 0 {
		r.Unchecked = append(r.Unchecked, "the ceiling: no rate was given")
	}
	return r
}

// twice counts those that are not the first of their value; it sorts them. 0 is none.
func twice[T cmp.Ordered](all []T) (n int64) {
	slices.Sort(all)
	var zero T
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] && all[i] != zero {
			n++
		}
	}
	return n
}

// time measures the entries, sorted, in microseconds, against all windows at once:
// entries i to j are at most rate × (their time) + burst, where the best i for each j is
// the one with the least i - rate × time so far.
func (r *RoomReport) time(times []int64, p *Plan) {
	if len(times) == 0 {
		return
	}
	first, last := times[0], times[len(times)-1]
	span := time.Duration(last-first) * time.Microsecond
	r.EntrySpan = span.Seconds()
	if span > 0 {
		r.PerSecond = float64(len(times)-1) / span.Seconds()
	}
	if p.RatePerHour == 0 {
		return
	}
	perMicro := p.RatePerHour / 3600e6
	r.RateUsed = r.PerSecond / (perMicro * 1e6)
	r.Held = held(times, perMicro)
	// An entry is a whole microsecond, in which the rate has a part of an entry.
	allowed := 2 * perMicro
	least := math.Inf(1)
	r.Excess = math.Inf(-1)
	for j, at := range times {
		level := float64(j) - float64(at-first)*perMicro
		least = math.Min(least, level)
		excess := level - least + 1 - float64(p.Burst)
		r.Excess = math.Max(r.Excess, excess)
		if excess > allowed {
			r.Wrong.Above++
		}
	}
}
