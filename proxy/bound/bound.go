// Package bound keeps passes with the browser that entered, by Device Bound Session Credentials: the browser registers a key that
// it cannot give away, and from then on the gate asks for a bound cookie beside the pass. That cookie lives for minutes, and the
// browser renews it by itself, by signing a challenge. Whoever copies all cookies cannot, and is out when the copied one ends.
//
// It offers registration, answers the browser's two calls, and says whether a request shows what it has to. What it promises:
//
//   - No call and no check makes a trip to the store: what was registered is in signed cookies and in the pass.
//   - A challenge is for one device, key and room, is over after ten minutes, and is taken once by each gateway.
//   - A session ends with its pass: a browser that renews without one is told to forget it.
//
// It does not see that two copies of a pass both register before the first second is over: see docs/dbsc.md.
package bound

import (
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/token"
	"waitroom/token/dbsc"
)

const (
	second = 1_000_000 // microseconds
	// cookieLife is how long a browser keeps a bound cookie. Chromium renews ahead of a navigation where less than some
	// seconds are left, and is given a quota of signatures: below two minutes it would run into it.
	cookieLife = 5 * time.Minute
	// grace is how much longer the gate takes it: for requests that were on their way, and slow to come.
	grace = 30 * second
	// window is how long after its entry a pass may be without a session where one is required.
	window = 30 * second
)

// Room is the bound sessions of one room.
type Room struct {
	Name    string
	Keys    *token.Ring
	Cookies visitor.Cookies
	// Require refuses passes that got no session in time; otherwise they are as good as they were.
	Require bool
	// Open are paths that need no pass, for which no browser has to renew anything: those that end in "/" count.
	Open []string
	// Used are the challenges that were taken; shared by all rooms.
	Used *Used
}

// base is where the room's two calls are.
func (r *Room) base() string { return "/.waitroom/" + r.Name + "/bound/" }

// Offer asks the browser that is given the pass to register a key for it. Browsers that know nothing of it ignore that.
func (r *Room) Offer(ctx *fasthttp.RequestCtx, p *token.Pass, now int64) {
	if p.Bound != [32]byte{} {
		return
	}
	bond := token.Bond{Room: r.Name, Device: p.Device.ID}
	var buf [64]byte
	challenge := r.Keys.Keys().AppendChallenge(buf[:0], p.ID, &bond, now)
	ctx.Response.Header.Set(dbsc.FieldRegistration, dbsc.Offer(r.base()+"register", string(challenge)))
}

// State is how a request stands to its session.
type State int

// The states.
const (
	// Free asks for nothing: there is no session, and none is missing.
	Free State = iota
	// Fresh shows the bound cookie of its session.
	Fresh
	// Stale has a session, and does not show its bound cookie, or one that is over or another's.
	Stale
	// Missing has no session, where one is required.
	Missing
)

// Judge says how a request stands that shows a device and a pass; nil is a pass that is none, or another device's. It neither
// blocks nor allocates.
func (r *Room) Judge(q *strict.Request, v *visitor.Visitor, p *token.Pass, now int64) State {
	key := v.Bound
	if key == [32]byte{} && p != nil {
		key = p.Bound
	}
	switch {
	case key == [32]byte{} && p != nil && r.late(p, now):
		return Missing
	case key == [32]byte{}:
		return Free
	case p != nil && p.Bound != [32]byte{} && p.Bound != key:
		return Stale // a pass and a device of different sessions
	}
	bond := token.Bond{Room: r.Name, Device: v.Device.ID, Key: key}
	if r.Keys.Keys().Fresh(r.Cookies.Bound(q, r.Name), &bond, now) {
		return Fresh
	}
	return Stale
}

// late says whether the time is over in which the pass could get a session. Where the device has a key of its own, only a proof
// by it gives the pass again; then the time begins anew.
func (r *Room) late(p *token.Pass, now int64) bool {
	from := p.Entry
	if p.Device.HasKey() {
		from = max(from, p.Issued)
	}
	return r.Require && now-from > window
}

// Renews says whether a pass may be given more time: one without a session only where none is required.
func (r *Room) Renews(p *token.Pass) bool { return !r.Require || p.Bound != [32]byte{} }

// Forget takes away all that belongs to a session, of a visitor who has left. The device goes with it, and is not freed: who
// leaves has proved nothing.
func (r *Room) Forget(ctx *fasthttp.RequestCtx, v *visitor.Visitor) {
	r.Cookies.SetBound(ctx, r.Name, nil, 0)
	r.Cookies.SetPass(ctx, r.Name, nil, 0)
	if v.Bound != [32]byte{} {
		r.Cookies.SetDevice(ctx, nil)
	}
}

// tie gives the browser the cookie of a device that is bound to the key until then.
func (r *Room) tie(ctx *fasthttp.RequestCtx, v *visitor.Visitor, key [32]byte, until int64) {
	var buf [192]byte
	bond := token.Bond{Room: r.Name, Device: v.Device.ID, Key: key}
	r.Cookies.SetDevice(ctx, r.Keys.Keys().AppendBoundDevice(buf[:0], &bond, until))
}
