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
	if r.Identity != nil && r.identityCall(ctx, q, v, call) {
		return
	}
	no := refusal(ctx, q, v, call)
	if no == none && r.Key == KeyOff && (call == "device" || call == "prove") {
		no = unknownCall
	}
	if no != none {
		answerProblem(ctx, no, nil)
		return
	}
	switch call {
	case "join", "device":
		if r.Key != KeyOff && (call == "device" || q.Value(strict.Proof) != nil) {
			if !r.register(ctx, q, v) {
				return
			}
			defer r.challenge(ctx, v)
		}
		r.join(ctx, q, v, pass)
	case "status":
		r.status(ctx, q, v, pass)
	case "enter":
		r.enterCall(ctx, q, v, pass)
	case "leave":
		r.leave(ctx, q, v)
	case "prove":
		r.prove(ctx, q, v, pass)
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
	case "join", "device", "enter", "prove", "leave":
	default:
		return unknownCall
	}
	return posted(ctx, q, v)
}

// posted refuses what is not posted by the visitor, here and now.
func posted(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) problem {
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
		if r.suspect(ctx, q, v, no) {
			return
		}
		if r.Identity != nil && (no != noTicket || t.Held == 0) {
			s := r.without(no, &t, view, now)
			answerProblem(ctx, asked(no), &s)
			return
		}
		if r.barred(ctx, q, v, &t) || r.full(ctx, q, v, way{}) {
			return
		}
		if t.ID == [12]byte{} {
			t.ID = r.person(ctx, v)
		}
		r.taken(ctx, v, r.arrive(ctx, v, t, r.direct(v)), now)
		return
	}
	f := r.look(t, view, now, true)
	if f.why == over || r.spent(queue.ID(t.ID), f.seat, now) {
		if r.barred(ctx, q, v, &t) || r.full(ctx, q, v, way{}) {
			return
		}
		f = r.arrive(ctx, v, t, r.direct(v))
	}
	r.taken(ctx, v, f, now)
}

// taken answers with the place that was taken or found.
func (r *Room) taken(ctx *fasthttp.RequestCtx, v *visitor.Visitor, f found, now int64) {
	view := r.Line.View()
	s := r.stands(&f, view, now)
	switch {
	case f.seat.State != queue.StateAdmitted:
	case r.withheld(v):
		s.State = queue.StateCalled
	default:
		s = r.admitted(view, now, f.seat.Entry, f.ticket.Number)
		a := r.admit(ctx, v, &f.ticket, f.seat)
		s.pass = a.Body
	}
	s.ticket = r.issue(ctx, v, &f.ticket, now)
	r.called(ctx, v, &s)
	answerStanding(ctx, &s)
}

// called hands out what a called visitor's proof is made with, where one is needed.
func (r *Room) called(ctx *fasthttp.RequestCtx, v *visitor.Visitor, s *standing) {
	if s.State == queue.StateCalled && r.withheld(v) {
		r.challenge(ctx, v)
	}
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
		s := r.without(no, &t, view, now)
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
	if s.State == queue.StateNotEligible {
		answerProblem(ctx, notEligible, &s)
		return
	}
	if f.renew {
		s.ticket = r.issue(ctx, v, &f.ticket, now)
	}
	r.called(ctx, v, &s)
	answerStanding(ctx, &s)
}

func (r *Room) enterCall(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, pass *token.Pass) {
	view := r.Line.View()
	now := view.Now()
	if pass != nil && r.moved(v, pass) {
		r.prove(ctx, q, v, pass)
		return
	}
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
		s := r.without(no, &t, view, now)
		if pass != nil {
			s = r.admitted(view, now, pass.Entry, 0)
			answerStanding(ctx, &s)
			return
		}
		answerProblem(ctx, no, &s)
		return
	}
	view = r.latest(&t, view)
	now = view.Now()
	s := r.standing(&t, view, now)
	if r.waits(&t, view, now) {
		answerProblem(ctx, notCalled, &s) // whose turn it is not yet needs no proof to be told so
		return
	}
	if !r.admissible(ctx, q, v, &s) {
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

// prove answers a device that proves its key with its pass, made out anew for where it is now.
func (r *Room) prove(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, pass *token.Pass) {
	view := r.Line.View()
	now := view.Now()
	if pass == nil {
		s := r.facts(view, now)
		answerProblem(ctx, noPass, &s)
		return
	}
	s := r.admitted(view, now, pass.Entry, 0)
	no := useNonce
	switch key := r.keyOf(v, pass); {
	case key == [32]byte{}:
		no = keyRequired
	case r.Proves(q, key, v.Pass):
		s.pass = r.renewed(ctx, v, *pass, key, now)
		answerStanding(ctx, &s)
		return
	}
	if !v.Header {
		v.Ath = token.Ath(v.Pass)
	}
	r.challenge(ctx, v)
	answerProblem(ctx, no, &s)
}

func (r *Room) leave(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) {
	view := r.Line.View()
	now := view.Now()
	if t, no := r.ticket(v, now); no == none {
		s := r.standing(&t, view, now)
		if v.Device.HasKey() && !r.admissible(ctx, q, v, &s) {
			return
		}
		if err := r.Line.Leave(r.patience.wait(), queue.ID(t.ID), r.place(&t, &view.Rules)); err != nil {
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
