// Package proxy is the gate: it decides, for every request, whether it goes to the
// backend, to the waiting room, or nowhere.
//
// It is closed by default: what no room answers for is refused, what is not listed
// as open needs a valid pass of this device, and a pass that cannot be proved is
// none. A request is read once into its canonical form; the decision is made on that
// form, and that form is what the backend gets (package strict, package forward).
// Checking a pass makes no call to the store.
package proxy

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"waitroom/proxy/allow"
	"waitroom/proxy/bound"
	"waitroom/proxy/cache"
	"waitroom/proxy/forward"
	"waitroom/proxy/limits"
	"waitroom/proxy/sightings"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting"
	"waitroom/proxy/waiting/page"
	"waitroom/queue"
	"waitroom/token"
)

// Inside is a room's line, as it concerns those inside.
type Inside interface {
	queue.Inside
	View() *queue.View
	Set(ctx context.Context, c queue.Change) error
}

// Room is one protected set of hosts and paths. It is immutable.
type Room struct {
	Name string
	// Hosts are exact names, "*.example.kr" or "*"; Paths prefixes that end in "/", in
	// letters: nothing in them is percent-encoded.
	Hosts, Paths []string
	// Open are the paths that need no pass: prefixes that end in "/", or exact; in
	// letters, too.
	Open []string
	// Origins are those whose pages may open a WebSocket with a pass, beside the request's own:
	// scheme, host and perhaps port.
	Origins []string
	Backend *forward.Backend
	Waiting *waiting.Room
	Inside  Inside
	Traffic *traffic.Room
	// Allow lets some requests through without a pass; nil lets none.
	Allow *allow.List
	// Rotate is how long a generation of a pass is in use before the next answer gives its
	// successor, in microseconds; 0 is half of its idle time.
	Rotate int64
	// Cache answers public queries once for everybody; nil is none.
	Cache *cache.Cache
	// Bound keeps passes with the browser that registered a key for them; nil asks for none.
	Bound *bound.Room
}

// Options are what a gate is made of.
type Options struct {
	Rooms   []Room
	Keys    *token.Ring
	Cookies visitor.Cookies
	// Trusted are the proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
	// TLS says that visitors come by https.
	TLS    bool
	Filter strict.Filter
	// Door bounds what is no good; nil bounds nothing.
	Door *limits.Door
	// Traffic counts what belongs to no room.
	Traffic *traffic.Room
	// Errors is the page that shows errors.
	Errors *page.Template
	Log    *zap.Logger

	sightings *sightings.Sightings
}

// Gate is the handler of the visitors' listener. Make it with New; its options may
// be replaced while it runs, and requests under way go on with those they began with.
type Gate struct {
	options   atomic.Pointer[Options]
	calls     sync.Pool
	sightings sightings.Sightings
}

// call is all that the gate holds of one request. It is pooled: nothing in it outlives
// the handler.
type call struct {
	request strict.Request
	seen    seen
	extra   forward.Extra
}

// New makes a gate.
func New(o Options) *Gate {
	g := &Gate{calls: sync.Pool{New: func() any { return new(call) }}}
	g.Replace(o)
	return g
}

// Replace makes the gate go by new options from the next request on.
func (g *Gate) Replace(o Options) {
	o.Rooms, o.sightings = slices.Clone(o.Rooms), &g.sightings
	for i := range o.Rooms {
		r := &o.Rooms[i]
		r.Paths, r.Open = Encoded(r.Paths), Encoded(r.Open)
	}
	g.options.Store(&o)
}

// own is where the gateway's own addresses begin.
const own = "/.waitroom/"

// Handle answers one request.
func (g *Gate) Handle(ctx *fasthttp.RequestCtx) {
	o := g.options.Load()
	c := g.calls.Get().(*call)
	defer g.calls.Put(c)
	ctx.Response.Header.DisableNormalizing() // names are written as they are to be sent
	q, s := &c.request, &c.seen
	*s = seen{}
	if no := o.Filter.Check(ctx, q); no.Refused() {
		if !o.tooBad(ctx, o.Traffic) {
			o.Traffic.Refuse(traffic.Malformed)
			strict.Refuse(ctx, no)
		}
		return
	}
	if hasPrefix(q.Path, own) {
		o.own(ctx, c)
		return
	}
	room := o.room(q.Host, q.Path)
	if room == nil {
		o.Traffic.Refuse(traffic.UnknownHost)
		o.refuse(ctx, q, nil, misdirected)
		return
	}
	room.Allow.Strip(q)
	if room.opens(q.Path) {
		room.Traffic.Request(traffic.Opened)
		o.forward(ctx, c, room)
		return
	}
	o.look(ctx, q, room, s)
	if s.verdict == admit {
		room.Traffic.Request(traffic.Passed)
		o.forward(ctx, c, room)
		return
	}
	if u := o.allows(ctx, q, room); u.Given() {
		o.allowed(ctx, c, room, u)
		return
	}
	o.turn(ctx, c, room)
}

