package waiting

import (
	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/page"
	"waitroom/queue"
	"waitroom/token"
)

// Doubt answers who shows a pass of which there are copies: people by a page whose script proves the device's key and goes on where
// they were, programs by a problem. Who cannot prove it gets nothing else, either.
func (r *Room) Doubt(ctx *fasthttp.RequestCtx, q *strict.Request, v *visitor.Visitor) {
	if v.Wish() != visitor.Page {
		if !v.Header {
			v.Ath = token.Ath(v.Pass)
		}
		r.challenge(ctx, v)
		answerProblem(ctx, proveDevice, nil)
		return
	}
	keys, now := r.Keys.Keys(), r.Line.View().Now()
	var nonce [64]byte
	ath := token.Ath(v.Pass)
	f := page.Facts{
		Room: r.Name, State: string(queue.StateAdmitted), Prove: true, Low: -1, High: -1, ServerTime: now, Return: back(q), Zone: r.Zone,
		Key: keyNames[r.Key], Ath: string(ath[:]), ProofNonce: string(keys.AppendNonce(nonce[:0], r.Name, now)),
	}
	if v.Device.HasKey() {
		f.Thumbprint = token.FormatKey(v.Device.Key)
	}
	Write(ctx, q, r.Page, &f, fasthttp.StatusForbidden)
}

// Follows says whether copies of a pass keep it out until its device has proved its key: only where it has one, and is asked for it.
func (r *Room) Follows(p *token.Pass) bool { return r.Key != KeyOff && p.Device.HasKey() }

// succeeds is the generation of a pass that is given for a proof: above all copies, where there are any.
func (r *Room) succeeds(p *token.Pass) token.Generation {
	if floor := r.Line.Floor(p.ID); floor > p.Gen.Number {
		return token.GenerationFrom(floor)
	}
	return p.Gen.Next()
}
