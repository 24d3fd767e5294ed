// Package token makes and reads what a visitor carries: the ticket (a place in one room's line) and the pass (the right to
// reach the backend), the device that both are bound to, and the keys that sign them.
//
// Both are JSON Web Tokens (RFC 7519) with one algorithm each, fixed in the code (RFC 8725): a ticket is HS256 and read by
// gateways only; a pass is EdDSA (RFC 8037), so that a backend can verify it from the published keys and cannot make one.
//
// What the package promises:
//
//   - Only tokens in the exact form that it writes itself are accepted: order of the claims, spelling of numbers, base64url
//     without padding or stray bits. Every such token is a valid JWT for any library; nearly no other JWT is accepted here.
//   - A token that does not verify is never looked into: expiry, room and device are read from authentic bytes only.
//   - Anything longer than MaxLength is refused before any work is done.
//   - Rotating the signing keys costs nobody a place or a pass: see RotateKeys.
//
// What it does not do: it keeps no state, knows nothing of revocation, and asks no clock. Every `now` is the caller's,
// int64 microseconds since 1970 UTC on the store's clock; so are all times in Ticket and Pass.
package token

import "errors"

// MaxLength is the length in bytes above which a token is refused unseen. The longest one made here is under half of it.
const MaxLength = 2048

// The answers to a token that is not accepted, and to a folder of keys that is not usable. Compare with errors.Is.
var (
	// ErrMalformed: not a token of the form written here.
	ErrMalformed = errors.New("malformed token")
	// ErrSignature: of the right form, but signed by no key that is known, or changed since.
	ErrSignature = errors.New("token signature not valid")
	// ErrExpired: authentic, and over.
	ErrExpired = errors.New("token expired")
	// ErrNotYet: authentic, and not valid yet. ReadPass returns the pass with it, so that its Entry can be shown.
	ErrNotYet = errors.New("token not valid yet")
	// ErrForeign: a token of another kind, room or issuer.
	ErrForeign = errors.New("token of another kind, room or issuer")
	// ErrKeys: the folder of keys cannot be used; the text around it says what to do.
	ErrKeys = errors.New("keys not usable")
)

const (
	issuer = "waitroom"
	second = 1_000_000 // microseconds
	// skew is how far apart the clocks of two gateways may be when one reads what the other has just issued.
	skew = 5 * second
	// maxLife bounds what one signature can be good for, whatever the configuration says (RFC 8725, 3.10 in spirit).
	maxLife = 366 * 24 * 3600 * second
	// maxNumber is the largest integer that every JSON reader takes exactly (RFC 8259, section 6).
	maxNumber = 1<<53 - 1
	maxRoom   = 32
	maxText   = 128 // subjects and epochs
)

// life cuts an expiry to what maxLife allows.
func life(issued, expires int64) int64 { return min(expires, issued+maxLife) }

// checkTimes judges whole seconds as microseconds. An expiry is exact: at that very microsecond the token is over.
func checkTimes(issued, expires, now int64) error {
	switch {
	case expires-issued > maxLife:
		return ErrMalformed
	case now >= expires:
		return ErrExpired
	case issued > now+skew:
		return ErrNotYet
	}
	return nil
}
