package queuetest

import (
	"slices"
	"testing"

	"waitroom/queue"
)

func forgetting() []trial {
	return []trial{
		{promise: "a crash forgets nothing that was answered", try: crashKeeps},
		{promise: "crashing again and again changes nothing", try: crashAgain},
		{promise: "a store that lost its state has a new epoch, and takes tickets back at their places", try: losing, loses: true},
		{promise: "a ticket of another epoch makes the room recover, once", try: recovering},
		{promise: "nobody enters a second time because the store forgot", try: losingPasses, loses: true},
		{promise: "places given after a loss are above all before", try: losingPlaces, loses: true},
		{promise: "who comes while the room recovers is told nothing that has to rise", try: losingPositions, loses: true},
		{promise: "a loss at a rate of 0 gives no slot", try: losingAtNoRate, loses: true},
	}
}

func crashKeeps(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 300)
	r.run(2 * Second)
	in := r.enter(0, places[0])
	r.want("the first", in, queue.StateAdmitted)
	r.leave(200, places[200])
	r.back(400, places[100]+500, false)
	r.refresh()
	before := *r.view()
	r.crash()
	v := r.view()
	type facts struct {
		epoch                                                        string
		front, last, waiting, called, active, arrivals, calls, enter int64
		interval, ratio                                              float64
	}
	of := func(v *queue.View) facts {
		return facts{v.Epoch, v.Front, v.Last, v.Waiting, v.Called, v.Active, v.Arrivals, v.Calls, v.Entries, v.Interval, v.Ratio}
	}
	if of(v) != of(&before) {
		t.Errorf("after the crash %+v, before %+v", of(v), of(&before))
	}
	if v.Due < before.Due {
		t.Errorf("the crash gave slots: due at %d, was %d", v.Due, before.Due)
	}
	for n, p := range places {
		want := queue.StateWaiting
		switch {
		case n == 0:
			want = queue.StateAdmitted
		case n == 200:
			want = queue.StateOver
		case p <= v.Front:
			want = queue.StateCalled
		}
		if s := r.back(n, p, false); s.State != want || s.Place != p {
			t.Fatalf("ticket %d after the crash: %+v, want %s at %d", n, s, want, p)
		}
	}
	if s := r.enter(0, places[0]); s.Entry != in.Entry || s.End != in.End {
		t.Errorf("the pass after the crash is %+v, was %+v", s, in)
	}
}

func crashAgain(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 200)
	entered := 0
	for n := range 60 {
		r.run(Second / 5)
		if places[entered] <= r.view().Front {
			r.want("entering", r.enter(entered, places[entered]), queue.StateAdmitted)
			entered++
		}
		if n%4 == 0 {
			r.crash()
		}
		s := r.arrive(1000 + n)
		if s.Place <= places[len(places)-1] {
			t.Fatalf("place %d after %d", s.Place, places[len(places)-1])
		}
		places = append(places, s.Place)
	}
	if err := r.told.check(); err != nil {
		t.Error(err)
	}
	if r.refresh(); r.view().Entries != int64(entered) || r.view().Arrivals != 260 || entered < 50 {
		t.Errorf("%d entries of %d, %d arrivals", r.view().Entries, entered, r.view().Arrivals)
	}
}

func losing(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 300)
	r.run(5 * Second)
	epoch := r.view().Epoch
	r.lose()
	if e := r.view().Epoch; e == epoch || e == "" {
		t.Fatalf("the epoch is %q, was %q", e, epoch)
	}
	for i := range places {
		n := (i * 77) % len(places)
		if s := r.back(n, places[n], true); s.Place != places[n] {
			t.Fatalf("put back at %d, had %d", s.Place, places[n])
		}
	}
	r.run(5 * Second)
	v := r.view()
	if v.RecoverUntil <= b.Clock.Now() {
		t.Fatalf("recovers until %d, now is %d", v.RecoverUntil, b.Clock.Now())
	}
	if s := r.enter(0, places[0]); s.State != queue.StateRecovering && s.State != queue.StateWaiting {
		t.Errorf("entering while the room recovers: %+v", s)
	}
	r.move(v.RecoverUntil - b.Clock.Now())
	r.runTill(600*Second, func() bool { return r.view().Front >= places[len(places)-1] })
	called := map[int64]bool{}
	var order []int64
	for _, rec := range r.journal(queue.KindCall) {
		for _, c := range rec.Tickets {
			called[c.Place] = true
			order = append(order, c.Place)
		}
	}
	if !slices.IsSorted(order) {
		t.Error("calls after the loss are out of order")
	}
	for n, p := range places {
		if p > r.view().Front {
			t.Errorf("ticket %d was not called", n)
		}
	}
}

