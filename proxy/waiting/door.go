package waiting

import (
	"cmp"
	"strconv"

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

// way is where a visitor wants to go in; the zero value is a place in the line.
type way struct {
	// back is where they were going, "" for the address of the request.
	back string
	// login is the address at which they are verified first, invite the code that they gave.
	login, invite string
}

// full says that no new place is given now: too many were asked for from there, or a puzzle is to be
// solved first. Then the answer is written. Where only verified people get a place, that is asked before
// they go to a provider.
func (r *Room) full(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, in way) bool {
	if r.Door == nil {
		return false
	}
	now := r.Door.Table.Now()
	if r.worked(ctx, q, v) || r.passed(ctx, q, v) {
		over := r.Door.JoinProved(r.who(ctx, v), now)
		if over.Limited() {
			r.tooMany(ctx, q, v, shut{way: in, over: over})
		}
		return over.Limited()
	}
	if r.suspect(ctx, q, v, noTicket) {
		return true
	}
	who := r.who(ctx, v)
	if r.always() || r.sometimes() && r.Door.Suspect(who.Addr, now) {
		r.tooMany(ctx, q, v, shut{way: in})
		return true
	}
	over := r.Door.Join(who, now)
	if over.Limited() {
		r.tooMany(ctx, q, v, shut{way: in, over: over})
	}
	return over.Limited()
}

// tooOften says that a device has come with a verification too often, each time at the cost of a question to a
// provider or to the store. Then the answer is written.
func (r *Room) tooOften(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, back string) bool {
	if r.Door == nil {
		return false
	}
	over := r.Door.JoinProved(r.who(ctx, v), r.Door.Table.Now())
	if over.Limited() {
		r.refuse(ctx, q, v, shut{way: way{back: back}, over: over})
	}
	return over.Limited()
}

// suspect counts a request that shows something forged, and says whether too many came from there.
// Then the answer is written. What else a valid ticket asks for is done all the same.
func (r *Room) suspect(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, ticket problem) bool {
	if !v.Forged || r.Door == nil {
		return false
	}
	v.Forged = false // counted
	over := r.Door.Bad(strict.ClientAddr(ctx, r.Trusted), r.Door.Table.Now())
	if !over.Limited() || ticket == none {
		return false
	}
	r.refuse(ctx, q, v, shut{over: over})
	ctx.SetConnectionClose()
	return true
}

// shut is a way in that is closed: by what was exceeded, or until the puzzle is solved.
type shut struct {
	way
	over   limits.Verdict
	puzzle string
}

// tooMany refuses a new place for a while, or asks for a solved puzzle where that helps.
func (r *Room) tooMany(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, s shut) {
	switch {
	case r.asks(s.over):
		s.puzzle = r.puzzle(ctx, v)
	case r.Captcha != nil && s.over.By != "device":
		s.puzzle = r.Captcha.Shown
	}
	r.refuse(ctx, q, v, s)
}

// puzzlePause is when a page with a puzzle is loaded anew that nothing has come of.
const puzzlePause = 120_000

// refuse tells people by the page, which asks again by itself, programs by a problem.
func (r *Room) refuse(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, s shut) {
	no := tooMany
	switch {
	case s.puzzle != "" && r.Work == nil:
		no = captchaWanted
	case s.puzzle != "":
		no = workWanted
	}
	if s.back == "" && hasPrefix(q.Path, own) || v.Wish() != visitor.Page {
		answerWith(ctx, no, s)
	} else {
		f := page.Facts{
			Room: r.Name, State: "limited", Low: -1, High: -1, NextPollMS: max(s.over.Seconds()*1000, 5000),
			ServerTime: r.Line.View().Now(), Return: cmp.Or(s.back, back(q)), Zone: r.Zone, Login: s.login, Invite: s.invite,
		}
		if s.puzzle != "" {
			f.Puzzle, f.PuzzleScript, f.NextPollMS = s.puzzle, own+WorkScript, puzzlePause
			if r.Work == nil {
				f.PuzzleScript, f.Origins = own+CaptchaScript, r.Captcha.Origins
			}
		}
		Write(ctx, q, r.Page, &f, no.status)
	}
	if s.over.Limited() {
		Wait(ctx, s.over)
	}
}

// answerWith is a problem with when to come again, and a puzzle to solve, if there is one.
func answerWith(ctx *fasthttp.RequestCtx, p problem, s shut) {
	answerProblem(ctx, p, nil)
	body := ctx.Response.Body()
	body = body[:len(body)-1]
	if s.over.Limited() {
		body = strconv.AppendInt(append(body, `,"retry_after":`...), retryAfter(ctx, s.over.Wait), 10)
	}
	if s.puzzle != "" {
		body = append(append(body, `,"challenge":`...), s.puzzle...)
	}
	ctx.Response.SetBody(append(body, '}'))
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
