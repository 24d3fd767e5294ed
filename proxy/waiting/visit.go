package waiting

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/choice"
	"waitroom/proxy/waiting/page"
	"waitroom/queue"
	"waitroom/token"
)

// Visit answers a protected address for a visitor without a valid pass. Where the
// visitor enters at this very request, the pass is given back, and the request is
// to be forwarded; otherwise the answer is written. Pending is a pass that becomes
// valid later, nil for none.
func (r *Room) Visit(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, pending *token.Pass) Admitted {
	if v.Wish() == visitor.Guess {
		answerProblem(ctx, prefetch, nil)
		return Admitted{}
	}
	view := r.Line.View()
	now := view.Now()
	if pending != nil {
		s := r.admitted(view, now, pending.Entry, 0)
		r.show(ctx, q, v, &s)
		return Admitted{}
	}
	t, no := r.ticket(v, now)
	if r.suspect(ctx, q, v, no) {
		return Admitted{Limited: true}
	}
	if no == none {
		if done := r.revisit(ctx, q, v, t); done {
			return Admitted{}
		}
	}
	return r.newcomer(ctx, q, v, t, no)
}

// revisit answers for a visitor with a ticket; false where the ticket is over and
// the visitor has to take a new place.
func (r *Room) revisit(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, t token.Ticket) bool {
	view := r.Line.View()
	if v.Wish() == visitor.Page {
		view = r.latest(&t, view)
	}
	now := view.Now()
	called := r.place(&t, &view.Rules) <= view.Front
	withheld := r.withheld(v)
	if v.Wish() == visitor.Page && safe(q.Method) && called && !view.Away() && !withheld {
		a, s, why := r.enter(ctx, v, t)
		switch {
		case why == over:
			return false
		case why == notEligible:
			r.tell(ctx, q, v, &s, why)
		case a.valid(r.Line.View().Now()): // the entry is later than now
			redirect(ctx, q)
		default:
			r.show(ctx, q, v, &s)
		}
		return true
	}
	// Of a called ticket that is not turned into a pass here, the page has to know whether it was used.
	f := r.look(t, view, now, called && withheld && v.Wish() == visitor.Page)
	if f.why == over || f.seat.State == queue.StateAdmitted && !withheld {
		return false
	}
	s := r.stands(&f, view, now)
	if s.State == queue.StateNotEligible {
		r.tell(ctx, q, v, &s, notEligible)
		return true
	}
	if f.seat.State == queue.StateAdmitted {
		s.State = queue.StateCalled
	}
	if f.renew {
		s.ticket = r.issue(ctx, v, &f.ticket, now)
	}
	r.show(ctx, q, v, &s)
	return true
}

// newcomer takes a place for a visitor without a ticket. Where nobody waits and a
// slot is free, a person who navigates enters at once.
func (r *Room) newcomer(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, t token.Ticket, no problem) Admitted {
	view := r.Line.View()
	now := view.Now()
	s := r.facts(view, now)
	// A browser's preflight shows no cookies and keeps none: it would take a place each time.
	preflight := q.Method == fasthttp.MethodOptions
	if s.State == queue.StateClosed || s.State == queue.StateSoldOut || v.Embedded || preflight {
		r.show(ctx, q, v, &s)
		return Admitted{}
	}
	if r.Identity != nil && (no != none && no != noTicket || t.Held == 0) {
		r.unknown(ctx, q, v, &t, no)
		return Admitted{}
	}
	if r.barred(ctx, q, v, &t) {
		return Admitted{}
	}
	if r.full(ctx, q, v, way{}) {
		return Admitted{Limited: true}
	}
	if r.Identity == nil {
		t = token.Ticket{ID: r.person(ctx, v)}
	}
	f := r.arrive(ctx, v, t, v.Wish() == visitor.Page && safe(q.Method) && r.direct(v))
	withheld := r.withheld(v)
	if f.seat.State == queue.StateAdmitted && !withheld {
		a := r.admit(ctx, v, &f.ticket, f.seat)
		if v.Wish() == visitor.Page && a.valid(r.Line.View().Now()) {
			return a
		}
		s = r.admitted(view, now, f.seat.Entry, f.ticket.Number)
		s.pass = a.Body
		r.show(ctx, q, v, &s)
		return Admitted{}
	}
	s = r.standing(&f.ticket, view, now)
	if f.seat.State == queue.StateAdmitted {
		s.State, s.Position = queue.StateCalled, 0 // its page proves the key, and enters
	}
	s.ticket = r.issue(ctx, v, &f.ticket, now)
	r.show(ctx, q, v, &s)
	return Admitted{}
}

