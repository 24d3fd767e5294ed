package waiting

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/page"
	"waitroom/queue"
	"waitroom/token"
	"waitroom/token/identity"
)

const (
	// maxBody bounds what is read of a login's body.
	maxBody = 8 << 10
	// maxReturn bounds the address to come back to, and maxInvite an invitation: both travel in a cookie.
	maxReturn, maxInvite = 512, 128
)

// wish is what a login is asked for with.
type wish struct {
	Return   string `json:"return"`
	Invite   string `json:"invite"`
	Redirect string `json:"redirect"`
	// Of an app that brings the provider's answer.
	Flow   string `json:"flow"`
	Code   string `json:"code"`
	State  string `json:"state"`
	Issuer string `json:"iss"`
	Error  string `json:"error"`
	Token  string `json:"token"`

	form bool // a person's, not a program's
}

// Verifies says whether there is a call of this name for people who are verified.
func (r *Room) Verifies(call string) bool {
	if r.Identity == nil {
		return false
	}
	provider, posts := strings.CutPrefix(call, "login/")
	return call == "login" || call == calendarCall || posts && r.Identity.verifier(strings.TrimSuffix(provider, "/callback")) != nil
}

// identityCall answers the calls that there are only where verified people get a place: login…, which are what there is to choose
// from, the way to a provider, and the way back of an app; and the calendar file. False is another call.
func (r *Room) identityCall(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, call string) bool {
	rest, posts := strings.CutPrefix(call, "login/")
	no := none
	switch {
	case posts:
		no = posted(ctx, q, v)
	case call != "login" && call != calendarCall:
		return false
	case !safe(q.Method):
		ctx.Response.Header.Set(fasthttp.HeaderAllow, "GET, HEAD")
		no = badMethod
	}
	switch {
	case no != none:
		answerProblem(ctx, no, nil)
	case posts:
		r.login(ctx, q, v, rest)
	case call == calendarCall:
		r.calendar(ctx, q, v)
	case v.Wish() == visitor.Page && bytes.Contains(q.Get("Accept"), []byte("text/html")):
		r.chooseAnew(ctx, q, v)
	default:
		answerStanding(ctx, r.asking("", ""))
	}
	return true
}

// chooseAnew lets people choose who verifies them, whatever became of the last verification: it may have been of another person of
// those who share the browser.
func (r *Room) chooseAnew(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) {
	var args fasthttp.Args
	args.ParseBytes(q.Query)
	view := r.Line.View()
	to := homely(string(args.Peek("return")))
	if good, _ := r.waitsAlready(v, view, view.Now()); good {
		r.goOn(ctx, v, to)
		return
	}
	s := r.asking("", to)
	s.anew = true
	r.choose(ctx, q, v, s)
}

// waitsAlready says whether the visitor has a good ticket, and need not be verified; stale, whether it is one that is of no use now:
// another device has taken the person, or they may not enter. Somebody else may be verified in its place.
func (r *Room) waitsAlready(v *visitor.Visitor, view *queue.View, now int64) (good, stale bool) {
	t, no := r.ticket(v, now)
	if no != none {
		return false, no == deviceConflict
	}
	s := r.standing(&t, view, now)
	stale = s.State == queue.StateNotEligible
	return !stale, stale
}

func (r *Room) login(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, rest string) {
	name, what, _ := strings.Cut(rest, "/")
	verifier := r.Identity.verifier(name)
	if verifier == nil || what != "" && what != "callback" {
		answerProblem(ctx, unknownCall, nil)
		return
	}
	var w wish
	if !w.read(ctx, q) {
		answerProblem(ctx, badBody, nil)
		return
	}
	v.Form = w.form
	if what == "callback" {
		r.appBack(ctx, q, v, verifier, &w)
		return
	}
	r.beginLogin(ctx, q, v, verifier, &w)
}

// read reads a form or JSON.
func (w *wish) read(ctx *fasthttp.RequestCtx, q *strict.Request) bool {
	body, err := strict.Body(ctx, maxBody)
	if err != nil {
		return false
	}
	if kind := q.Value(strict.ContentType); bytes.HasPrefix(kind, []byte("application/json")) {
		err = json.Unmarshal(body, w)
	} else {
		var form fasthttp.Args
		form.ParseBytes(body)
		w.Return, w.Invite, w.form = string(form.Peek("return")), string(form.Peek("invite")), true
	}
	w.Return = homely(w.Return)
	return err == nil && len(w.Invite) <= maxInvite
}

// homely is an address to come back to: that of this site that was asked for, or else its beginning.
func homely(address string) string {
	if len(address) > maxReturn || !local(address) {
		return "/"
	}
	return address
}

