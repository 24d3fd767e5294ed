package waiting

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/proxy/visitor"
	"waitroom/queue"
	"waitroom/token"
)

// KeyPolicy says whether a room asks for the key of a device.
type KeyPolicy uint8

// The policies.
const (
	// KeyOff asks for none. A device that has one is still known by it.
	KeyOff KeyPolicy = iota
	// KeyPrefer asks for it where the device has one.
	KeyPrefer
	// KeyRequire lets nobody enter without.
	KeyRequire
)

var keyNames = [...]string{"", "prefer", "require"}

// Fields of the key: the proof's is read by package strict.
const (
	fieldNonce = "Waitroom-Nonce"
	fieldAth   = "Waitroom-Ath"
)

// noKey is what a device sends in place of a proof that has lost its key, and asks to be taken for a new one.
const noKey = "none"

// withheld says whether what is worth something may not be handed out at this request: the device has a key, or needs one, and
// nothing in the request proves it.
func (r *Room) withheld(v *visitor.Visitor) bool {
	return r.Key != KeyOff && !v.Proved && (v.Device.HasKey() || r.Key == KeyRequire)
}

// direct says whether an arrival may enter at once where nobody waits: not without a key where one is required, since it would use
// up a slot in vain.
func (r *Room) direct(v *visitor.Visitor) bool { return r.Key != KeyRequire || v.Device.HasKey() }

// Proves says whether a request proves that its sender holds the key with this thumbprint: by a fresh signature over the call and
// over the ticket or pass that is shown with it. Each proof is taken once. What is refused is counted.
func (r *Room) Proves(q *strict.Request, key [32]byte, shown []byte) bool {
	p, why := r.proof(q, shown)
	if why == proved && p.Key != key {
		why = traffic.BadProof
	}
	if why == proved && !r.Proofs.entering.take(p.Once, r.Line.View().Now()) {
		why = traffic.UsedProof
	}
	r.unproved(why)
	return why == proved
}

// proved is no reason to refuse a proof.
const proved = traffic.Reason(255)

// proof reads and verifies the proof of a request.
func (r *Room) proof(q *strict.Request, shown []byte) (token.Proof, traffic.Reason) {
	raw := q.Value(strict.Proof)
	if len(raw) == 0 {
		return token.Proof{}, traffic.NoProof
	}
	p, err := r.Keys.Keys().ReadProof(raw, &token.Call{
		Method: q.Method, Plain: !r.TLS, Authority: q.Authority, Path: q.Path, Room: r.Name, Token: shown,
	}, r.Line.View().Now())
	switch {
	case errors.Is(err, token.ErrExpired):
		return token.Proof{}, traffic.StaleProof
	case err != nil:
		return token.Proof{}, traffic.BadProof
	}
	return p, proved
}

// unproved counts a proof that was refused.
func (r *Room) unproved(why traffic.Reason) {
	if why != proved && r.Traffic != nil {
		r.Traffic.Refuse(why)
	}
}

// admissible says whether a visitor may do what only the device itself may: enter, or leave. Otherwise the answer is written.
func (r *Room) admissible(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor, s *standing) bool {
	if !r.withheld(v) {
		return true
	}
	no := useNonce
	if !v.Device.HasKey() {
		no = keyRequired
		r.unproved(traffic.NoProof)
	} else if v.Proved = r.Proves(q, v.Device.Key, v.Ticket); v.Proved {
		return true
	}
	r.challenge(ctx, v)
	answerProblem(ctx, no, s)
	return false
}

// challenge hands out what the next proof is made with: a nonce, and where the script cannot read the ticket, its hash.
func (r *Room) challenge(ctx *fasthttp.RequestCtx, v *visitor.Visitor) {
	if r.Key == KeyOff {
		return
	}
	var buf [64]byte
	h := &ctx.Response.Header
	h.SetBytesV(fieldNonce, r.Keys.Keys().AppendNonce(buf[:0], r.Name, r.Line.View().Now()))
	if ath := r.ath(v); len(ath) > 0 {
		h.SetBytesV(fieldAth, ath)
	}
}

