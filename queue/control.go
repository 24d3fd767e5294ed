package queue

import (
	"context"
	"fmt"
	"math"
)

// Rules are what the configuration says of a room. They may be replaced while
// running; gateways with different rules each follow their own.
type Rules struct {
	// RatePerHour is the file's rate, in force while no live one is set; 0 admits
	// nobody.
	RatePerHour float64
	// Burst is how many entries may come at once, at least 1.
	Burst int
	// Hold is how long a silent ticket keeps its place, in microseconds.
	Hold int64
	// PassTTL is how long a pass can live at most, in microseconds.
	PassTTL int64
	// MaxActive caps the passes at a time; 0 is no cap.
	MaxActive int64
	// OpensAt and ClosesAt bound when people are let in; 0 is no bound.
	OpensAt, ClosesAt int64
	// Quota caps the entries of one opening: those since OpensAt, or since the state began where that is 0; a later OpensAt
	// begins a new count. 0 is no cap.
	Quota int64
	// Draw hides places until the opening, and draws them then.
	Draw bool
}

// Open says whether the rules let people in at now.
func (r *Rules) Open(now int64) bool {
	return now >= r.OpensAt && (r.ClosesAt == 0 || now < r.ClosesAt)
}

// Setting tells who set a live value, and when; the zero value is "not set live".
type Setting struct {
	By string
	At int64
}

// Live says whether an operator has set the value.
func (s Setting) Live() bool { return s.At != 0 }

// Control is the live state of a room: what operators have set, kept in the store.
type Control struct {
	// RatePerHour is the rate in force: the live one if RateSet is live, else the
	// file's.
	RatePerHour float64
	RateSet     Setting
	Paused      bool
	PausedSet   Setting
	Message     string
	MessageSet  Setting
	SoldOut     bool
	SoldOutSet  Setting
}

// Change is what an operator, or the backend, sets; nil fields stay as they are.
type Change struct {
	By          string
	RatePerHour *float64
	// FileRate drops the live rate, so that the file's counts again.
	FileRate bool
	Paused   *bool
	Message  *string
	SoldOut  *bool
}

// Check says what of a change cannot be set: a rate that is negative, infinite or not
// a number.
func (c *Change) Check() error {
	if r := c.RatePerHour; r != nil && (math.IsNaN(*r) || math.IsInf(*r, 0) || *r < 0) {
		return fmt.Errorf("%v is no rate", *r)
	}
	return nil
}

// Operated is one room's line, as operators use it.
type Operated interface {
	View() *View
	// Rules are those of the configuration in force here.
	Rules() Rules
	// Set changes the live state. Every gateway follows within a second.
	Set(ctx context.Context, c Change) error
	// End ends a pass; see Inside.
	End(ctx context.Context, p PassID, why Why, by string) error
	// Journal reads at most limit records after the cursor ("" is from the start;
	// "-" the newest ones), oldest first.
	Journal(ctx context.Context, after string, limit int) ([]Record, error)
}
