package waiting

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/queue"
	"waitroom/queue/schedule"
	"waitroom/token"
	"waitroom/token/identity"
)

var (
	errNoFlow    = &identity.Refusal{Why: identity.Replayed, Err: errors.New("no verification was begun on this device, or too long ago")}
	errOther     = &identity.Refusal{Why: identity.Mismatch, Err: errors.New("the verification was begun with another provider or room")}
	errStateUsed = &identity.Refusal{Why: identity.Replayed, Err: errors.New("the verification was finished before, by somebody else")}
	errTwice     = &identity.Refusal{Why: identity.Forged, Err: errors.New("a parameter of the answer stands twice")}
)

// errKeyMissing is about a person who was verified by a gateway with a subject key that has not come here yet.
var errKeyMissing = errors.New("a person is held under a subject key that is not here: bring the keys' folder to all gateways")

// Flow is the verification with a provider that the browser has begun in a room; false where there is none.
func Flow(c visitor.Cookies, keys *token.Keys, q *strict.Request, provider string) (identity.Flow, bool) {
	f, err := identity.Open(keys.FlowKey(), string(c.Login(q, provider)))
	return f, err == nil
}

// Back answers a browser that comes back from a provider, with the flow that it began.
func (r *Room) Back(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, provider string, f identity.Flow) {
	no := none
	switch {
	case q.Method != fasthttp.MethodGet:
		ctx.Response.Header.Set(fasthttp.HeaderAllow, fasthttp.MethodGet)
		no = badMethod
	case q.Get("Early-Data") != nil:
		no = tooEarly
	case v.Wish() == visitor.Guess:
		no = prefetch
	}
	if no != none {
		answerProblem(ctx, no, nil)
		return
	}
	if r.Identity == nil { // it was turned off meanwhile
		r.goOn(ctx, v, f.Return)
		return
	}
	if verifier := r.Identity.verifier(provider); verifier != nil {
		b, err := answered(q.Query)
		r.finish(ctx, q, v, &returned{to: verifier, flow: f, back: b, err: err})
	} else {
		r.choose(ctx, q, v, r.asking(identity.Unavailable, f.Return)) // it was taken out of the configuration meanwhile
	}
	// The address has the provider's answer in it, which is not for the site behind.
	ctx.Response.Header.Set("Referrer-Policy", "strict-origin")
}

// answered reads what a provider's page sent back.
func answered(query []byte) (b identity.Back, err error) {
	var args fasthttp.Args
	args.ParseBytes(query)
	for name, to := range map[string]*string{"code": &b.Code, "state": &b.State, "iss": &b.Issuer, "error": &b.Error, "token": &b.Token} {
		if all := args.PeekMulti(name); len(all) > 1 {
			err = errTwice
		} else if len(all) == 1 {
			*to = string(all[0])
		}
	}
	return b, err
}

// appBack is Back for an app that took the provider's answer itself.
func (r *Room) appBack(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, to *Verifier, w *wish) {
	f, err := identity.Open(r.Keys.Keys().FlowKey(), w.Flow)
	if err != nil {
		err = errNoFlow
	}
	r.finish(ctx, q, v, &returned{
		to: to, flow: f, err: err,
		back: identity.Back{Code: w.Code, State: w.State, Issuer: w.Issuer, Error: w.Error, Token: w.Token},
	})
}

// returned is a verification that came back.
type returned struct {
	to   *Verifier
	flow identity.Flow
	back identity.Back
	err  error
	// stale says that the browser shows a ticket that is of no use now: what comes of this goes before it.
	stale bool
}

func (b *returned) took(now int64) time.Duration {
	return time.Duration(now-b.flow.Begun) * time.Microsecond
}

func (b *returned) refused(err error, now int64) *refused {
	return &refused{provider: b.to.Name, err: err, back: b.flow.Return, took: b.took(now)}
}

// finish makes a person of what came back, and gives them their place.
func (r *Room) finish(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, b *returned) {
	view := r.Line.View()
	now := view.Now()
	good, stale := r.waitsAlready(v, view, now)
	if good {
		r.arrived(ctx, q, v, b.flow.Return) // once more: a reload, or the first answer was lost
		return
	}
	f := &b.flow
	b.stale = stale
	switch {
	case b.err != nil:
	case f.Provider != b.to.Name || f.Room != r.Name:
		b.err = errOther
	case !v.Known || v.Device.ID != f.Device || now-f.Begun > identity.Life.Microseconds():
		b.err = errNoFlow
	}
	if b.err != nil {
		r.unverified(ctx, q, v, b.refused(b.err, now))
		return
	}
	if b.over() {
		r.arrived(ctx, q, v, f.Return) // once more: they are told there
		return
	}
	if r.tooOften(ctx, q, v, f.Return) {
		return
	}
	p, err := r.verified(b, now)
	if err != nil {
		r.unverified(ctx, q, v, b.refused(err, now))
		return
	}
	r.claim(ctx, q, v, b, p)
}

// verified asks the provider, unless the answer is known and waited for the store.
func (r *Room) verified(b *returned, now int64) (*proof, error) {
	if p := readProof(b.flow.Proof, proofWaits); p != nil {
		return p, nil
	}
	b.back.Now, b.back.Device = time.UnixMicro(now), b.flow.Device
	person, err := r.Identity.ask(b)
	if err != nil {
		return nil, err
	}
	r.Identity.ended(b.to.Name, nil, b.took(now))
	p := &proof{noDigit: person.NoDigit, subjects: r.Keys.Keys().Subjects(nil, person.Key), facts: schedule.Facts{Digit: person.Digit}}
	if r.Identity.Groups != nil {
		p.facts.Groups = r.Identity.Groups(person.Claims)
	}
	return p, nil
}