func recovering(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.arriveAll(0, 100)
	r.run(Second)
	before := r.view()
	s := r.back(500, before.Last-10, true)
	if s.Place != before.Last-10 {
		t.Fatalf("put back at %d", s.Place)
	}
	r.refresh()
	until := r.view().RecoverUntil
	if d := until - b.Clock.Now(); d < queue.Prompt || d > queue.PollFar+Second {
		t.Fatalf("recovers for %d µs", d)
	}
	r.run(5 * Second)
	if r.view().Calls != before.Calls {
		t.Errorf("%d were called while the room recovers", r.view().Calls-before.Calls)
	}
	r.back(501, before.Last-9, true)
	r.crash()
	r.back(502, before.Last-8, true)
	if r.refresh(); r.view().RecoverUntil != until {
		t.Errorf("recovers until %d, was %d", r.view().RecoverUntil, until)
	}
	r.move(until - b.Clock.Now())
	if r.run(Second); r.view().Calls == before.Calls {
		t.Error("nobody is called after the recovery")
	}
}

func losingPasses(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 100)
	r.run(5 * Second)
	entries := map[int]queue.Seat{}
	for n := range 10 {
		entries[n] = r.enter(n, places[n])
		r.want("entering", entries[n], queue.StateAdmitted)
	}
	r.refresh()
	r.lose()
	for round := range 3 {
		for n, was := range entries {
			s := r.back(n, places[n], true)
			if e := r.enter(n, places[n]); e.State == queue.StateAdmitted {
				s = e
			}
			if s.State == queue.StateAdmitted && s.Entry != was.Entry {
				t.Errorf("round %d: ticket %d entered as %+v and as %+v", round, n, was, s)
			}
		}
		r.move(130 * Second)
	}
}

func losingPlaces(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.back(1, b.Clock.Now()+5*Second, false)
	last := r.arrive(2).Place
	r.refresh()
	r.lose()
	if s := r.arrive(3); s.Place <= last {
		t.Errorf("place %d after the loss, %d before", s.Place, last)
	}
}

func losingAtNoRate(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	in := r.arrival(queue.Arrival{ID: ID(1), Direct: true})
	r.want("the first", in, queue.StateAdmitted)
	r.set(queue.Change{By: "op", RatePerHour: ptr(0.0)})
	r.lose()
	r.set(queue.Change{By: "op", RatePerHour: ptr(0.0)})
	r.run(60 * Second)
	r.set(queue.Change{By: "op", RatePerHour: ptr(36_000.0)})
	next := r.arrival(queue.Arrival{ID: ID(2), Direct: true})
	if err := r.told.check(); err != nil {
		t.Errorf("%+v as soon as there is a rate again: %v", next, err)
	}
	r.run(Second)
	r.want("the next", r.enter(2, next.Place), queue.StateAdmitted)
}

func losingPositions(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 300)
	r.lose()
	r.back(0, places[0], true)
	r.refresh()
	s := r.arrive(1000)
	if s.Ahead >= 0 {
		t.Errorf("%d are said to be ahead of who comes while the room recovers", s.Ahead)
	}
	shown := int64(0)
	for n := 1; n < 300; n++ {
		r.back(n, places[n], true)
		r.refresh()
		for _, g := range r.gates {
			v := g.View()
			shown = v.Standing(s.Place, shown, b.Clock.Now(), 0).Position
			if v.At < v.RecoverUntil && shown != 0 {
				t.Fatalf("position %d with %d still to come back", shown, 299-n)
			}
		}
	}
	r.move(r.view().RecoverUntil - b.Clock.Now())
	for _, g := range r.gates {
		if p := g.View().Standing(s.Place, shown, b.Clock.Now(), 0).Position; p < 200 || p > 301 {
			t.Errorf("position %d after the recovery, behind 300", p)
		}
	}
}
