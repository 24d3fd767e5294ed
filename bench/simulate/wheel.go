package simulate

import (
	"cmp"
	"slices"
)

// event is when a visitor asks.
type event struct {
	at      int64
	visitor uint32
	back    bool // who was late is back, and asks to enter
}

// slots is how many steps ahead the wheel reaches: longer than the longest pause
// between polls. What is further away goes round once more.
const slots = 4096

// wheel holds the events to come, by the step in which they are due.
type wheel struct {
	slots [slots][]event
	turn  int64 // the number of the last step that was taken
}

// push adds an event. It is due in the next step at the earliest.
func (w *wheel) push(e event) {
	turn := (e.at + step - 1) / step
	turn = min(max(turn, w.turn+1), w.turn+slots-1)
	w.slots[turn%slots] = append(w.slots[turn%slots], e)
}

// due takes the events of the step that ends now, in the order of their times. They
// are good until the next step.
func (w *wheel) due(now int64) []event {
	w.turn = now / step
	all := w.slots[w.turn%slots]
	w.slots[w.turn%slots] = all[:0]
	events := all[:0]
	for _, e := range all {
		if e.at > now {
			w.push(e)
			continue
		}
		events = append(events, e)
	}
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.visitor, b.visitor))
	})
	return events
}
