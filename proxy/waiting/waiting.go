// Package waiting is what a visitor without a pass meets: a place in the line, the
// waiting page, and the calls join, status, enter and leave.
//
// Decisions come from package queue and from signed tickets; nothing that a visitor
// sends but those is believed. A poll is answered from the room's view, without a
// call to the store, unless the ticket has to be put back or is renewed after its
// call. While the store is away nobody is let in, and everybody is told that their
// place is kept; who arrives then gets a signed time stamp, which becomes the place.
package waiting

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/limits"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/page"
	"waitroom/queue"
	"waitroom/token"
)

// Line is a room's line, as it is waited in.
type Line interface {
	queue.Line
	queue.Inside
	// Refresh reads the view anew.
	Refresh(ctx context.Context) error
}

// Room is one room as its visitors meet it. It is immutable: a changed
// configuration makes a new one on the same Line.
type Room struct {
	Name string
	Line Line
	// Shared says that other gateways let in from the same line: what one has shown, all have to know.
	Shared bool
	Keys   *token.Ring
	// Cookies are shared by all rooms of a gateway.
	Cookies visitor.Cookies
	Page    *page.Template
	// Status is that of the waiting page: 200, 202, 429 or 503.
	Status int
	// Idle is how long an unused pass lives, in microseconds.
	Idle int64
	// Zone is the one in which the page writes times of day; nil is UTC.
	Zone *time.Location
	// Door bounds new places; nil bounds nothing.
	Door *limits.Door
	// Work asks for a proof of work before a new place is given; nil asks nobody. It needs a Door.
	Work *Work
	// Captcha asks for a provider's token before a new place is given, where Work is nil; nil asks
	// nobody. It needs a Door.
	Captcha *Captcha
	// Trusted are the proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
	// Offer is told of each pass that a browser is given, with the answer that carries it; nil
	// tells nobody.
	Offer func(ctx *fasthttp.RequestCtx, p *token.Pass, now int64)
	// Key says whether devices have to prove their key; Proofs, which of their proofs were taken. Proofs is needed where Key is
	// not KeyOff.
	Key    KeyPolicy
	Proofs *Proofs
	// Identity asks for verified people; nil asks nobody who they are.
	Identity *Identity
	// Prefix binds tickets and passes to the network of the visitor's address, which the gate has put into the device.
	Prefix bool
	// TLS says that visitors come by https, and not otherwise.
	TLS bool
	// Traffic counts proofs that are refused; nil counts none.
	Traffic *traffic.Room
	// Failed is told of each operation that the store did not do; nil tells nobody.
	Failed func(error)

	patience patience
	newer    newer
}

// storeWait bounds how long a visitor's request waits for the store.
const storeWait = 1500 * time.Millisecond

// Admitted is a pass that was just given. The zero value is none.
type Admitted struct {
	Pass token.Pass
	// Token is the signed pass; Body is one for a program without cookies, nil for
	// browsers.
	Token, Body []byte
	// Limited says that there is none because too many have asked from there.
	Limited bool
}

// Given says whether there is a pass.
func (a *Admitted) Given() bool { return len(a.Token) > 0 }

// valid says whether the pass opens now: its entry may lie some seconds ahead.
func (a *Admitted) valid(now int64) bool { return a.Given() && a.Pass.Entry <= now }

// place is where a verified ticket stands: its own place, or the one that it drew, in
// the draw that it took part in, whatever the opening is now.
func (r *Room) place(t *token.Ticket, rules *queue.Rules) int64 {
	switch {
	case t.Drawn:
		return r.Keys.Keys().DrawPlace(r.Name, t.Opening, t.ID)
	case t.Stamped && rules.Draw && t.Place < rules.OpensAt:
		return r.draw(queue.ID(t.ID), rules)
	}
	return t.Place
}

