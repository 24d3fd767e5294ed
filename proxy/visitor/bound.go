package visitor

import (
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/token"
)

// BoundAttributes are those of a bound cookie, as a browser is told to expect them. It is
// never Partitioned: Device Bound Session Credentials forbid that.
const BoundAttributes = "Path=/; Secure; HttpOnly; SameSite=Lax"

// BoundName is the name of the room's bound cookie.
func (c Cookies) BoundName(room string) string { return c.of(room).bound }

// Bound is the room's bound cookie, unverified; nil where there is none.
func (c Cookies) Bound(q *strict.Request, room string) []byte { return q.Own(c.of(room).bound) }

// SetBound gives the browser its bound cookie; an empty one takes it away.
func (c Cookies) SetBound(ctx *fasthttp.RequestCtx, room string, value []byte, life time.Duration) {
	c.set(ctx, c.of(room).bound, value, life)
}

// ReadBound reads the cookie of a device that is bound to a session, where the visitor
// has shown no other device.
func (v *Visitor) ReadBound(c Cookies, room string, keys *token.Keys, now int64) {
	if v.Known {
		return
	}
	if id, key, ok := keys.BoundDevice(v.request.Own(c.device), room, now); ok {
		v.Device.ID, v.Bound, v.Known = id, key, true
	}
}
