package queuetest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"waitroom/queue"
)

// RunModel tries random operations, with faults between them, on an engine and on a
// model that does one thing after another, and compares every answer. The number
// of tries is rapid's (-rapid.checks).
func RunModel(t *testing.T, start func(t *testing.T) *Bench) {
	rapid.Check(t, func(rt *rapid.T) {
		b := start(t)
		if b.Close != nil {
			defer b.Close()
		}
		rules := plain()
		rules.Hold = 24 * 3600 * Second
		rules.PassTTL = 300 * Second
		rules.Burst = rapid.SampledFrom([]int{1, 1, 3, 20}).Draw(rt, "burst")
		rules.RatePerHour = rapid.SampledFrom([]float64{900, 3600, 36_000, 720_000}).Draw(rt, "rate")
		rules.MaxActive = rapid.SampledFrom([]int64{0, 0, 4, 30}).Draw(rt, "max active")
		rules.Quota = rapid.SampledFrom([]int64{0, 0, 2, 8}).Draw(rt, "quota")
		m := &model{room: open(t, b, rules), rt: rt, people: map[int]*person{}, high: b.Clock.Now()}
		m.holders = holders{taken: map[queue.ID]int64{}}
		m.holders.forget()
		m.room.t = rt // so that a failure is one of this try, and shrinks
		for range rapid.IntRange(1, 5).Draw(rt, "length") {
			rt.Repeat(m.actions())
		}
	})
}

// person is one ticket ID, as the model sees it.
type person struct {
	place int64 // the newest ticket's; 0 for none yet
	old   int64 // the one before
	// known: in the line or called, as far as the store remembers.
	known bool
	// used is the highest place that entered or was given up, as the store remembers.
	used       int64
	entry, end int64 // of the pass, if used entered
	ended      bool
	entries    map[int64]int64 // place → entry, for ever
	carried    carried
	tags       uint32
}

// model is the sequential model: facts that follow from the operations alone. Only
// the front is taken from the view, and checked when it moves.
type model struct {
	*room
	rt       *rapid.T
	people   map[int]*person
	last     int64
	high     int64 // the latest time so far
	arrivals int64
	lost     bool
	holders  holders
	sold     int64
}

func (m *model) actions() map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){
		"arrive": m.doArrive, "return": m.doReturn, "enter": m.doEnter, "enter the called": m.doEnterCalled,
		"leave": m.doLeave, "end": m.doEnd, "rotate": m.doRotate, "hold": m.doHold, "time passes": m.doRun, "clock steps": m.doStep,
		"rate": m.doRate, "pause": m.doPause, "crash": m.doCrash, "": m.check,
	}
	if m.bench.Lose != nil {
		actions["lose"] = m.doLose
	}
	return actions
}

func (m *model) person(rt *rapid.T) (int, *person) {
	n := rapid.IntRange(0, 39).Draw(rt, "who")
	if m.people[n] == nil {
		m.people[n] = &person{entries: map[int64]int64{}}
	}
	return n, m.people[n]
}

// shown is a ticket that the person may show: mostly the newest.
func (p *person) shown(rt *rapid.T) int64 {
	if p.old != 0 && rapid.IntRange(0, 3).Draw(rt, "which ticket") == 0 {
		return p.old
	}
	return p.place
}

// vague says that the pass ends at about now: steps of the clock make it unclear.
func (m *model) vague(p *person) bool {
	return p.entry != 0 && !p.ended && p.end > m.high-200*Second && p.end <= m.high+Second
}

func (m *model) live(p *person) bool { return p.entry != 0 && !p.ended && p.end > m.high }

func (m *model) now() int64 { return max(m.bench.Clock.Now(), m.told.seen) }

// seat checks an answer against what the person must get when showing a place.
func (m *model) seat(what string, p *person, place int64, s queue.Seat) {
	m.t.Helper()
	switch {
	case p.used >= place && m.live(p):
		m.admittedSame(what, p, s)
	case p.used >= place:
		m.want(what, s, queue.StateOver)
	case s.Place != p.place:
		m.t.Fatalf("%s: place is %d, want %d", what, s.Place, p.place)
	case p.place > m.view().Front:
		m.want(what, s, queue.StateWaiting)
	}
}

func (m *model) admittedSame(what string, p *person, s queue.Seat) {
	m.t.Helper()
	if s.State != queue.StateAdmitted || s.Entry != p.entry || s.End != p.end {
		m.t.Fatalf("%s: %+v, entered before at %d until %d", what, s, p.entry, p.end)
	}
}

