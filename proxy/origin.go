package proxy

import (
	"bytes"
	"strings"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
)

// foreign says whether a WebSocket handshake comes from a page of an origin that the room does not
// take (RFC 6455, section 10.2): browsers send cookies with it whatever page it is that asks, and
// show its answers to that page. Programs that are no browsers send no Origin.
func (o *Options) foreign(ctx *fasthttp.RequestCtx, q *strict.Request, room *Room) bool {
	if !q.Upgrade {
		return false
	}
	origin := q.Value(strict.Origin)
	if origin == nil {
		return false
	}
	for _, taken := range room.Origins {
		if strings.EqualFold(taken, string(origin)) {
			return false
		}
	}
	scheme, authority, _ := bytes.Cut(origin, []byte("://"))
	return !o.came(ctx, q, scheme) || !visitor.SameAuthority(authority, q.Authority, scheme)
}

// came says whether a request may have come by a scheme: where neither the gateway's own TLS nor
// a trusted proxy tells, by either.
func (o *Options) came(ctx *fasthttp.RequestCtx, q *strict.Request, scheme []byte) bool {
	https := bytes.EqualFold(scheme, []byte("https"))
	if o.TLS || !https && !bytes.EqualFold(scheme, []byte("http")) {
		return https
	}
	if said := q.Value(strict.ForwardedProto); said != nil && strict.Trusted(strict.Peer(ctx), o.Trusted) {
		return bytes.EqualFold(said, scheme)
	}
	return true
}
