package proxy

import (
	"github.com/valyala/fasthttp"

	"waitroom/proxy/traffic"
	"waitroom/proxy/waiting"
)

// back answers a browser that comes back from an identity provider. The room is that of the verification which it has begun; one
// that has begun none is sent to where it can.
func (o *Options) back(ctx *fasthttp.RequestCtx, c *call, provider string) {
	q, s := &c.request, &c.seen
	f, ok := waiting.Flow(o.Cookies, o.Keys.Keys(), q, provider)
	room := o.named(f.Room, q.Host)
	if !ok || room == nil {
		if !o.tooBad(ctx, o.Traffic) {
			o.Traffic.Request(traffic.Own)
			waiting.Home(ctx)
		}
		return
	}
	o.look(ctx, q, room, s)
	room.Waiting.Back(ctx, q, &s.visitor, provider, f)
	count(ctx, room.Traffic, "login")
}
