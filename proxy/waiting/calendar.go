package waiting

import (
	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/queue/schedule"
)

// calendarCall is the file with a person's windows.
const calendarCall = "window.ics"

// calendar answers with the windows of the person of the ticket, or of one who has just learned that they may not now.
func (r *Room) calendar(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) {
	view := r.Line.View()
	now := view.Now()
	var f schedule.Facts
	if t, no := r.ticket(v, now); no == none {
		f = schedule.Unpack(t.Facts)
	} else if _, p := r.kept(q, v, proofKnown, proofWaits); p != nil {
		f = p.facts
	} else {
		s := r.without(no, &t, view, now)
		answerProblem(ctx, no, &s)
		return
	}
	title := "신청하실 수 있는 때"
	if language(q) == "en" {
		title = "You can apply"
	}
	protect(ctx)
	ctx.Response.Header.SetContentType("text/calendar; charset=utf-8")
	ctx.Response.Header.Set(fasthttp.HeaderContentDisposition, `attachment; filename="window.ics"`)
	ctx.Response.SetBody(r.Identity.Schedule.AppendCalendar(nil, f, now, schedule.Card{
		Title: title, Address: r.Identity.Origin + "/", Of: r.Name + "@" + r.Identity.Authority,
	}))
}