// turn answers who is not admitted: mostly by the waiting room, which may let them enter.
func (o *Options) turn(ctx *fasthttp.RequestCtx, c *call, room *Room) {
	q, s := &c.request, &c.seen
	switch s.verdict {
	case stranger:
		s.verdict.count(room.Traffic)
		o.refuse(ctx, q, room, foreignOrigin)
	case unconfirmed, unbound:
		o.turnAway(ctx, q, room, s)
	case doubted:
		s.verdict.count(room.Traffic)
		room.Waiting.Doubt(ctx, q, &s.visitor)
	case early:
		room.Traffic.Request(traffic.Queued)
		room.Waiting.Visit(ctx, q, &s.visitor, &s.pass)
	default:
		s.verdict.count(room.Traffic)
		a := room.Waiting.Visit(ctx, q, &s.visitor, nil)
		if a.Limited {
			room.Traffic.Refuse(traffic.Limited)
			return
		}
		if a.Given() {
			room.Traffic.Request(traffic.Entered)
			s.pass, s.token = a.Pass, a.Token
			o.enter(ctx, c, room)
			return
		}
		room.Traffic.Request(traffic.Queued)
	}
}

// maxOwn is the largest body of a call of our own that is waited for, in bytes.
const maxOwn = 16 << 10

// Admits says whether the body of this request is wanted; see strict.Hooks.
func (g *Gate) Admits(ctx *fasthttp.RequestCtx) bool {
	o := g.options.Load()
	c := g.calls.Get().(*call)
	defer g.calls.Put(c)
	q := &c.request
	if no := o.Filter.Check(ctx, q); no.Refused() {
		return false
	}
	if hasPrefix(q.Path, own) {
		return q.ContentLength >= 0 && q.ContentLength <= maxOwn
	}
	room := o.room(q.Host, q.Path)
	if room == nil {
		return false
	}
	if room.opens(q.Path) {
		return true
	}
	c.seen = seen{}
	o.look(ctx, q, room, &c.seen)
	return c.seen.verdict == admit || o.allows(ctx, q, room).Given()
}

// own answers /.waitroom/….
func (o *Options) own(ctx *fasthttp.RequestCtx, c *call) {
	q, s := &c.request, &c.seen
	rest := string(q.Path[len(own):])
	if rest == "jwks.json" && o.answers(q.Host) {
		o.jwks(ctx, q)
		return
	}
	if rest == waiting.WorkScript && (q.Method == fasthttp.MethodGet || q.Method == fasthttp.MethodHead) {
		o.Traffic.Request(traffic.Own)
		waiting.ServeWork(ctx)
		return
	}
	if rest == waiting.CaptchaScript && (q.Method == fasthttp.MethodGet || q.Method == fasthttp.MethodHead) {
		o.Traffic.Request(traffic.Own)
		waiting.ServeCaptcha(ctx)
		return
	}
	name, what, _ := strings.Cut(rest, "/")
	if provider, ok := strings.CutSuffix(what, "/callback"); ok && name == "login" && q.Method == fasthttp.MethodGet {
		o.back(ctx, c, provider)
		return
	}
	room := o.named(name, q.Host)
	if room == nil {
		if !o.tooBad(ctx, o.Traffic) {
			o.Traffic.Refuse(traffic.UnknownHost)
			o.refuse(ctx, q, nil, noSuchRoom)
		}
		return
	}
	if room.Bound != nil && bound.Is(what) {
		o.look(ctx, q, room, s)
		o.answerBound(ctx, c, room, what)
		return
	}
	if calls(what) == traffic.Own && !room.Waiting.Verifies(what) && o.tooBad(ctx, room.Traffic) {
		return
	}
	o.look(ctx, q, room, s)
	if (s.verdict == unconfirmed || s.verdict == unbound) && what != "leave" {
		o.turnAway(ctx, q, room, s)
		return
	}
	var pass *token.Pass
	proves := s.verdict == moved && (what == "prove" || what == "enter") || s.verdict == doubted && what == "prove"
	if s.verdict == admit || s.verdict == early || proves {
		pass = &s.pass
	}
	room.Waiting.Call(ctx, q, &s.visitor, what, pass)
	if what == "leave" && ctx.Response.StatusCode() == fasthttp.StatusNoContent {
		room.forget(ctx, s)
	}
	count(ctx, room.Traffic, what)
}

