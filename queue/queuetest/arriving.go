package queuetest

import (
	"context"
	"sync"
	"testing"

	"waitroom/queue"
)

func arriving() []trial {
	return []trial{
		{promise: "places rise strictly, and are not before the arrival, whatever the clock does", try: placesRise},
		{promise: "arriving again finds the place there is", try: arrivingAgain},
		{promise: "many who arrive at once get a place each, and each one place", try: arrivingAtOnce},
		{promise: "arrivals are numbered", try: arrivalsAreNumbered},
		{promise: "who arrives is told how many wait before", try: arrivalsAreToldTheirPosition},
		{promise: "who has a pass and arrives finds the pass", try: arrivingWithPass},
		{promise: "who has used up a pass and arrives goes to the end", try: arrivingAfterPass},
		{promise: "a pass that lapsed unused is over, and its visitor goes to the end", try: arrivingAfterLapse},
		{promise: "in a quiet room who arrives enters at once", try: quietRoom},
		{promise: "nobody enters at once past those who wait", try: quietRoomIsNotQuiet},
		{promise: "entering at once spends the slot", try: quietRoomSpends},
		{promise: "nobody enters at once where nobody is let in", try: quietRoomIsShut},
	}
}

func placesRise(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	var last int64
	for i, step := range []int64{0, 0, 5 * Second, -Second, -3600 * Second, 0, 1, 7200 * Second, -1} {
		b.Clock.Add(step)
		place := r.arrive(i).Place
		if place <= last || place < b.Clock.Now() {
			t.Fatalf("arrival %d at %d got place %d after %d", i, b.Clock.Now(), place, last)
		}
		last = place
	}
	if r.refresh(); r.view().Last != last {
		t.Errorf("last is %d, want %d", r.view().Last, last)
	}
}

func arrivingAgain(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 200)
	r.run(Second)
	called := 0
	for n, place := range places {
		s := r.arrive(n)
		if s.Place != place {
			t.Fatalf("ticket %d came back and got place %d, not %d", n, s.Place, place)
		}
		want := queue.StateWaiting
		if place <= r.view().Front {
			want, called = queue.StateCalled, called+1
		}
		r.want("arriving again", s, want)
	}
	if called == 0 || called == len(places) {
		t.Fatalf("%d of %d were called: the test tries nothing", called, len(places))
	}
	if r.refresh(); r.view().Arrivals != 200 {
		t.Errorf("%d arrivals, want 200", r.view().Arrivals)
	}
}

func arrivingAtOnce(t *testing.T, b *Bench) {
	const tickets, times = 300, 3
	r := open(t, b, plain())
	var mu sync.Mutex
	places := map[int64]int{}
	of := map[int]int64{}
	together(tickets*times, func(i int) {
		n := i % tickets
		s, err := r.gates[i%len(r.gates)].Arrive(context.Background(), queue.Arrival{ID: ID(n)})
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if was, ok := of[n]; ok && was != s.Place {
			t.Errorf("ticket %d has places %d and %d", n, was, s.Place)
		}
		if whose, ok := places[s.Place]; ok && whose != n {
			t.Errorf("place %d was given to %d and %d", s.Place, whose, n)
		}
		of[n], places[s.Place] = s.Place, n
	})
	r.refresh()
	if v := r.view(); v.Arrivals != tickets || v.Waiting != tickets {
		t.Errorf("%d arrivals, %d waiting, want %d", v.Arrivals, v.Waiting, tickets)
	}
}

func arrivalsAreNumbered(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	for n := range 5 {
		if s := r.arrive(n); s.Number != int64(n)+1 {
			t.Errorf("arrival %d has number %d", n+1, s.Number)
		}
	}
}

func arrivalsAreToldTheirPosition(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.set(queue.Change{By: "op", Paused: ptr(true)})
	left := r.arrive(100)
	for n := range 5 {
		if s := r.arrive(n); s.Ahead != int64(n)+1 {
			t.Errorf("before arrival %d are %d, want %d", n, s.Ahead, n+1)
		}
	}
	if s := r.arrive(3); s.Ahead != -1 {
		t.Errorf("arriving again tells %d", s.Ahead)
	}
	r.leave(100, left.Place)
	if s := r.arrive(6); s.Ahead != 5 {
		t.Errorf("before the next are %d, want 5", s.Ahead)
	}
}

// admitted brings a ticket and lets it in.
func (r *room) admitted(n int) queue.Seat {
	r.t.Helper()
	a := r.arrive(n)
	for range 600 {
		r.run(Second)
		if r.view().Front >= a.Place {
			s := r.enter(n, a.Place)
			r.want("entering", s, queue.StateAdmitted)
			return s
		}
	}
	r.t.Fatalf("ticket %d was not called in ten minutes", n)
	return queue.Seat{}
}

