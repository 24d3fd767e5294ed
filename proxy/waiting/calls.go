package waiting

import (
	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/queue"
	"waitroom/token"
)

// Call answers /.waitroom/{room}/{call}. Pass is the visitor's pass where the gate
// has verified one, valid now or from an instant on.
func (r *Room) Call(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, call string, pass *token.Pass) {
	if no := refusal(ctx, q, v, call); no != none {
		answerProblem(ctx, no, nil)
		return
	}
	switch call {
	case "join":
		r.join(ctx, q, v, pass)
	case "status":
		r.status(ctx, q, v, pass)
	case "enter":
		r.enterCall(ctx, q, v, pass)
	case "leave":
		r.leave(ctx, v)
	}
}

// refusal is why a call is not made at all: there is none of that name, or with that
// method, or not from there.
func refusal(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, call string) problem {
	switch call {
	case "status":
		if !safe(q.Method) {
			ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
			return badMethod
		}
		return none
	case "join", "enter", "leave":
	default:
		return unknownCall
	}
	switch {
	case q.Method != fasthttp.MethodPost:
		ctx.Response.Header.Set(fasthttp.HeaderAllow, fasthttp.MethodPost)
		return badMethod
	case visitor.Foreign(q):
		return crossSite
	case q.Get("Early-Data") != nil:
		return tooEarly
	case v.Wish() == visitor.Guess:
		return prefetch
	}
	return none
}

func (r *Room) join(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, pass *token.Pass) {
	view := r.Line.View()
	now := view.Now()
	if pass != nil {
		s := r.admitted(view, now, pass.Entry, 0)
		answerStanding(ctx, &s)
		return
	}
	if s := r.facts(view, now); s.State == queue.StateClosed || s.State == queue.StateSoldOut {
		answerStanding(ctx, &s)
		return
	}
	t, no := r.ticket(v, now)
	if no != none {
		if r.suspect(ctx, q, v, no) || r.full(ctx, q, v) {
			return
		}
		id := queue.ID(t.ID)
		if id == (queue.ID{}) {
			id = r.person(ctx, v)
		}
		r.taken(ctx, v, r.arrive(ctx, v, id, true), now)
		return
	}
	f := r.look(t, view, now, true)
	if f.why == over || r.spent(queue.ID(t.ID), f.seat, now) {
		if r.full(ctx, q, v) {
			return
		}
		f = r.arrive(ctx, v, queue.ID(t.ID), true)
	}
	r.taken(ctx, v, f, now)
}

// taken answers with the place that was taken or found.
func (r *Room) taken(ctx *fasthttp.RequestCtx, v *visitor.Visitor, f found, now int64) {
	view := r.Line.View()
	s := r.stands(&f, view, now)
	if f.seat.State == queue.StateAdmitted {
		s = r.admitted(view, now, f.seat.Entry, f.ticket.Number)
		a := r.admit(ctx, v, queue.ID(f.ticket.ID), f.seat)
		s.pass = a.Body
	}
	s.ticket = r.issue(ctx, v, &f.ticket, now)
	answerStanding(ctx, &s)
}

func (r *Room) status(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, pass *token.Pass) {
	view := r.Line.View()
	now := view.Now()
	if pass != nil {
		s := r.admitted(view, now, pass.Entry, 0)
		answerStanding(ctx, &s)
		return
	}
	t, no := r.ticket(v, now)
	if no != none {
		if r.suspect(ctx, q, v, no) {
			return
		}
		s := r.facts(view, now)
		if no == otherDevice {
			s.State = queue.StateOtherDevice
		}
		answerProblem(ctx, no, &s)
		return
	}
	f := r.look(t, view, now, false)
	switch {
	case f.why == over || r.spent(queue.ID(t.ID), f.seat, now):
		s := r.facts(view, now)
		r.drop(ctx)
		answerProblem(ctx, over, &s)
		return
	case f.seat.State == queue.StateAdmitted:
		r.taken(ctx, v, f, now)
		return
	}
	s := r.stands(&f, view, now)
	if f.renew {
		s.ticket = r.issue(ctx, v, &f.ticket, now)
	}
	answerStanding(ctx, &s)
}

func (r *Room) enterCall(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, pass *token.Pass) {
	view := r.Line.View()
	now := view.Now()
	if pass != nil && pass.Gen.Number > 0 { // the first one, given again, would look like a copy
		s := r.admitted(view, now, pass.Entry, 0)
		answerStanding(ctx, &s)
		return
	}
	t, no := r.ticket(v, now)
	if no != none {
		if pass == nil && r.suspect(ctx, q, v, no) {
			return
		}
		s := r.facts(view, now)
		if pass != nil {
			s = r.admitted(view, now, pass.Entry, 0)
			answerStanding(ctx, &s)
			return
		}
		if no == otherDevice {
			s.State = queue.StateOtherDevice
		}
		answerProblem(ctx, no, &s)
		return
	}
	_, s, why := r.enter(ctx, v, t)
	if why == over {
		r.drop(ctx)
	}
	if why != none {
		answerProblem(ctx, why, &s)
		return
	}
	answerStanding(ctx, &s)
}

func (r *Room) leave(ctx *fasthttp.RequestCtx, v *visitor.Visitor) {
	view := r.Line.View()
	now := view.Now()
	if t, no := r.ticket(v, now); no == none {
		if err := r.Line.Leave(r.patience.wait(), queue.ID(t.ID), r.place(&t, &view.Rules)); err != nil {
			s := r.standing(&t, view, now)
			answerProblem(ctx, r.problemOf(err), &s)
			return
		}
	}
	r.drop(ctx)
	protect(ctx)
	ctx.SetStatusCode(fasthttp.StatusNoContent)
}

// drop takes a ticket away that is of no use any more: the page then asks without one,
// and its visitor gets a new place.
func (r *Room) drop(ctx *fasthttp.RequestCtx) { r.Cookies.SetTicket(ctx, r.Name, nil, 0) }
