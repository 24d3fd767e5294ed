package waiting

import (
	"github.com/valyala/fasthttp"

	"waitroom/proxy/limits"
	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/page"
)

// who is it that asks, as limits count.
func (r *Room) who(ctx *fasthttp.RequestCtx, v *visitor.Visitor) limits.Who {
	return limits.Who{Addr: strict.ClientAddr(ctx, r.Trusted), Device: v.Device.ID, Known: v.Known}
}

// full says whether too many new places were asked for from there. Then the answer is written.
func (r *Room) full(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) bool {
	if r.Door == nil {
		return false
	}
	over := r.Door.Join(r.who(ctx, v), r.Door.Table.Now())
	if !over.Limited() {
		return false
	}
	r.tooMany(ctx, q, v, over)
	return true
}

// suspect counts a request with a forged ticket or pass, and says whether too many came from there.
// Then the answer is written. What else a valid ticket asks for is done all the same.
func (r *Room) suspect(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, ticket problem) bool {
	if !v.Forged || r.Door == nil {
		return false
	}
	over := r.Door.Bad(strict.ClientAddr(ctx, r.Trusted), r.Door.Table.Now())
	if !over.Limited() || ticket == none {
		return false
	}
	r.tooMany(ctx, q, v, over)
	ctx.SetConnectionClose()
	return true
}

// tooMany refuses for a while: people by the page, which asks again by itself, programs by a problem.
func (r *Room) tooMany(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, over limits.Verdict) {
	if hasPrefix(q.Path, own) || v.Wish() != visitor.Page {
		answerProblem(ctx, tooMany, nil)
	} else {
		f := page.Facts{
			Room: r.Name, State: "limited", Low: -1, High: -1, NextPollMS: over.Seconds() * 1000,
			ServerTime: r.Line.View().Now(), Return: back(q), Zone: r.Zone,
		}
		Write(ctx, q, r.Page, &f, tooMany.status)
	}
	Wait(ctx, over)
}

// Wait tells when to come again, and what was exceeded.
func Wait(ctx *fasthttp.RequestCtx, over limits.Verdict) {
	retryAfter(ctx, over.Wait)
	ctx.Response.Header.Set("RateLimit-Policy", over.Policy())
	ctx.Response.Header.Set("RateLimit", over.Left())
}

// own is where the gateway's own addresses begin.
const own = "/.waitroom/"

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}
