// Package identity turns a verified person into what a waiting room needs: who it is, as bytes to be hashed with a key, and the few
// facts that eligibility asks for.
//
// A verification is a flow: Begin gives the address of the provider's page, Finish takes what the provider sends back. What has to be
// known between the two is a Flow, sealed into the browser's cookie: the gateway keeps nothing. No token, name or number that a
// provider tells leaves this package, is kept by it, or is in its errors. One thing is left to the program: net/http writes what a
// server sends unasked to the standard logger, which therefore has to be off.
package identity

import (
	"context"
	"time"
)

// Provider is one service that verifies persons. New makes one. It is safe for concurrent use.
type Provider interface {
	// Begin says where the browser goes, and what is to be sealed until it comes back. It blocks while the provider's own
	// description is fetched for the first time, at most as long as is configured. Errors are Refusals.
	Begin(ctx context.Context, s Start) (address string, f Flow, err error)
	// Finish takes what came back, and gives the person. It blocks while the provider is asked, at most as long as is
	// configured. Errors are Refusals. Where one is Busy, the provider was not asked: the same answer may be brought again.
	// It keeps nothing of a flow, so that the state is taken once is for who calls it to see to.
	Finish(ctx context.Context, f Flow, b Back) (Person, error)
	// Health tells how the provider does, as this process sees it. It never blocks.
	Health() Health
	// Close breaks off what is under way with the provider, and lets go of its connections. It does not wait.
	Close()
}

// Health is how a provider does.
type Health struct {
	// Asking is how many verifications wait for its answer at this moment.
	Asking int
	// Broken says that it failed too often in a row. Until Retry it is not asked, and from then on by one verification at a
	// time, until one is answered.
	Broken bool
	Retry  time.Time
}

// Start is what a flow is begun with.
type Start struct {
	Room   string
	Device [16]byte // that begins: only it may finish
	Return string   // the path and query to come back to
	Invite string   // invitation code, "" is none
	// Redirect is the app's own address to come back to, "" for the gateway's; one of the provider's configured ones.
	Redirect string
	// Language is that of the page that is asked for, as in BCP 47; "" leaves it to the provider.
	Language string
	Now      time.Time
}

// Flow is a verification under way. It is a secret between the gateway and the device.
type Flow struct {
	Room, Provider string
	Device         [16]byte
	State, Nonce   [16]byte
	Verifier       string // of PKCE, RFC 7636
	Return, Invite string
	Redirect       string
	// Proof is what was found out of the person, for who began the flow to make use of later; "" as long as nothing is.
	Proof string
	Begun int64 // microseconds; over after Life
}

// Life is how long a verification may take.
const Life = 10 * time.Minute

// Back is what a provider's page sends back with the browser.
type Back struct {
	Code, State, Issuer string // RFC 6749, RFC 9207
	Error               string // RFC 6749, section 4.1.2.1
	Token               string // of a service that is not OpenID Connect: the signed token
	Device              [16]byte
	Now                 time.Time
}

// Person is who was verified. It is to be hashed at once, and not to be kept.
type Person struct {
	// Key is who it is: the configured claims, each with its name and length, so that no two persons have the same.
	Key []byte
	// Digit is the last digit of the day of birth, -1 where it is not known. NoDigit then says why: Incomplete or Lunar.
	Digit   int
	NoDigit Why
	// Claims are those that the configuration asks for to tell groups apart, by name.
	Claims map[string]string
}

// Why is the reason for which a verification was refused, for counters and pages.
type Why string

// The reasons.
const (
	Canceled    Why = "canceled"    // the person, or the provider's page, broke off
	Replayed    Why = "replayed"    // not begun on this device, too long ago, or finished before
	Mismatch    Why = "mismatch"    // it came from another provider than it was begun with
	Forged      Why = "forged"      // the answer is not one of this provider's for this gateway
	Incomplete  Why = "incomplete"  // a claim that is needed was not given, or cannot be; the person did not consent, or has none
	Lunar       Why = "lunar"       // the day of birth is one of the lunar calendar
	Unavailable Why = "unavailable" // the provider did not answer in time, or not sensibly
	Busy        Why = "busy"        // too many verifications are under way with it, or it has failed too often
)

// Refusal is why there is no person. Its text is for logs: it has no personal data.
type Refusal struct {
	Why Why
	Err error
}

// Error is the reason, and what led to it.
func (r *Refusal) Error() string {
	if r.Err == nil {
		return string(r.Why)
	}
	return string(r.Why) + ": " + r.Err.Error()
}

// Unwrap is what led to it.
func (r *Refusal) Unwrap() error { return r.Err }
