package redis

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// twins are two lines of one story: many takes what comes in one trip, each in a trip for
// each operation. Nothing may tell them apart.
type twins struct {
	t          *testing.T
	rand       *rand.Rand
	clock      *queuetest.Clock
	redis      *redis.Client
	many, each *Line
	places     map[queue.ID][]int64 // that tickets may show
	entered    map[queue.ID]queue.Seat
}

func newTwins(t *testing.T, server *redistest.Server, seed uint64) *twins {
	w := &twins{
		t: t, rand: rand.New(rand.NewPCG(seed, 1)), clock: queuetest.NewClock(), redis: raw(t, server),
		places: map[queue.ID][]int64{}, entered: map[queue.ID]queue.Seat{},
	}
	rules := fast()
	rules.RatePerHour, rules.Burst, rules.PassTTL = 3600, 3, 30*second
	for at, name := range map[**Line]string{&w.many: "many", &w.each: "each"} {
		s := open(t, Options{URL: server.URL(), Now: w.clock.Now})
		l, err := s.Room(context.Background(), fmt.Sprintf("%s-%d", name, seed), rules)
		if err != nil {
			t.Fatal(err)
		}
		*at = l
	}
	return w
}

func (w *twins) id() queue.ID { return queuetest.ID(w.rand.IntN(6)) }

// shown is a place that a ticket of that id may show; 0 for none.
func (w *twins) shown(id queue.ID) int64 {
	all := w.places[id]
	if len(all) == 0 {
		return w.clock.Now() - w.rand.Int64N(20*second)
	}
	return all[w.rand.IntN(len(all))]
}

// remind makes both gateways remember the same of entries, and nothing else.
func (w *twins) remind(l *Line) {
	l.entered.mu.Lock()
	l.entered.young, l.entered.old = nil, nil
	l.entered.mu.Unlock()
	for id, s := range w.entered {
		l.entered.put(id, s, s.Entry, l.Rules())
	}
}

// trips makes the trip of many, and then one for each, and gives the answers of both.
func trips[Q, A any](w *twins, asks []Q, do func(*Line, []Q) ([]A, error)) (many, each []A) {
	w.t.Helper()
	w.remind(w.many)
	many, err := do(w.many, asks)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range asks {
		w.remind(w.each)
		one, err := do(w.each, asks[i:i+1])
		if err != nil {
			w.t.Fatal(err)
		}
		each = append(each, one...)
	}
	return many, each
}

// story is one trip of many of some kind, and what it was answered.
func (w *twins) story() (told string, ids []queue.ID, many, each []queue.Seat) {
	ctx := context.Background()
	n := 1 + w.rand.IntN(8)
	var arrivals []queue.Arrival
	var tickets []place
	var touches []touch
	for range n {
		id := w.id()
		a := queue.Arrival{ID: id, Direct: w.rand.IntN(2) == 0}
		if w.rand.IntN(2) == 0 {
			a.Place, a.Direct = w.shown(id), false
		}
		ids, arrivals = append(ids, id), append(arrivals, a)
		tickets = append(tickets, place{id, w.shown(id)})
		touches = append(touches, touch{
			queue.PassOf(id, w.entered[id].Entry), w.clock.Now() + w.rand.Int64N(20*second), byte(w.rand.IntN(3) * 3 / 2),
			queue.Shown{Gen: w.rand.Int64N(4), Parent: w.rand.Uint32N(2), Grand: w.rand.Uint32N(2)},
		})
	}
	switch w.rand.IntN(6) {
	case 0, 1:
		many, each = trips(w, arrivals, func(l *Line, q []queue.Arrival) ([]queue.Seat, error) { return l.arrive(ctx, q) })
		return fmt.Sprintf("arrive %+v", arrivals), ids, many, each
	case 2, 3:
		many, each = trips(w, tickets, func(l *Line, q []place) ([]queue.Seat, error) { return l.enter(ctx, q) })
		return fmt.Sprintf("enter %+v", tickets), ids, many, each
	case 4:
		trips(w, tickets, func(l *Line, q []place) ([]struct{}, error) { return l.leave(ctx, q) })
		return fmt.Sprintf("leave %+v", tickets), nil, nil, nil
	default:
		trips(w, touches, func(l *Line, q []touch) ([]struct{}, error) { return l.touch(ctx, q) })
		return fmt.Sprintf("touch %+v", touches), nil, nil, nil
	}
}

// between is what happens to both between trips: time goes by, some are called, passes
// end, and now and then the store forgets a ticket.
func (w *twins) between() {
	ctx := context.Background()
	w.clock.Add(w.rand.Int64N(4 * second))
	ended, forgotten, which := w.rand.IntN(8) == 0, w.rand.IntN(8) == 0, w.id()
	pass := queue.PassOf(which, w.entered[which].Entry)
	rules := w.many.Rules()
	if w.rand.IntN(4) == 0 { // fewer seats than are called, or more
		rules.MaxActive = w.rand.Int64N(6)
	}
	for _, l := range []*Line{w.many, w.each} {
		mustTick(w.t, l)
		l.SetRules(rules)
		if ended {
			if err := l.End(ctx, pass, queue.WhyReleased, "backend"); err != nil {
				w.t.Fatal(err)
			}
		}
		if forgotten {
			name := string(which[:])
			w.redis.HDel(ctx, l.keys[2], name)
			for _, key := range []string{l.keys[0], l.keys[1], l.keys[3]} {
				w.redis.ZRem(ctx, key, name)
			}
		}
	}
	if ended { // the gateways know of it
		delete(w.entered, which)
	}
}

// state is all that the store holds of a line, save what tells its room.
func (w *twins) state(l *Line) string {
	w.t.Helper()
	ctx, b := context.Background(), &strings.Builder{}
	for _, i := range []int{0, 1, 3} {
		fmt.Fprintf(b, "%v\n", w.redis.ZRangeWithScores(ctx, l.keys[i], 0, -1).Val())
	}
	for _, i := range []int{2, 4} {
		all := w.redis.HGetAll(ctx, l.keys[i]).Val()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if name != "epoch" && !strings.HasPrefix(name, "gate:") {
				fmt.Fprintf(b, "%q %q\n", name, all[name])
			}
		}
	}
	return b.String()
}

func TestATripOfManyIsTheSameAsATripForEach(t *testing.T) {
	server := redistest.Start(t)
	states := map[queue.State]int{}
	for seed := range uint64(8) {
		w := newTwins(t, server, seed)
		for step := range 60 {
			w.between()
			told, ids, many, each := w.story()
			for i := range many {
				a, b := many[i], each[i]
				a.Epoch, b.Epoch, a.Ahead, b.Ahead = "", "", 0, 0
				if a != b {
					t.Fatalf("seed %d, step %d, %s: %d got\n%+v in one trip,\n%+v alone", seed, step, told, i, a, b)
				}
				states[a.State]++
				w.places[ids[i]] = append(w.places[ids[i]], a.Place)
				if a.State == queue.StateAdmitted {
					w.entered[ids[i]] = a
				}
			}
			if a, b := w.state(w.many), w.state(w.each); a != b {
				t.Fatalf("seed %d, step %d, after %s the store holds\n%s\nof one trip,\n%s\nof many", seed, step, told, a, b)
			}
		}
	}
	for _, s := range []queue.State{queue.StateWaiting, queue.StateCalled, queue.StateAdmitted, queue.StateOver, queue.StateFull} {
		if states[s] == 0 {
			t.Errorf("nobody was ever told %v: %v", s, states)
		}
	}
}
