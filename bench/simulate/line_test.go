package simulate

import (
	"context"
	"encoding/binary"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"waitroom/queue"
	"waitroom/queue/memory"
)

// TestTheLineDecidesAsTheEngineDoes does the same to a line and to queue/memory, on one
// clock, and wants the same answers.
func TestTheLineDecidesAsTheEngineDoes(t *testing.T) {
	dir, run := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		now := int64(opening - 100*second)
		store, err := memory.Open(memory.Options{Dir: filepath.Join(dir, strconv.Itoa(run)), NoSync: true, Now: func() int64 { return now }})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		rules := queue.Rules{RatePerHour: 36_000, Burst: 3, Hold: 1800e6, PassTTL: 600e6, OpensAt: opening}
		engine, err := store.Room("booking", rules)
		if err != nil {
			t.Fatal(err)
		}
		l := newLine(rules, now, 0)
		pair := &pair{line: l, engine: engine}
		for range rapid.IntRange(1, 150).Draw(t, "operations") {
			now += rapid.OneOf(rapid.Int64Range(0, second/5), rapid.Int64Range(0, 20*second)).Draw(t, "later")
			switch rapid.SampledFrom([]string{"arrive", "arrive", "arrive", "tick", "tick", "enter", "enter", "set"}).Draw(t, "do") {
			case "arrive":
				pair.arrive(t, now)
			case "tick":
				pair.tick(t, now)
			case "enter":
				pair.enter(t, now)
			case "set":
				pair.set(t, now)
			}
		}
	})
}

// pair is a line and an engine to which the same is done.
type pair struct {
	line   *line
	engine *memory.Line
	inside []bool
}

func id(n int) (id queue.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

func (p *pair) arrive(t *rapid.T, now int64) {
	n := len(p.inside)
	seat, err := p.engine.Arrive(context.Background(), queue.Arrival{ID: id(n), Direct: true})
	if err != nil {
		t.Fatal(err)
	}
	ahead, entry := p.line.arrive(now)
	if seat.Place != p.line.places[n] || seat.Ahead != ahead || seat.Entry != entry {
		t.Fatalf("arrives: %d ahead, place %d, entry %d; the engine says %+v", ahead, p.line.places[n], entry, seat)
	}
	p.inside = append(p.inside, entry != 0)
}

func (p *pair) tick(t *rapid.T, now int64) {
	more, err := p.engine.Tick(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	_, n := p.line.tick(now)
	if err := p.engine.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	v := p.engine.View()
	if v.Waiting != p.line.waiting() || v.Front != p.line.front || v.Calls != p.line.calls ||
		v.Called != p.line.called || v.Entries != p.line.entries || v.Ratio != p.line.pace.Ratio ||
		v.Interval != p.line.pace.Interval || v.Due != int64(math.Ceil(p.line.pace.Due)) || more != (n == queue.TickBound) {
		t.Fatalf("after a tick %+v; the engine shows %+v", p.line, v)
	}
}

func (p *pair) enter(t *rapid.T, now int64) {
	outside := slices.Index(p.inside, false)
	if outside < 0 {
		return
	}
	n := rapid.IntRange(outside, min(len(p.inside)-1, outside+5)).Draw(t, "who")
	if p.inside[n] {
		return
	}
	seat, err := p.engine.Enter(context.Background(), id(n), p.line.places[n])
	if err != nil {
		t.Fatal(err)
	}
	entry, ok := p.line.enter(now, p.line.places[n])
	if ok != (seat.State == queue.StateAdmitted) || entry != seat.Entry {
		t.Fatalf("enters: %v at %d; the engine says %+v", ok, entry, seat)
	}
	p.inside[n] = ok
}

func (p *pair) set(t *rapid.T, now int64) {
	var c Change
	if rapid.Bool().Draw(t, "the rate") {
		rate := rapid.SampledFrom([]float64{0, 360, 36_000, 3_600_000}).Draw(t, "per hour")
		c.RatePerHour = &rate
	} else {
		paused := rapid.Bool().Draw(t, "paused")
		c.Paused = &paused
	}
	if err := p.engine.Set(context.Background(), queue.Change{By: "plan", RatePerHour: c.RatePerHour, Paused: c.Paused}); err != nil {
		t.Fatal(err)
	}
	p.line.set(c, now)
}

func TestCallsAndTheirEntriesKeepTheOrder(t *testing.T) {
	random := newRun(Options{
		Seed: 3, Follow: 50_000,
		Crowd: Crowd{Arrivals: 20_000, Curve: Wall, Early: 0.5, EarlyOver: time.Minute, ShowUp: 0.7},
		Rules: queue.Rules{RatePerHour: 360_000, Burst: 10, Hold: 1800e6, PassTTL: 600e6, Draw: true},
	})
	for now := random.start + step; !random.over(now); now += step {
		random.advance(now)
	}
	if !slices.IsSorted(random.line.places) {
		t.Error("places do not rise")
	}
	before := func(visitor uint32) bool { return random.crowd.arrive[visitor] < opening }
	called, seen := int64(0), make([]bool, 20_000)
	for i := range random.line.places {
		v := random.line.visitor(i)
		if random.line.index(v) != i || seen[v] {
			t.Fatalf("visitor %d has more than one place", v)
		}
		seen[v] = true
		if before(v) != (i < 10_000) {
			t.Fatalf("visitor %d, who came at %d, is number %d of the order", v, random.crowd.arrive[v]-opening, i)
		}
		if at := random.crowd.people[v].called; at != 0 {
			if at < called {
				t.Fatalf("number %d of the order is called before the one ahead", i)
			}
			called = at
		}
	}
	if called == 0 || slices.IsSortedFunc(random.line.lots, func(a, b lot) int { return int(a.visitor) - int(b.visitor) }) {
		t.Error("nobody was called, or the draw kept the order of arrival")
	}
}

func TestCurvesSpreadPeopleAsTheySay(t *testing.T) {
	f := func(c Crowd, before time.Duration, want float64) {
		t.Helper()
		c.Arrivals, c.ShowUp = 100_000, 1
		r := newRun(Options{Seed: 1, Crowd: c, Rules: queue.Rules{Burst: 1, Hold: 1800e6}})
		n, _ := slices.BinarySearch(r.crowd.arrive, opening+before.Microseconds())
		if got := float64(n) / 100_000; math.Abs(got-want) > 0.01 || !slices.IsSorted(r.crowd.arrive) {
			t.Errorf("%+v: %.3f come before %s, want %g", c, got, before, want)
		}
	}
	f(Crowd{Curve: Wall}, 30*time.Second, 0.5)
	f(Crowd{Curve: Wall}, time.Minute, 1)
	f(Crowd{Curve: Wall, Over: time.Hour}, 15*time.Minute, 0.25)
	f(Crowd{Curve: Wall, Early: 0.3, EarlyOver: time.Minute}, 0, 0.3)
	f(Crowd{Curve: Wall, Early: 0.3, EarlyOver: time.Minute}, -30*time.Second, 0.15)
	f(Crowd{Curve: Steady}, time.Hour, 0.25)
	f(Crowd{Curve: Evening}, 30*time.Minute, 0.4)
	f(Crowd{Curve: Evening}, 4*time.Hour, 1)
	f(Crowd{Curve: Evening}, 30*time.Minute+105*time.Minute, 0.4+0.6*0.75)
}
