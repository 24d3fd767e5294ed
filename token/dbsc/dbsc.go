// Package dbsc speaks Device Bound Session Credentials (W3C working draft of February 2026, as Chromium 156 does it): a browser
// keeps a private key where the device allows nobody to copy it from, and renews a short-lived cookie by signing a challenge.
//
// It writes what a server sends (the offer to register, challenges, session instructions) and reads what a browser sends (proofs,
// the name of a session, why a renewal was skipped). What it promises:
//
//   - ES256 is the one algorithm, offered and accepted; the draft's other names, and none above all, are refused.
//   - A key is taken from a proof only where the browser registers it, and is a point of P-256. A proof of renewal that carries
//     a key of its own is refused.
//   - What is too long is refused unseen; nothing is kept of what is read.
//
// It keeps no state, asks no clock and makes no secret: whether a challenge is one of ours, for whom and until when, is known to
// package token, and what follows from it to the gate.
package dbsc

import (
	"bytes"
	"errors"
	"strings"
)

// The header fields. Those of the origin trial of 2025, Sec-Session-…, are gone.
const (
	FieldRegistration = "Secure-Session-Registration"
	FieldChallenge    = "Secure-Session-Challenge"
	FieldResponse     = "Secure-Session-Response"
	FieldSession      = "Sec-Secure-Session-Id"
	FieldSkipped      = "Secure-Session-Skipped"
)

// ErrProof is the answer to everything that is not a proof, or not a session's name, of the form asked for.
var ErrProof = errors.New("no proof of a bound session")

// Offer is the value of FieldRegistration: the browser is asked to make a key, and to show it at the path with the challenge
// signed. Both are text that needs no escaping.
func Offer(path, challenge string) string {
	return `(ES256);path="` + path + `";challenge="` + challenge + `"`
}

// Challenge is the value of FieldChallenge: what the session is to sign when it is renewed next.
func Challenge(challenge, session string) string {
	return `"` + challenge + `";id="` + session + `"`
}

// Session is the name of a bound session: the device that it belongs to, and the key that is to prove it. So the browser itself
// brings the key along when it renews, and nobody has to keep it; that it is the right one is told by its thumbprint in the pass.
type Session struct {
	Owner string // the device's identity, as in the claim dev
	Key   Key
}

// String is the session's name.
func (s Session) String() string { return s.Owner + "." + s.Key.String() }

// maxOwner bounds the first half of a session's name.
const maxOwner = 64

// ReadSession reads FieldSession: ErrProof where there is no name of the form written here.
func ReadSession(field []byte) (Session, error) {
	text, ok := item(field)
	if !ok {
		return Session{}, ErrProof
	}
	owner, key, ok := bytes.Cut(text, []byte{'.'})
	if !ok || len(owner) == 0 || len(owner) > maxOwner || !isEncoded(owner) {
		return Session{}, ErrProof
	}
	s := Session{Owner: string(owner)}
	if !s.Key.decode(key) {
		return Session{}, ErrProof
	}
	return s, nil
}

// Reason is why a browser did not renew a cookie before a request.
type Reason string

// The reasons of the draft; any other is Unknown, and none at all is "".
const (
	Unreachable   Reason = "unreachable"
	ServerError   Reason = "server_error"
	QuotaExceeded Reason = "quota_exceeded"
	Unknown       Reason = "unknown"
)

// ReadSkipped reads the first reason of FieldSkipped. It is told by the client and proves nothing: it is for counting.
func ReadSkipped(field string) Reason {
	first, _, _ := strings.Cut(field, ",")
	token, _, _ := strings.Cut(first, ";")
	switch r := Reason(strings.Trim(token, " \t")); r {
	case "", Unreachable, ServerError, QuotaExceeded:
		return r
	}
	return Unknown
}

// item is the text of a structured field that is one string (RFC 9651, section 3.3.3), without its parameters. Browsers send it
// bare, too, which the draft does not say. No text read here has anything to escape.
func item(field []byte) ([]byte, bool) {
	field = bytes.Trim(field, " ")
	if len(field) == 0 || len(field) > maxProof {
		return nil, false
	}
	if field[0] != '"' {
		text, _, _ := bytes.Cut(field, []byte{';'})
		return text, len(text) > 0
	}
	text, rest, closed := bytes.Cut(field[1:], []byte{'"'})
	return text, closed && len(text) > 0 && (len(rest) == 0 || rest[0] == ';')
}
