package queue

// State is the answer to "may I go in?" in one word; the words are part of the
// interface for apps and pages.
type State string

// The states of a standing.
const (
	StateEarly       State = "early"        // the room has not opened yet
	StateWaiting     State = "waiting"      // in the line
	StateCalled      State = "called"       // its turn: enter
	StateAdmitted    State = "admitted"     // has a pass
	StatePaused      State = "paused"       // operators let nobody in now
	StateRecovering  State = "recovering"   // the store lost its state; places are put back
	StateFull        State = "full"         // as many inside as may be
	StateClosed      State = "closed"       // the room has closed
	StateSoldOut     State = "sold_out"     // nothing is left to book
	StateNotEligible State = "not_eligible" // this person may not now
	StateOtherDevice State = "other_device" // the ticket belongs to another device
	StateIdentify    State = "identify"     // who comes must say who they are first

	// StateOver is for engines only: the ticket was used or given up, and a new
	// place has to be asked for.
	StateOver State = "over"
)