func arrivingWithPass(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	in := r.admitted(1)
	if s := r.arrive(1); s.State != queue.StateAdmitted || s.Entry != in.Entry || s.End != in.End {
		t.Errorf("arriving inside: %+v, want %+v", s, in)
	}
	if in.End != in.Entry+r.rules.PassTTL {
		t.Errorf("the pass lives for %d µs, want %d", in.End-in.Entry, r.rules.PassTTL)
	}
}

func arrivingAfterLapse(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	in := r.admitted(1)
	until := b.Clock.Now() + 20*Second
	eventually(t, "the touch counts", func() bool {
		for _, g := range r.gates {
			g.Touch(queue.PassOf(ID(1), in.Entry), until)
		}
		b.Clock.Add(30 * Second)
		r.refresh()
		active := r.view().Active
		b.Clock.Add(-30 * Second)
		return active == 0
	})
	r.want("before it lapses", r.back(1, in.Place, false), queue.StateAdmitted)
	r.move(30 * Second)
	r.want("the old ticket", r.back(1, in.Place, false), queue.StateOver)
	if s := r.arrive(1); s.Place == in.Place || s.Entry == in.Entry {
		t.Errorf("came back as %+v", s)
	}
}

func arrivingAfterPass(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	in := r.admitted(1)
	other := r.arrive(2)
	r.move(r.rules.PassTTL + Second)
	r.want("the old ticket", r.back(1, in.Place, false), queue.StateOver)
	if s := r.arrive(1); s.Place <= other.Place || s.State == queue.StateAdmitted {
		t.Errorf("came back as %+v, behind place %d", s, other.Place)
	}
}

func quietRoom(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	s := r.arrival(queue.Arrival{ID: ID(1), Direct: true})
	r.want("arriving in a quiet room", s, queue.StateAdmitted)
	if s.Entry != b.Clock.Now() || s.End != s.Entry+r.rules.PassTTL || s.Number != 1 {
		t.Errorf("got %+v", s)
	}
	if again := r.enter(1, s.Place); again.Entry != s.Entry {
		t.Errorf("entered again as %+v, was %+v", again, s)
	}
	if r.refresh(); r.view().Entries != 1 || r.view().Calls != 1 || r.view().Waiting != 0 || r.view().Front != s.Place {
		t.Errorf("view is %+v", r.view())
	}
}

func quietRoomIsNotQuiet(t *testing.T, b *Bench) {
	rules := plain()
	rules.RatePerHour, rules.Burst = 3600, 5
	r := open(t, b, rules)
	first := r.arrive(1)
	s := r.arrival(queue.Arrival{ID: ID(2), Direct: true})
	if s.State == queue.StateAdmitted || s.Place <= first.Place {
		t.Fatalf("went past one who waits: %+v", s)
	}
}

func quietRoomSpends(t *testing.T, b *Bench) {
	rules := plain()
	rules.RatePerHour, rules.Burst = 3600, 3
	r := open(t, b, rules)
	r.move(60 * Second)
	in := 0
	for n := range 10 {
		s := r.arrival(queue.Arrival{ID: ID(n), Direct: true})
		if s.State == queue.StateAdmitted {
			in++
		}
	}
	if in != 3 {
		t.Errorf("%d entered at once, want the burst of 3", in)
	}
	if err := r.told.check(); err != nil {
		t.Error(err)
	}
}

func quietRoomIsShut(t *testing.T, b *Bench) {
	rules := plain()
	rules.MaxActive = 1
	r := open(t, b, rules)
	n := 0
	direct := func(what string, want bool) {
		t.Helper()
		n++
		s := r.arrival(queue.Arrival{ID: ID(n), Direct: true})
		if (s.State == queue.StateAdmitted) != want {
			t.Fatalf("%s: %+v", what, s)
		}
		if s.State != queue.StateAdmitted {
			r.leave(n, s.Place)
		}
		r.run(30 * Second)
	}
	r.set(queue.Change{By: "op", Paused: ptr(true)})
	direct("in a pause", false)
	r.set(queue.Change{By: "op", Paused: ptr(false), SoldOut: ptr(true)})
	direct("sold out", false)
	r.set(queue.Change{By: "op", SoldOut: ptr(false), RatePerHour: ptr(0.0)})
	direct("at rate 0", false)
	r.set(queue.Change{By: "op", FileRate: true})
	direct("open again", true)
	direct("when full", false)
}
