package queuetest

import (
	"testing"

	"waitroom/queue"
)

func holdsCrash(t *testing.T, b *Bench) {
	r := old(t, b)
	used := claim(1, 1)
	used.State, used.Invitation, used.InvitationEnds = state(1), [16]byte{7}, b.Clock.Now()+keep
	first := r.held("the first", used, queue.HeldHere)
	r.held("of another", claim(2, 1), queue.HeldHere)
	r.later(lock)
	taker := r.held("taking over", claim(2, 2), queue.HeldHere)
	again := r.held("the first again", claim(1, 1), queue.HeldHere)
	r.crash()
	for _, g := range r.gates { // before anything else is asked
		if at := g.Taken(ID(2)); at != taker.Since {
			t.Errorf("after the crash taken over since %d, was %d", at, taker.Since)
		}
	}
	if h := r.held("another device", claim(1, 3), queue.HeldElsewhere); h.Since != first.Since || h.Until != again.Until || h.Family != 1 {
		t.Errorf("after the crash %+v, was %+v", h, again)
	}
	stolen := claim(3, 3)
	stolen.State = state(1)
	r.held("a state used before", stolen, queue.StateUsed)
	invited := claim(3, 3)
	invited.Invitation, invited.InvitationEnds = [16]byte{7}, used.InvitationEnds
	r.held("an invitation used before", invited, queue.InvitationUsed)
}

func holdsTold(t *testing.T, b *Bench) {
	r := old(t, b)
	for who := range 5 {
		r.held("the first", claim(who, 1), queue.HeldHere)
		r.held("another", claim(who, 2), queue.HeldElsewhere)
	}
	r.later(lock)
	c := claim(3, 2)
	c.State = state(3)
	h := r.held("taking over", c, queue.HeldHere)
	r.held("asked again", c, queue.HeldHere)
	told := r.journal(queue.KindHold)
	if len(told) != 1 || len(told[0].Tickets) != 1 || told[0].Tickets[0].ID != ID(3) || told[0].At != h.Since || told[0].By != "" {
		t.Fatalf("the journal tells %+v of %+v", told, h)
	}
}

func holdsStep(t *testing.T, b *Bench) {
	r := old(t, b)
	r.held("the first", claim(1, 1), queue.HeldHere)
	r.later(lock)
	taker := r.held("taking over", claim(1, 2), queue.HeldHere)
	r.move(-3 * lock)
	r.held("the former, after the clock was set back", claim(1, 1), queue.HeldElsewhere)
	if h := r.held("the holder", claim(1, 2), queue.HeldHere); h.Since != taker.Since {
		t.Errorf("held as %+v, was %+v", h, taker)
	}
	r.later(5 * lock)
	next := r.held("the former, later", claim(1, 1), queue.HeldHere)
	if next.Since <= taker.Since || r.taken(1) != next.Since {
		t.Errorf("took over as %+v after %+v", next, taker)
	}
}

func holdsLoss(t *testing.T, b *Bench) {
	r := old(t, b)
	before := r.held("the first", claim(1, 1), queue.HeldHere)
	other := r.held("of another", claim(2, 1), queue.HeldHere)
	r.lose()
	h := r.held("another device, after the loss", claim(1, 2), queue.HeldHere)
	if h.Since <= before.Since || r.taken(1) != h.Since {
		t.Errorf("held as %+v, before as %+v; told %d", h, before, r.taken(1))
	}
	r.held("the former", claim(1, 1), queue.HeldElsewhere)
	r.later(3600 * Second)
	late := r.held("another device of the other, long after", claim(2, 2), queue.HeldHere)
	if r.taken(2) != late.Since || late.Since <= other.Since {
		t.Errorf("held as %+v, before as %+v; told %d", late, other, r.taken(2))
	}
	r.later(keep + 2400*Second + 61*Second)
	r.held("who is new, when nothing from before the loss can live", claim(3, 1), queue.HeldHere)
	if since := r.taken(3); since != 0 {
		t.Errorf("taken over since %d, by nobody", since)
	}
}

func takenLoss(t *testing.T, b *Bench) {
	r := old(t, b)
	r.held("the first", claim(1, 1), queue.HeldHere)
	r.later(lock)
	taker := r.held("taking over", claim(1, 2), queue.HeldHere)
	r.refresh()
	r.lose()
	r.reopen() // who starts anew asks the store
	if since := r.taken(1); since != taker.Since {
		t.Errorf("after the loss taken over since %d, was %d", since, taker.Since)
	}
}

func holdsFresh(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	h := r.held("the first in a new room", claim(1, 1), queue.HeldHere)
	if since := r.taken(1); since != h.Since || h.Took {
		t.Errorf("held as %+v, told %d", h, since)
	}
	r.later(2400*Second + 60*Second - 1)
	h = r.held("the last who may have been held before", claim(2, 1), queue.HeldHere)
	if since := r.taken(2); since != h.Since {
		t.Errorf("held as %+v, told %d", h, since)
	}
	r.later(1)
	r.held("who is new", claim(3, 1), queue.HeldHere)
	if since := r.taken(3); since != 0 {
		t.Errorf("taken over since %d, by nobody", since)
	}
}
