package schedule

import (
	"errors"
	"fmt"
	"time"
)

// Kind is whom a window is for.
type Kind string

// The kinds, as the configuration writes them.
const (
	// Rotation is for those whose day of birth has the last digit of the window's date.
	Rotation Kind = "rotation"
	// Everyone is for every verified person.
	Everyone Kind = "everyone"
	// Group is for those who belong to one group.
	Group Kind = "group"
)

// MaxSpans is how many spans the windows of one schedule make at most, where a window on dates makes one a day.
const MaxSpans = 1000

// MaxGroups is how many groups there can be.
const MaxGroups = 16

// Window is a time in which some may enter: one span from From until Until, or, where First is set, one on each date from First to
// Last, from Opens until Closes, which is the next day's where it is not after Opens. A rotation has dates.
//
// From, Until, First and Last are what a calendar and a clock on the wall show, in the zone of the schedule: their own zone does not
// count, nor does what is below the second. Opens and Closes are since midnight as the clock shows it, below 24 hours.
type Window struct {
	Kind Kind
	// Group is the bit of Facts.Groups that a window of kind Group is for.
	Group         int
	From, Until   time.Time
	First, Last   time.Time
	Opens, Closes time.Duration
	// Digits are those that a rotation from From until Until is for, bit i for the digit i; a rotation with dates has none.
	Digits uint16
}

// daily says that the window has a span on each of some dates.
func (w *Window) daily() bool { return !w.First.IsZero() || w.Kind == Rotation && w.Digits == 0 }

// who is whom an instant is for.
type who struct {
	digits, groups uint16
	everyone       bool
}

func (w who) nobody() bool { return w == who{} }

func (w who) with(o who) who {
	return who{w.digits | o.digits, w.groups | o.groups, w.everyone || o.everyone}
}

// has says by which kind of window a person is among these; "" is not at all. A digit that is not known is none.
func (w who) has(f Facts) Kind {
	switch {
	case w.everyone:
		return Everyone
	case f.Digit >= 0 && f.Digit <= 9 && w.digits>>f.Digit&1 == 1:
		return Rotation
	case w.groups&f.Groups != 0:
		return Group
	}
	return ""
}

// opened is a span with those whom it is for.
type opened struct {
	Span
	who who
}

// spans lays the window onto the line of instants.
func (w *Window) spans(zone *time.Location) ([]opened, error) {
	of, err := w.who()
	if err != nil {
		return nil, err
	}
	if !w.daily() {
		span := Span{instant(w.From, zone), instant(w.Until, zone)}
		if span.From <= 0 || span.From >= span.Until {
			return nil, errors.New("it does not end after its beginning; or the clocks of its zone skip all of it")
		}
		return []opened{{span, of}}, nil
	}
	if w.Opens < 0 || w.Closes < 0 || max(w.Opens, w.Closes) >= day {
		return nil, errors.New("opens and closes are not times of a day")
	}
	first, last := civil(w.First).Truncate(day), civil(w.Last).Truncate(day)
	if first.After(last) || last.Sub(first) >= MaxSpans*day {
		return nil, fmt.Errorf("it is not on 1 to %d dates", MaxSpans)
	}
	var all []opened
	for date := first; !date.After(last); date = date.Add(day) {
		closes := date.Add(w.Closes)
		if w.Closes <= w.Opens {
			closes = closes.Add(day)
		}
		span := Span{instant(date.Add(w.Opens), zone), instant(closes, zone)}
		if w.Kind == Rotation {
			of.digits = 1 << (date.Day() % 10)
		}
		if span.From < span.Until { // not one that the clocks skip
			all = append(all, opened{span, of})
		}
	}
	if len(all) == 0 || all[0].From <= 0 {
		return nil, errors.New("the clocks of its zone skip all of it")
	}
	return all, nil
}

func (w *Window) who() (who, error) {
	switch w.Kind {
	case Rotation:
		return who{digits: w.Digits}, nil // or by the date
	case Everyone:
		return who{everyone: true}, nil
	case Group:
		if w.Group < 0 || w.Group >= MaxGroups {
			return who{}, fmt.Errorf("group %d is not 0 to %d", w.Group, MaxGroups-1)
		}
		return who{groups: 1 << w.Group}, nil
	}
	return who{}, fmt.Errorf("kind %q is not rotation, everyone or group", w.Kind)
}