// ticket reads and verifies the visitor's ticket for this room and this device. One that
// was silent for longer than the hold is none, but tells whose it was.
func (r *Room) ticket(v *visitor.Visitor, now int64) (token.Ticket, problem) {
	if len(v.Ticket) == 0 {
		return token.Ticket{}, noTicket
	}
	t, err := r.Keys.ReadTicket(v.Ticket, r.Name, now)
	if err != nil {
		v.Forged = v.Forged || !errors.Is(err, token.ErrExpired) && !errors.Is(err, token.ErrNotYet)
		return token.Ticket{}, noTicket
	}
	if !v.Holds(t.Device) {
		return token.Ticket{}, otherDevice
	}
	if v.Header && !v.Proved {
		v.Device.Key = t.Device.Key // an app has no cookie that tells it
	}
	if r.Prefix && !v.Device.HasKey() && t.Device.Network != 0 && t.Device.Network != v.Device.Network {
		return token.Ticket{}, otherDevice
	}
	// The hold may have been made shorter since: what a ticket did is kept for one hold
	// only, so none may be shown for longer.
	if no := r.personOf(&t, now); no != none {
		return t, no
	}
	if now-t.Issued > r.Line.View().Rules.Hold+second {
		return t, noTicket
	}
	return t, none
}

// inBody says whether tokens are handed over in the answer's body: to programs that are
// no browsers, and to those that showed one in a field, whose script holds it anyway.
func inBody(v *visitor.Visitor) bool { return v.Header || !v.Browser }

// issue signs a ticket for a seat and hands it to the visitor: as a cookie, and to
// programs in the body, too.
func (r *Room) issue(ctx *fasthttp.RequestCtx, v *visitor.Visitor, t *token.Ticket, now int64) (body []byte) {
	view := r.Line.View()
	hold := view.Rules.Hold
	t.Room, t.Issued, t.Expires = r.Name, now, now+hold
	keys := r.Keys.Keys()
	if !v.Header {
		t.Device, t.App = v.Device, false
		var buf [ticketSize]byte
		signed := keys.AppendTicket(buf[:0], t)
		r.Cookies.SetTicket(ctx, r.Name, signed, time.Duration(hold)*time.Microsecond)
		if r.Key != KeyOff {
			v.Ath = token.Ath(signed)
		}
	}
	if !inBody(v) {
		return nil
	}
	t.Device, t.App = r.app(v), true
	return keys.AppendTicket(make([]byte, 0, ticketSize), t)
}

// ticketSize is room for a signed ticket.
const ticketSize = 768

// seated makes the ticket for a seat, of whom the ticket before names.
func (r *Room) seated(s queue.Seat, before token.Ticket, rules *queue.Rules) token.Ticket {
	id := queue.ID(before.ID)
	t := token.Ticket{
		ID: id, Place: s.Place, Number: s.Number, Epoch: s.Epoch, Subject: before.Subject, Held: before.Held, Facts: before.Facts,
	}
	if t.Number == 0 {
		t.Number = before.Number
	}
	t.Position = before.Position
	if s.State == queue.StateWaiting && s.Number != 0 && s.Ahead >= 0 {
		t.Position = s.Ahead + 1
	}
	switch {
	case before.Drawn && s.Place == r.place(&before, rules):
		t.Drawn, t.Opening, t.Place = true, before.Opening, 0
	case rules.Draw && s.Place == r.draw(id, rules):
		t.Drawn, t.Opening, t.Place = true, rules.OpensAt, 0
	}
	return t
}

