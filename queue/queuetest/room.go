package queuetest

import (
	"context"
	"encoding/binary"
	"runtime"
	"sync"
	"testing"
	"time"

	"waitroom/queue"
)

// tickPause is the virtual time between two ticks of a room under test.
const tickPause = Second / 10

// plain are rules without any bound: 10 entries a second, one at a time.
func plain() queue.Rules {
	return queue.Rules{RatePerHour: 36_000, Burst: 1, Hold: 1800 * Second, PassTTL: 600 * Second}
}

// ID names the n-th ticket of a test.
func ID(n int) queue.ID {
	var id queue.ID
	binary.BigEndian.PutUint64(id[4:], uint64(n)+1)
	return id
}

// reporter is where a room tells what is wrong: a test, or one try of a random one.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
	Error(args ...any)
}

// room is a room under test: its gateways, and all entries that they gave.
type room struct {
	t     reporter
	tb    testing.TB
	bench *Bench
	rules queue.Rules
	gates []Engine
	told  *ceiling
	turn  int
}

// open opens the room with as many gateways as the bench allows, two at most.
func open(t testing.TB, b *Bench, rules queue.Rules) *room {
	t.Helper()
	r := &room{t: t, tb: t, bench: b, rules: rules, told: newCeiling(b.Clock.Now())}
	r.told.retime(r.interval(), rules.Burst)
	r.reopen()
	return r
}

func (r *room) reopen() {
	r.t.Helper()
	r.gates = []Engine{r.bench.Open(r.tb, r.rules)}
	if r.bench.Shared {
		r.gates = append(r.gates, r.bench.Open(r.tb, r.rules))
	}
	r.settle()
}

// crash throws all gateways away and opens new ones.
func (r *room) crash() {
	r.t.Helper()
	r.bench.Crash(r.tb)
	r.reopen()
}

// lose makes the store forget all.
func (r *room) lose() {
	r.t.Helper()
	r.bench.Lose(r.tb)
	r.settle()
}

func (r *room) interval() float64 { return queue.Interval(r.rules.RatePerHour) }

// gate is each of the gateways in turn.
func (r *room) gate() Engine {
	r.turn++
	return r.gates[r.turn%len(r.gates)]
}

// settle ticks until nothing is due, and reads all views.
func (r *room) settle() {
	r.t.Helper()
	for _, g := range r.gates {
		for more := true; more; {
			var err error
			if more, err = g.Tick(context.Background()); err != nil {
				r.t.Fatalf("tick: %v", err)
			}
		}
	}
	r.refresh()
}

func (r *room) refresh() {
	r.t.Helper()
	for _, g := range r.gates {
		if err := g.Refresh(context.Background()); err != nil {
			r.t.Fatalf("refresh: %v", err)
		}
	}
}

// move moves the clock at once, and lets the room see it.
func (r *room) move(d int64) {
	r.t.Helper()
	r.bench.Clock.Add(d)
	r.told.see(r.bench.Clock.Now())
	r.settle()
}

// run lets time pass, as it does.
func (r *room) run(d int64) {
	r.t.Helper()
	for ; d > 0; d -= tickPause {
		r.move(min(d, tickPause))
	}
}

// runTill lets time pass until something is so, for d at most, and then some more: what must not follow would.
func (r *room) runTill(d int64, so func() bool) {
	r.t.Helper()
	for ; d > 0 && !so(); d -= tickPause {
		r.move(tickPause)
	}
	r.run(min(max(d, 0), 10*Second))
}

func (r *room) view() *queue.View { return r.gates[0].View() }

func (r *room) arrival(a queue.Arrival) queue.Seat {
	r.t.Helper()
	s, err := r.gate().Arrive(context.Background(), a)
	if err != nil {
		r.t.Fatalf("arrive: %v", err)
	}
	r.told.note(s)
	return s
}

func (r *room) arrive(n int) queue.Seat {
	r.t.Helper()
	return r.arrival(queue.Arrival{ID: ID(n)})
}

// arriveAll brings tickets from..upto-1, in order, and returns their places.
func (r *room) arriveAll(from, upto int) []int64 {
	r.t.Helper()
	places := make([]int64, 0, upto-from)
	for n := from; n < upto; n++ {
		places = append(places, r.arrive(n).Place)
	}
	r.refresh()
	return places
}

func (r *room) back(n int, place int64, foreign bool) queue.Seat {
	r.t.Helper()
	s, err := r.gate().Return(context.Background(), queue.Arrival{ID: ID(n), Place: place, Foreign: foreign})
	if err != nil {
		r.t.Fatalf("return: %v", err)
	}
	return s
}

func (r *room) enter(n int, place int64) queue.Seat {
	r.t.Helper()
	s, err := r.gate().Enter(context.Background(), ID(n), place)
	if err != nil {
		r.t.Fatalf("enter: %v", err)
	}
	r.told.note(s)
	return s
}

func (r *room) leave(n int, place int64) {
	r.t.Helper()
	if err := r.gate().Leave(context.Background(), ID(n), place); err != nil {
		r.t.Fatalf("leave: %v", err)
	}
}

func (r *room) end(p queue.PassID) {
	r.t.Helper()
	if err := r.gate().End(context.Background(), p, queue.WhyReleased, "backend"); err != nil {
		r.t.Fatalf("end: %v", err)
	}
	r.refresh()
}

// set changes the live state at once.
func (r *room) set(c queue.Change) {
	r.t.Helper()
	if err := r.gate().Set(context.Background(), c); err != nil {
		r.t.Fatalf("set: %v", err)
	}
	if c.RatePerHour != nil {
		r.told.retime(queue.Interval(*c.RatePerHour), r.rules.Burst)
	}
	if c.FileRate {
		r.told.retime(r.interval(), r.rules.Burst)
	}
	r.settle()
}

// want fails unless a seat is in the state.
func (r *room) want(what string, s queue.Seat, state queue.State) {
	r.t.Helper()
	if s.State != state {
		r.t.Fatalf("%s: got %+v, want %s", what, s, state)
	}
}

// journal reads the whole journal of some kinds.
func (r *room) journal(kinds ...queue.Kind) []queue.Record {
	r.t.Helper()
	var all []queue.Record
	cursor := ""
	for {
		records, err := r.gates[0].Journal(context.Background(), cursor, 100)
		if err != nil {
			r.t.Fatalf("journal: %v", err)
		}
		for _, rec := range records {
			for _, k := range kinds {
				if rec.Kind == k {
					all = append(all, rec)
				}
			}
		}
		if len(records) == 0 {
			return all
		}
		cursor = records[len(records)-1].Cursor
	}
}

// together runs f for 0..n-1 from many goroutines at once.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, 64) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func ptr[T any](v T) *T { return &v }

// eventually waits for something that an engine does in the background.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !done(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("not in five seconds: %s", what)
		}
	}
}