func (m *model) doArrive(rt *rapid.T) {
	n, p := m.person(rt)
	if m.vague(p) {
		return
	}
	if m.lost && !p.known && p.place != 0 && p.used == 0 {
		return // who has a ticket shows it
	}
	direct := rapid.Bool().Draw(rt, "direct")
	waiting := m.view().Waiting
	s := m.arrival(queue.Arrival{ID: ID(n), Direct: direct})
	switch {
	case p.known:
		m.seat("arrive", p, p.place, s)
	case m.live(p):
		m.admittedSame("arrive", p, s)
	default:
		if want := max(m.last+1, m.now()); s.Place != want && !(m.lost && s.Place > m.last) {
			m.t.Fatalf("arrive: place %d, want %d", s.Place, want)
		}
		p.old, p.place, p.known, m.last = p.place, s.Place, true, s.Place
		m.arrivals++
		if s.State == queue.StateAdmitted {
			if !direct || waiting != 0 {
				m.t.Fatalf("entered at once past %d: %+v", waiting, s)
			}
			m.entered(p, s)
		}
	}
}

func (m *model) doReturn(rt *rapid.T) {
	n, p := m.person(rt)
	if place := p.shown(rt); place != 0 && !m.vague(p) && m.mayShow(p, place) {
		s := m.back(n, place, m.lost && !p.known)
		m.returned(p, place)
		m.seat("return", p, place, s)
	}
}

// mayShow leaves out tickets of whose use a lost store knows nothing.
func (m *model) mayShow(p *person, place int64) bool {
	return p.known || p.used >= place || m.lost && place == p.place && p.entries[place] == 0
}

// returned notes that the store knows the ticket again.
func (m *model) returned(p *person, place int64) {
	if p.used < place && !p.known {
		p.known = true
		m.last = max(m.last, place)
	}
}

func (m *model) doEnterCalled(rt *rapid.T) {
	var called []int
	for n, p := range m.people {
		if p.known && p.place <= m.view().Front {
			called = append(called, n)
		}
	}
	if slices.Sort(called); len(called) > 0 {
		n := rapid.SampledFrom(called).Draw(rt, "who")
		m.try(n, m.people[n], m.people[n].place)
	}
}

func (m *model) doEnter(rt *rapid.T) {
	n, p := m.person(rt)
	if place := p.shown(rt); place != 0 && m.mayShow(p, place) {
		m.try(n, p, place)
	}
}

// try enters, and says what has to come of it.
func (m *model) try(n int, p *person, place int64) {
	m.t.Helper()
	if m.vague(p) {
		return
	}
	v := m.view()
	s := m.enter(n, place)
	used := p.used >= place
	m.returned(p, place)
	m.seat("enter", p, place, s)
	if used || p.place > v.Front {
		return
	}
	switch {
	case m.soldOut():
		m.want("enter what is sold out", s, queue.StateSoldOut)
	case v.Control.Paused || v.Interval == 0:
		m.want("enter in a pause", s, queue.StatePaused)
	case m.now() < v.RecoverUntil:
		m.want("enter in a recovery", s, queue.StateRecovering)
	case s.State == queue.StateFull && m.rules.MaxActive > 0 && v.Active >= m.rules.MaxActive:
	case s.State == queue.StateCalled && v.Due > m.now()+queue.Horizon:
	default:
		m.want("enter when called", s, queue.StateAdmitted)
		m.entered(p, s)
	}
}

func (m *model) soldOut() bool { return m.rules.Quota > 0 && m.sold >= m.rules.Quota }

func (m *model) entered(p *person, s queue.Seat) {
	m.t.Helper()
	if was, ok := p.entries[s.Place]; ok {
		m.t.Fatalf("the ticket at %d entered at %d and at %d", s.Place, was, s.Entry)
	}
	if m.live(p) {
		m.t.Fatalf("entered at %d with a pass until %d", s.Entry, p.end)
	}
	if s.Entry < m.now() || s.End != s.Entry+m.rules.PassTTL {
		m.t.Fatalf("entered as %+v at %d", s, m.now())
	}
	if m.soldOut() {
		m.t.Fatalf("entered as %+v with nothing left", s)
	}
	m.sold++
	p.entries[s.Place] = s.Entry
	p.known, p.used, p.entry, p.end, p.ended = false, s.Place, s.Entry, s.End, false
	p.carried, p.tags = carried{}, 0
}

func (m *model) doLeave(rt *rapid.T) {
	n, p := m.person(rt)
	if p.place == 0 || m.vague(p) || m.lost && !p.known {
		return
	}
	m.leave(n, p.place)
	if p.used < p.place && !m.live(p) {
		p.known, p.used, p.entry = false, p.place, 0
	}
}

func (m *model) doEnd(rt *rapid.T) {
	n, p := m.person(rt)
	if !m.live(p) || m.lost && !p.known && p.used == 0 {
		return
	}
	pass := queue.PassOf(ID(n), p.entry)
	if m.gates[0].Revoked(pass) {
		return // another one of the same microsecond had this name: time stands still here
	}
	m.end(pass)
	p.ended = true
	for _, g := range m.gates {
		if !g.Revoked(pass) {
			m.t.Fatalf("the pass of %d was ended, and is not revoked", n)
		}
	}
}

