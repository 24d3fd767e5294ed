package load

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Report is what a run showed.
type Report struct {
	Target  string    `json:"target"`
	Pattern Pattern   `json:"pattern"`
	Began   time.Time `json:"began"`
	// Seconds is how long it took, and Ended why it ended: Through, TimeUp, Interrupted.
	Seconds float64 `json:"seconds"`
	Ended   string  `json:"ended"`
	// Visitors were planned, Joined got a place; Absent of them did not come back,
	// Entered got a pass, Through used it and are done, Away were told that the room is
	// closed or sold out, Lost had a ticket refused. Waiting were still in the line.
	Visitors int64 `json:"visitors"`
	Joined   int64 `json:"joined"`
	Absent   int64 `json:"absent"`
	Entered  int64 `json:"entered"`
	Through  int64 `json:"through"`
	Away     int64 `json:"away"`
	Lost     int64 `json:"lost"`
	Waiting  int64 `json:"waiting"`
	// Kinds are the kinds of requests that there were.
	Kinds []Kind `json:"requests"`
	// Unsent is from when requests were due until they were sent: the part of all
	// latencies in which the generator, or all of its connections, were busy.
	Unsent Latency `json:"unsent"`
	// Wait is from a place to its entry, in seconds, of those who entered; nil where
	// places do not say when they were taken.
	Wait *Wait `json:"wait"`
	// Identity is nil where nobody had to verify.
	Identity *IdentityReport `json:"identity,omitempty"`
	// Failures are requests without the answer that there should be, by what came.
	Failures map[string]int64 `json:"failures"`
	Rooms    []RoomReport     `json:"rooms"`
	// Wrong is the sum of the rooms'.
	Wrong Wrong `json:"wrong"`
}

// Wait is a distribution in seconds.
type Wait struct {
	P50 float64 `json:"p50_seconds"`
	P95 float64 `json:"p95_seconds"`
	P99 float64 `json:"p99_seconds"`
	Max float64 `json:"max_seconds"`
}

func (r *run) report(began time.Time, why string) Report {
	t := &r.tally
	rep := Report{
		Target: r.plan.Target, Pattern: r.plan.Pattern, Began: began, Seconds: time.Duration(r.clock()).Seconds(), Ended: why,
		Visitors: int64(r.plan.Visitors), Joined: t.joined.Load(), Absent: t.absent.Load(), Entered: t.entered.Load(),
		Through: t.through.Load(), Away: t.away.Load(), Lost: t.lost.Load(),
		Kinds: []Kind{}, Unsent: latency(r.sending.took), Failures: r.failed.seen,
	}
	for i := range r.visitors {
		if v := &r.visitors[i]; len(v.ticket) > 0 && v.enterAt == 0 {
			rep.Waiting++
		}
	}
	for i := range r.meters {
		if k := r.meters[i].kind(act(i).String()); k.Count > 0 {
			rep.Kinds = append(rep.Kinds, k)
		}
	}
	places := make([][]int64, len(r.rooms))
	for i := range r.visitors {
		v := &r.visitors[i]
		places[v.room] = append(places[v.room], v.place)
	}
	for i, o := range r.rooms {
		room := o.judge(&r.plan, places[i])
		rep.Rooms = append(rep.Rooms, room)
		rep.Wrong = rep.Wrong.plus(room.Wrong)
	}
	rep.Wait, rep.Identity = r.waits(), r.identity.report(&r.plan, rep.Entered)
	return rep
}

// waits are from places, which are microseconds of server time, to entries.
func (r *run) waits() *Wait {
	h := hdrhistogram.New(1, int64(48*time.Hour/time.Millisecond), digits)
	for _, o := range r.rooms {
		for _, e := range o.entries {
			if o.drawn || e.place == 0 || e.at == 0 {
				continue
			}
			_ = h.RecordValue(min(max(1, (e.at-e.place)/1000), h.HighestTrackableValue()))
		}
	}
	if h.TotalCount() == 0 {
		return nil
	}
	s := func(ms int64) float64 { return float64(ms) / 1000 }
	return &Wait{s(h.ValueAtQuantile(50)), s(h.ValueAtQuantile(95)), s(h.ValueAtQuantile(99)), s(h.Max())}
}

// Requests is how many requests there were in all.
func (r *Report) Requests() (n int64) {
	for _, k := range r.Kinds {
		n += k.Count
	}
	return n
}

// mostFailed is the failure that was seen most, as the end of a sentence.
func (r *Report) mostFailed() string {
	if len(r.Failures) == 0 {
		return ""
	}
	return "; most often " + byCount(r.Failures)[0]
}

// byCount are the keys, the most frequent first.
func byCount(counts map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// thousands is a count with separators.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
