package queue

import (
	"math"
	"time"
)

// View is a room as it was last read. It is immutable: polls are answered from it
// without asking the store.
type View struct {
	// At is the store's time of the reading, and Epoch the identity of its state;
	// "" is a view of a store that has not answered yet.
	At    int64
	Epoch string
	// Front is the place last called, Last the place last given, Due when the rate
	// has its next slot.
	Front, Last, Due int64
	// Waiting, Called and Active count those in the line, those called that have not
	// entered, and the passes that are valid.
	Waiting, Called, Active int64
	// Arrivals, Calls and Entries count since the state began.
	Arrivals, Calls, Entries int64
	// Sold counts those of the opening that the rules name, for Rules.Quota.
	Sold int64
	// Interval is the time between entries in microseconds (0: nobody), Ratio the
	// share of those called that shows up.
	Interval, Ratio float64
	// RecoverUntil is when the room goes on after a loss of state; 0 or past: it does.
	RecoverUntil int64
	Control      Control
	Rules        Rules
	Ranks        Ranks
	// Known is the last place that Ranks tells of while the room recovers: who came later
	// stands behind those who are still to be put back, and nobody knows how many those are.
	Known int64
	// CallsPerSecond is the measured rate of calls, 0 where seats alone hold them back;
	// what the settings promise while too little was measured.
	CallsPerSecond float64

	meter  meter
	before float64   // calls per second before the rate became 0
	read   time.Time // when the store's clock showed At
}

// After makes v the view that follows old, which was asked for at sent and had come at
// read: it measures the rate of calls, anew with each epoch and each rate, and not while
// nobody may be called. The view before may be nil.
//
// The store's clock showed v.At at some instant between sent and read. Of these the one
// is taken that what was known before says, or the nearest to it, and at first the last:
// so Now is never ahead of the store, and never goes back unless the store's clock does.
func (v *View) After(old *View, sent, read time.Time) *View {
	v.read = read
	if old != nil && !old.read.IsZero() {
		known := old.read.Add(time.Duration(v.At-old.At) * time.Microsecond)
		if known.Before(read) {
			v.read = known
		}
		if known.Before(sent) {
			v.read = sent
		}
	}
	v.CallsPerSecond = 0
	if v.Interval > 0 {
		v.CallsPerSecond = second / v.Interval / math.Max(v.Ratio, 0.01)
	} else if old != nil && old.Epoch == v.Epoch {
		v.before = old.moving()
	}
	if v.halted() {
		return v
	}
	var before meter
	if old != nil && old.Epoch == v.Epoch && old.Interval == v.Interval {
		before = old.meter
	}
	m, measured, known := before.next(v.At, v.Calls, v.Waiting, v.CallsPerSecond)
	v.meter = m
	if known {
		v.CallsPerSecond = measured
	}
	return v
}

// halted says whether nobody is called now, whoever waits.
func (v *View) halted() bool {
	return v.Interval == 0 || v.Control.Paused || v.SoldOut() || !v.Rules.Open(v.At) || v.At < v.RecoverUntil
}

// SoldOut says whether nothing is left: somebody has said so, or the quota of the opening is used up.
func (v *View) SoldOut() bool {
	return v.Control.SoldOut || v.Rules.Quota > 0 && v.Sold >= v.Rules.Quota
}

// moving is the rate of calls that pauses are reckoned by. A rate of 0 is a pause: who is
// near the head stays awake for its end.
func (v *View) moving() float64 {
	if v.Interval == 0 {
		return v.before
	}
	return v.CallsPerSecond
}

// Now is the store's time, reckoned from the view by this process's monotonic
// clock: setting a wall clock changes nothing.
func (v *View) Now() int64 {
	if v.read.IsZero() {
		return v.At
	}
	return v.At + time.Since(v.read).Microseconds()
}

// Age is how old the view is. A view that no store has answered yet is as old as
// can be.
func (v *View) Age() time.Duration {
	if v.Epoch == "" {
		return math.MaxInt64
	}
	return time.Since(v.read)
}

