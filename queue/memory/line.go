package memory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"waitroom/queue"
)

// Line is one room. It implements queue.Line, queue.Inside, queue.Operated and
// queue.Kept, all for any number of goroutines at once.
//
// Operations decide under one lock, apply what they decided, and answer when that,
// and everything before it, is durable. While the disk refuses, they answer
// queue.ErrAway, and the next Tick or Refresh tries again.
type Line struct {
	name    string
	now     func() int64
	journal *journal
	view    atomic.Pointer[queue.View]

	refreshing sync.Mutex

	mu     sync.Mutex
	rules  queue.Rules
	state  *state
	closed bool
}

// do runs an operation and waits until its answer is durable.
func (l *Line) do(ctx context.Context, operation func(now int64) queue.Seat) (queue.Seat, error) {
	l.mu.Lock()
	if err := l.ready(); err != nil {
		l.mu.Unlock()
		return queue.Seat{}, err
	}
	seat := operation(l.clock())
	seat.Epoch = l.state.epoch
	b, _, _ := l.journal.pending()
	l.mu.Unlock()
	if err := l.await(ctx, b); err != nil {
		return queue.Seat{}, err
	}
	return seat, nil
}

// ready says why nothing can be decided now. The lock is held.
func (l *Line) ready() error {
	if l.closed {
		return fmt.Errorf("room %s: %w: closed", l.name, queue.ErrAway)
	}
	switch _, size, failure := l.journal.pending(); {
	case failure != nil:
		return l.away(failure)
	case size > l.journal.disk.backlog:
		return fmt.Errorf("room %s: %w", l.name, queue.ErrBusy)
	}
	return nil
}

func (l *Line) away(err error) error {
	return fmt.Errorf("room %s: %w: %w", l.name, queue.ErrAway, err)
}

// await waits for a batch; nil is durable already.
func (l *Line) await(ctx context.Context, b *batch) error {
	if b == nil {
		return nil
	}
	select {
	case <-b.done:
		if b.err != nil {
			return l.away(b.err)
		}
		return nil
	case <-ctx.Done():
		return l.away(ctx.Err())
	}
}

// commit makes an event count, and hands it to the journal.
func (l *Line) commit(e event) {
	if err := l.state.apply(&e); err != nil {
		panic("BUG: " + err.Error())
	}
	l.journal.append(&e)
}

// clock is the time to reckon with. A step backwards of the wall clock moves the
// pace along, which has to be remembered.
func (l *Line) clock() int64 {
	s := l.state
	raw, before := l.now(), s.pace.Clock
	now := s.pace.At(raw)
	if now < before {
		if s.recoverUntil > 0 {
			s.recoverUntil -= before - now
		}
		l.savePace(now)
	}
	s.expire(now)
	if opens := l.rules.OpensAt; opens > s.opened && now >= opens {
		l.commit(event{kind: kindOpen, at: now, place: opens})
	}
	return now
}

func (l *Line) savePace(now int64) {
	pace := l.state.pace
	pace.Cohorts = append([]queue.Cohort(nil), pace.Cohorts...)
	l.commit(event{kind: kindPace, at: now, pace: pace, until: l.state.recoverUntil})
}

// Arrive implements queue.Line.
func (l *Line) Arrive(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	return l.do(ctx, func(now int64) queue.Seat { return l.arrive(now, a) })
}

func (l *Line) arrive(now int64, a queue.Arrival) queue.Seat {
	if seat, ok := l.standing(a.ID); ok {
		return seat
	}
	if r, ok := l.state.records[a.ID]; ok && r.live(now) {
		return admitted(r)
	}
	e := event{kind: kindArrive, at: now, id: a.ID, place: max(l.state.last+1, now)}
	if now < l.rules.OpensAt && a.Drawn > l.state.front {
		e.place, e.flags = a.Drawn, flagDrawn
	}
	before := l.state.line.count
	l.commit(e)
	seat := l.seat(e.place)
	if a.Direct && before == 0 && e.place > l.state.front && l.free(now) {
		l.commit(event{kind: kindCall, flags: flagDirect, at: now, tickets: []ticket{{a.ID, e.place}}})
		seat = l.admit(now, a.ID, e.place)
	}
	if e.flags&flagDrawn == 0 && now >= l.state.recoverUntil {
		seat.Ahead = before
	}
	seat.Number = l.state.arrivals
	return seat
}

// Return implements queue.Line.
func (l *Line) Return(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	return l.do(ctx, func(now int64) queue.Seat {
		if a.Foreign && !l.state.foreign {
			l.commit(event{kind: kindRecover, at: now, until: now + l.view.Load().LongestPoll()})
		}
		if seat, ok := l.used(now, a.ID, a.Place); ok {
			return seat
		}
		return l.giveBack(now, a.ID, a.Place)
	})
}

