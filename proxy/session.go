package proxy

import (
	"errors"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/bound"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting"
	"waitroom/token"
	"waitroom/token/dbsc"
)

// judge finds out how a request stands to the session that its device or its pass belongs to.
func (r *Room) judge(q *strict.Request, s *seen, f *facts) {
	var pass *token.Pass
	if f.shown && f.holds && !f.taken && !f.revoked && (f.err == nil || errors.Is(f.err, token.ErrNotYet)) {
		pass, s.held = &s.pass, !f.copied
	}
	if r.Bound == nil {
		s.visitor.Bound = [32]byte{}
		return
	}
	f.bound = r.Bound.Judge(q, &s.visitor, pass, s.now)
}

// turnAway refuses who does not show what their session asks for. Nothing is taken from them: a
// browser that could not renew in time does so at its next request.
func (o *Options) turnAway(ctx *fasthttp.RequestCtx, q *strict.Request, room *Room, s *seen) {
	if s.verdict == unconfirmed && dbsc.ReadSkipped(string(q.Get(dbsc.FieldSkipped))) != "" {
		room.Traffic.Refuse(traffic.RenewalSkipped)
	} else {
		s.verdict.count(room.Traffic)
	}
	if o.Errors == nil || s.visitor.Wish() != visitor.Page {
		waiting.Unconfirmed(ctx)
		return
	}
	o.refuse(ctx, q, room, unproved)
}

// offer asks again, with each page, for the registration without which the pass soon ends: the
// answer that asked first may have been lost, or come out of a cache.
func (r *Room) offer(ctx *fasthttp.RequestCtx, s *seen) {
	if r.Bound == nil || s.visitor.Header || r.Bound.Renews(&s.pass) || s.visitor.Wish() != visitor.Page {
		return
	}
	r.Bound.Offer(ctx, &s.pass, s.now)
}

// forget ends the session of who has left.
func (r *Room) forget(ctx *fasthttp.RequestCtx, s *seen) {
	if none := [32]byte{}; r.Bound != nil && (s.visitor.Bound != none || s.pass.Bound != none) {
		r.Bound.Forget(ctx, &s.visitor)
	}
}

// answerBound answers what a browser asks for its session, and counts it.
func (o *Options) answerBound(ctx *fasthttp.RequestCtx, c *call, room *Room, what string) {
	s := &c.seen
	asked := bound.Call{Request: &c.request, Visitor: &s.visitor, Now: s.now}
	if s.held {
		asked.Pass = &s.pass
	}
	switch room.Bound.Answer(ctx, &asked, what) {
	case bound.Refused:
		if !o.tooBad(ctx, room.Traffic) {
			room.Traffic.Refuse(traffic.BadSession)
		}
	default:
		room.Traffic.Request(traffic.Bound)
	}
}
