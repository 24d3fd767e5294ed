package bound

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/token"
	"waitroom/token/dbsc"
)

// Outcome is what became of a call, for the counters.
type Outcome int

// The outcomes.
const (
	Refused Outcome = iota
	Registered
	Renewed
	Challenged // a challenge was given, to be signed
	Ended      // the browser was told that its session is over
	Repeated   // the pass has its session already: a page offered one before the other was registered
)

// Call is one call of a browser: what it asks, and what the gate knows of it.
type Call struct {
	Request *strict.Request
	Visitor *visitor.Visitor
	// Pass is the visitor's, valid and held by this device, now or from an instant on; nil for none.
	Pass *token.Pass
	Now  int64
}

// Is says whether the rest of an address under the room's is one of the calls.
func Is(what string) bool { return strings.HasPrefix(what, "bound/") }

// Answer answers /.waitroom/{room}/bound/{register,refresh}.
func (r *Room) Answer(ctx *fasthttp.RequestCtx, c *Call, what string) Outcome {
	switch no := refusal(c, what); {
	case no != 0:
		refuse(ctx, no, "bound-call")
		if no == fasthttp.StatusMethodNotAllowed {
			ctx.Response.Header.Set(fasthttp.HeaderAllow, fasthttp.MethodPost)
		}
		return Refused
	case what == "bound/register":
		return r.register(ctx, c)
	}
	return r.refresh(ctx, c)
}

// refusal is the status of a call that is not made at all; 0 for none.
func refusal(c *Call, what string) int {
	switch q := c.Request; {
	case what != "bound/register" && what != "bound/refresh":
		return fasthttp.StatusNotFound
	case q.Method != fasthttp.MethodPost:
		return fasthttp.StatusMethodNotAllowed
	case visitor.Foreign(q), c.Visitor.Header, !c.Visitor.Known:
		return fasthttp.StatusBadRequest
	}
	return 0
}

// refuse answers with a problem. A browser that renews takes each 4xx but 403 for the end of its session.
func refuse(ctx *fasthttp.RequestCtx, status int, slug string) {
	strict.Refuse(ctx, strict.Refusal{Status: status, Reason: slug})
	shield(ctx)
}

