package memory

import (
	"strconv"
	"sync"

	"waitroom/queue"
)

// floors are from which generation on passes are good. They are read without the line's
// lock.
type floors struct {
	mu   sync.RWMutex
	from map[queue.PassID]int64
}

func (f *floors) of(p queue.PassID) int64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.from[p]
}

func (f *floors) raise(p queue.PassID, from int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.from == nil {
		f.from = map[queue.PassID]int64{}
	}
	f.from[p] = max(f.from[p], from)
}

func (f *floors) drop(p queue.PassID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.from, p)
}

// Floor implements queue.Inside.
func (l *Line) Floor(p queue.PassID) int64 { return l.state.floors.of(p) }

// Show implements queue.Inside. Only forks go to the journal: what is known of generations
// besides is known again as soon as they are shown again, and would make up most of it.
func (l *Line) Show(p queue.PassID, until int64, s queue.Shown) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready() != nil {
		return
	}
	now := l.clock()
	l.state.touch(p, until)
	id := p.Ticket()
	r, ok := l.state.records[id]
	if !ok || r.entry == 0 || queue.PassOf(id, r.entry) != p || now >= r.end {
		return
	}
	next, fork := l.state.lineages[id].See(s, now)
	l.state.lineages[id] = next
	if fork {
		e := event{kind: kindFork, at: now, pass: p, place: r.place, entry: r.entry, until: r.end + minute}
		if s.Keyed {
			e.floor = next.Floor
		}
		l.commit(e)
	}
}

// fork is told: those with a key have a new floor.
func (s *state) fork(e *event) {
	l := s.lineages[e.pass.Ticket()]
	if e.floor == 0 {
		l.Forked = true
	} else {
		l = queue.Lineage{Gen: e.floor - 1, Since: e.at, Before: e.at, Floor: e.floor, Forked: l.Forked}
		s.floors.raise(e.pass, e.floor)
		s.ended = append(s.ended, revocation{e.pass, e.until})
	}
	s.lineages[e.pass.Ticket()] = l
}

// told is what operators read of a fork.
func (e *event) told() string {
	if e.floor == 0 {
		return "no key"
	}
	return "floor=" + strconv.FormatInt(e.floor, 10)
}
