package proxy

import (
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/sightings"
	"waitroom/queue"
	"waitroom/token"
)

// A pass rotates on ordinary traffic: see docs/pass-rotation.md.

// every is how long a generation is in use before it is succeeded: by default until half
// of the idle time is gone.
func (r *Room) every() int64 {
	if r.Rotate > 0 {
		return r.Rotate
	}
	return r.Waiting.Idle / 2
}

// sight takes note of the generation that an admitted request shows, and reports it where
// that is due. It waits for nobody.
func (o *Options) sight(room *Room, s *seen) {
	p := sightings.Pass{Pass: &s.pass, Now: s.now, Every: room.every(), Idle: room.Waiting.Idle}
	until, report, older := o.sightings.See(p)
	if s.older = older; report {
		room.Inside.Show(queue.PassID(s.pass.ID), until, room.shown(&s.pass))
	}
}

// shown is what the store hears of a pass.
func (r *Room) shown(p *token.Pass) queue.Shown {
	return queue.Shown{Gen: p.Gen.Number, Parent: p.Gen.Parent, Grand: p.Gen.Grand, Keyed: r.Waiting.Follows(p)}
}

// rotate hands out the successor of a pass that has been in use for long enough, with
// whatever answer comes next; it is good for its idle time again, up to its end. It asks
// nobody, so that those inside do not notice when the store is away. A successor that gets
// lost does no harm: the next request gets another.
//
// An answer that took long gives none, unless nothing else keeps the pass alive: another
// may have given one meanwhile, and be used already. Those of tunnels, which are seldom,
// give one only then, too.
func (o *Options) rotate(ctx *fasthttp.RequestCtx, room *Room, s *seen, seldom bool) {
	now, idle, every := room.Inside.View().Now(), room.Waiting.Idle, room.every()
	p := s.pass
	pressing := p.Expires < p.End && p.Expires-now <= idle/2
	due := now-max(p.Issued, p.Entry) >= every && now-s.now < every/2 && !seldom
	if s.older || !due && !pressing || room.Bound != nil && !room.Bound.Renews(&s.pass) {
		return
	}
	p.Room, p.Gen, p.Issued, p.Expires = room.Name, p.Gen.Next(), now, min(now+idle, p.End)
	signed := o.Keys.Keys().AppendPass(nil, &p)
	if s.visitor.Header {
		ctx.Response.Header.SetBytesV("Waitroom-Pass", signed)
	} else {
		o.Cookies.SetPass(ctx, room.Name, signed, time.Duration(p.End-now)*time.Microsecond)
		if room.Bound != nil {
			room.Bound.Offer(ctx, &p, now)
		}
	}
	if o.sightings.Extend(p.ID, p.Expires, idle/4) {
		room.Inside.Touch(queue.PassID(p.ID), p.Expires)
	}
}
