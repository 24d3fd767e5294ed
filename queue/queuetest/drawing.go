package queuetest

import (
	"testing"

	"waitroom/queue"
)

func drawing() []trial {
	return []trial{
		{promise: "before the opening places are drawn, afterwards they are by arrival", try: draw},
		{promise: "who leaves before the opening and comes back has the same drawn place", try: drawAgain},
		{promise: "two tickets that drew one place both get in", try: drawTwins},
		{promise: "before the opening nobody is let in, at the opening those who were there first", try: opening},
	}
}

func drawn() queue.Rules {
	rules := plain()
	rules.Draw, rules.OpensAt = true, Start+100*Second
	return rules
}

// drawnPlace is a place below all that are given, out of the order of n.
func drawnPlace(n int) int64 { return Start - 1_000_000*Second + int64(n*7919%1000)*Second }

func (r *room) arriveDrawn(n int) queue.Seat {
	r.t.Helper()
	return r.arrival(queue.Arrival{ID: ID(n), Drawn: drawnPlace(n), Direct: true})
}

func draw(t *testing.T, b *Bench) {
	r := open(t, b, drawn())
	for n := range 50 {
		s := r.arriveDrawn(n)
		if s.State != queue.StateWaiting || s.Place != drawnPlace(n) {
			t.Fatalf("drew %+v, want place %d", s, drawnPlace(n))
		}
	}
	r.run(5 * Second)
	if r.view().Calls != 0 || r.view().Last != 0 {
		t.Errorf("%d calls before the opening, last place %d", r.view().Calls, r.view().Last)
	}
	r.move(96 * Second)
	late := r.arriveDrawn(50)
	if late.Place != b.Clock.Now() {
		t.Errorf("arrived after the opening and got place %d, want %d", late.Place, b.Clock.Now())
	}
	r.runTill(200*Second, func() bool { return r.view().Calls == 51 })
	var last int64
	n := 0
	for _, rec := range r.journal(queue.KindCall) {
		for _, c := range rec.Tickets {
			if c.Place <= last {
				t.Errorf("place %d was called after %d", c.Place, last)
			}
			last = c.Place
			n++
		}
	}
	if n != 51 || last != late.Place {
		t.Errorf("%d were called, the last of them with place %d", n, last)
	}
}

func drawAgain(t *testing.T, b *Bench) {
	r := open(t, b, drawn())
	s := r.arriveDrawn(3)
	r.arriveDrawn(4)
	r.leave(3, s.Place)
	if again := r.arriveDrawn(3); again.Place != s.Place || again.State != queue.StateWaiting {
		t.Fatalf("came back as %+v, was %+v", again, s)
	}
	r.want("the ticket", r.enter(3, s.Place), queue.StateWaiting)
	if again := r.back(3, s.Place, false); again.Place != s.Place || again.State != queue.StateWaiting {
		t.Errorf("returned as %+v", again)
	}
	if last := r.view().Last; last != 0 {
		t.Errorf("the last place is %d", last)
	}
	r.move(101 * Second)
	r.run(5 * Second)
	r.want("after the opening", r.enter(3, s.Place), queue.StateAdmitted)
}

func drawTwins(t *testing.T, b *Bench) {
	r := open(t, b, drawn())
	for n := range 4 {
		r.arrival(queue.Arrival{ID: ID(n), Drawn: drawnPlace(0)})
	}
	if r.refresh(); r.view().Waiting != 4 {
		t.Fatalf("%d wait, want 4", r.view().Waiting)
	}
	r.move(101 * Second)
	for n := range 4 {
		r.run(5 * Second)
		r.want("entering", r.enter(n, drawnPlace(0)), queue.StateAdmitted)
	}
	if r.run(30 * Second); r.view().Waiting != 0 || r.view().Entries != 4 {
		t.Errorf("%d wait, %d entered", r.view().Waiting, r.view().Entries)
	}
}

func opening(t *testing.T, b *Bench) {
	rules := plain()
	rules.OpensAt = Start + 100*Second
	r := open(t, b, rules)
	places := r.arriveAll(0, 20)
	for range 30 {
		r.run(Second)
		r.move(2 * Second)
		r.want("before the opening", r.arrival(queue.Arrival{ID: ID(3), Direct: true}), queue.StateWaiting)
		r.want("before the opening", r.enter(0, places[0]), queue.StateWaiting)
	}
	r.run(10 * Second)
	after := r.arrival(queue.Arrival{ID: ID(50), Direct: true})
	r.want("arriving at the opening", after, queue.StateWaiting)
	r.run(2 * Second)
	s := r.enter(0, places[0])
	r.want("at the opening", s, queue.StateAdmitted)
	if s.Entry < rules.OpensAt {
		t.Errorf("the pass is valid from %d µs before the opening", rules.OpensAt-s.Entry)
	}
	if after.Place <= places[19] {
		t.Errorf("who came at the opening got place %d, those before up to %d", after.Place, places[19])
	}
}
