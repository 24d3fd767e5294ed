package queue

import "context"

// One person, one place, one device. A person who was verified has a ticket ID that comes from who they are, so two verifications
// find one place. The device on which they were verified holds the person; no other gets the ticket while it does. After a lock,
// counted from the verification, another device may take over: it gets the same place, and the pass if there is one, and what the
// former device has of either is of no use any more.

// Claim is the wish of a device, on which somebody was just verified, to hold that person. Times are microseconds.
type Claim struct {
	// IDs are the person's under each key that persons are named with, newest first: at least one, at most MaxIDs. A person
	// who is held under an older one stays under it, so that a new key splits nobody.
	IDs []ID
	// Device is the one that asks.
	Device [16]byte
	// Family is what kind of browser it is, to be told to whoever is refused. The store does not know what it means.
	Family byte
	// Lock is how long the device holds the person against all others; Keep, how long after the verification the store
	// knows of it at all. Keep is at least Lock.
	Lock, Keep int64
	// State is the one that the verification was begun with: good for one device and person. Zero is none.
	State [16]byte
	// Invitation is a code that makes the person eligible: good for one person until InvitationEnds. Zero is none.
	Invitation     [16]byte
	InvitationEnds int64
}

// MaxIDs is how many keys persons are named with at most at a time.
const MaxIDs = 4

// DefaultKeep is the Keep of claims, in microseconds: for a day nobody has to be verified twice.
const DefaultKeep = 24 * 3600 * 1_000_000

// Outcome is what became of a claim.
type Outcome uint8

// The outcomes. The zero value is a refusal.
const (
	HeldElsewhere  Outcome = iota // another device holds the person until Holding.Until
	HeldHere                      // the device that asks holds the person
	StateUsed                     // another device or person was verified with that state
	InvitationUsed                // another person has used the invitation
)

// Holding is the answer to a Claim. For HeldElsewhere it tells of the other device.
type Holding struct {
	Outcome Outcome
	// ID is the one that the person is held under.
	ID ID
	// Since is when the device took the person, and Until from when on another may. Since is different for each
	// device that ever takes the person, and rises.
	Since, Until int64
	// Family is that of the device that holds.
	Family byte
	// Took says that the person was taken from another device.
	Took bool
}

// Held is one room's persons, as they are held by devices.
type Held interface {
	// Hold gives the person to the device that asks, or tells which holds it; see Holder. Of any number that ask at the same
	// time one gets it. It blocks until the answer is durable as far as the store promises; asking again gives the same answer.
	Hold(ctx context.Context, c Claim) (Holding, error)
	// Taken is the Since of the device that took the person from another, 0 where nobody did: tickets and passes whose device
	// holds the person since earlier are of no use. Every gateway knows it within a second. It never blocks.
	Taken(id ID) int64
}