// doRotate takes successors, of which some are shown, as an honest browser does. It is
// never doubted, whatever else happens.
func (m *model) doRotate(rt *rapid.T) {
	n, p := m.person(rt)
	if !m.live(p) {
		return
	}
	pass := queue.PassOf(ID(n), p.entry)
	from := p.carried
	for range rapid.IntRange(1, 3).Draw(rt, "siblings") {
		p.tags++
		p.carried = carried{queue.Shown{Gen: from.Gen + 1, Parent: from.tag, Grand: from.Parent, Keyed: true}, p.tags}
		if rapid.Bool().Draw(rt, "shown") {
			m.gates[n%len(m.gates)].Show(pass, p.end, p.carried.Shown)
		}
	}
	for _, g := range m.gates {
		if f := g.Floor(pass); f != 0 {
			m.t.Fatalf("generation %d of %d, who is honest, has a floor of %d", p.carried.Gen, n, f)
		}
	}
}

func (m *model) doRun(rt *rapid.T) {
	m.run(rapid.SampledFrom([]int64{1, Second / 10, Second, 4 * Second, 20 * Second}).Draw(rt, "time"))
	m.high = max(m.high, m.now())
}

func (m *model) doStep(rt *rapid.T) {
	d := rapid.SampledFrom([]int64{-Second, -2 * Second, -30 * Second, -90 * Second, 10 * Second, 100 * Second}).Draw(rt, "step")
	if m.bench.Clock.Now()+d > m.high-100*Second {
		m.move(d)
		m.high = max(m.high, m.now())
	}
}

func (m *model) doRate(rt *rapid.T) {
	rate := rapid.SampledFrom([]float64{0, 600, 3600, 36_000, 360_000}).Draw(rt, "rate")
	m.set(queue.Change{By: "op", RatePerHour: &rate})
	if m.view().Interval != queue.Interval(rate) {
		m.t.Fatalf("the interval is %v at %v/h", m.view().Interval, rate)
	}
}

func (m *model) doPause(rt *rapid.T) {
	paused := rapid.Bool().Draw(rt, "paused")
	m.set(queue.Change{By: "op", Paused: &paused})
}

// doCrash takes some seconds, as crashes do.
func (m *model) doCrash(*rapid.T) {
	control, front := m.view().Control, m.view().Front
	m.crash()
	m.run(3 * Second)
	m.high = max(m.high, m.now())
	if m.view().Control != control || m.view().Front < front {
		m.t.Fatalf("after the crash %+v, front %d; before %+v, front %d", m.view().Control, m.view().Front, control, front)
	}
}

// doLose forgets what the store knew; operators then set again what they had set.
func (m *model) doLose(*rapid.T) {
	c := m.view().Control
	m.lose()
	m.lost, m.arrivals = true, 0
	m.holders.forget()
	for _, p := range m.people {
		p.known, p.used = false, 0
	}
	if c.RateSet.Live() {
		m.set(queue.Change{By: "op", RatePerHour: &c.RatePerHour})
	}
	m.set(queue.Change{By: "op", Paused: &c.Paused})
}

// check holds after every operation.
func (m *model) check(*rapid.T) {
	m.refresh()
	v := m.view()
	var waiting, called, active int64
	vague := false
	for _, p := range m.people {
		switch {
		case p.known && p.place > v.Front:
			waiting++
		case p.known:
			called++
		}
		if vague = vague || m.vague(p); m.live(p) {
			active++
		}
	}
	if v.Sold != m.sold {
		m.t.Fatalf("the view has %d sold, the model %d", v.Sold, m.sold)
	}
	if v.Waiting != waiting || v.Called != called {
		m.t.Fatalf("the view has %d waiting and %d called, the model %d and %d", v.Waiting, v.Called, waiting, called)
	}
	if !m.lost && (v.Arrivals != m.arrivals || v.Last != m.last || !vague && v.Active != active) {
		m.t.Fatalf("the view has %d arrivals, %d inside, last %d; the model %d, %d, %d",
			v.Arrivals, v.Active, v.Last, m.arrivals, active, m.last)
	}
	if m.rules.MaxActive > 0 && !m.lost && !vague && v.Active > m.rules.MaxActive {
		m.t.Fatalf("%d are inside, %d may be", v.Active, m.rules.MaxActive)
	}
	if err := m.told.check(); err != nil {
		m.t.Fatal(err)
	}
	m.ranks(v)
}

// ranks are exact for so short a line; while the room recovers they may be those from
// before the loss, since everybody is to stand where they stood.
func (m *model) ranks(v *queue.View) {
	if v.At < v.RecoverUntil {
		return
	}
	for n, p := range m.people {
		if !p.known || p.place <= v.Front {
			continue
		}
		var ahead int64
		for _, q := range m.people {
			if q.known && q.place > v.Front && q.place < p.place {
				ahead++
			}
		}
		if got := v.Ranks.Ahead(p.place); math.Abs(float64(got-ahead)) > 0 {
			m.t.Fatalf("before %s are %d, the view says %d", fmt.Sprint("ticket ", n), ahead, got)
		}
	}
}
