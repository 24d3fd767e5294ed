package waiting

import (
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/choice"
	"waitroom/queue"
	"waitroom/token"
	"waitroom/token/identity"
	"waitroom/token/identity/light"
)

// refusals are the problems by which programs are told why a verification was refused.
var refusals = map[identity.Why]problem{
	identity.Canceled:    {403, "identity-canceled", "The verification was broken off", "Begin again, with this provider or another."},
	identity.Replayed:    {403, "identity-replayed", "This verification was not begun on this device, too long ago, or finished before", "Begin again."},
	identity.Mismatch:    {403, "identity-mismatch", "The answer is another provider's than the one asked", "Begin again."},
	identity.Forged:      {403, "identity-forged", "The answer is not one of the provider's for this gateway", "Begin again."},
	identity.Incomplete:  {403, "identity-incomplete", "The provider did not tell all that is needed", "Begin again, and consent to what is asked for."},
	identity.Lunar:       {403, "identity-lunar", "A lunar day of birth does not tell whose day it is", "Begin again with another provider."},
	identity.Unavailable: {503, "identity-unavailable", "The provider does not answer", "Begin again with another provider, or later."},
	identity.Busy:        {503, "identity-busy", "Too many verifications are under way with this provider", "Bring the answer again, or begin again with another provider."},
	paused:               {503, "identity-paused", "Nobody is sent to this provider at present", "Begin again with another provider, or later."},
	badRedirect:          {403, "identity-redirect", "This provider sends no answer to that address", "Name one of its app_redirects in `redirect`."},
	badInvitation:        {403, "identity-invitation", "This invitation cannot be used", "It is wrong, over, or somebody else has used it."},
}

// What else keeps people from being verified: an invitation that lets nobody in, a provider that operators have paused, and an app
// that wants the answer at an address of its own choice.
const (
	badInvitation identity.Why = "invitation"
	paused        identity.Why = "paused"
	badRedirect   identity.Why = "redirect"
)

// lightsPause is how often a page asks for the lights.
const lightsPause = 30 * time.Second

// person is what a standing says of a verified person, or of one who is none.
type person struct {
	// windowEnds is when the wait ends with the person's window, 0 for never.
	windowEnds int64
	// Of somebody who may not now: why, when next, and the last digit of the day of birth, -1 for not known.
	reason   string
	from, to int64
	digit    int
	// Of a person whom another device holds: since when, until when, in what kind of browser; taken says that it was this one's.
	since, until int64
	family       string
	taken        bool
	// Of somebody who has to say who they are: why the last verification was refused, and who verifies people.
	failure   identity.Why
	verifiers []byte
	// stale says that their lights are old, lightsAt of when they are, 0 for not known.
	stale    bool
	lightsAt int64
	// provider is the one that the last verification was with, missing the claim that it did not tell, invite the code that was given.
	provider, missing, invite string
	// anew says that they asked for the choice itself, at its own address.
	anew bool
	// back is where they were going, "" for the address of the request.
	back string
	// flow is a verification that waits for the store.
	flow []byte
}

// asking is the standing of somebody who has to say who they are.
func (r *Room) asking(why identity.Why, back string) *standing {
	view := r.Line.View()
	s := r.without(noTicket, nil, view, view.Now())
	s.failure, s.back, s.verifiers, s.NextPoll = why, back, r.Identity.appendVerifiers(nil, r.Name), lightsPause
	s.stale, s.lightsAt = r.Identity.stale()
	return &s
}

// choose lets a visitor choose who verifies them, and tells why the last verification was refused.
func (r *Room) choose(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, s *standing) {
	no, failed := refusals[s.failure]
	if failed && v.Wish() != visitor.Page {
		answerProblem(ctx, no, s)
		return
	}
	r.show(ctx, q, v, s)
	if failed {
		counted(ctx, no)
		ctx.SetStatusCode(fasthttp.StatusOK) // whatever the method
	}
}

// unknown answers who has no ticket of a verified person, or one that another device has taken over. A ticket that is not this
// device's is none: a browser that shows itself otherwise since is verified again, and finds its place.
func (r *Room) unknown(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, t *token.Ticket, no problem) {
	if no == deviceConflict {
		view := r.Line.View()
		s := r.without(no, t, view, view.Now())
		r.tell(ctx, q, v, &s, no)
		return
	}
	if v.Wish() == visitor.Page { // a program would take the answer for that of the site
		if b, p := r.kept(q, v, proofWaits, proofKnown, proofHeld, proofOver); b != nil && r.remind(ctx, q, v, b, p) {
			return
		}
	}
	r.choose(ctx, q, v, r.asking("", back(q)))
}

// remind goes on with a verification that waits for the store, and tells people what became of one that has come to an end, as long
// as it is so; false where there is nothing to tell, and no answer is written.
func (r *Room) remind(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, b *returned, p *proof) bool {
	view := r.Line.View()
	now := view.Now()
	switch p.use {
	case proofWaits:
		if !r.tooOften(ctx, q, v, b.flow.Return) {
			r.claim(ctx, q, v, b, p)
		}
		return true
	case proofKnown:
		verdict := r.Identity.Schedule.Decide(p.facts, max(now, view.Rules.OpensAt))
		if !verdict.Allowed {
			s := r.facts(view, now)
			s.refuse(verdict, p.facts)
			r.tell(ctx, q, v, &s, notEligible)
		}
		return !verdict.Allowed
	case proofHeld:
		if p.held.Until > now {
			r.tell(ctx, q, v, r.conflict(&p.held, now), deviceConflict)
		}
		return p.held.Until > now
	}
	return false
}

