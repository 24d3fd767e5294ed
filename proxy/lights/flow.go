package lights

import (
	"sync/atomic"
	"time"

	"waitroom/queue"
	"waitroom/token/identity"
	"waitroom/token/identity/light"
)

// results are what becomes of verifications, as metrics show it; the first is that a person was verified.
var results = [...]identity.Why{
	"verified", identity.Canceled, identity.Replayed, identity.Mismatch, identity.Forged, identity.Incomplete, identity.Lunar,
	identity.Unavailable, identity.Busy,
}

// kinds are the counts of a slot that the results belong to.
var kinds = [...]light.Count{
	light.Verified, light.Canceled, light.Refused, light.Refused, light.Refused, light.Refused, light.Refused, light.Unavailable, light.Busy,
}

// returnBounds and askBounds are the upper bounds of the histograms.
var (
	returnBounds = [...]time.Duration{
		2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 30 * time.Second, light.SlowAfter, time.Minute, light.VerySlowAfter,
		2 * time.Minute, 5 * time.Minute,
	}
	askBounds = [...]time.Duration{
		25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second,
		2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	}
)

// flow is what is counted and known of one provider.
type flow struct {
	name string

	fresh    [light.Counts]atomic.Int64 // not told the store yet
	waiting  atomic.Int64
	started  atomic.Uint64
	finished [len(results)]atomic.Uint64
	failures atomic.Uint64 // calls that were not answered
	returns  struct {
		buckets [len(returnBounds) + 1]atomic.Uint64
		took    atomic.Int64 // nanoseconds
	}
	asks struct {
		buckets [len(askBounds) + 1]atomic.Uint64
		took    atomic.Int64 // nanoseconds
	}

	// Guarded by the board.
	open   func() bool
	idle   int // seconds since somebody came who could have been asked about
	slots  []light.Slot
	state  light.State
	folded int64 // the slot that it is of
	noted  int64 // the last slot whose state the store was told
	paused queue.Switch
}

func (f *flow) add(c light.Count, n int64) {
	f.fresh[c].Add(n)
	if c == light.Started {
		f.started.Add(1)
	}
}

func (f *flow) returned(took time.Duration, why identity.Why) {
	i := index(why)
	f.finished[i].Add(1)
	f.fresh[kinds[i]].Add(1)
	if i != 0 {
		return
	}
	took = max(0, took)
	f.fresh[light.TookMillis].Add(took.Milliseconds())
	if took > light.SlowAfter {
		f.fresh[light.Slow].Add(1)
	}
	if took > light.VerySlowAfter {
		f.fresh[light.VerySlow].Add(1)
	}
	f.returns.took.Add(int64(took))
	f.returns.buckets[bucket(returnBounds[:], took)].Add(1)
}

// index is that of a result. One that nobody foresaw is nobody's fault.
func index(why identity.Why) int {
	if why == "" {
		return 0
	}
	for i, r := range results {
		if i > 0 && r == why {
			return i
		}
	}
	return unforeseen
}

// unforeseen is the index of identity.Forged.
const unforeseen = 4

func (f *flow) asked(took time.Duration, ok bool) {
	took = max(0, took)
	f.fresh[light.Asked].Add(1)
	f.fresh[light.AskedMillis].Add(took.Milliseconds())
	if !ok {
		f.failures.Add(1)
	}
	f.asks.took.Add(int64(took))
	f.asks.buckets[bucket(askBounds[:], took)].Add(1)
}

// tried is for how many seconds after the last visitor it is known that the provider is given up.
const tried = 30

// givenUp says whether this gateway has given the provider up. Where nobody comes any more nobody finds out that it is back: then
// it is not known. The caller holds the board's lock.
func (f *flow) givenUp() bool { return f.open != nil && f.idle < tried && f.open() }

func bucket(bounds []time.Duration, took time.Duration) int {
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	return i
}
