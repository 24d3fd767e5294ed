package queue

import (
	"context"
	"errors"
)

// ErrAway says that the store did not answer, or refused. Whether the operation
// took effect is unknown; asking again is harmless and gives the same answer.
var ErrAway = errors.New("the store is away")

// ErrBusy says that the engine's own queue of operations is full. Nothing was done.
var ErrBusy = errors.New("too many operations under way")

// ID names a ticket: a keyed hash of its device or its subject, so that one
// person or device has one place by construction.
type ID [12]byte

// PassID names a pass: the ticket's ID followed by four bytes of its entry.
type PassID [16]byte

// PassOf is the name of the pass that ticket id got for entry. It is a function
// of both, so an answer that was lost is given again as it was.
func PassOf(id ID, entry int64) PassID {
	var p PassID
	copy(p[:], id[:])
	p[12], p[13], p[14], p[15] = byte(entry>>24), byte(entry>>16), byte(entry>>8), byte(entry)
	return p
}

// Ticket is the ID of the ticket that the pass was given for.
func (p PassID) Ticket() ID { return ID(p[:12]) }

// Arrival is one visitor's wish for a place.
type Arrival struct {
	ID ID
	// Place is the place that a signed ticket shows, for Return; 0 for Arrive.
	Place int64
	// Drawn is the place that the draw gives this ID. It counts before the
	// opening only, and behind the front: nobody is called by it. 0 where places go
	// by arrival.
	Drawn int64
	// Direct lets the arrival enter at once where nobody waits and a slot is free.
	Direct bool
	// Foreign marks a ticket of another epoch: the store has lost its state, and
	// the room recovers before it calls anybody.
	Foreign bool
}

// Seat is what the store knows of a ticket after an operation.
type Seat struct {
	// Place is the ticket's place for life; a ticket shown with another is stale.
	Place int64
	// Ahead is how many waited before it when Arrive gave it its place; -1 where it
	// had one, or the order is not known yet, as before a draw or while the room recovers.
	Ahead int64
	// Number counts arrivals, for people to quote; 0 where it is not known.
	Number int64
	// State is StateWaiting, StateCalled, StateAdmitted, StateFull (called, but
	// the room holds as many as it may), StateCalled from Enter (called, but its slot is
	// too far ahead to be promised; see Horizon), StateEarly, StatePaused or StateClosed
	// (called, but nobody is let in now), or StateOver.
	State State
	// Entry is when the pass becomes valid, and End when the right to be inside
	// ends at the latest; set for StateAdmitted.
	Entry, End int64
	// Epoch is the identity of the state that answered.
	Epoch string
}

// Line is one room's line, as the waiting room uses it. All methods may be
// called at once from many goroutines; the first four block until the answer is
// durable as far as the store promises, and are idempotent by ticket ID.
type Line interface {
	// Arrive gives the ID its place, or finds the one it has.
	Arrive(ctx context.Context, a Arrival) (Seat, error)
	// Return puts a ticket back at the place it shows, where the store has
	// forgotten it, and answers like Arrive where it has not. It is also how a
	// called ticket asks whether it may be renewed.
	Return(ctx context.Context, a Arrival) (Seat, error)
	// Enter turns a called ticket into a pass. For a ticket that is not called
	// the answer is StateWaiting and nothing changes.
	Enter(ctx context.Context, id ID, place int64) (Seat, error)
	// Leave gives the place up. Leaving twice is leaving once.
	Leave(ctx context.Context, id ID, place int64) error
	// View is the room as it was last read: never nil, never blocks.
	View() *View
}

// Inside is one room's line, as the gate uses it for those who have entered.
type Inside interface {
	// Revoked says whether the pass was ended before its time. It never blocks.
	Revoked(p PassID) bool
	// End ends a pass: it frees the seat, and every gateway refuses the pass within
	// a second. By says who did it, for the journal.
	End(ctx context.Context, p PassID, why Why, by string) error
	// Touch says that the pass was extended until then, for the count of those
	// inside. It does not wait; a lost touch costs accuracy of max_active only.
	Touch(p PassID, until int64)
	// Show is Touch for a pass that was shown, of which the store hears what generation
	// it was; see Lineage. A lost one costs time until two copies are found out.
	Show(p PassID, until int64, s Shown)
	// Floor is the generation from which on a pass is good, or 0: see Lineage. Every
	// gateway knows it within a second. It never blocks.
	Floor(p PassID) int64
}

// Why is the reason for which a pass was ended.
type Why string

// The reasons to end a pass.
const (
	WhyReleased Why = "release" // the backend says that the visitor is done
	WhyRevoked  Why = "revoke"  // an operator or the backend threw the visitor out
)

// Kept is what Keep keeps going: the leaderless part of a room.
type Kept interface {
	// Tick calls whom the rate owes a call. More says that a bound was reached and
	// another tick is due at once.
	Tick(ctx context.Context) (more bool, err error)
	// Refresh reads the view anew.
	Refresh(ctx context.Context) error
}
