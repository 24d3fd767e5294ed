package simulate

import (
	"waitroom/queue"
)

// again is how long the waiting page pauses at least after it was refused the entry
// that it had been called to.
const again = 2 * second

// arrive lets a visitor come.
func (r *run) arrive(visitor uint32) {
	at := r.crowd.arrive[visitor]
	ahead, entry := r.line.arrive(at)
	r.tally.join(at)
	if entry != 0 {
		r.tally.enter(at, max(at, opening), entry, r.line.pace.Interval)
		return
	}
	p := r.crowd.followed(visitor)
	if p == nil {
		return
	}
	place := r.line.place(visitor)
	if place > 0 {
		p.low = ahead + 1
	}
	s := r.views.now.Standing(place, p.low, at, r.random.Float64())
	r.told(visitor, p, &s, at)
}

// told is what an answer does with somebody who is followed and has to wait on.
func (r *run) told(visitor uint32, p *person, s *queue.Standing, at int64) {
	if s.Position > 0 && r.line.place(visitor) <= r.views.now.Last {
		p.low = s.Position
	}
	absent := r.crowd.absent(visitor)
	if s.Wait.Low >= 0 {
		middle := (s.Wait.Low + s.Wait.High) * second / 2
		if absent && p.quit == 0 {
			p.quit = at + int64(r.crowd.fate(visitor, drawQuit)*float64(middle))
		}
		if !absent {
			r.tally.show(int(visitor)/r.crowd.every, at, s.Wait)
		}
	}
	next := at + s.NextPoll.Microseconds()
	if absent && p.quit != 0 && next > p.quit {
		return
	}
	r.wheel.push(event{at: next, visitor: visitor})
}

// call is what happens to somebody who is called at the tick of now: those who are
// not followed are asleep in a pause of a length that is given.
func (r *run) call(visitor uint32, now, asleep int64) {
	if r.crowd.absent(visitor) {
		r.tally.noShows++
		return
	}
	r.coming++
	if r.crowd.late(visitor) {
		delay := r.crowd.fate(visitor, drawDelay) * float64(r.o.Crowd.LateBy.Microseconds())
		r.wheel.push(event{at: now + queue.Prompt + int64(delay), visitor: visitor, back: true})
		return
	}
	if p := r.crowd.followed(visitor); p != nil {
		p.called = now
		return // asks of their own
	}
	since := int64(r.random.Float64() * float64(asleep))
	next := now + asleep - since
	if arrived := r.crowd.arrive[visitor]; now-since < arrived {
		next = max(now, arrived+int64(float64(asleep)*(0.9+0.2*r.random.Float64())))
	}
	r.wheel.push(event{at: next, visitor: visitor})
}

// ask is a visitor's poll, and the entry that the page asks for where it says "called".
func (r *run) ask(e event) {
	at := e.at
	if r.line.hidden > 0 {
		at = min(at, opening-1) // the draw is made at the end of the step
	}
	p := r.crowd.followed(e.visitor)
	if p != nil && !e.back {
		r.tally.poll(at, r.crowd.every)
	}
	var low int64
	if p != nil {
		low = p.low
	}
	place := r.line.place(e.visitor)
	s := r.views.now.Standing(place, low, at, r.random.Float64())
	elsewhere := !e.back && (r.crowd.absent(e.visitor) || r.crowd.late(e.visitor))
	switch called := place > 0 && place <= r.views.now.Front; {
	case called && elsewhere:
	case s.State == queue.StateCalled:
		r.enter(e, p, place, &s)
	case p != nil && !called:
		r.told(e.visitor, p, &s, at)
	default:
		r.wheel.push(event{at: at + s.NextPoll.Microseconds(), visitor: e.visitor, back: e.back})
	}
}

// enter asks for the entry of somebody who is called.
func (r *run) enter(e event, p *person, place int64, s *queue.Standing) {
	entry, ok := r.line.enter(e.at, place)
	if !ok {
		r.tally.refused++
		r.wheel.push(event{at: e.at + max(again, s.NextPoll.Microseconds()), visitor: e.visitor, back: e.back})
		return
	}
	r.coming--
	r.tally.enter(e.at, max(r.crowd.arrive[e.visitor], opening), entry, r.line.pace.Interval)
	if e.back {
		r.tally.late++
	} else if p != nil {
		p.entry = entry
	}
}