// admit makes the pass for a seat that has entered, and hands it to the visitor. The
// same seat gives the same pass: byte for byte, until half of its idle time is gone.
// Then it is renewed, as the gate does, so that no pass is handed out that is over. The
// time of issue is the earliest at which the entry can have been promised: never in the
// future, which readers refuse, and the same whenever it is asked for.
func (r *Room) admit(ctx *fasthttp.RequestCtx, v *visitor.Visitor, t *token.Ticket, s queue.Seat) Admitted {
	issued, expires := s.Entry-queue.Horizon, s.Entry+r.Idle
	end := r.ends(s.End, t)
	if now := r.Line.View().Now(); now >= s.Entry+r.Idle/2 {
		issued, expires = now, now+r.Idle
	}
	p := token.Pass{
		Room: r.Name, ID: token.PassID(t.ID, s.Entry), Device: v.Device, Subject: token.FormatSubject(t.Subject), Held: t.Held,
		Entry: s.Entry, Issued: issued, Expires: min(expires, end), End: end, Bound: v.Bound, Gen: r.generation(t, s.Entry),
	}
	keys := r.Keys.Keys()
	var a Admitted
	if !v.Header {
		a.Token = keys.AppendPass(nil, &p)
		r.Cookies.SetPass(ctx, r.Name, a.Token, time.Duration(p.Expires-issued)*time.Microsecond+passGrace)
		if r.Offer != nil {
			r.Offer(ctx, &p, r.Line.View().Now())
		}
	}
	if inBody(v) {
		p.Device = r.app(v)
		a.Body = keys.AppendPass(nil, &p)
	}
	if v.Header {
		a.Token = a.Body
	}
	a.Pass = p
	r.Line.Touch(queue.PassID(p.ID), p.Expires)
	return a
}

// spent says whether a seat is over that the store still holds, because less than the
// second is left in which a pass can be written. Then it is freed, and a new place is due.
func (r *Room) spent(id queue.ID, s queue.Seat, now int64) bool {
	if s.State != queue.StateAdmitted || s.End-now >= second {
		return false
	}
	err := r.Line.End(r.patience.wait(), queue.PassID(token.PassID(id, s.Entry)), queue.WhyReleased, "expiry")
	return r.problemOf(err) == none
}

// second is one in microseconds.
const second = 1_000_000

// passGrace is how much longer than the pass its cookie lives: an expired pass tells
// the gate more than none, and a browser's clock may be off.
const passGrace = time.Hour

// person makes sure that the visitor has a device, and gives the ticket id that goes
// with it. What the browser shows of itself is part of it: a copied cookie finds no
// place in another browser. Where places are bound to a network, that is part of it, too,
// for devices without a key.
func (r *Room) person(ctx *fasthttp.RequestCtx, v *visitor.Visitor) queue.ID {
	if !v.Known {
		r.makeDevice(ctx, v)
	}
	var buf [28]byte
	subject := append(buf[:0], v.Device.ID[:]...)
	subject = binary.BigEndian.AppendUint32(subject, uint32(v.Device.Browser>>32)) // #nosec G115 -- the upper half
	if r.Prefix && !v.Device.HasKey() {
		subject = binary.BigEndian.AppendUint64(subject, v.Device.Network)
	}
	return queue.ID(r.Keys.Keys().TicketID(r.Name, subject))
}

// draw is the place that the draw gives to an id; 0 where places go by arrival.
func (r *Room) draw(id queue.ID, rules *queue.Rules) int64 {
	if !rules.Draw || rules.OpensAt == 0 {
		return 0
	}
	return r.Keys.Keys().DrawPlace(r.Name, rules.OpensAt, id)
}

// fairness is the draw's secret after the opening, and its hash before.
func (r *Room) fairness(rules *queue.Rules, now int64) (hash, secret string) {
	if !rules.Draw || rules.OpensAt == 0 {
		return "", ""
	}
	key := r.Keys.Keys().DrawSecret(r.Name, rules.OpensAt)
	sum := sha256.Sum256(key[:])
	hash = hex.EncodeToString(sum[:])
	if now >= rules.OpensAt {
		secret = hex.EncodeToString(key[:])
	}
	return hash, secret
}

func random() float64 { return rand.Float64() } //nolint:gosec // spreads polls, decides nothing

// back is what the visitor asked for, as the page comes back to it.
func back(q *strict.Request) string {
	if len(q.Query) == 0 {
		return string(q.Path)
	}
	return string(q.Path) + "?" + string(q.Query)
}
