package queue

// Kind says what a record tells.
type Kind string

// The kinds of record.
const (
	KindEpoch   Kind = "epoch"   // a new state began
	KindArrive  Kind = "arrive"  // places were given (kept by queue/memory only)
	KindReturn  Kind = "return"  // tickets were put back at their own place
	KindCall    Kind = "call"    // tickets were called, in this order
	KindEnter   Kind = "enter"   // called tickets became passes
	KindLeave   Kind = "leave"   // places were given up
	KindEnd     Kind = "end"     // passes were ended
	KindFork    Kind = "fork"    // two copies of a pass were in use; Detail is its new floor, or "no key"
	KindHold    Kind = "hold"    // persons were taken over by another device; Detail is since when
	KindControl Kind = "control" // somebody set something
)

// Record is one line of a room's journal: what happened, in the order in which
// the store decided it.
type Record struct {
	// Cursor is where reading goes on behind this record.
	Cursor string
	At     int64
	Kind   Kind
	// Tickets are those it is about, in order.
	Tickets []Recorded
	// By and Detail tell who set what, for KindControl and KindEnd; Detail is text
	// such as "rate=2000000/h" and carries no personal data.
	By, Detail string
}

// Recorded is one ticket in a Record. Entry is 0 where the kind has none.
type Recorded struct {
	ID    ID
	Place int64
	Entry int64
}