// tell tells people by a page, programs by a problem.
func (r *Room) tell(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, s *standing, no problem) {
	if v.Wish() != visitor.Page {
		answerProblem(ctx, no, s)
	} else {
		counted(ctx, no)
		r.show(ctx, q, v, s)
		ctx.SetStatusCode(no.status)
	}
	retryAfter(ctx, min(s.NextPoll, maxRetry))
}

// asked is how a call without a good ticket is refused where only verified people get a place.
func asked(no problem) problem {
	if no == noTicket {
		return identify
	}
	return no
}

// conflict is the standing of a person whom another device holds.
func (r *Room) conflict(h *queue.Holding, now int64) *standing {
	s := r.without(deviceConflict, nil, r.Line.View(), now)
	s.held(h.Since, h.Until, now)
	s.family = families[min(int(h.Family), len(families)-1)]
	return &s
}

func (s *standing) held(since, until, now int64) {
	s.since, s.until = since, until
	s.NextPoll = max(time.Duration(until-now)*time.Microsecond, time.Second)
}

// lost puts into a standing that another device has taken the person.
func (r *Room) lost(s *standing, t *token.Ticket) {
	s.taken = true
	since := r.Identity.Held.Taken(queue.ID(t.ID))
	s.held(since, since+r.Identity.Lock, s.now)
}

// shown writes the page of a state that is about a person; false where it is not.
func (r *Room) shown(ctx *fasthttp.RequestCtx, q *strict.Request, s *standing, status int) bool {
	f := choice.Facts{
		Room: r.Name, Return: s.back, Message: s.message, ServerTime: s.now, OpensAt: s.opensAt, Zone: r.Zone,
		HTTP: r.Identity != nil && strings.HasPrefix(r.Identity.Origin, "http:"), NextPollMS: s.NextPoll.Milliseconds(),
	}
	switch {
	case r.Identity == nil || s.away:
		return false
	case s.State == queue.StateIdentify:
		f.Kind, f.Failure, f.Providers = choice.Identify, string(s.failure), r.Identity.offered()
		f.Stale, f.LightsAt = s.stale, s.lightsAt
		f.Anew, f.Invitations, f.Invite, f.Failed = s.anew, len(r.Identity.Invited) > 0, s.invite, s.provider
		if s.missing != "" {
			f.Missing = []string{s.missing}
		}
	case s.State == queue.StateOtherDevice && s.until != 0:
		f.Kind, f.Since, f.Until, f.Family = choice.Held, s.since, s.until, s.family
		if s.taken {
			f.Kind = choice.Taken
		}
	case s.State == queue.StateNotEligible:
		f.Kind, f.Reason, f.From, f.To = choice.NotEligible, s.reason, s.from, s.to
		if s.digit >= 0 {
			f.Digit = strconv.Itoa(s.digit)
		}
	case s.State == queue.StateSoldOut && r.Identity.Schedule != nil:
		f.Kind = choice.SoldOut
		if f.OpensAt, _ = r.Identity.Schedule.Opening(r.Line.View().Rules.ClosesAt); f.OpensAt <= s.now {
			f.OpensAt = 0
		}
	default:
		return false
	}
	if f.Return == "" {
		f.Return = back(q)
	}
	WriteChoice(ctx, q, r.Identity.Pages, &f, status)
	return true
}

// stale says whether the lights are old, and of when they are, 0 for not known.
func (i *Identity) stale() (old bool, at int64) {
	shown := i.Lights.Lights()
	if shown.Stale && shown.Slot > 0 {
		at = (shown.Slot + 1) * light.SlotLength
	}
	return shown.Stale, at
}

// offered are the providers as a page offers them: those that flow first.
func (i *Identity) offered() []choice.Provider {
	all := make([]choice.Provider, 0, len(i.Verifiers))
	for _, s := range i.Lights.Lights().Providers {
		v := i.verifier(s.Name)
		if v == nil {
			continue
		}
		light := s.Light.String()
		if s.Paused {
			light = "paused"
		}
		all = append(all, choice.Provider{Name: v.Name, Korean: v.Korean, English: v.English, Light: light})
	}
	if len(all) > 0 {
		return all
	}
	for _, v := range i.Verifiers { // nobody counts
		all = append(all, choice.Provider{Name: v.Name, Korean: v.Korean, English: v.English})
	}
	return all
}

// appendVerifiers writes the providers as programs see them.
func (i *Identity) appendVerifiers(b []byte, room string) []byte {
	b = append(b, '[')
	for n, p := range i.offered() {
		if n > 0 {
			b = append(b, ',')
		}
		b = text(append(b, `{"name":`...), p.Name)
		b = text(append(b, `,"label":{"ko":`...), p.Korean)
		b = text(append(b, `,"en":`...), p.English)
		b = text(append(b, `},"light":`...), p.Light)
		b = strconv.AppendBool(append(b, `,"paused":`...), p.Light == "paused")
		b = append(text(append(b, `,"login":`...), own+room+"/login/"+p.Name), '}')
	}
	return append(b, ']')
}