// statusTooEarly is RFC 8470's.
const statusTooEarly = 425

// count counts an answered call: as what it was, or as why it was refused.
func count(ctx *fasthttp.RequestCtx, t *traffic.Room, call string) {
	if why, ok := waiting.Refusal(ctx); ok {
		t.Refuse(why)
		return
	}
	switch ctx.Response.StatusCode() {
	case fasthttp.StatusConflict:
		t.Refuse(traffic.NotCalled)
	case fasthttp.StatusServiceUnavailable:
		t.Refuse(traffic.StoreAway)
	case fasthttp.StatusNotFound, fasthttp.StatusGone:
		t.Refuse(traffic.BadTicket)
	case fasthttp.StatusForbidden:
		t.Refuse(traffic.OtherDevice)
	case fasthttp.StatusMethodNotAllowed, statusTooEarly:
		t.Refuse(traffic.BadMethod)
	case fasthttp.StatusUnauthorized: // counted where the proof was looked at
	case fasthttp.StatusTooManyRequests:
		t.Refuse(traffic.Limited)
	default:
		t.Request(calls(call))
	}
}

// jwks answers with the public keys of passes. It is the one answer of our own that may
// be kept: a backend asks for it again and again, and it is no secret.
func (o *Options) jwks(ctx *fasthttp.RequestCtx, q *strict.Request) {
	o.Traffic.Request(traffic.Own)
	if q.Method != fasthttp.MethodGet && q.Method != fasthttp.MethodHead {
		o.refuse(ctx, q, nil, badMethod)
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
		return
	}
	ctx.Response.Header.SetContentType("application/jwk-set+json")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "public, max-age=300")
	ctx.Response.SetBody(o.Keys.Keys().JWKS())
}

// calls is how a call is counted.
func calls(call string) traffic.Verdict {
	switch call {
	case "join":
		return traffic.Joined
	case "status":
		return traffic.Polled
	case "enter":
		return traffic.Entered
	case "leave":
		return traffic.Left
	case "device", "prove":
		return traffic.Keyed
	}
	return traffic.Own
}

// seen is what the gate read of a visitor.
type seen struct {
	visitor visitor.Visitor
	verdict verdict
	pass    token.Pass
	token   []byte
	now     int64
	room    *Room // whose pass it is
	held    bool  // the pass is valid, now or later, this device's, and was not ended
	allowed bool  // goes without a pass
	older   bool  // a newer generation of the pass was seen here
}

// look reads the visitor's pass and decides on it.
func (o *Options) look(ctx *fasthttp.RequestCtx, q *strict.Request, room *Room, s *seen) {
	s.visitor, s.now = o.Cookies.Read(q, room.Name, o.Keys.Keys()), room.Inside.View().Now()
	s.visitor.ReadBound(o.Cookies, room.Name, o.Keys.Keys(), s.now)
	if room.Waiting.Prefix {
		s.visitor.Device.Network = token.NetworkOf(strict.ClientAddr(ctx, o.Trusted))
	}
	f := facts{shown: len(s.visitor.Pass) > 0}
	if f.shown {
		s.pass, f.err = o.Keys.ReadPass(s.visitor.Pass, room.Name, s.now)
		f.holds, f.taken = s.visitor.Holds(s.pass.Device), room.Waiting.Elsewhere(&s.pass)
		f.moved = room.Waiting.Prefix && s.pass.Device.Network != 0 && s.pass.Device.Network != s.visitor.Device.Network
		f.keyed = s.pass.Device.HasKey()
		f.revoked = room.Inside.Revoked(queue.PassID(s.pass.ID))
		f.copied = s.pass.Gen.Number < room.Inside.Floor(queue.PassID(s.pass.ID)) && room.Waiting.Follows(&s.pass)
		s.token = s.visitor.Pass
	}
	f.foreign = o.foreign(ctx, q, room)
	room.judge(q, s, &f)
	s.verdict = decide(f)
	s.visitor.Forged = s.verdict == forged
}

// until is when the right to be inside ends, on this machine's clock, at which it is now;
// the zero time where there is no pass.
func (s *seen) until(now time.Time) time.Time {
	if s.pass.End == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(s.pass.End-s.now) * time.Microsecond)
}