// Enter implements queue.Line.
func (l *Line) Enter(ctx context.Context, id queue.ID, place int64) (queue.Seat, error) {
	return l.do(ctx, func(now int64) queue.Seat {
		if seat, ok := l.used(now, id, place); ok {
			return seat
		}
		seat := l.giveBack(now, id, place)
		if seat.State == queue.StateWaiting {
			return seat
		}
		if seat.State = l.refusal(now); seat.State != "" {
			return seat
		}
		return l.admit(now, id, seat.Place)
	})
}

// Leave implements queue.Line.
func (l *Line) Leave(ctx context.Context, id queue.ID, place int64) error {
	_, err := l.do(ctx, func(now int64) queue.Seat {
		if _, ok := l.used(now, id, place); !ok {
			l.commit(event{kind: kindLeave, at: now, id: id, place: place})
		}
		return queue.Seat{}
	})
	return err
}

// standing is the seat of a ticket that is in the line or called.
func (l *Line) standing(id queue.ID) (queue.Seat, bool) {
	if place, ok := l.state.line.place(id); ok {
		seat := l.seat(place)
		seat.Number = l.state.line.number(id, place)
		return seat, true
	}
	if c, ok := l.state.called[id]; ok {
		return l.seat(c.place), true
	}
	return queue.Seat{}, false
}

func (l *Line) seat(place int64) queue.Seat {
	if place <= l.state.front {
		return queue.Seat{Place: place, State: queue.StateCalled, Ahead: -1}
	}
	return queue.Seat{Place: place, State: queue.StateWaiting, Ahead: -1}
}

func admitted(r record) queue.Seat {
	return queue.Seat{Place: r.place, State: queue.StateAdmitted, Entry: r.entry, End: r.end, Ahead: -1}
}

// used answers for a ticket that entered or was given up.
func (l *Line) used(now int64, id queue.ID, place int64) (queue.Seat, bool) {
	r, ok := l.state.records[id]
	switch {
	case !ok || r.used < place:
		return queue.Seat{}, false
	case r.live(now):
		return admitted(r), true
	}
	return queue.Seat{Place: r.place, State: queue.StateOver, Ahead: -1}, true
}

// giveBack finds the ticket's place, or puts it back at the one it shows.
func (l *Line) giveBack(now int64, id queue.ID, place int64) queue.Seat {
	if seat, ok := l.standing(id); ok {
		return seat
	}
	e := event{kind: kindReturn, at: now, id: id, place: place}
	if l.rules.Draw && place < l.rules.OpensAt {
		e.flags = flagDrawn
	}
	l.commit(e)
	return l.seat(place)
}

// refusal is why nobody may enter now; "" if somebody may.
func (l *Line) refusal(now int64) queue.State {
	switch shut := l.shut(now); {
	case shut != "":
		return shut
	case !l.state.pace.Near(now):
		return queue.StateCalled
	case l.rules.MaxActive > 0 && l.state.active >= l.rules.MaxActive:
		return queue.StateFull
	}
	return ""
}

// shut is why nobody is called or let in now, in the order in which a view tells it.
func (l *Line) shut(now int64) queue.State {
	s := l.state
	switch {
	case now < l.rules.OpensAt:
		return queue.StateEarly
	case !l.rules.Open(now):
		return queue.StateClosed
	case s.control.SoldOut || l.rules.Quota > 0 && s.sold() >= l.rules.Quota:
		return queue.StateSoldOut
	case s.control.Paused || s.pace.Interval == 0:
		return queue.StatePaused
	case now < s.recoverUntil:
		return queue.StateRecovering
	}
	return ""
}

// seats is how many more may be called, as far as those inside count, and those who have entered.
func (l *Line) seats() int64 {
	const unbounded = 1 << 62
	seats := int64(unbounded)
	if l.rules.MaxActive > 0 {
		seats = l.rules.MaxActive - l.state.active
	}
	if l.rules.Quota > 0 {
		seats = min(seats, l.rules.Quota-l.state.sold())
	}
	if seats < unbounded {
		seats -= l.state.pace.Pending()
	}
	return seats
}

// sold is how many have entered in the opening that is counted.
func (s *state) sold() int64 { return s.entries - s.base }

// free says whether an arrival may enter at once.
func (l *Line) free(now int64) bool {
	return l.refusal(now) == "" && l.seats() > 0 && l.state.pace.Free(now)
}

// admit gives the called ticket the next slot.
func (l *Line) admit(now int64, id queue.ID, place int64) queue.Seat {
	entry := l.state.pace.Take(now)
	r := record{place: place, entry: entry, end: entry + l.rules.PassTTL}
	l.commit(event{kind: kindEnter, at: now, id: id, place: place, entry: entry, end: r.end, due: l.state.pace.Due})
	return admitted(r)
}
