package queuetest

import (
	"context"
	"testing"

	"waitroom/queue"
)

func calling() []trial {
	return []trial{
		{promise: "calls are in order of place", try: callsInOrder},
		{promise: "a ticket put back goes where its place is", try: putBack},
		{promise: "a ticket put back at or below the front is called at once", try: putBackLate},
		{promise: "a ticket put back does not move the last place back", try: putBackLast},
		{promise: "ticking more often calls nobody more", try: tickingOften},
		{promise: "a tick is bounded, and says when another is due", try: tickBound},
		{promise: "nobody is called or let in while the room is shut", try: callingNobody},
		{promise: "positions are exact near the head, and rise with the place", try: positions},
	}
}

func callsInOrder(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 400)
	r.leave(390, places[390])
	r.leave(251, places[251])
	r.run(15 * Second)
	r.crash()
	r.runTill(600*Second, func() bool { return r.view().Calls == 398 })
	var last int64
	called := map[queue.ID]bool{}
	for _, rec := range r.journal(queue.KindCall) {
		for _, c := range rec.Tickets {
			if c.Place <= last || called[c.ID] {
				t.Fatalf("place %d was called after %d", c.Place, last)
			}
			last, called[c.ID] = c.Place, true
		}
	}
	if called[ID(390)] || called[ID(251)] {
		t.Error("one who left was called")
	}
	if n := int64(len(called)); n != r.view().Calls || last != r.view().Front || n != 398 {
		t.Errorf("the journal tells %d calls up to %d, the view %d up to %d", n, last, r.view().Calls, r.view().Front)
	}
}

func putBack(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.set(queue.Change{By: "op", Paused: ptr(true)})
	places := r.arriveAll(0, 10)
	r.move(Second)
	r.arriveAll(10, 20)
	between := places[9] + Second/2
	s := r.back(99, between, false)
	if s.State != queue.StateWaiting || s.Place != between {
		t.Fatalf("put back: %+v, want place %d", s, between)
	}
	if again := r.back(99, between, false); again.Place != s.Place || again.State != s.State {
		t.Errorf("put back again: %+v", again)
	}
	if r.refresh(); r.view().Waiting != 21 {
		t.Errorf("%d wait, want 21", r.view().Waiting)
	}
	r.set(queue.Change{By: "op", Paused: ptr(false)})
	r.run(30 * Second)
	var order []queue.ID
	for _, rec := range r.journal(queue.KindCall) {
		for _, c := range rec.Tickets {
			order = append(order, c.ID)
		}
	}
	if len(order) != 21 || order[10] != ID(99) || order[11] != ID(10) {
		t.Errorf("called in the order %v", order)
	}
}

func putBackLate(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 300)
	r.run(5 * Second)
	s := r.back(999, places[0]-10, false)
	r.want("put back below the front", s, queue.StateCalled)
	if s.Place != places[0]-10 {
		t.Errorf("place is %d, want %d", s.Place, places[0]-10)
	}
	r.want("entering", r.enter(999, s.Place), queue.StateAdmitted)
	r.want("entering without asking first", r.enter(998, places[0]-5), queue.StateAdmitted)
}

func putBackLast(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	far := b.Clock.Now() + 50*Second
	r.back(1, far, false)
	if s := r.arrive(2); s.Place != far+1 {
		t.Errorf("the next place is %d, want %d", s.Place, far+1)
	}
	r.back(3, far-10*Second, false)
	if s := r.arrive(4); s.Place != far+2 {
		t.Errorf("the next place is %d, want %d", s.Place, far+2)
	}
}

func tickingOften(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.arriveAll(0, 1000)
	// Nobody comes: after half a second more are called because of that.
	for _, most := range []int64{60, 200} {
		r.run(Second / 2)
		calls := r.view().Calls
		for range 20 {
			r.settle()
		}
		if r.view().Calls != calls {
			t.Errorf("twenty ticks at one moment called %d more", r.view().Calls-calls)
		}
		if calls < 20 || calls > most {
			t.Errorf("%d were called at 10/s, want at most %d", calls, most)
		}
		r.run(Second)
	}
}

func tickBound(t *testing.T, b *Bench) {
	rules := plain()
	rules.RatePerHour = 5000 * 3600
	r := open(t, b, rules)
	together(3000, func(i int) {
		if _, err := r.gates[0].Arrive(context.Background(), queue.Arrival{ID: ID(i)}); err != nil {
			t.Error(err)
		}
	})
	r.bench.Clock.Add(Second)
	more, err := r.gates[0].Tick(context.Background())
	r.refresh()
	if err != nil || !more || r.view().Calls != queue.TickBound {
		t.Errorf("one tick called %d and said more=%t, %v", r.view().Calls, more, err)
	}
}

func callingNobody(t *testing.T, b *Bench) {
	rules := plain()
	rules.OpensAt, rules.ClosesAt = b.Clock.Now()+60*Second, b.Clock.Now()+400*Second
	r := open(t, b, rules)
	places := r.arriveAll(0, 3000)
	n, entered := 0, 0
	shut := func(state queue.State) {
		t.Helper()
		calls := r.view().Calls
		r.run(20 * Second)
		if r.view().Calls != calls {
			t.Fatalf("%s: %d were called", state, r.view().Calls-calls)
		}
		if places[n] <= r.view().Front {
			r.want("entering", r.enter(n, places[n]), state)
		}
		if s := r.back(9000, 1000, false); s.State == queue.StateCalled {
			r.want("entering late", r.enter(9000, 1000), state)
		}
	}
	goes := func() {
		t.Helper()
		r.run(5 * Second)
		if places[n] > r.view().Front {
			t.Fatal("nobody was called")
		}
		r.want("entering", r.enter(n, places[n]), queue.StateAdmitted)
		n, entered = n+1, entered+1
	}
	shut(queue.StateEarly)
	r.move(41 * Second)
	goes()
	r.set(queue.Change{By: "op", Paused: ptr(true)})
	shut(queue.StatePaused)
	r.set(queue.Change{By: "op", Paused: ptr(false)})
	goes()
	r.set(queue.Change{By: "op", SoldOut: ptr(true)})
	shut(queue.StateSoldOut)
	r.set(queue.Change{By: "op", SoldOut: ptr(false)})
	goes()
	r.set(queue.Change{By: "op", RatePerHour: ptr(0.0)})
	shut(queue.StatePaused)
	r.set(queue.Change{By: "op", FileRate: true})
	goes()
	r.move(400 * Second)
	shut(queue.StateClosed)
	if r.view().Entries != int64(entered) {
		t.Errorf("%d entries, want %d", r.view().Entries, entered)
	}
}

func positions(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.set(queue.Change{By: "op", Paused: ptr(true)})
	places := r.arriveAll(0, 600)
	for _, n := range []int{3, 4, 50, 300, 599} {
		r.leave(n, places[n])
	}
	r.refresh()
	v := r.view()
	if v.Waiting != 595 || v.Last != places[599] {
		t.Fatalf("%d wait up to %d", v.Waiting, v.Last)
	}
	ahead, last := int64(0), int64(-1)
	for n, p := range places {
		got := v.Ranks.Ahead(p)
		if n < 100 && got != ahead {
			t.Errorf("before ticket %d are %d, want %d", n, got, ahead)
		}
		if d := got - ahead; got < last || d*12 > ahead+12 || -d*12 > ahead+12 {
			t.Errorf("before ticket %d are %d, want about %d", n, got, ahead)
		}
		last = got
		if n != 3 && n != 4 && n != 50 && n != 300 && n != 599 {
			ahead++
		}
	}
}
