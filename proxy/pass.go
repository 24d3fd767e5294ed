package proxy

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"waitroom/proxy/cache"
	"waitroom/proxy/forward"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/queue"
	"waitroom/token"
)

// commandWait bounds how long an answer waits for what the backend ordered with it.
const commandWait = time.Second

// enter forwards the request with which somebody has just entered. Its answer carries
// the new cookies, also where the backend fails: the entry is taken, and coming again
// must find it.
func (o *Options) enter(ctx *fasthttp.RequestCtx, c *call, room *Room) {
	var cookies [][]byte
	for _, line := range ctx.Response.Header.Cookies() {
		cookies = append(cookies, bytes.Clone(line))
	}
	if o.forward(ctx, c, room) {
		return
	}
	for _, line := range cookies {
		ctx.Response.Header.AddBytesV(fasthttp.HeaderSetCookie, line)
	}
}

// unshare keeps an answer that needed a pass, or a rule in its place, out of shared caches in front of the gateway,
// whatever the backend says: they would give it to people without one, and our cookies with
// it (RFC 9111, sections 5.2.2.7 and 7.3). Of two directives the stricter one counts. A
// browser's own cache is nobody else's, and goes by what the backend says.
func unshare(ctx *fasthttp.RequestCtx) {
	h := &ctx.Response.Header
	for name := range h.All() {
		if edgeOnly(name) {
			h.Del(string(name))
			unshare(ctx) // the walk is over what was there before
			return
		}
	}
	said := h.Peek(fasthttp.HeaderCacheControl)
	// With `private="name"` only that field is nobody else's.
	if bytes.Contains(said, []byte("no-store")) || bytes.Contains(said, []byte("private")) && !bytes.Contains(said, []byte("private=")) {
		return
	}
	h.Add(fasthttp.HeaderCacheControl, "private")
}

// edgeOnly says whether a field tells shared caches what counts for them in place of
// Cache-Control: RFC 9213's fields, and those that there were before it.
func edgeOnly(name []byte) bool {
	const targeted = "cdn-cache-control"
	switch n := len(name); {
	case n < len("edge-control"):
		return false
	case n == len("edge-control"):
		return bytes.EqualFold(name, []byte("edge-control"))
	case n == len(targeted):
		return bytes.EqualFold(name, []byte(targeted)) || bytes.EqualFold(name, []byte("surrogate-control"))
	default:
		return n > len(targeted) && bytes.EqualFold(name[n-len(targeted):], []byte(targeted))
	}
}

// forward passes an admitted request on, and does what the backend's answer orders. It
// says whether there was one.
func (o *Options) forward(ctx *fasthttp.RequestCtx, c *call, room *Room) bool {
	q, s, began := &c.request, &c.seen, ctx.Time()
	peer := strict.Peer(ctx)
	if s.token != nil {
		o.sight(room, s)
	}
	c.extra = forward.Extra{
		Room: room.Name, Pass: s.token, Subject: s.pass.Subject,
		ClientAddr: peer, Peer: peer, FromProxy: strict.Trusted(peer, o.Trusted),
		Scheme: "http", Until: s.until(began),
	}
	if c.extra.FromProxy {
		c.extra.ClientAddr = strict.ClientAddr(ctx, o.Trusted)
	}
	if o.TLS {
		c.extra.Scheme = "https"
	}
	var kept cache.Turn
	if room.Cache != nil && !s.allowed {
		if kept = o.kept(ctx, q, room, &c.extra); kept.Done {
			return o.answered(ctx, q, room, s, kept.Err)
		}
		c.extra.Now = time.Now() // a fetch may have been waited for
	}
	if s.token != nil {
		s.room = room
		c.extra.Watch = s
	}
	room.Traffic.InFlight(1)
	answer, err := room.Backend.Forward(ctx, q, &c.extra)
	room.Traffic.InFlight(-1)
	if err != nil {
		p, why := backendProblem(err)
		room.Traffic.Refuse(why)
		o.refuse(ctx, q, room, p)
		return false
	}
	room.Traffic.Answer(answer.Status, time.Since(began))
	kept.Finish(ctx, answer.Status)
	if s.token != nil || s.allowed {
		unshare(ctx)
	}
	if s.token == nil {
		return true
	}
	if answer.Command != forward.CommandNone {
		o.command(ctx, room, s, answer.Command)
	} else {
		o.rotate(ctx, room, s, q.Upgrade)
		room.offer(ctx, s)
	}
	return true
}

// Watch says whether a pass was ended before its time, to who asks while its stream or
// tunnel lasts. Asking is also what keeps the seat: whoever only listens makes no
// requests that would renew the pass, and is not idle. The store hears of it once in a
// quarter of the idle time at most. It may be asked by several goroutines, and after
// the request, of which nothing is kept.
func (s *seen) Watch() func() bool {
	inside, idle, waiting := s.room.Inside, s.room.Waiting.Idle, s.room.Waiting
	id, end, held := queue.PassID(s.pass.ID), s.pass.End, token.Pass{ID: s.pass.ID, Held: s.pass.Held}
	touched := &atomic.Int64{}
	touched.Store(s.now)
	return func() bool {
		if inside.Revoked(id) || waiting.Elsewhere(&held) {
			return true
		}
		now, last := inside.View().Now(), touched.Load()
		// Below zero the store's clock was set back.
		if since := now - last; (since < 0 || since >= idle/4) && touched.CompareAndSwap(last, now) {
			inside.Touch(id, min(now+idle, end))
		}
		return false
	}
}

// backendProblem says what a failed forward shows.
func backendProblem(err error) (problem, traffic.Reason) {
	switch {
	case errors.Is(err, forward.ErrSlow):
		return backendSlow, traffic.BackendSlow
	case errors.Is(err, forward.ErrNonsense):
		return backendBroke, traffic.BackendBroke
	case errors.Is(err, forward.ErrTooLarge):
		return tooLarge, traffic.TooLarge
	case errors.Is(err, forward.ErrClient):
		return brokeOff, traffic.TooSlow
	case errors.Is(err, forward.ErrLoop):
		return loop, traffic.Malformed
	}
	return backendDown, traffic.BackendDown
}

// command does what the backend ordered with its answer. What the store does not do
// within commandWait is logged, and the answer goes out.
func (o *Options) command(ctx *fasthttp.RequestCtx, room *Room, s *seen, c forward.Command) {
	wait, cancel := context.WithTimeout(context.Background(), commandWait)
	defer cancel()
	var err error
	switch c {
	case forward.CommandRelease:
		err = room.Inside.End(wait, queue.PassID(s.pass.ID), queue.WhyReleased, "backend")
		o.Cookies.SetPass(ctx, room.Name, nil, 0)
	case forward.CommandRevoke:
		err = room.Inside.End(wait, queue.PassID(s.pass.ID), queue.WhyRevoked, "backend")
		o.Cookies.SetPass(ctx, room.Name, nil, 0)
	case forward.CommandSoldOut:
		yes := true
		err = room.Inside.Set(wait, queue.Change{By: "backend", SoldOut: &yes})
	}
	if err != nil {
		o.Log.Error("the backend's command was not done", zap.String("room", room.Name), zap.Uint8("command", uint8(c)), zap.Error(err))
	}
}
