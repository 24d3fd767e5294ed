package waiting

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/queue/schedule"
	"waitroom/token"
	"waitroom/token/identity"
)

// proof is a verified person: what remains of what a provider told.
type proof struct {
	subjects [][16]byte
	facts    schedule.Facts
	noDigit  identity.Why // why the day of birth is not known, "" where it is
}

// What a sealed proof is kept for.
const (
	// proofWaits is to be claimed when the store is back, so that nobody loses a verification.
	proofWaits = 'w'
	// proofKnown is of somebody who may not now: it tells their calendar only.
	proofKnown = 'k'
)

// keep seals a proof for this device, for as long as a verification may take: browsers get it as their cookie, programs in the answer.
func (r *Room) keep(ctx *fasthttp.RequestCtx, v *visitor.Visitor, b *returned, p *proof, use byte) (body []byte) {
	f := b.flow
	f.Proof, f.Begun = p.text(use), r.Line.View().Now()
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

// kept is the proof that the visitor's browser keeps for one of some uses, with the verification that it is of; nil for none.
func (r *Room) kept(q *strict.Request, v *visitor.Visitor, uses ...byte) (*returned, *proof) {
	now := r.Line.View().Now()
	for _, to := range r.Identity.Verifiers {
		f, ok := Flow(r.Cookies, r.Keys.Keys(), q, to.Name)
		if !ok || f.Room != r.Name || f.Provider != to.Name || !v.Known || f.Device != v.Device.ID || now-f.Begun > identity.Life.Microseconds() {
			continue
		}
		if p := readProof(f.Proof, uses...); p != nil {
			return &returned{to: to, flow: f}, p
		}
	}
	return nil, nil
}

// pending is the proof that waits for the store.
func (r *Room) pending(q *strict.Request, v *visitor.Visitor) (*returned, *proof) {
	return r.kept(q, v, proofWaits)
}

// text is the proof as it is sealed.
func (p *proof) text(use byte) string {
	b := binary.BigEndian.AppendUint64([]byte{use}, uint64(p.facts.Pack())) // #nosec G115 -- read back as it was written
	for _, subject := range p.subjects {
		b = append(b, subject[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// readProof reads what text writes, for one of some uses; nil for anything else.
func readProof(s string, uses ...byte) *proof {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 9+16 || (len(b)-9)%16 != 0 {
		return nil
	}
	for _, use := range uses {
		if b[0] != use {
			continue
		}
		p := &proof{facts: schedule.Unpack(int64(binary.BigEndian.Uint64(b[1:])))} // #nosec G115 -- as it was written
		for b = b[9:]; len(b) > 0; b = b[16:] {
			p.subjects = append(p.subjects, [16]byte(b))
		}
		return p
	}
	return nil
}

// invited reads an invitation, and the group that it is to; without a code it is to none. False is a code that is no good.
func (r *Room) invited(code string, now int64) (token.Invitation, uint16, bool) {
	if code == "" {
		return token.Invitation{}, 0, true
	}
	i, err := r.Keys.Keys().ReadInvitation([]byte(code), r.Name, now)
	group := r.Identity.Invited[i.Group]
	return i, group, err == nil && group != 0
}