// Stale is the age of a view from which on the store counts as away.
const Stale = 2 * time.Second

// Away says whether the store has not answered for so long that nobody can be
// told more than that the place is kept.
func (v *View) Away() bool { return v.Age() > Stale }

// AwayAt is Away at a time that Now gave, without a look at the clock.
func (v *View) AwayAt(now int64) bool { return v.Epoch == "" || now-v.At > Stale.Microseconds() }

// LongestPoll is the longest pause that a poll answered from this view was told,
// in microseconds: after a loss of state all who wait have come by in that time.
func (v *View) LongestPoll() int64 {
	wait := EstimateWait(v.Waiting, v.moving()).after(v.left(v.At))
	return max(Prompt, NextPoll(wait, v.Waiting, 1).Microseconds(), NextPoll(unknown, v.Waiting, 1).Microseconds())
}

// left is the whole seconds until the opening.
func (v *View) left(now int64) int64 { return max(0, v.Rules.OpensAt-now) / second }

// Standing is the whole answer to "where am I?".
type Standing struct {
	State State
	// Position counts from 1; 0 is unknown, as before a draw.
	Position int64
	Waiting  int64
	Wait     Wait
	NextPoll time.Duration
}

// Standing is where a ticket stands at the view's time. Low is the lowest position
// that the ticket has been shown, 0 for none: what is shown never rises above it.
// Random is from [0, 1).
//
// A place after v.Last is newer than the view: then low counts, which its arrival told,
// or the position is too low, and not to be remembered as one that was shown.
func (v *View) Standing(place, low, now int64, random float64) Standing {
	s := Standing{State: v.state(place, now), Waiting: v.Waiting, Wait: unknown}
	if v.Rules.Draw && now < v.Rules.OpensAt {
		wait := EstimateWait(v.Waiting/2, v.moving()).after(v.left(now))
		s.NextPoll = v.pause(wait, random)
		return s
	}
	s.Position = v.position(place, low, now)
	s.Waiting = max(s.Waiting, s.Position)
	wait := unknown
	if s.Position > 0 && (place <= v.Front || v.Ranks != nil) {
		wait = EstimateWait(s.Position-1, v.moving()).after(v.left(now))
	}
	switch s.State {
	case StateClosed, StateSoldOut:
		s.NextPoll = v.pause(unknown, random) // nothing moves: whoever watches asks seldom
	case StatePaused:
		s.NextPoll = v.pause(wait, random)
	default:
		s.NextPoll = v.pause(wait, random)
		if v.Interval > 0 {
			s.Wait = wait
		}
	}
	return s
}

// position counts from 1; 0 is unknown.
func (v *View) position(place, low, now int64) int64 {
	position := int64(1)
	if place > v.Front {
		if v.Ranks == nil || place > v.Last && low > 0 || place > v.Known && now < v.RecoverUntil {
			return low
		}
		position = v.Ranks.Ahead(place) + 1
	}
	if low > 0 {
		return min(position, low)
	}
	return position
}

// pause is until the next poll: well inside the hold, since a poll renews the ticket.
func (v *View) pause(w Wait, random float64) time.Duration {
	pause := NextPoll(w, v.Waiting, random)
	if v.Rules.Hold > 0 {
		pause = min(pause, time.Duration(v.Rules.Hold/3)*time.Microsecond)
	}
	return pause
}

func (v *View) state(place, now int64) State {
	switch {
	case now < v.Rules.OpensAt:
		return StateEarly
	case v.Rules.ClosesAt != 0 && now >= v.Rules.ClosesAt:
		return StateClosed
	case v.SoldOut():
		return StateSoldOut
	case v.Control.Paused || v.Interval == 0:
		return StatePaused
	case now < v.RecoverUntil:
		return StateRecovering
	case v.Rules.MaxActive > 0 && v.Active >= v.Rules.MaxActive:
		return StateFull
	case place <= v.Front:
		return StateCalled
	}
	return StateWaiting
}
