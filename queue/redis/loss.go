package redis

import (
	"context"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
)

// mendTrips is how many trips one tick makes to give back what was lost.
const mendTrips = 8

// loss is what the store has forgotten and this gateway still knows: what operators
// had set, and who has entered. Places come back with the tickets.
type loss struct {
	since    int64 // the store's time of the first answer that it has forgotten
	control  *queue.Control
	entered  []queue.Arrival
	taken    []heldSince
	gathered bool
}

// keep holds on to what operators have set while the store is away: it may come back
// without it.
func (l *Line) keep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil {
		c := l.View().Control
		l.kept = &c
	}
}

// forgot notes that the store has forgotten what it answered since a time. The lock is
// held.
func (l *Line) forgot(since int64) {
	control := l.kept
	if control == nil {
		c := l.View().Control
		control = &c
	}
	switch {
	case l.loss == nil:
	case l.loss.since <= since:
		return
	default:
		control = l.loss.control
	}
	l.loss = &loss{since: since, control: control}
}

// mend gives the store back what it has forgotten; more says that not all is done.
func (l *Line) mend(ctx context.Context) (more bool, err error) {
	l.mending.Lock()
	defer l.mending.Unlock()
	l.mu.Lock()
	lost := l.loss
	if lost == nil {
		l.kept = nil
	}
	l.mu.Unlock()
	if lost == nil {
		return false, nil
	}
	if !lost.gathered {
		if err := l.restore(ctx, lost.control); err != nil {
			return false, err
		}
		lost.entered, lost.taken, lost.gathered = l.entered.from(lost.since), l.taken.all(), true
	}
	if err := l.retake(ctx, lost); err != nil {
		return false, err
	}
	for range mendTrips {
		n := min(len(lost.entered), batchBound)
		if n == 0 {
			break
		}
		if _, err := l.arrive(ctx, lost.entered[:n]); err != nil {
			return false, err
		}
		lost.entered = lost.entered[n:]
	}
	if len(lost.entered) > 0 || len(lost.taken) > 0 {
		return true, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loss == lost {
		l.loss, l.kept = nil, nil
	}
	return l.loss != nil, nil
}

// retake tells the store who was taken over, a bounded number at a time.
func (l *Line) retake(ctx context.Context, lost *loss) error {
	for range mendTrips {
		n := min(len(lost.taken), batchBound)
		if n == 0 {
			break
		}
		members := make([]redis.Z, n)
		for i, t := range lost.taken[:n] {
			members[i] = redis.Z{Score: float64(t.since), Member: t.id[:]}
		}
		ctx, cancel := context.WithTimeout(ctx, l.store.trip)
		err := l.store.client.ZAddArgs(ctx, l.keys[7], redis.ZAddArgs{GT: true, Members: members}).Err()
		cancel()
		if err != nil {
			return away("tell who was taken over", err)
		}
		lost.taken = lost.taken[n:]
	}
	return nil
}

// restore sets again what operators had set, where nobody has set it later.
func (l *Line) restore(ctx context.Context, c *queue.Control) error {
	for _, was := range []struct {
		set    queue.Setting
		change queue.Change
	}{
		{c.RateSet, queue.Change{RatePerHour: &c.RatePerHour}},
		{c.PausedSet, queue.Change{Paused: &c.Paused}},
		{c.MessageSet, queue.Change{Message: &c.Message}},
		{c.SoldOutSet, queue.Change{SoldOut: &c.SoldOut}},
	} {
		if !was.set.Live() {
			continue
		}
		was.change.By = was.set.By
		if err := l.control(ctx, was.change, was.set.At); err != nil {
			return err
		}
	}
	return nil
}
