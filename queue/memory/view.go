package memory

import (
	"context"
	"math"
	"time"

	"waitroom/queue"
)

// View implements queue.Line. Its ranks are exact, and those of this moment.
func (l *Line) View() *queue.View { return l.view.Load() }

// Refresh implements queue.Kept. The view is shown when all it tells is durable.
func (l *Line) Refresh(ctx context.Context) error {
	l.refreshing.Lock() // or an older view may follow a newer one
	defer l.refreshing.Unlock()
	l.mu.Lock()
	if err := l.ready(); err != nil {
		l.mu.Unlock()
		l.journal.poke()
		return err
	}
	v, read := l.read(), time.Now()
	b, _, _ := l.journal.pending()
	l.mu.Unlock()
	if err := l.await(ctx, b); err != nil {
		return err
	}
	l.view.Store(v.After(l.view.Load(), read, read))
	return nil
}

// read takes the room's view. The lock is held.
func (l *Line) read() *queue.View {
	now, s := l.clock(), l.state
	v := &queue.View{
		At: now, Epoch: s.epoch,
		Front: s.front, Last: s.last, Due: int64(math.Ceil(s.pace.Due)),
		Waiting: s.line.count, Called: int64(len(s.called)), Active: s.active,
		Arrivals: s.arrivals, Calls: s.calls, Entries: s.entries,
		Interval: s.pace.Interval, Ratio: s.pace.Ratio, RecoverUntil: s.recoverUntil,
		Control: s.control, Rules: l.rules, Ranks: s.line,
	}
	if l.rules.OpensAt <= s.opened {
		v.Sold = s.sold()
	}
	v.Control.RatePerHour = l.ratePerHour()
	return v
}