// local says whether an address is a path and a query of this site.
func local(address string) bool {
	return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.HasPrefix(address, own) &&
		!strings.ContainsFunc(address, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' })
}

// beginLogin sends a visitor to a provider.
func (r *Room) beginLogin(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, to *Verifier, w *wish) {
	view := r.Line.View()
	now := view.Now()
	if good, _ := r.waitsAlready(v, view, now); good {
		r.goOn(ctx, v, w.Return)
		return
	}
	if w.Redirect == "" && !r.Identity.here(q.Authority) {
		r.goOn(ctx, v, r.Identity.Origin+w.Return) // what is sealed there comes back there
		return
	}
	if _, _, ok := r.invited(w.Invite, now); !ok {
		s := r.asking(badInvitation, w.Return)
		s.invite = w.Invite
		r.choose(ctx, q, v, s)
		return
	}
	if r.Identity.Lights.Paused(to.Name) {
		s := r.asking(paused, w.Return)
		s.provider, s.invite = to.Name, w.Invite
		r.choose(ctx, q, v, s)
		return
	}
	if r.full(ctx, q, v, way{back: w.Return, login: own + r.Name + "/login/" + to.Name, invite: w.Invite}) {
		return
	}
	r.device(ctx, v)
	address, f, err := to.Provider.Begin(ctx, identity.Start{
		Room: r.Name, Device: v.Device.ID, Return: w.Return, Invite: w.Invite, Redirect: w.Redirect,
		Language: page.Language(string(q.Get("Accept-Language")), string(q.Cookie(page.LanguageCookie))), Now: time.UnixMicro(now),
	})
	sealed := ""
	if err == nil {
		sealed, err = identity.Seal(r.Keys.Keys().FlowKey(), f)
	}
	if err != nil {
		r.unverified(ctx, q, v, &refused{provider: to.Name, err: err, back: w.Return})
		return
	}
	r.Identity.Lights.Started(to.Name)
	protect(ctx)
	if v.Wish() == visitor.Page {
		r.Cookies.SetLogin(ctx, to.Name, []byte(sealed), identity.Life)
		see(ctx, address)
		return
	}
	if v.Browser {
		r.Cookies.SetLogin(ctx, to.Name, []byte(sealed), identity.Life)
		sealed = ""
	}
	ctx.Response.Header.SetContentType("application/json")
	b := text([]byte(`{"url":`), address)
	if sealed != "" {
		b = text(append(b, `,"flow":`...), sealed)
	}
	if len(v.Fresh) > 0 && inBody(v) {
		b = text(append(b, `,"device":`...), string(v.Fresh))
	}
	ctx.Response.SetBody(append(b, '}'))
}

// device gives a visitor a device who has none: as a cookie, and to be shown in a field by programs without cookies.
func (r *Room) device(ctx *fasthttp.RequestCtx, v *visitor.Visitor) {
	if v.Known {
		return
	}
	cookie := token.NewDeviceID()
	r.newDevice(ctx, v, cookie[:])
}

// newDevice makes a visitor without a device the one of a cookie.
func (r *Room) newDevice(ctx *fasthttp.RequestCtx, v *visitor.Visitor, cookie []byte) {
	made, _ := token.DeviceOf(cookie, nil, nil)
	v.Device.ID, v.Known, v.Fresh = made.ID, true, cookie
	r.Cookies.SetDevice(ctx, cookie)
}

// here says whether a request came to the origin.
func (i *Identity) here(authority []byte) bool {
	return strings.EqualFold(i.Authority, string(authority))
}

// goOn sends people on, and tells programs where to.
func (r *Room) goOn(ctx *fasthttp.RequestCtx, v *visitor.Visitor, to string) {
	protect(ctx)
	if v.Wish() == visitor.Page {
		see(ctx, to)
		return
	}
	ctx.Response.Header.SetContentType("application/json")
	ctx.Response.SetBody(append(text([]byte(`{"url":`), to), '}'))
}

// see sends a browser elsewhere, by GET.
func see(ctx *fasthttp.RequestCtx, to string) {
	ctx.Response.Header.Set(fasthttp.HeaderLocation, to)
	ctx.SetStatusCode(fasthttp.StatusSeeOther)
}

// refused is a verification that came to nothing.
type refused struct {
	provider string
	err      error
	back     string        // where the visitor was going
	took     time.Duration // since it was begun
}

func (f *refused) why() identity.Why {
	var no *identity.Refusal
	if errors.As(f.err, &no) {
		return no.Why
	}
	return identity.Unavailable
}

// ended counts a verification that came to an end.
func (i *Identity) ended(provider string, err error, took time.Duration) {
	why := identity.Why("")
	if err != nil {
		why = (&refused{err: err}).why()
	}
	if errors.Is(err, identity.ErrSaid) && why == identity.Unavailable {
		i.Lights.Said(provider, why)
	} else {
		i.Lights.Returned(provider, took, why)
	}
	if i.Told != nil {
		i.Told(provider, err)
	}
}

// unverified tells that a verification came to nothing, and offers the providers again.
func (r *Room) unverified(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, f *refused) {
	if errors.Is(f.err, identity.ErrRedirect) {
		answerProblem(ctx, refusals[badRedirect], r.asking("", f.back)) // nobody was sent anywhere
		return
	}
	r.Identity.ended(f.provider, f.err, f.took)
	s := r.asking(f.why(), f.back)
	s.provider, s.missing = f.provider, identity.Lacks(f.err)
	r.choose(ctx, q, v, s)
}
