package waiting

import (
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/queue"
	"waitroom/queue/schedule"
	"waitroom/token"
	"waitroom/token/identity"
)

// proof is a verified person: what remains of what a provider told, and what came of it.
type proof struct {
	use      byte
	subjects [][16]byte
	facts    schedule.Facts
	noDigit  identity.Why // why the day of birth is not known, "" where it is
	// held is by which device the person is held.
	held queue.Holding
}

// What a sealed proof is kept for. All but the first are of verifications that have come to an end: they open nothing, and only tell
// the browser that began them what became of it.
const (
	// proofWaits is to be claimed when the store is back, so that nobody loses a verification.
	proofWaits = 'w'
	// proofKnown is of somebody who may not now: it tells why, and their calendar.
	proofKnown = 'k'
	// proofHeld is of somebody whom another device holds.
	proofHeld = 'h'
	// proofOver tells nothing more: what came of it stands in the ticket, or was said.
	proofOver = 'o'
)

// keep seals a proof for this device, for as long as a verification may take: browsers get it as their cookie, programs in the answer.
func (r *Room) keep(ctx *fasthttp.RequestCtx, v *visitor.Visitor, b *returned, p *proof, use byte) (body []byte) {
	f := b.flow
	f.Proof, f.Begun = p.text(use), r.Line.View().Now()
	if b.stale && use != proofOver {
		r.drop(ctx)
	}
	sealed, err := identity.Seal(r.Keys.Keys().FlowKey(), f)
	if err != nil {
		return nil // too long: it has to be found out anew
	}
	if !v.Header {
		r.Cookies.SetLogin(ctx, b.to.Name, []byte(sealed), identity.Life)
	}
	if inBody(v) {
		body = []byte(sealed)
	}
	return body
}

// kept is the newest proof that the visitor's browser keeps for one of some uses, with the verification that it is of; nil for none.
func (r *Room) kept(q *strict.Request, v *visitor.Visitor, uses ...byte) (b *returned, newest *proof) {
	now := r.Line.View().Now()
	for _, to := range r.Identity.Verifiers {
		f, ok := Flow(r.Cookies, r.Keys.Keys(), q, to.Name)
		if !ok || f.Room != r.Name || f.Provider != to.Name || !v.Known || f.Device != v.Device.ID || now-f.Begun > identity.Life.Microseconds() {
			continue
		}
		if p := readProof(f.Proof, uses...); p != nil && (b == nil || f.Begun > b.flow.Begun) {
			b, newest = &returned{to: to, flow: f}, p
		}
	}
	return b, newest
}

// over says whether this very answer came before, and something has come of it.
func (b *returned) over() bool {
	return b.flow.Of(b.back.State) && readProof(b.flow.Proof, proofKnown, proofHeld, proofOver) != nil
}

// text is the proof as it is sealed.
func (p *proof) text(use byte) string {
	b := []byte{use}
	switch use {
	case proofWaits:
		b = binary.BigEndian.AppendUint64(b, uint64(p.facts.Pack())) // #nosec G115 -- read back as it was written
		for _, subject := range p.subjects {
			b = append(b, subject[:]...)
		}
	case proofKnown:
		b = binary.BigEndian.AppendUint64(b, uint64(p.facts.Pack())) // #nosec G115 -- read back as it was written
	case proofHeld:
		b = binary.BigEndian.AppendUint64(b, uint64(p.held.Since)) // #nosec G115 -- read back as it was written
		b = binary.BigEndian.AppendUint64(b, uint64(p.held.Until)) // #nosec G115 -- read back as it was written
		b = append(b, p.held.Family)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// readProof reads what text writes, for one of some uses; nil for anything else.
func readProof(s string, uses ...byte) *proof {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) == 0 || !slices.Contains(uses, b[0]) {
		return nil
	}
	p, b := &proof{use: b[0]}, b[1:]
	switch {
	case p.use == proofOver && len(b) == 0:
	case p.use == proofHeld && len(b) == 17:
		p.held.Since, p.held.Until, p.held.Family = number64(b), number64(b[8:]), b[16]
	case p.use == proofKnown && len(b) == 8:
		p.facts = schedule.Unpack(number64(b))
	case p.use == proofWaits && len(b) >= 8+16 && len(b)%16 == 8:
		p.facts = schedule.Unpack(number64(b))
		for b = b[8:]; len(b) > 0; b = b[16:] {
			p.subjects = append(p.subjects, [16]byte(b))
		}
	default:
		return nil
	}
	return p
}

func number64(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) } // #nosec G115 -- as it was written

// invited reads an invitation, and the group that it is to; without a code it is to none. False is a code that is no good.
func (r *Room) invited(code string, now int64) (token.Invitation, uint16, bool) {
	if code == "" {
		return token.Invitation{}, 0, true
	}
	i, err := r.Keys.Keys().ReadInvitation([]byte(code), r.Name, now)
	group := r.Identity.Invited[i.Group]
	return i, group, err == nil && group != 0
}
