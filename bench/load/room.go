package load

import (
	"math"
	"slices"
	"sort"
	"sync"
	"time"
)

// wrongs are kinds of wrong that are counted once for each visitor.
type wrongs uint8

// The kinds.
const (
	inverted    wrongs = 1 << iota // waits though a later place was called
	refused                        // a ticket that is not accepted any more
	moved                          // another place than before
	risen                          // a position above one that was shown
	twoPasses                      // two passes for one ticket
	passRefused                    // a valid pass that does not open
)

// Grace is how far gateways may be behind each other: who is told to wait, though a
// later place was told of its call longer ago than this, is an inversion.
const Grace = time.Second

// room is what visitors saw of one room.
type room struct {
	name string

	mu     sync.Mutex
	fronts fronts
	// counts are visitors by what went wrong for them.
	counts map[wrongs]int64
	// worst is the longest that somebody waited after a later place was called, in
	// microseconds.
	worst   int64
	entries []entry
	drawn   bool
	// tooEarly counts requests with a pass of which the server said that it is not valid
	// yet, though it should have been by what it had said before; earliest is the most by
	// which, in microseconds.
	tooEarly, earliest int64
	// unread are tickets whose place cannot be read.
	unread int64
}

// entry is one entry: when, of which pass, and of which place.
type entry struct {
	at    int64
	pass  uint64
	place int64
}

// lost notes what went wrong for a visitor, once.
func (o *room) lost(v *visitor, what wrongs) {
	if v.noted&what != 0 {
		return
	}
	v.noted |= what
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count(what)
}

func (o *room) count(what wrongs) {
	if o.counts == nil {
		o.counts = map[wrongs]int64{}
	}
	o.counts[what]++
}

// wrongs is how much was wrong so far.
func (o *room) wrongs() (n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, count := range o.counts {
		n += count
	}
	return n
}

// placed reads the place of a ticket: it must be the one that the visitor had.
func (o *room) placed(v *visitor, a *answer) {
	place, provisional := placeOf(a.ticket)
	if provisional {
		return
	}
	if v.place != 0 && place != v.place {
		o.lost(v, moved)
	}
	first := v.place == 0
	v.place = place
	if first && (place == 0 || a.drawn) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.drawn = o.drawn || a.drawn
		if place == 0 && v.act == join {
			o.unread++
		}
	}
}

// told holds a standing against what this visitor and others were told before. Took is
// how long the answer took: the call that it tells of was made by then, and what it
// says of waiting was so when it was asked for.
func (o *room) told(v *visitor, a *answer, took int64) {
	if a.position > 0 {
		if v.position > 0 && a.position > int64(v.position) {
			o.lost(v, risen)
		}
		v.position = uint32(min(a.position, math.MaxUint32))
	}
	if v.place == 0 || a.serverTime == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch a.state {
	case called, admitted:
		o.fronts.called(a.serverTime+took/int64(time.Microsecond), v.place)
	case waiting:
		behind := o.fronts.behind(a.serverTime, v.place)
		o.worst = max(o.worst, behind)
		if behind > Grace.Microseconds() && v.noted&inverted == 0 {
			v.noted |= inverted
			o.count(inverted)
		}
	}
}

// early notes that the server's clock is behind what it was.
func (o *room) early(by int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tooEarly++
	o.earliest = max(o.earliest, by)
}

// entered notes an entry.
func (o *room) entered(v *visitor) {
	e := entry{v.enterAt, passOf(v.pass), v.place}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.entries = append(o.entries, e)
}

// fronts are the last places known to be called, and when that was known: both rise.
type fronts []front

type front struct{ at, place int64 }

// frontEvery is how much time fronts of one entry cover, so that there are few.
const frontEvery = 50_000

// called notes that a place was called by a moment.
func (f *fronts) called(at, place int64) {
	at = (at + frontEvery - 1) / frontEvery * frontEvery
	all := *f
	i := sort.Search(len(all), func(i int) bool { return all[i].at >= at })
	if i > 0 && all[i-1].place >= place || i < len(all) && all[i].at == at && all[i].place >= place {
		return
	}
	end := i
	for end < len(all) && all[end].place <= place {
		end++
	}
	*f = slices.Replace(all, i, end, front{at, place})
}

// behind is for how long this place or a later one had been known to be called.
func (f fronts) behind(at, place int64) int64 {
	i := sort.Search(len(f), func(i int) bool { return f[i].place >= place })
	if i == len(f) {
		return 0
	}
	return max(0, at-f[i].at)
}
