package proxy

import (
	"bytes"
	"strings"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
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
	return !o.came(ctx, q, scheme) || !sameAuthority(authority, q.Authority, scheme)
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

// sameAuthority compares two hosts with their ports; without one, the scheme's own counts.
func sameAuthority(a, b, scheme []byte) bool {
	usual := "80"
	if bytes.EqualFold(scheme, []byte("https")) {
		usual = "443"
	}
	hostA, portA := splitPort(a)
	hostB, portB := splitPort(b)
	same := len(portA) == 0 && len(portB) == 0 || bytes.Equal(portA, portB) ||
		len(portA) == 0 && string(portB) == usual || len(portB) == 0 && string(portA) == usual
	return same && len(hostA) > 0 && bytes.EqualFold(bytes.TrimSuffix(hostA, []byte(".")), bytes.TrimSuffix(hostB, []byte(".")))
}

// splitPort takes the port off a host, which may be an IPv6 address in its brackets.
func splitPort(authority []byte) (host, port []byte) {
	colon := bytes.LastIndexByte(authority, ':')
	if colon < 0 || bytes.IndexByte(authority[colon:], ']') >= 0 {
		return authority, nil
	}
	return authority[:colon], authority[colon+1:]
}
