// Package light is the traffic light of an identity provider: from what all gateways counted of it, slot by slot, it says whether
// people get through smoothly, with delay, hardly, or not at all.
//
// The light is a pure fold of the slots: gateways that have read the same slots show the same. It turns worse with the first slot
// that says so, and better only after a minute of slots that do, with a margin, so that it does not flicker. Few verifications
// prove nothing, and change nothing.
//
// It does not measure, store or decide: nobody is refused because of a light.
package light

import (
	"cmp"
	"slices"
)

// Light is what is shown of a provider. The zero value is Smooth: what is not known is not suspected.
type Light uint8

// The lights, from good to bad.
const (
	Smooth    Light = iota // people get through
	Delayed                // they get through, and it takes longer, or fails at times
	Congested              // many do not get through
	Down                   // next to nobody does
)

var names = [...]string{"smooth", "delayed", "congested", "down"}

// String is the light's name in JSON, metrics and addresses.
func (l Light) String() string {
	if int(l) < len(names) {
		return names[l]
	}
	return "unknown"
}

// MarshalText is the light's name.
func (l Light) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// SlotLength is how long a slot is, in microseconds. Slots begin at multiples of it on the store's clock: long enough for counts
// that mean something, short enough for two of them to say within half a minute that a provider is dead.
const SlotLength = 10_000_000

// SlotOf is the slot that an instant of the store's clock is in.
func SlotOf(now int64) int64 { return now / SlotLength }

// Count is what is counted in a slot.
type Count uint8

// The counts.
const (
	Started     Count = iota // sent to the provider's page
	Verified                 // came back, and were verified
	Canceled                 // broke off: no fault of the provider
	Refused                  // came back with what is not accepted: as a forged answer, no fault of the provider
	Unavailable              // failed because the provider did not answer, or not sensibly
	Busy                     // failed because too many were under way with it
	Slow                     // of those verified, took longer than SlowAfter
	VerySlow                 // of those verified, took longer than VerySlowAfter
	TookMillis               // the time that those verified took from start to return, together
	Asked                    // calls to the provider's own servers that ended
	AskedMillis              // the time that they took, together
	Open                     // seconds of gateways that had given the provider up for a while
	Waiting                  // calls under way, once a second at each gateway, together
	Seconds                  // seconds of gateways that counted at all
	Counts                   // how many there are
)

// Slot is what all gateways counted of one provider in one slot of time.
type Slot struct {
	Number int64 // see SlotOf
	Counts [Counts]int64
	// State is that after this slot, packed, as a gateway kept it; 0 for none yet.
	State int64
}

// Shown is a provider as people see it.
type Shown struct {
	Name  string
	Light Light
	// Paused says that an operator has taken it out.
	Paused bool
}

// Order puts those that flow first, and last those that are down and those that are paused. Equal ones stay in the order they
// have, which is that of the configuration; none is left out.
func Order(providers []Shown) {
	slices.SortStableFunc(providers, func(a, b Shown) int { return cmp.Compare(a.rank(), b.rank()) })
}

func (s Shown) rank() Light {
	if s.Paused {
		return Down + 1
	}
	return s.Light
}
