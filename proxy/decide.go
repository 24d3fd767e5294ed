package proxy

import (
	"errors"

	"waitroom/proxy/bound"
	"waitroom/proxy/traffic"
	"waitroom/token"
)

// facts are what is known of the pass that a request shows.
type facts struct {
	// shown says that there is one; err is what reading it gave.
	shown bool
	err   error
	// holds says that it was made for this device, revoked that it was ended, copied that
	// there are copies of it, of which it may be one.
	holds, revoked, copied bool
	// taken says that another device has taken the person since.
	taken bool
	// bound is how it stands to the session of the browser's key.
	bound bound.State
	// moved says that it is bound to another network than it comes from; keyed, that its
	// device has a key, and can prove that it is the same.
	moved, keyed bool
	// foreign says that a page of another origin opens a WebSocket.
	foreign bool
}

// verdict is what becomes of a request to a protected address.
type verdict int

const (
	// wait is the default: to the waiting room.
	wait verdict = iota
	// admit lets the request through.
	admit
	// early holds a pass of this device that is not valid yet.
	early
	// doubted holds a pass of which there are copies: its holder has to prove the device's key.
	doubted
	// forged, expired, elsewhere, taken and ended wait, too: they tell the counters why.
	forged
	expired
	elsewhere
	taken
	ended
	// unconfirmed belongs to a session, and does not show its bound cookie; unbound has no
	// session, where one is required. Neither gets in, nor another pass.
	unconfirmed
	unbound
	// moved waits until the device has proved its key.
	moved
	// stranger is a page of another origin, with whose WebSocket the browser sent the pass.
	stranger
)

// decide is the gate's decision. Only a pass that was read without error, is held by
// this device, was not ended and is no copy admits.
func decide(f facts) verdict {
	switch {
	case f.bound == bound.Stale:
		return unconfirmed
	case !f.shown:
		return wait
	case errors.Is(f.err, token.ErrExpired):
		return expired
	case f.err != nil && !errors.Is(f.err, token.ErrNotYet):
		return forged
	case !f.holds, f.moved && !f.keyed:
		return elsewhere
	case f.taken:
		return taken
	case f.revoked:
		return ended
	case f.copied:
		return doubted
	case f.bound == bound.Missing:
		return unbound
	case f.moved:
		return moved
	case f.err != nil:
		return early
	case f.foreign:
		return stranger
	}
	return admit
}

// count tells the counters why a shown pass did not admit.
func (v verdict) count(t *traffic.Room) {
	switch v {
	case forged:
		t.Refuse(traffic.BadPass)
	case expired:
		t.Refuse(traffic.ExpiredPass)
	case elsewhere:
		t.Refuse(traffic.OtherDevice)
	case taken:
		t.Refuse(traffic.TakenPass)
	case moved:
		t.Refuse(traffic.NoProof)
	case ended:
		t.Refuse(traffic.RevokedPass)
	case doubted:
		t.Refuse(traffic.CopiedPass)
	case unconfirmed:
		t.Refuse(traffic.Unconfirmed)
	case unbound:
		t.Refuse(traffic.Unbound)
	case stranger:
		t.Refuse(traffic.ForeignOrigin)
	default:
	}
}
