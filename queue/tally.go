package queue

import "context"

// Tallies are what all gateways count together, slot of time by slot, and switches that operators set. The line has no use for
// them: they are here because the store has.

// Counted is what one gateway counted of one name since it told last.
type Counted struct {
	Name string
	// Counts are numbers by their index, at most 64; all of one name have as many.
	Counts []int64
	// Slot and State are a note on a slot that is over, kept with it by the first that tells; Slot 0 is none.
	Slot, State int64
	// Switch is the last that this gateway read; one that the store has lost is put back.
	Switch Switch
}

// Switch is what an operator has set for a name. The zero value was never set.
type Switch struct {
	On bool
	Setting
}

// Ask says what of the tallies is asked for.
type Ask struct {
	// Length is how long a slot is, in microseconds. Slots begin at multiples of it on the store's clock.
	Length int64
	// After is the last slot that was read; Most, how many are kept and read at most.
	After, Most int64
}

// Tallied is the answer.
type Tallied struct {
	// Now is the store's clock.
	Now int64
	// Names are in the order in which they were told.
	Names []TalliedName
}

// TalliedName is what is known of one name.
type TalliedName struct {
	Switch Switch
	// Slots are those that are over and after Ask.After, in order. They change no more, but for State.
	Slots []TalliedSlot
}

// TalliedSlot is what all gateways counted in one slot.
type TalliedSlot struct {
	Number int64
	Counts []int64
	State  int64
}

// Tallying is a store that keeps tallies.
type Tallying interface {
	// Tally adds what was counted to the slot that is on, and reads those that are over; nothing told only reads. It blocks
	// until the answer. An error leaves open whether the counts were added: they must not be told again.
	Tally(ctx context.Context, told []Counted, ask Ask) (Tallied, error)
	// Switch sets the switch of a name; every gateway reads it with its next Tally. It blocks until it is durable as far as
	// the store promises; again is harmless.
	Switch(ctx context.Context, name string, on bool, by string) (Switch, error)
}
