package visitor

import (
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

// Cookies are the gateway's cookies: their names, and how they are written. Build
// them with NewCookies.
//
// With Secure each has the __Host- prefix (RFC 6265bis): no other host and no plain
// connection can set it. Without, for tests over plain HTTP, the names differ, so
// that the rules of the prefix are never weakened.
type Cookies struct {
	secure bool
	device string
	start  string
	rooms  map[string]names
}

type names struct{ ticket, pass, bound string }

// deviceLife is how long a browser keeps its device cookie.
const deviceLife = 30 * 24 * time.Hour

// NewCookies names the cookies of the rooms.
func NewCookies(secure bool, rooms []string) Cookies {
	c := Cookies{secure: secure, start: "waitroom-", rooms: map[string]names{}}
	if secure {
		c.start = "__Host-waitroom-"
	}
	c.device = c.start + "device"
	for _, r := range rooms {
		c.rooms[r] = names{c.start + "ticket-" + r, c.start + "pass-" + r, c.start + "bound-" + r}
	}
	return c
}

// Own matches the names of all cookies that are the gateway's own, of any room: they
// never reach a backend, and no backend may set them.
func (c Cookies) Own() strict.CookieNames {
	return strict.CookieNames{"waitroom-*", "__Host-waitroom-*"}
}

func (c Cookies) of(room string) names { return c.rooms[room] }

// SetDevice gives the browser a device cookie.
func (c Cookies) SetDevice(ctx *fasthttp.RequestCtx, value []byte) {
	c.set(ctx, c.device, value, deviceLife)
}

// SetTicket gives the browser its ticket; an empty one takes it away.
func (c Cookies) SetTicket(ctx *fasthttp.RequestCtx, room string, ticket []byte, life time.Duration) {
	c.set(ctx, c.of(room).ticket, ticket, life)
}

// SetPass gives the browser its pass; an empty one takes it away.
func (c Cookies) SetPass(ctx *fasthttp.RequestCtx, room string, pass []byte, life time.Duration) {
	c.set(ctx, c.of(room).pass, pass, life)
}

// Login is a verification that the browser has begun with a provider, unverified; nil where there is none.
func (c Cookies) Login(q *strict.Request, provider string) []byte {
	return q.Own(c.start + "login-" + provider)
}

// SetLogin gives the browser the verification that it has begun; an empty one takes it away.
func (c Cookies) SetLogin(ctx *fasthttp.RequestCtx, provider string, flow []byte, life time.Duration) {
	c.set(ctx, c.start+"login-"+provider, flow, life)
}

func (c Cookies) set(ctx *fasthttp.RequestCtx, name string, value []byte, life time.Duration) {
	if len(value) == 0 {
		life = 0
	}
	var buf [1024]byte
	line := append(append(append(buf[:0], name...), '='), value...)
	line = append(line, "; Path=/; Max-Age="...)
	line = strconv.AppendInt(line, int64(life/time.Second), 10)
	line = append(line, "; HttpOnly; SameSite=Lax"...)
	if c.secure {
		line = append(line, "; Secure"...)
	}
	ctx.Response.Header.AddBytesV(fasthttp.HeaderSetCookie, line)
}
