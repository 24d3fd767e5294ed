package simulate

import (
	"math/rand/v2"

	"waitroom/queue"
)

// line is a room as an engine keeps it, for visitors who are numbers: places rise
// strictly and nobody leaves from the middle, so it is an array and where it begins.
// What it decides, it decides by queue.Pace.
type line struct {
	rules   queue.Rules
	control queue.Control
	pace    queue.Pace

	places []int64 // of all who ever arrived, in order
	head   int     // the first of them who has not been called
	lots   []lot   // of those who came before a draw, in order; empty without one
	hidden int     // how many came before a draw that is still to be made

	last, front              int64
	arrivals, calls, entries int64
	called                   int64 // called and not entered
}

// lot is what a draw gave: whom to the n-th in the order, and which n to the visitor.
type lot struct{ visitor, index uint32 }

func newLine(rules queue.Rules, now int64, arrivals int) *line {
	l := &line{rules: rules, pace: queue.NewPace(now), places: make([]int64, 0, arrivals)}
	l.retime(now)
	return l
}

func (l *line) waiting() int64 { return int64(len(l.places) - l.head) }

// visitor is whose index in the order it is, and index the reverse of it.
func (l *line) visitor(index int) uint32 {
	if index < len(l.lots) {
		return l.lots[index].visitor
	}
	return uint32(index)
}

func (l *line) index(visitor uint32) int {
	if int(visitor) < len(l.lots) {
		return int(l.lots[visitor].index)
	}
	return int(visitor)
}

// place is the visitor's.
func (l *line) place(visitor uint32) int64 { return l.places[l.index(visitor)] }

// arrive gives the next visitor a place, or lets them in at once where nobody waits and
// a slot is free. Entry is 0 for who has to wait.
func (l *line) arrive(at int64) (ahead, entry int64) {
	now := l.pace.At(at)
	ahead = l.waiting()
	l.arrivals++
	if l.rules.Draw && now < l.rules.OpensAt {
		l.hidden++
		l.places = append(l.places, 0)
		return ahead, 0
	}
	l.last = max(l.last+1, now)
	l.places = append(l.places, l.last)
	if ahead == 0 && !l.shut(now) && l.pace.Near(now) && l.pace.Free(now) {
		l.head, l.front = len(l.places), l.last
		l.calls++
		l.called++
		return 0, l.admit(now, l.last)
	}
	return ahead, 0
}

// tick calls whom the rate owes a call: n visitors from an index on.
func (l *line) tick(at int64) (from int, n int64) {
	now := l.pace.At(at)
	l.retime(now)
	l.pace.Close(now)
	if l.shut(now) {
		return l.head, 0
	}
	from, n = l.head, l.pace.Calls(now, l.waiting(), 1<<62)
	if n == 0 {
		return from, 0
	}
	l.head += int(n)
	upto := l.places[l.head-1]
	l.pace.Called(now, l.front, upto, n)
	l.front = upto
	l.calls += n
	l.called += n
	return from, n
}

// enter gives a called visitor the next slot; false where that is not possible now.
func (l *line) enter(at, place int64) (entry int64, ok bool) {
	now := l.pace.At(at)
	if place > l.front || l.shut(now) || !l.pace.Near(now) {
		return 0, false
	}
	return l.admit(now, place), true
}

func (l *line) admit(now, place int64) int64 {
	entry := l.pace.Take(now)
	l.pace.Entered(place)
	l.entries++
	l.called--
	return entry
}

// shut says whether nobody is called or let in now.
func (l *line) shut(now int64) bool {
	return !l.rules.Open(now) || l.control.Paused || l.pace.Interval == 0
}

// set makes a change count.
func (l *line) set(c Change, now int64) {
	by := queue.Setting{By: "plan", At: now}
	if c.RatePerHour != nil {
		l.control.RatePerHour, l.control.RateSet = *c.RatePerHour, by
	}
	if c.Paused != nil {
		l.control.Paused, l.control.PausedSet = *c.Paused, by
	}
	l.retime(l.pace.At(now))
}

func (l *line) retime(now int64) {
	rate := l.rules.RatePerHour
	if l.control.RateSet.Live() {
		rate = l.control.RatePerHour
	}
	l.pace.Retime(queue.Interval(rate), now)
	l.pace.Burst = max(1, l.rules.Burst)
}

// draw gives those who came before the opening their places, in an order that is
// drawn, spread over a time before it as the production lots are.
func (l *line) draw(over int64, random *rand.Rand) {
	n := l.hidden
	l.lots = make([]lot, n)
	for i := range l.lots {
		l.lots[i].visitor = uint32(i)
	}
	random.Shuffle(n, func(i, j int) {
		l.lots[i].visitor, l.lots[j].visitor = l.lots[j].visitor, l.lots[i].visitor
	})
	apart := max(1, over/int64(n+1))
	for i := range l.lots {
		l.lots[l.lots[i].visitor].index = uint32(i)
		l.places[i] = l.rules.OpensAt - int64(n-i)*apart
	}
	l.hidden = 0
}
