package proxy

import (
	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting"
	"waitroom/proxy/waiting/page"
)

// problem is an answer of the gate's own: a status, the slug of its problem type, and
// the state of the page that says it to people.
type problem struct {
	status int
	slug   string
	state  string
}

var (
	misdirected  = problem{fasthttp.StatusMisdirectedRequest, "unknown-host", "bad"}
	noSuchRoom   = problem{fasthttp.StatusNotFound, "no-such-room", "bad"}
	badMethod    = problem{fasthttp.StatusMethodNotAllowed, "method-not-allowed", "bad"}
	backendDown  = problem{fasthttp.StatusBadGateway, "backend-down", "down"}
	backendSlow  = problem{fasthttp.StatusGatewayTimeout, "backend-slow", "down"}
	backendBroke = problem{fasthttp.StatusBadGateway, "backend-broke", "down"}
	tooLarge     = problem{fasthttp.StatusRequestEntityTooLarge, "body-too-large", "bad"}
	brokeOff     = problem{fasthttp.StatusBadRequest, "body-broke-off", "bad"}
	tooMany      = problem{fasthttp.StatusTooManyRequests, "too-many-requests", "limited"}
	unproved     = problem{fasthttp.StatusForbidden, "unconfirmed-device", "unconfirmed"}
	// foreignOrigin is never shown to people: a WebSocket has no page.
	foreignOrigin = problem{fasthttp.StatusForbidden, "foreign-origin", "bad"}

	loop = problem{fasthttp.StatusLoopDetected, "loop", "bad"}
)

// refuse answers with a problem: people by a page, programs by a document.
func (o *Options) refuse(ctx *fasthttp.RequestCtx, q *strict.Request, room *Room, p problem) {
	name := ""
	if room != nil {
		name = room.Name
	}
	who := o.Cookies.Read(q, name, nil)
	if room == nil || o.Errors == nil || who.Wish() != visitor.Page {
		strict.Refuse(ctx, strict.Refusal{Status: p.status, Reason: p.slug, Close: p.status == fasthttp.StatusMisdirectedRequest})
		return
	}
	if p.state == "down" {
		ctx.Response.Header.Set(fasthttp.HeaderRetryAfter, "5")
	}
	f := page.Facts{Room: name, State: p.state, Low: -1, High: -1, Return: "/", Status: p.status}
	if q.Method == fasthttp.MethodGet {
		f.Return = string(q.Path)
		if len(q.Query) > 0 {
			f.Return += "?" + string(q.Query)
		}
	}
	waiting.Write(ctx, q, o.Errors, &f, p.status)
}

// tooBad counts a request that is no good, and says whether too many came from there. Then the
// answer is written, and the connection ends.
func (o *Options) tooBad(ctx *fasthttp.RequestCtx, t *traffic.Room) bool {
	if o.Door == nil {
		return false
	}
	over := o.Door.Bad(strict.ClientAddr(ctx, o.Trusted), o.Door.Table.Now())
	if over.Limited() {
		t.Refuse(traffic.Limited)
		strict.Refuse(ctx, strict.Refusal{Status: tooMany.status, Reason: tooMany.slug, Close: true})
		waiting.Wait(ctx, over)
	}
	return over.Limited()
}
