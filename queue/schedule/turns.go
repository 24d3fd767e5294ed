package schedule

import "iter"

// Turn is a time through which the same may enter. Turns follow one another without a gap where an opening has more than one.
type Turn struct {
	Span
	// Digits and Groups have bit i set for the digit or group i.
	Digits, Groups uint16
	Everyone       bool
}

// Turns are all times in which anybody may enter, in their order. Without a schedule there are none to tell.
func (s *Schedule) Turns() iter.Seq[Turn] {
	return func(yield func(Turn) bool) {
		if s == nil {
			return
		}
		for i, w := range s.parts {
			if !w.nobody() && !yield(Turn{Span{s.starts[i], s.starts[i+1]}, w.digits, w.groups, w.everyone}) {
				return
			}
		}
	}
}
