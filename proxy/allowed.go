package proxy

import (
	"net/netip"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/allow"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
)

// allows finds a rule that lets a request through that has no valid pass.
func (o *Options) allows(ctx *fasthttp.RequestCtx, q *strict.Request, room *Room) allow.Use {
	if room.Allow == nil {
		return allow.Use{}
	}
	return room.Allow.Match(q, func() netip.Addr { return strict.ClientAddr(ctx, o.Trusted) })
}

// allowed forwards a request that a rule lets through. It goes without any pass, also one that the
// visitor shows and that is of no use, and past what is kept for those inside.
func (o *Options) allowed(ctx *fasthttp.RequestCtx, c *call, room *Room, u allow.Use) {
	room.Traffic.Request(traffic.Allowed)
	room.Allow.Tell(u, &c.request, strict.ClientAddr(ctx, o.Trusted), ctx.Time())
	c.seen = seen{visitor: c.seen.visitor, now: c.seen.now, allowed: true}
	o.forward(ctx, c, room)
}