// shield keeps other sites from learning by an answer whether somebody is inside.
func shield(ctx *fasthttp.RequestCtx) {
	h := &ctx.Response.Header
	h.Set(fasthttp.HeaderCacheControl, "no-store")
	h.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// register binds the pass to the key that the browser shows. It happens once: a pass with a session gets no other.
func (r *Room) register(ctx *fasthttp.RequestCtx, c *Call) Outcome {
	p, v := c.Pass, c.Visitor
	switch bound := v.Bound != [32]byte{} || p != nil && p.Bound != [32]byte{}; {
	case bound:
		refuse(ctx, fasthttp.StatusConflict, "bound-already")
		return Repeated
	case p == nil || r.late(p, c.Now):
		refuse(ctx, fasthttp.StatusConflict, "nothing-to-bind")
		return Refused
	}
	key, challenge, err := dbsc.ReadRegistration(c.Request.Get(dbsc.FieldResponse))
	bond := token.Bond{Room: r.Name, Device: v.Device.ID}
	if err != nil || !r.take(challenge, p.ID, &bond, c.Now) {
		refuse(ctx, fasthttp.StatusBadRequest, "bad-proof")
		return Refused
	}
	bond.Key = key.Thumbprint()
	next := *p
	next.Room, next.Bound, next.Gen = r.Name, bond.Key, p.Gen.Next()
	r.Cookies.SetPass(ctx, r.Name, r.Keys.Keys().AppendPass(nil, &next), time.Duration(p.End-c.Now)*time.Microsecond)
	r.confirm(ctx, &bond, dbsc.Session{Owner: owner(v), Key: key}, c)
	return Registered
}

// refresh renews the bound cookie of a browser that signs a challenge with the session's key.
func (r *Room) refresh(ctx *fasthttp.RequestCtx, c *Call) Outcome {
	session, err := dbsc.ReadSession(c.Request.Get(dbsc.FieldSession))
	if err != nil || session.Owner != owner(c.Visitor) {
		refuse(ctx, fasthttp.StatusBadRequest, "no-such-session")
		return Refused
	}
	bond := token.Bond{Room: r.Name, Device: c.Visitor.Device.ID, Key: session.Key.Thumbprint()}
	field := c.Request.Get(dbsc.FieldResponse)
	if len(field) == 0 {
		return r.demand(ctx, &bond, session, c.Now)
	}
	challenge, err := dbsc.ReadRefresh(field, session)
	if err != nil {
		refuse(ctx, fasthttp.StatusBadRequest, "bad-proof")
		return Refused
	}
	if !r.take(challenge, [16]byte{}, &bond, c.Now) {
		return r.demand(ctx, &bond, session, c.Now)
	}
	if !owns(c, bond.Key) {
		return r.end(ctx, c, session, bond.Key)
	}
	r.confirm(ctx, &bond, session, c)
	return Renewed
}

// owns says whether the pass is still there, and bound to the key, by itself or by its device.
func owns(c *Call, key [32]byte) bool {
	if c.Pass == nil || c.Pass.Bound != [32]byte{} && c.Pass.Bound != key {
		return false
	}
	return c.Pass.Bound == key || c.Visitor.Bound == key
}

// take takes a challenge that is one of ours, for this pass and bond, and was not taken yet.
func (r *Room) take(challenge string, pass [16]byte, bond *token.Bond, now int64) bool {
	name, until, ok := r.Keys.Keys().ReadChallenge([]byte(challenge), pass, bond, now)
	return ok && r.Used.Take(name, until, now)
}

// demand gives the browser a challenge, which it signs and shows at once (403).
func (r *Room) demand(ctx *fasthttp.RequestCtx, bond *token.Bond, s dbsc.Session, now int64) Outcome {
	refuse(ctx, fasthttp.StatusForbidden, "sign-challenge")
	r.challenge(ctx, bond, s, now)
	return Challenged
}

func (r *Room) challenge(ctx *fasthttp.RequestCtx, bond *token.Bond, s dbsc.Session, now int64) {
	var buf [64]byte
	challenge := r.Keys.Keys().AppendChallenge(buf[:0], [16]byte{}, bond, now)
	ctx.Response.Header.Set(dbsc.FieldChallenge, dbsc.Challenge(string(challenge), s.String()))
}

// confirm answers with the bound cookie, with the challenge to be signed next, and with what the session is.
func (r *Room) confirm(ctx *fasthttp.RequestCtx, bond *token.Bond, s dbsc.Session, c *Call) {
	var buf [64]byte
	until := c.Now + cookieLife.Microseconds() + grace
	r.Cookies.SetBound(ctx, r.Name, r.Keys.Keys().AppendBound(buf[:0], bond, until), cookieLife)
	if !c.Visitor.Device.HasKey() {
		r.tie(ctx, c.Visitor, bond.Key, c.Pass.End)
	}
	r.challenge(ctx, bond, s, c.Now)
	i := dbsc.Instruction{
		Session: s, Refresh: r.base() + "refresh", Cookie: r.Cookies.BoundName(r.Name), Attributes: visitor.BoundAttributes,
	}
	for _, path := range r.Open {
		if strings.HasSuffix(path, "/") {
			i.Exclude = append(i.Exclude, path)
		}
	}
	document(ctx, i.JSON())
}

// end tells the browser that the session is over. Who asks has proved the key: so the device is free again.
func (r *Room) end(ctx *fasthttp.RequestCtx, c *Call, s dbsc.Session, key [32]byte) Outcome {
	if c.Pass == nil { // else there is another session, whose cookies these are
		r.Cookies.SetBound(ctx, r.Name, nil, 0)
		r.Cookies.SetPass(ctx, r.Name, nil, 0)
	}
	if c.Visitor.Bound == key {
		r.tie(ctx, c.Visitor, key, c.Now)
	}
	document(ctx, dbsc.End(s.String()))
	return Ended
}

func document(ctx *fasthttp.RequestCtx, body []byte) {
	ctx.Response.Header.SetContentType("application/json")
	shield(ctx)
	ctx.Response.SetBody(body)
}

// owner is the device as the session's name has it.
func owner(v *visitor.Visitor) string { return base64.RawURLEncoding.EncodeToString(v.Device.ID[:]) }
