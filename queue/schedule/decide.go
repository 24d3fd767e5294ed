package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Schedule is the windows of a room. Nil is a room without any: everybody may enter always. It never changes, and is safe for
// concurrent use. All instants are microseconds since 1970 of the store's clock; all spans are half-open, [From, Until).
type Schedule struct {
	// starts cuts the line of instants where anything changes: parts[i] counts from starts[i] to the next. The last one is
	// nobody's.
	starts []int64
	parts  []who
	// openings are the spans in which anybody may enter, in their order, with time between them.
	openings []Span
	zone     *time.Location
}

// Span is from an instant until another, which does not belong to it. The zero value is none.
type Span struct{ From, Until int64 }

// Reason is why somebody may not enter now.
type Reason string

// The reasons.
const (
	// UnknownDigit: the rotation is on, or to come, and of this person no day of birth is known.
	UnknownDigit Reason = "unknown_digit"
	// NotYourDay: it is another digit's turn, or this one's never comes.
	NotYourDay Reason = "not_your_day"
	// NoGroup: the window that is on, or all there are, are for groups that this person is not of.
	NoGroup Reason = "no_group"
	// Over: this person's last window has passed, or everybody's.
	Over Reason = "over"
	// NotYet: nobody's window is on.
	NotYet Reason = "not_yet"
)

// Verdict is whether one person may enter at an instant.
type Verdict struct {
	Allowed bool
	// Kind is by which kind of window, and Window the time around the instant through which it goes on without a break; set where
	// Allowed, and zero without a schedule.
	Kind   Kind
	Window Span
	// Why not; "" where Allowed.
	Why Reason
	// Next is the person's next time after the instant, and after Window: none is zero.
	Next Span
}

// New makes the schedule of some windows, whose local times are those of zone. A person may enter while any of them is on for them,
// and never outside of within, of which 0 is no bound. Without windows it is nil. Errors name the window, counting from 1.
func New(zone *time.Location, within Span, windows []Window) (*Schedule, error) {
	if len(windows) == 0 {
		return nil, nil
	}
	if zone == nil {
		return nil, errors.New("no zone")
	}
	var all []opened
	for i := range windows {
		spans, err := windows[i].spans(zone)
		if err != nil {
			return nil, fmt.Errorf("window %d: %w", i+1, err)
		}
		if all = append(all, spans...); len(all) > MaxSpans {
			return nil, fmt.Errorf("window %d: more than %d spans in all", i+1, MaxSpans)
		}
	}
	if all = clip(all, within); len(all) == 0 {
		return nil, errors.New("no window is on between the opening and the closing of the room")
	}
	s := &Schedule{zone: zone}
	s.cut(all)
	return s, nil
}

// clip cuts off what is outside of a span.
func clip(all []opened, within Span) []opened {
	var left []opened
	for _, o := range all {
		o.From = max(o.From, within.From)
		if within.Until > 0 {
			o.Until = min(o.Until, within.Until)
		}
		if o.From < o.Until {
			left = append(left, o)
		}
	}
	return left
}

// cut parts the line of instants at every beginning and end.
func (s *Schedule) cut(all []opened) {
	for _, o := range all {
		s.starts = append(s.starts, o.From, o.Until)
	}
	slices.Sort(s.starts)
	s.starts = slices.Compact(s.starts)
	s.parts = make([]who, len(s.starts))
	for _, o := range all {
		for i := s.part(o.From); s.starts[i] < o.Until; i++ {
			s.parts[i] = s.parts[i].with(o.who)
		}
	}
	for i := 0; i < len(s.parts); i++ {
		if s.parts[i].nobody() {
			continue
		}
		from := s.starts[i]
		for !s.parts[i].nobody() {
			i++
		}
		s.openings = append(s.openings, Span{from, s.starts[i]})
	}
}

// part is the one that an instant lies in; -1 is before the first.
func (s *Schedule) part(at int64) int {
	i, exact := slices.BinarySearch(s.starts, at)
	if !exact {
		i--
	}
	return i
}

// Decide says whether a person may enter at an instant, or why not, and when next. It allocates nothing.
func (s *Schedule) Decide(f Facts, at int64) Verdict {
	if s == nil {
		return Verdict{Allowed: true}
	}
	i := s.part(at)
	now := who{}
	if i >= 0 {
		now = s.parts[i]
	}
	if kind := now.has(f); kind != "" {
		first := i
		for first > 0 && s.parts[first-1].has(f) != "" {
			first--
		}
		window, after := s.run(f, i)
		window.From = s.starts[first]
		next, _ := s.run(f, after)
		return Verdict{Allowed: true, Kind: kind, Window: window, Next: next}
	}
	next, _ := s.run(f, i+1)
	return Verdict{Why: s.why(f, i, now, next), Next: next}
}

// run is the first time of a person without a break that begins in part i or later, and the part after it.
func (s *Schedule) run(f Facts, i int) (Span, int) {
	for i < len(s.parts) && s.parts[i].has(f) == "" {
		i++
	}
	if i == len(s.parts) {
		return Span{}, i
	}
	from := s.starts[i]
	for s.parts[i].has(f) != "" {
		i++ // the last part is nobody's
	}
	return Span{from, s.starts[i]}, i
}

// why says for what reason a person who may enter next, or never, may not in part i, which is for those of now.
func (s *Schedule) why(f Facts, i int, now who, next Span) Reason {
	open := now
	if next == (Span{}) {
		for k := range s.parts {
			if k < i && s.parts[k].has(f) != "" {
				return Over
			}
			if k > i {
				open = open.with(s.parts[k])
			}
		}
	}
	switch {
	case open.digits != 0 && (f.Digit < 0 || f.Digit > 9):
		return UnknownDigit
	case open.digits != 0:
		return NotYourDay
	case open.groups != 0:
		return NoGroup
	}
	if next == (Span{}) {
		return Over
	}
	return NotYet
}

// Opening is the span in which anybody may enter that is on at an instant, or comes next; the last one once it has passed: then the
// room is closed for good. Without a schedule both are 0: no bound. To look on from an opening, ask with its until.
func (s *Schedule) Opening(at int64) (from, until int64) {
	if s == nil {
		return 0, 0
	}
	i, exact := slices.BinarySearchFunc(s.openings, at, func(o Span, at int64) int { return cmp.Compare(o.Until, at) })
	if exact {
		i++ // until is not of the opening
	}
	o := s.openings[min(i, len(s.openings)-1)]
	return o.From, o.Until
}

// Zone is the one that the windows were written in, for showing their times; UTC without a schedule.
func (s *Schedule) Zone() *time.Location {
	if s == nil {
		return time.UTC
	}
	return s.zone
}