// ath is the hash of the ticket that the visitor's next request shows as a cookie, nil for none.
func (r *Room) ath(v *visitor.Visitor) []byte {
	if v.Ath[0] == 0 {
		if v.Header || len(v.Ticket) == 0 {
			return nil
		}
		v.Ath = token.Ath(v.Ticket)
	}
	return v.Ath[:]
}

// keyOf is the key that a pass belongs to: its own, or the one that its device has got since.
func (r *Room) keyOf(v *visitor.Visitor, pass *token.Pass) [32]byte {
	if pass.Device.HasKey() || v.Header {
		return pass.Device.Key
	}
	return v.Device.Key
}

// moved says whether a pass is bound to another network than it is shown from.
func (r *Room) moved(v *visitor.Visitor, pass *token.Pass) bool {
	return r.Prefix && pass.Device.Network != 0 && pass.Device.Network != v.Device.Network
}

// renewed makes a pass out anew, with the key and for the network that it is shown from.
func (r *Room) renewed(ctx *fasthttp.RequestCtx, v *visitor.Visitor, p token.Pass, key [32]byte, now int64) (body []byte) {
	p.Device.Key, p.Device.Network = key, v.Device.Network
	p.Gen, p.Issued, p.Expires = r.succeeds(&p), now, min(now+r.Idle, p.End)
	signed := r.Keys.Keys().AppendPass(nil, &p)
	r.Line.Touch(queue.PassID(p.ID), p.Expires)
	if v.Header {
		return signed
	}
	r.Cookies.SetPass(ctx, r.Name, signed, time.Duration(p.End-now)*time.Microsecond)
	return nil
}

// register takes the key that a request proves for the key of the visitor's device: false where it proves none, and the answer is
// written. A device that has another key already is none of whoever asks: they become a new device, without a place.
func (r *Room) register(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) bool {
	now := r.Line.View().Now()
	if string(q.Value(strict.Proof)) == noKey {
		r.renounce(v)
		return true
	}
	p, why := r.proof(q, nil) // a key is not registered for a ticket, but for a device
	_, no := r.ticket(v, now) // which tells the key of an app
	other := v.Device.HasKey() && v.Device.Key != p.Key
	switch {
	case why != proved:
	case other && v.Header && no == none:
		why = traffic.BadProof
	case !r.Proofs.registering.take(p.Once, now):
		why = traffic.UsedProof
	}
	if r.unproved(why); why != proved {
		s := r.facts(r.Line.View(), now)
		r.challenge(ctx, v)
		answerProblem(ctx, useNonce, &s)
		return false
	}
	if other {
		r.renounce(v)
	}
	v.Device.Key, v.Proved = p.Key, true
	if !v.Header || no != none {
		r.makeDevice(ctx, v)
	}
	return true
}

// renounce makes the visitor somebody new.
func (r *Room) renounce(v *visitor.Visitor) {
	v.Device.ID, v.Device.Key, v.Known, v.Ticket, v.Ath = [16]byte{}, [32]byte{}, false, nil, [43]byte{}
}

// makeDevice gives a visitor who has none a device, and one who has just registered a key its new cookie.
func (r *Room) makeDevice(ctx *fasthttp.RequestCtx, v *visitor.Visitor) {
	cookie := token.NewDeviceID()
	if !v.Known {
		made, _ := token.DeviceOf(cookie[:], nil, nil)
		v.Device.ID, v.Known = made.ID, true
	}
	if !v.Device.HasKey() {
		r.Cookies.SetDevice(ctx, cookie[:])
		return
	}
	var buf [96]byte
	r.Cookies.SetDevice(ctx, r.Keys.Keys().AppendDevice(buf[:0], v.Device))
}
