package light

// Remembered is how many slots up to now are kept: eight minutes, so that a gateway that was away from the store for a while finds
// where the others went on.
const Remembered = 48

const (
	// lead are the slots before the first that is judged, which look back so far.
	lead = patience + longWindow
	// calm is for how many slots in a row it must be better before the light is: a minute.
	calm = 6
	// untried is for how many slots in a row nobody may get through, and nothing fail, until a provider that is down is tried
	// again: four minutes. Otherwise one that nobody takes any more would be down for ever.
	untried = 24
)

// State is what the light of one slot leaves to the next: the light, and how long it might have been better. It is kept with the
// slot, so that what happened long ago counts for all gateways or for none: a fold of the last slots alone would forget a light
// that is held by its margin, and flicker.
type State struct {
	Light  Light
	better Light // the worst of the slots that were better
	since  uint8 // how many those are
	quiet  uint8 // slots down without a sign of life
}

// known marks a packed state.
const known = 1 << 32

// Pack is the state as a number above 0, for the store.
func (s State) Pack() int64 {
	return known | int64(s.Light)<<24 | int64(s.better)<<16 | int64(s.since)<<8 | int64(s.quiet)
}

// unpack reads a packed state; anything else is none.
func unpack(n int64) (s State, ok bool) {
	s = State{Light(n >> 24 & 0xff), Light(n >> 16 & 0xff), uint8(n >> 8 & 0xff), uint8(n & 0xff)} // #nosec G115 -- masked
	return s, n&^0xffffffff == known && s.Light <= Down && s.better <= Down && s.since < calm && s.quiet < untried
}

// Of is the light of a provider at an instant of the store's clock, as the State of the last slot that is over. The slots are in
// any order; what is missing counts as empty. It goes on from the last slot whose state was kept. Only slots that are over count,
// so all who have read them see the same.
func Of(slots []Slot, now int64) State {
	h := remembered(slots, SlotOf(now))
	var s State
	first := lead
	for i := len(h) - 1; i >= 0; i-- {
		if kept, ok := unpack(h[i].State); ok {
			s, first = kept, i+1
			break
		}
	}
	for i := first; i < len(h); i++ {
		s = s.next(h, i)
	}
	return s
}

// next is the state after a slot.
func (s State) next(h history, i int) State {
	if found := h.judge(i, 1); found > s.Light {
		return State{Light: found}
	}
	eased := h.judge(i, release)
	switch {
	case eased >= s.Light:
		return State{Light: s.Light}
	case s.Light == Down && !h.alive(i):
		if s.quiet++; s.quiet == untried {
			return State{Light: Congested}
		}
		return State{Light: Down, quiet: s.quiet}
	}
	s.better, s.quiet = max(s.better, eased), 0
	if s.since++; s.since == calm {
		return State{Light: s.better}
	}
	return s
}

// remembered are the slots that have a say, without gaps.
func remembered(slots []Slot, current int64) history {
	h := make(history, Remembered)
	first := current - Remembered
	for i := range h {
		h[i].Number = first + int64(i)
	}
	for i := range slots {
		if at := slots[i].Number - first; at >= 0 && at < Remembered {
			h[at] = slots[i]
		}
	}
	return h
}

// Measures are what a provider's flow was over the last minute that is over, for people who operate.
type Measures struct {
	Started, Verified, Canceled, Refused, Unavailable, Busy int64
	// Seconds that those verified took on average, and that a call to the provider's servers took; 0 where there were none.
	ReturnSeconds, AskSeconds float64
	// Waiting is how many calls were under way at a time on an average gateway.
	Waiting float64
}

// MeasuresOf are the measures at an instant of the store's clock.
func MeasuresOf(slots []Slot, now int64) Measures {
	h := remembered(slots, SlotOf(now))
	of := func(c Count) int64 { return h.sum(c, len(h)-1, longWindow) }
	return Measures{
		Started: of(Started), Verified: of(Verified), Canceled: of(Canceled), Refused: of(Refused), Unavailable: of(Unavailable), Busy: of(Busy),
		ReturnSeconds: share(of(TookMillis), of(Verified)) / 1000, AskSeconds: share(of(AskedMillis), of(Asked)) / 1000,
		Waiting: share(of(Waiting), of(Seconds)),
	}
}
