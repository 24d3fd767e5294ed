// Package simulate plays an opening in virtual time: up to tens of millions of visitors
// who arrive, ask when they are told to, and enter or do not, in front of the production
// arithmetic of package queue.
//
// It promises that the pace, the views, the rank maps, the estimates and the pauses
// between polls are those of package queue, called and not rewritten, and that the same
// Options give the same Result. What it has of its own is the crowd, the clock, and the
// line as an array (line.go), which a test holds against queue/memory.
//
// Polls change nothing in the line, so only some visitors are followed through all of
// theirs, Options.Follow of them, every so-manieth to arrive; their polls and estimates
// stand for all. The others are asked about from the moment they are called: where in a
// pause that finds them is drawn from the views of the last two minutes. With everybody
// followed nothing is drawn.
//
// Not its job: what requests cost (costs.go multiplies), networks, stores that fail,
// and caps on those inside. Answers take no time here.
package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"waitroom/queue"
)

const (
	second = 1_000_000 // microseconds
	// opening is when the room opens, in the run's own time.
	opening = 1_600_000_000 * second
	// step is how far time goes on at once: events within a step keep their own times.
	step = 50_000
	// window is what loads are counted in.
	window = 10 * second
	// defaultFollow is how many visitors are followed unless the options say otherwise.
	defaultFollow = 50_000
	// defaultLimit ends a run in which the line does not empty.
	defaultLimit = 24 * time.Hour
	// mostArrivals fits the numbers of visitors.
	mostArrivals = 1 << 30
)

// Options are what a run is made of.
type Options struct {
	// Seed is where all that is random begins.
	Seed  uint64
	Crowd Crowd
	// Rules are those of the room. The opening is set by the run, and nothing else
	// bounds it: ClosesAt and MaxActive have to be 0.
	Rules queue.Rules
	// Changes are what operators set while it runs, in the order of their times.
	Changes []Change
	// Follow is how many visitors are followed through all their polls, at least
	// roughly; 0 is 50,000.
	Follow int
	// Limit is how long after the opening the run ends if the line has not emptied; 0
	// is a day.
	Limit time.Duration
}

// Change is what an operator sets, some time after the opening.
type Change struct {
	After time.Duration
	// RatePerHour and Paused are set where they are not nil.
	RatePerHour *float64
	Paused      *bool
}

// Check says what of the options cannot be played.
func (o *Options) Check() error {
	if err := o.Crowd.check(); err != nil {
		return err
	}
	r := &o.Rules
	switch {
	case r.RatePerHour < 0 || r.Burst < 1:
		return errors.New("the rate must not be negative, and the burst at least 1")
	case r.Hold <= 0:
		return errors.New("the hold must be above 0")
	case r.ClosesAt != 0 || r.MaxActive != 0:
		return errors.New("closing and a cap on those inside are not simulated")
	case o.Crowd.Late > 0 && o.Crowd.LateBy.Microseconds() > r.Hold:
		return fmt.Errorf("who comes late comes within the hold of %s, or has no place any more", time.Duration(r.Hold)*time.Microsecond)
	case o.Follow < 0 || o.Limit < 0:
		return errors.New("neither the number followed nor the limit can be negative")
	case !slices.IsSortedFunc(o.Changes, func(a, b Change) int { return cmp.Compare(a.After, b.After) }):
		return errors.New("changes have to be in the order of their times")
	}
	for _, c := range o.Changes {
		if c.After < 0 || c.RatePerHour != nil && *c.RatePerHour < 0 {
			return errors.New("changes come after the opening, and no rate is negative")
		}
	}
	return nil
}

// run is a simulation under way.
type run struct {
	o      Options
	random *rand.Rand
	crowd  *crowd
	line   *line
	views  views
	wheel  *wheel
	tally  *tally

	start, limit int64
	came         int // visitors who have arrived
	coming       int // called, not entered, and sure to come
	changes      []Change
}

// Run plays the options to their end, or that of the context. It takes some seconds and
// a hundred megabytes for a million visitors, on the calling goroutine alone.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := o.Check(); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	r := newRun(o)
	for now := r.start + step; ; now += step {
		r.advance(now)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("simulate: %w", err)
		}
		if r.over(now) {
			break
		}
	}
	return r.result(), nil
}

func newRun(o Options) *run {
	if o.Follow == 0 {
		o.Follow = defaultFollow
	}
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	o.Rules.OpensAt = opening
	random := rand.New(rand.NewPCG(o.Seed, 1)) //nolint:gosec // a simulation
	c := newCrowd(o.Crowd, o.Seed, o.Follow, random)
	start := int64(opening) - window
	if o.Crowd.Arrivals > 0 {
		start = min(start, (c.arrive[0]/window-1)*window)
	}
	r := &run{
		o: o, random: random, crowd: c, start: start, limit: opening + o.Limit.Microseconds(),
		line: newLine(o.Rules, start, len(c.arrive)), wheel: &wheel{}, changes: o.Changes,
	}
	r.tally = newTally(start, len(c.arrive))
	r.views.refresh(r.line, start)
	return r
}

// advance lets happen all that does until now.
func (r *run) advance(now int64) {
	events := r.wheel.due(now)
	for {
		arrives := r.came < len(r.crowd.arrive) && r.crowd.arrive[r.came] <= now
		asks := len(events) > 0
		if !arrives && !asks {
			break
		}
		if arrives && (!asks || r.crowd.arrive[r.came] <= events[0].at) {
			r.arrive(uint32(r.came))
			r.came++
			continue
		}
		r.ask(events[0])
		events = events[1:]
	}
	if now == opening && r.o.Rules.Draw {
		r.draw()
	}
	for len(r.changes) > 0 && opening+r.changes[0].After.Microseconds() <= now {
		r.line.set(r.changes[0], now)
		r.changes = r.changes[1:]
	}
	if now%queue.TickEvery.Microseconds() == 0 {
		r.tick(now)
	}
	if now%queue.RefreshEvery.Microseconds() == 0 {
		r.views.refresh(r.line, now)
	}
}

// over says whether nothing more can happen that counts.
func (r *run) over(now int64) bool {
	return now >= r.limit || r.came == len(r.crowd.arrive) && r.line.waiting() == 0 && r.coming == 0 && now >= opening
}

// tick calls whom the rate owes a call, again at once where it reached its bound.
func (r *run) tick(now int64) {
	r.tally.before(now, r.line)
	defer func() { r.tally.after(now, r.line) }()
	for {
		from, n := r.line.tick(now)
		if n > 0 {
			asleep := r.views.sleep(r.line.places[from+int(n)/2], now)
			for i := from; i < from+int(n); i++ {
				r.call(r.line.visitor(i), now, asleep)
			}
		}
		if n < queue.TickBound {
			return
		}
	}
}

// draw puts those who came before the opening in the order that the lots give.
func (r *run) draw() {
	r.line.draw(int64(r.crowd.o.EarlyOver/time.Microsecond), r.random)
}

// Order puts changes in the order of their times; those of one time stay as they are.
func Order(changes []Change) {
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(a.After, b.After) })
}
