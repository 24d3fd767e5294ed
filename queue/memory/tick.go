package memory

import (
	"context"

	"waitroom/queue"
)

// Tick implements queue.Kept. It waits until the calls are durable.
func (l *Line) Tick(ctx context.Context) (more bool, err error) {
	l.mu.Lock()
	if err := l.ready(); err != nil {
		l.mu.Unlock()
		l.journal.poke()
		return false, err
	}
	now := l.clock()
	l.retime(now)
	l.closeCohorts(now)
	n := l.call(now)
	more = n == queue.TickBound
	if l.state.prune(now, l.rules.Hold) || l.state.expire(now) {
		more = true
	}
	b, _, _ := l.journal.pending()
	l.mu.Unlock()
	return more, l.await(ctx, b)
}

// retime follows the rate in force.
func (l *Line) retime(now int64) {
	p := &l.state.pace
	interval, burst := queue.Interval(l.ratePerHour()), max(1, l.rules.Burst)
	if interval == p.Interval && burst == p.Burst {
		return
	}
	p.Retime(interval, now)
	p.Burst = burst
	l.savePace(now)
}

func (l *Line) ratePerHour() float64 {
	if l.state.control.RateSet.Live() {
		return l.state.control.RatePerHour
	}
	return l.rules.RatePerHour
}

// closeCohorts learns from those who are no longer prompt.
func (l *Line) closeCohorts(now int64) {
	p := &l.state.pace
	before := len(p.Cohorts)
	p.Close(now)
	if len(p.Cohorts) != before {
		l.savePace(now)
	}
}

// call calls whom the rate owes a call, and returns how many.
func (l *Line) call(now int64) int64 {
	if l.shut(now) != "" {
		return 0
	}
	s := l.state
	n := s.pace.Calls(now, s.line.count, l.seats())
	if n == 0 {
		return 0
	}
	tickets := make([]ticket, 0, n)
	for _, spot := range s.line.head(n) {
		tickets = append(tickets, ticket{spot.id, spot.place})
	}
	l.commit(event{kind: kindCall, at: now, tickets: tickets})
	return n
}