func safe(method string) bool { return method == fasthttp.MethodGet || method == fasthttp.MethodHead }

// redirect sends a person who has just entered to where they were going, with the
// pass as a cookie: a reload, or this answer getting lost, is harmless.
func redirect(ctx *fasthttp.RequestCtx, q *strict.Request) {
	ctx.Response.Header.Set(fasthttp.HeaderLocation, back(q))
	protect(ctx)
	ctx.SetStatusCode(fasthttp.StatusSeeOther)
}

// show tells a visitor where they stand: people by the page, programs by a problem.
func (r *Room) show(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, s *standing) {
	if v.Wish() != visitor.Page {
		answerProblem(ctx, notAdmitted, s)
		return
	}
	status := r.Status
	if status == 0 {
		status = fasthttp.StatusOK
	}
	if !safe(q.Method) {
		status = fasthttp.StatusTooManyRequests
	}
	if status != fasthttp.StatusOK {
		retryAfter(ctx, s.NextPoll)
	}
	if r.shown(ctx, q, s, status) {
		return
	}
	f := page.Facts{
		Room: r.Name, State: string(s.State), Position: s.Position, Waiting: s.Waiting, TicketNumber: s.number,
		Low: s.Wait.Low, High: s.Wait.High, NextPollMS: s.NextPoll.Milliseconds(),
		EnterAt: s.enterAt, OpensAt: s.opensAt, ServerTime: s.now, Message: s.message,
		DrawHash: s.hash, DrawSecret: s.secret, Return: cmp.Or(s.back, back(q)), Zone: r.Zone,
	}
	if s.away {
		f.State = "away"
	}
	if r.Key != KeyOff {
		r.keyed(v, &f)
	}
	Write(ctx, q, r.Page, &f, status)
}

// keyed tells the page what its script needs to hold a key, and to prove it.
func (r *Room) keyed(v *visitor.Visitor, f *page.Facts) {
	f.Key = keyNames[r.Key]
	called := f.State == string(queue.StateCalled)
	if v.Device.HasKey() {
		f.Thumbprint = token.FormatKey(v.Device.Key)
	}
	if called {
		f.Ath = string(r.ath(v))
	}
	if called || !v.Device.HasKey() {
		var nonce [64]byte
		f.ProofNonce = string(r.Keys.Keys().AppendNonce(nonce[:0], r.Name, r.Line.View().Now()))
	}
}

// Write answers with a page: language and nonce are filled in here, and the header
// fields that protect our own pages. It is also how the gate shows its errors.
func Write(ctx *fasthttp.RequestCtx, q *strict.Request, t *page.Template, f *page.Facts, status int) {
	f.Nonce, f.Language = nonce(), language(q)
	dress(ctx, f.Language, policy(f))
	ctx.SetStatusCode(status)
	render(ctx, q, func(s *sheet) { s.text, s.fixed = t.AppendFixed(s.text, f, s.fixed) })
}

// WriteChoice answers with a page about identity, as Write does with the waiting page.
func WriteChoice(ctx *fasthttp.RequestCtx, q *strict.Request, p *choice.Pages, f *choice.Facts, status int) {
	f.Nonce, f.Language = nonce(), language(q)
	dress(ctx, f.Language, choice.Policy(f.Nonce, f.HTTP))
	ctx.SetStatusCode(status)
	render(ctx, q, func(s *sheet) { s.text, s.fixed = p.AppendFixed(s.text, f, s.fixed) })
}

func nonce() string {
	var fresh [16]byte
	_, _ = rand.Read(fresh[:]) // never fails
	return base64.StdEncoding.EncodeToString(fresh[:])
}

func language(q *strict.Request) string {
	return page.Language(string(q.Get("Accept-Language")), string(q.Cookie(page.LanguageCookie)))
}

// dress sets the header fields of our own pages.
func dress(ctx *fasthttp.RequestCtx, language, policy string) {
	h := &ctx.Response.Header
	h.SetContentType("text/html; charset=utf-8")
	protect(ctx)
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Language", language)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
}

// policy is what the page may do: more only where a provider's check is on it.
func policy(f *page.Facts) string {
	if f.Origins != "" {
		return page.ProviderPolicy(f.Nonce, f.Origins)
	}
	return page.ContentSecurityPolicy(f.Nonce)
}
