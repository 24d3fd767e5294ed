package queuetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"waitroom/queue"
)

// using tries whether the rate is used, whatever share of those called shows up.
func using() []trial {
	var trials []trial
	for _, row := range []struct {
		perSecond int
		gone      int   // per cent
		warm, dur int64 // seconds
	}{
		{10, 0, 20, 120},   // small numbers, everybody there
		{10, 60, 60, 120},  // small numbers, most have gone
		{10, 90, 120, 300}, // one in ten: cohorts of a few
		{200, 20, 20, 40},  // an ordinary evening
		{200, 90, 40, 40},
		{5000, 0, 6, 6}, // as fast as it goes; ticks reach their bound
		{2000, 20, 14, 6},
	} {
		promise := fmt.Sprintf("the rate is used at %d/s with %d %% of those called gone", row.perSecond, row.gone)
		trials = append(trials, trial{promise: promise, lasts: row.warm + row.dur, try: func(t *testing.T, b *Bench) {
			if testing.Short() && row.perSecond*int(row.warm+row.dur) > 20_000 {
				t.Skip("long")
			}
			c := newCrowd(t, b, row.perSecond, row.gone)
			c.pass(row.warm * Second)
			from := b.Clock.Now()
			c.longest = 0
			c.pass(row.dur * Second)
			c.judge(from, b.Clock.Now())
		}})
	}
	return trials
}

// crowd is a line that never empties, of whom some are gone when they are called.
// Those who are there poll near the head every PollNear, and enter when called.
type crowd struct {
	*room
	perSecond, gone int
	places          []int64
	next            int             // the first not called yet
	polls           map[int64][]int // by the tick at which they will see the call
	tick            int64
	random          *rand.Rand
	mu              sync.Mutex
	longest         int64 // from asking to the slot, since judging began
}

func newCrowd(t *testing.T, b *Bench, perSecond, gone int) *crowd {
	rules := plain()
	rules.RatePerHour = float64(perSecond) * 3600
	return &crowd{
		room: open(t, b, rules), perSecond: perSecond, gone: gone,
		polls: map[int64][]int{}, random: rand.New(rand.NewPCG(1, uint64(perSecond+gone))),
	}
}

// fill keeps enough waiting that the line cannot run dry in a second.
func (c *crowd) fill() {
	have := len(c.places) - c.next
	need := max(4000, c.perSecond*100/max(5, 100-c.gone)*6) - have
	if need < 500 {
		return
	}
	from := len(c.places)
	c.places = append(c.places, make([]int64, need)...)
	var failed atomic.Value
	together(need, func(i int) {
		s, err := c.gates[i%len(c.gates)].Arrive(context.Background(), queue.Arrival{ID: ID(from + i)})
		if err != nil {
			failed.Store(err)
		}
		c.places[from+i] = s.Place
	})
	if err := failed.Load(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crowd) pass(d int64) {
	for ; d > 0; d -= tickPause {
		c.fill()
		c.tick++
		c.move(tickPause)
		c.poll()
	}
}

// poll lets those see their call whose time to ask has come, and plans it for those
// called now.
func (c *crowd) poll() {
	front := c.view().Front
	called := 0
	for i := c.next; i < min(len(c.places), c.next+20*queue.TickBound); i++ {
		if c.places[i] > front || c.places[i] == 0 {
			continue
		}
		called++
		if c.random.IntN(100) >= c.gone {
			at := c.tick + c.random.Int64N(queue.PollNear/tickPause)
			c.polls[at] = append(c.polls[at], i)
		}
		c.places[i] = 0
	}
	for c.next < len(c.places) && c.places[c.next] == 0 {
		c.next++
	}
	due := c.polls[c.tick]
	delete(c.polls, c.tick)
	together(len(due), func(i int) {
		g := c.gates[i%len(c.gates)]
		s, err := g.Enter(context.Background(), ID(due[i]), front)
		if err != nil || s.State != queue.StateAdmitted {
			c.t.Errorf("ticket %d was called and got %+v, %v", due[i], s, err)
		}
		c.told.note(s)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.longest = max(c.longest, s.Entry-c.bench.Clock.Now())
	})
}

// judge counts the entries in a time.
func (c *crowd) judge(from, upto int64) {
	c.t.Helper()
	n := 0
	for _, e := range c.told.given {
		if e >= from && e < upto {
			n++
		}
	}
	owed := float64(upto-from) / queue.Interval(c.rules.RatePerHour)
	if float64(n) < 0.98*owed {
		c.t.Errorf("%d entered, the rate allows %.0f: %.1f %%", n, owed, 100*float64(n)/owed)
	}
	if d := c.longest; d > 4*queue.Lookahead {
		c.t.Errorf("who was called had to wait up to %d µs for a slot", d)
	}
	if err := c.told.check(); err != nil {
		c.t.Error(err)
	}
}