// ask asks the provider.
func (i *Identity) ask(b *returned) (identity.Person, error) {
	began := time.Now()
	i.Lights.Asking(b.to.Name)
	p, err := b.to.Provider.Finish(context.Background(), b.flow, b.back)
	answered := err == nil || errors.Is(err, identity.ErrSaid) || (&refused{err: err}).why() != identity.Unavailable
	i.Lights.Asked(b.to.Name, time.Since(began), answered)
	return p, err
}

// claim asks for the person, and for their place.
func (r *Room) claim(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, b *returned, p *proof) {
	view := r.Line.View()
	now := view.Now()
	invitation, group, ok := r.invited(b.flow.Invite, now)
	if !ok {
		r.keep(ctx, v, b, p, proofOver)
		r.choose(ctx, q, v, r.asking(badInvitation, b.flow.Return))
		return
	}
	p.facts.Groups |= group
	if r.mayNot(ctx, q, v, b, p) {
		return
	}
	c := queue.Claim{Device: v.Device.ID, Family: family(q.Value(strict.UserAgent)), Lock: r.Identity.Lock, Keep: r.Identity.Keep, State: b.flow.State}
	c.Invitation, c.InvitationEnds = invitation.ID, invitation.Until
	for _, subject := range p.subjects[:min(len(p.subjects), queue.MaxIDs)] {
		c.IDs = append(c.IDs, queue.ID(r.Keys.Keys().TicketID(r.Name, subject[:])))
	}
	h, err := r.hold(c, view, now)
	if err != nil {
		s := r.facts(view, now)
		s.State, s.away, s.NextPoll, s.back = queue.StateRecovering, true, 5*time.Second, b.flow.Return
		s.flow = r.keep(ctx, v, b, p, proofWaits)
		r.tell(ctx, q, v, &s, storeAway)
		return
	}
	switch h.Outcome {
	case queue.HeldHere:
	case queue.HeldElsewhere:
		p.held = h
		r.keep(ctx, v, b, p, proofHeld)
		s := r.conflict(&h, now)
		s.back = b.flow.Return
		r.tell(ctx, q, v, s, deviceConflict)
		return
	case queue.InvitationUsed:
		r.keep(ctx, v, b, p, proofOver)
		r.choose(ctx, q, v, r.asking(badInvitation, b.flow.Return))
		return
	default:
		r.keep(ctx, v, b, p, proofOver)
		r.unverified(ctx, q, v, b.refused(errStateUsed, now))
		return
	}
	i := slices.Index(c.IDs, h.ID)
	if i < 0 {
		r.problemOf(cmp.Or(r.Keys.Reload(), errKeyMissing))
		r.choose(ctx, q, v, r.asking(identity.Unavailable, b.flow.Return))
		return
	}
	r.keep(ctx, v, b, p, proofOver)
	r.seat(ctx, q, v, b, token.Ticket{ID: h.ID, Subject: p.subjects[i], Held: h.Since, Facts: p.facts.Pack()})
}

// mayNot says whether a verified person may not wait now. Then they are told why, by the choice where another provider may know
// their day of birth.
func (r *Room) mayNot(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, b *returned, p *proof) bool {
	view := r.Line.View()
	now := view.Now()
	no := r.Identity.Schedule.Decide(p.facts, max(now, view.Rules.OpensAt))
	if no.Allowed {
		return false
	}
	r.keep(ctx, v, b, p, proofKnown)
	if no.Why == schedule.UnknownDigit && p.noDigit != "" {
		s := r.asking(p.noDigit, b.flow.Return)
		if s.provider = b.to.Name; p.noDigit == identity.Incomplete {
			s.missing = "birthdate"
		}
		r.choose(ctx, q, v, s)
		return true
	}
	s := r.facts(view, now)
	s.refuse(no, p.facts)
	s.back = b.flow.Return
	r.tell(ctx, q, v, &s, notEligible)
	return true
}

// hold asks the store, if it is there.
func (r *Room) hold(c queue.Claim, view *queue.View, now int64) (queue.Holding, error) {
	if view.AwayAt(now) {
		return queue.Holding{}, queue.ErrAway
	}
	h, err := r.Identity.Held.Hold(r.patience.wait(), c)
	r.problemOf(err)
	return h, err
}

// seat gives a person who is held here their place.
func (r *Room) seat(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, b *returned, t token.Ticket) {
	view := r.Line.View()
	now := view.Now()
	f := r.arrive(ctx, v, t, r.direct(v))
	place := r.place(&f.ticket, &view.Rules)
	if !f.ticket.Stamped && !r.Identity.entitled(&f.ticket, place, max(now, view.Rules.OpensAt)).Allowed {
		// A place of a window that is over.
		if err := r.Line.Leave(r.patience.wait(), queue.ID(t.ID), place); r.problemOf(err) == none {
			f = r.arrive(ctx, v, t, false)
		}
	}
	if v.Wish() != visitor.Page {
		r.taken(ctx, v, f, now)
		return
	}
	if f.seat.State == queue.StateAdmitted && !r.withheld(v) {
		r.admit(ctx, v, &f.ticket, f.seat)
	}
	r.issue(ctx, v, &f.ticket, now)
	r.arrived(ctx, q, v, b.flow.Return)
}

// arrived sends a person on who has a ticket.
func (r *Room) arrived(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, to string) {
	if v.Wish() != visitor.Page {
		r.join(ctx, q, v, nil)
		return
	}
	if !local(to) {
		to = "/"
	}
	r.goOn(ctx, v, to)
}

// Home sends a browser to the beginning of the site.
func Home(ctx *fasthttp.RequestCtx) {
	protect(ctx)
	see(ctx, "/")
}
