package waiting

import (
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/lights"
	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/choice"
	"waitroom/queue"
	"waitroom/queue/schedule"
	"waitroom/token"
	"waitroom/token/identity"
)

// Identity asks for a verified person before a place is given: one place each, on the device on which they were verified.
type Identity struct {
	// Origin is where providers send people back to, such as https://booking.example.kr; Authority is its host, with the port
	// where it has one of its own.
	Origin, Authority string
	// Verifiers are the providers, in the order of the configuration.
	Verifiers []*Verifier
	// Held are the room's persons. Lock and Keep are those of claims, in microseconds.
	Held       queue.Held
	Lock, Keep int64
	// Schedule says who may enter when; nil is everybody, always. Ends says that a wait ends with its window.
	Schedule *schedule.Schedule
	Ends     bool
	// Groups are those that a person belongs to by what a provider tells; nil knows none.
	Groups func(claims map[string]string) uint16
	// Invited are the groups that an invitation makes somebody a member of, by name; none are where nobody is invited.
	Invited map[string]uint16
	// Pages are those around identity.
	Pages *choice.Pages
	// Lights count verifications, and show how the providers do; nil counts none.
	Lights *lights.Board
	// Told is told of each verification, and why it came to nothing, nil where it did not; nil tells nobody.
	Told func(provider string, err error)
}

// Verifier is one provider, as visitors meet it.
type Verifier struct {
	Name string
	// Korean and English are on its button.
	Korean, English string
	Provider        identity.Provider
}

