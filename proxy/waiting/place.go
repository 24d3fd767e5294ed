package waiting

import (
	"github.com/valyala/fasthttp"

	"waitroom/proxy/visitor"
	"waitroom/queue"
	"waitroom/token"
)

// found is what became of a visitor's ticket.
type found struct {
	ticket token.Ticket
	// renew says that the ticket is to be signed anew.
	renew bool
	// seat is set where the store was asked.
	seat queue.Seat
	// why is over for a used ticket, storeAway where the store did not answer, else none.
	why problem
}

// look says where a verified ticket stands. The store is asked only for tickets it
// may not know, those of another epoch and those with a gateway's time stamp, and for
// called ones, which may have been used, when they are renewed; or if sure is asked for.
func (r *Room) look(t token.Ticket, v *queue.View, now int64, sure bool) found {
	place := r.place(&t, &v.Rules)
	old := now-t.Issued > v.Rules.Hold/2
	foreign := t.Epoch != v.Epoch && !t.Stamped
	called := place <= v.Front
	if v.AwayAt(now) || !foreign && !t.Stamped && !sure && !(called && old) {
		// Not a called one: it may have been used, and must not outlive what is kept of that.
		return found{ticket: t, renew: old && !called}
	}
	ctx := r.patience.wait()
	id := queue.ID(t.ID)
	var seat queue.Seat
	var err error
	if t.Stamped && v.Rules.Draw && now < v.Rules.OpensAt {
		seat, err = r.Line.Arrive(ctx, queue.Arrival{ID: id, Drawn: place})
	} else {
		seat, err = r.Line.Return(ctx, queue.Arrival{ID: id, Place: place, Foreign: foreign})
	}
	if err != nil {
		return found{ticket: t, why: r.problemOf(err)}
	}
	f := found{ticket: r.seated(seat, t, &v.Rules), renew: true, seat: seat}
	if seat.State == queue.StateOver {
		f.why = over
	}
	return f
}

// arrive takes a place for whom the ticket names, or finds the one they have. While the store
// is away the ticket is stamped with the time of arrival at this gateway.
func (r *Room) arrive(ctx *fasthttp.RequestCtx, v *visitor.Visitor, who token.Ticket, direct bool) found {
	view := r.Line.View()
	now := view.Now()
	id := queue.ID(who.ID)
	who = token.Ticket{ID: who.ID, Subject: who.Subject, Held: who.Held, Facts: who.Facts}
	if !view.AwayAt(now) {
		wait := r.patience.wait()
		a := queue.Arrival{ID: id, Drawn: r.draw(id, &view.Rules), Direct: direct && !v.Unproved && r.may(&who, now).Allowed}
		seat, err := r.Line.Arrive(wait, a)
		if err == nil && r.spent(id, seat, now) {
			seat, err = r.Line.Arrive(wait, a)
		}
		if r.problemOf(err) == none {
			return found{ticket: r.seated(seat, who, &view.Rules), renew: true, seat: seat}
		}
	}
	who.Place, who.Stamped, who.Epoch = now, true, view.Epoch
	return found{ticket: who, renew: true}
}

// waits says whether the view is sure that a ticket is not called. The store alone knows of one that is newer than the view.
func (r *Room) waits(t *token.Ticket, view *queue.View, now int64) bool {
	place := r.place(t, &view.Rules)
	return !view.AwayAt(now) && t.Epoch == view.Epoch && !t.Stamped && place > view.Front && place <= view.Last
}

// enter turns a verified ticket into a pass, if it is called. Otherwise the standing
// says where it is, and why says why not.
func (r *Room) enter(ctx *fasthttp.RequestCtx, v *visitor.Visitor, t token.Ticket) (Admitted, standing, problem) {
	view := r.Line.View()
	now := view.Now()
	if view.AwayAt(now) {
		return Admitted{}, r.standing(&t, view, now), storeAway
	}
	if t.Stamped || t.Epoch != view.Epoch {
		f := r.look(t, view, now, false)
		if f.why != none {
			s := r.standing(&t, view, now)
			s.away = s.away || f.why == storeAway
			return Admitted{}, s, f.why
		}
		t = f.ticket
		r.issue(ctx, v, &t, now)
	}
	if r.waits(&t, view, now) {
		return Admitted{}, r.standing(&t, view, now), notCalled
	}
	if s := r.standing(&t, view, now); s.State == queue.StateNotEligible {
		return Admitted{}, s, notEligible
	}
	place := r.place(&t, &view.Rules)
	seat, err := r.Line.Enter(r.patience.wait(), queue.ID(t.ID), place)
	if err != nil {
		s := r.standing(&t, view, now)
		s.State, s.away = queue.StateRecovering, true
		return Admitted{}, s, r.problemOf(err)
	}
	if r.spent(queue.ID(t.ID), seat, now) {
		seat.State = queue.StateOver
	}
	switch seat.State {
	case queue.StateAdmitted:
		a := r.admit(ctx, v, &t, seat)
		s := r.admitted(view, now, seat.Entry, t.Number)
		s.pass = a.Body
		return a, s, none
	case queue.StateOver:
		return Admitted{}, r.facts(view, now), over
	}
	s := r.standing(&t, view, now)
	if seat.State != queue.StateWaiting || s.State == queue.StateCalled {
		s.State = seat.State // else the view knows why the line stands
	}
	return Admitted{}, s, notCalled
}
