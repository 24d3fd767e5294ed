package memory

import (
	"fmt"
	"sync"

	"waitroom/queue"
)

const (
	minute = 60 * 1_000_000 // microseconds
	// pruneBound is how many things one operation forgets at most.
	pruneBound = 4096
)

// record is what is kept of a ticket that entered or was given up, so that it is
// worth nothing when it is shown again.
type record struct {
	place      int64
	used       int64 // up to here the id's tickets are used: all that were given or stamped until then
	entry, end int64 // entry is 0 where the place was given up, or the pass ended
	expiry     int64 // until when the pass counts as inside, as far as is known
	queued     int64 // the timer that will look at expiry
	counted    bool  // among the active
}

// live says whether the pass is in use, as far as is known: one that nobody has used
// for its idle time is over, and its seat may be somebody else's.
func (r *record) live(now int64) bool { return r.entry != 0 && r.expiry > now }

// state is a room: a function of its events alone.
type state struct {
	epoch                      string
	last, front                int64
	arrivals, calls, entries   int64
	active                     int64
	recoverUntil               int64
	foreign                    bool // a ticket of another epoch has been seen
	control                    queue.Control
	pace                       queue.Pace
	line                       *order
	called                     map[queue.ID]calledAt
	records                    map[queue.ID]record
	lates, expiries, forgotten timers[queue.ID]
	// opened is the opening that is counted, and base how many had entered before it.
	opened, base  int64
	began, lostAt int64 // when the state began, and when a loss of the one before was noticed
	persons       *persons
	// revoked holds queue.PassID → int64, until when; read without the line's lock.
	revoked *sync.Map
	floors  *floors
	ended   []revocation // and floors
	// lineages are of the passes that have rotated.
	lineages map[queue.ID]queue.Lineage
}

type calledAt struct{ place, at int64 }

type revocation struct {
	pass  queue.PassID
	until int64
}

func newState() *state {
	return &state{
		line: newOrder(), called: map[queue.ID]calledAt{}, records: map[queue.ID]record{}, revoked: &sync.Map{},
		floors: &floors{}, persons: newPersons(), lineages: map[queue.ID]queue.Lineage{},
	}
}

// apply makes the event count. Errors mean that the event does not follow from
// those before it.
func (s *state) apply(e *event) error {
	switch e.kind {
	case kindEpoch:
		s.epoch, s.pace, s.began = e.epoch, queue.NewPace(e.at), e.at
	case kindArrive:
		switch r, ok := s.records[e.id]; {
		case !ok || r.used < e.place:
		case r.place < e.place: // the clock went back since
			r.used = e.place - 1
			s.records[e.id] = r
		default: // who left before the opening, and drew the same again
			s.forget(e.id)
		}
		s.arrivals++
		s.put(e, uint32(s.arrivals))
	case kindReturn:
		s.put(e, 0)
	case kindCall:
		return s.call(e)
	case kindEnter:
		s.enter(e)
	case kindLeave:
		s.leave(e)
	case kindEnd:
		s.end(e)
	case kindFork:
		s.fork(e)
	case kindControl:
		s.control = e.control
	case kindOpen:
		s.opened, s.base = e.place, s.entries
	case kindHold:
		s.persons.apply(e)
	case kindPace:
		s.pace, s.recoverUntil = e.pace, e.until
		return nil
	case kindRecover:
		s.recoverUntil, s.foreign, s.lostAt = e.until, true, e.at
	}
	s.pace.Clock = max(s.pace.Clock, e.at)
	return nil
}

// put gives a ticket its place: in the line, or among the late.
func (s *state) put(e *event, number uint32) {
	s.drop(e.id)
	if e.flags&flagDrawn == 0 {
		s.last = max(s.last, e.place)
	}
	if e.place > s.front {
		s.line.insert(spot{e.place, e.id, number})
		return
	}
	s.late(e.id, e.place, e.at)
}

func (s *state) late(id queue.ID, place, at int64) {
	s.called[id] = calledAt{place, at}
	s.lates.push(at, id)
}

// drop takes a ticket out of the line and from those called.
func (s *state) drop(id queue.ID) {
	if _, ok := s.line.remove(id); !ok {
		delete(s.called, id)
	}
}

func (s *state) call(e *event) error {
	front := s.front
	for _, t := range e.tickets {
		got, ok := s.line.remove(t.id)
		if !ok || got.place != t.place {
			return fmt.Errorf("ticket %x is called at place %d, but does not wait there", t.id, t.place)
		}
		s.late(t.id, t.place, e.at)
		s.front = max(s.front, t.place)
	}
	n := int64(len(e.tickets))
	s.calls += n
	if e.flags&flagDirect == 0 && n > 0 {
		s.pace.Called(e.at, front, s.front, n)
	}
	return nil
}

func (s *state) enter(e *event) {
	s.drop(e.id)
	s.forget(e.id)
	s.entries++
	s.active++
	s.records[e.id] = record{
		place: e.place, used: max(e.place, e.at-1), entry: e.entry, end: e.end, expiry: e.end, queued: e.end, counted: true,
	}
	s.expiries.push(e.end, e.id)
	s.forgotten.push(e.end, e.id)
	s.pace.Due = e.due
	s.pace.Entered(e.place)
}

func (s *state) leave(e *event) {
	s.drop(e.id)
	// Not live: what was touched is not in the journal, and a replay must decide the same.
	if r, ok := s.records[e.id]; ok && r.entry != 0 && r.end > e.at {
		r.used = max(r.used, e.place, e.at-1)
		s.records[e.id] = r
		return
	}
	s.forget(e.id)
	s.records[e.id] = record{place: e.place, used: max(e.place, e.at-1), end: e.at}
	s.forgotten.push(e.at, e.id)
}

func (s *state) end(e *event) {
	s.revoked.Store(e.pass, e.until)
	s.ended = append(s.ended, revocation{e.pass, e.until})
	id := e.pass.Ticket()
	r, ok := s.records[id]
	if e.flags&flagKnown == 0 || !ok {
		return
	}
	s.discount(&r)
	delete(s.lineages, id)
	r.used = max(r.used, e.at-1)
	r.entry, r.end = 0, e.end // over for good, even if the clock goes back
	s.records[id] = r
}

func (s *state) discount(r *record) {
	if r.counted {
		r.counted = false
		s.active--
	}
}

// forget drops the record of a ticket.
func (s *state) forget(id queue.ID) {
	if r, ok := s.records[id]; ok {
		s.discount(&r)
		delete(s.records, id)
		delete(s.lineages, id)
	}
}