// verifier is the provider of that name; nil for none.
func (i *Identity) verifier(name string) *Verifier {
	for _, v := range i.Verifiers {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Elsewhere says whether a pass is of no use because another device has taken the person since, or because it names nobody where
// only verified people get in.
func (r *Room) Elsewhere(p *token.Pass) bool {
	return r.Identity != nil && p.Held < max(1, r.Identity.Held.Taken(queue.PassID(p.ID).Ticket()))
}

// personOf checks what a ticket says of the person: none where the device holds them still.
func (r *Room) personOf(t *token.Ticket, now int64) problem {
	switch id := r.Identity; {
	case id == nil:
		return none
	case t.Held == 0, now-t.Held >= id.Keep:
		*t = token.Ticket{} // who they are has to be found out anew
		return noTicket
	case r.leftFor(t, now):
		return deviceConflict
	case t.Held < id.Held.Taken(queue.ID(t.ID)), r.outlived(t, now):
		*t = token.Ticket{}
		return noTicket
	}
	return none
}

// leftFor says whether another device has taken the person, and holds them against this one still.
func (r *Room) leftFor(t *token.Ticket, now int64) bool {
	taken := r.Identity.Held.Taken(queue.ID(t.ID))
	return t.Held < taken && now < taken+r.Identity.Lock
}

// outlived says whether a ticket's window is over where waiting ends with it, and the person may take a new place now.
func (r *Room) outlived(t *token.Ticket, now int64) bool {
	id, view := r.Identity, r.Line.View()
	if id.Schedule == nil || !id.Ends {
		return false
	}
	at := max(now, view.Rules.OpensAt)
	return !id.entitled(t, r.place(t, &view.Rules), at).Allowed && id.Schedule.Decide(schedule.Unpack(t.Facts), at).Allowed
}

// state is what a visitor without a good ticket is told.
func (r *Room) state(no problem) (s queue.State, changed bool) {
	switch {
	case no == otherDevice, no == deviceConflict:
		return queue.StateOtherDevice, true
	case no == noTicket && r.Identity != nil:
		return queue.StateIdentify, true
	}
	return "", false
}

// without is what a visitor without a good ticket is told.
func (r *Room) without(no problem, t *token.Ticket, view *queue.View, now int64) standing {
	s := r.facts(view, now)
	if no == deviceConflict && t != nil {
		r.lost(&s, t)
	}
	if state, changed := r.state(no); changed && s.State != queue.StateClosed && s.State != queue.StateSoldOut {
		s.State = state
	}
	return s
}

// app is what tokens in a body are bound to: everything but the device cookie, which a program need not keep; but where only verified
// people get in a program has to show its device.
func (r *Room) app(v *visitor.Visitor) token.Device {
	d := v.Device
	if r.Identity == nil {
		d.ID = [16]byte{}
	}
	return d
}

// ends cuts the end of a pass to the time for which the store knows who holds the person.
func (r *Room) ends(end int64, t *token.Ticket) int64 {
	if r.Identity == nil {
		return end
	}
	return min(end, t.Held+r.Identity.Keep)
}

// generation is that of a pass for a device that has taken the person from another: far above all that the other can have.
func (r *Room) generation(t *token.Ticket, entry int64) token.Generation {
	if r.Identity == nil || t.Held <= entry {
		return token.Generation{}
	}
	// The same pass is written the same whenever it is asked for.
	tag := uint32(t.Held)&(1<<20-1) | 1 // #nosec G115 -- some of its bits
	return token.Generation{Number: 2*(t.Held-entry)/second + 16, Tag: tag}
}

// waitedFor is the instant from which on a place was waited with: its own, or the opening that it came before.
func (i *Identity) waitedFor(t *token.Ticket, place int64) int64 {
	if t.Drawn {
		return t.Opening
	}
	from, _ := i.Schedule.Opening(place)
	return max(place, from)
}

// entitled says whether a person may wait, and enter, with a place at an instant.
func (i *Identity) entitled(t *token.Ticket, place, at int64) schedule.Verdict {
	if i.Schedule == nil {
		return schedule.Verdict{Allowed: true}
	}
	f := schedule.Unpack(t.Facts)
	then := i.Schedule.Decide(f, i.waitedFor(t, place))
	switch now := i.Schedule.Decide(f, at); {
	case then.Allowed && (!i.Ends || at < then.Window.Until):
		return then
	case i.Ends:
		now.Allowed = false
		return now
	default:
		return now
	}
}

// may says whether who a ticket names may enter at an instant, with a place of that instant.
func (r *Room) may(t *token.Ticket, at int64) schedule.Verdict {
	if r.Identity == nil {
		return schedule.Verdict{Allowed: true}
	}
	return r.Identity.Schedule.Decide(schedule.Unpack(t.Facts), at)
}

// barred says whether somebody who was verified before may take no new place now. Then the answer is written.
func (r *Room) barred(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, t *token.Ticket) bool {
	view := r.Line.View()
	now := view.Now()
	verdict := r.may(t, max(now, view.Rules.OpensAt))
	if verdict.Allowed {
		return false
	}
	s := r.facts(view, now)
	s.refuse(verdict, schedule.Unpack(t.Facts))
	r.tell(ctx, q, v, &s, notEligible)
	return true
}

// eligibility puts into a standing what the schedule says of the person.
func (r *Room) eligibility(s *standing, t *token.Ticket, v *queue.View, now int64) {
	if r.Identity == nil || s.State == queue.StateClosed || s.State == queue.StateSoldOut {
		return
	}
	verdict := r.Identity.entitled(t, r.place(t, &v.Rules), max(now, v.Rules.OpensAt))
	if verdict.Allowed {
		if r.Identity.Ends {
			s.windowEnds = verdict.Window.Until
		}
		return
	}
	s.refuse(verdict, schedule.Unpack(t.Facts))
}

// refuse makes a standing that of somebody who may not now.
func (s *standing) refuse(verdict schedule.Verdict, f schedule.Facts) {
	s.State, s.Position, s.Wait, s.NextPoll = queue.StateNotEligible, 0, queue.Wait{Low: -1, High: -1}, time.Minute
	s.reason, s.from, s.to, s.digit = string(verdict.Why), verdict.Next.From, verdict.Next.Until, f.Digit
}
