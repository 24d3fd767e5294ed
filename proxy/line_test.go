package proxy_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"waitroom/queue"
)

// outage is what an outage of the store looks like.
type outage int32

const (
	none   outage = iota
	away          // the view has grown old, and nothing is done
	failed        // the view is fresh, and nothing is done
	lost          // the view is fresh; all is done, and the answer is lost
)

// line is a real line that reads its view anew for each request, so that tests know
// to the microsecond what it shows, and that can be cut off from its store.
type line struct {
	engine
	now    func() int64
	outage atomic.Int32
	// still leaves the view as it was read last.
	still atomic.Bool
	// behind is the view of a gateway that has read less, where it is set.
	behind atomic.Pointer[queue.View]
	// plain lets the view grow old as it does.
	plain atomic.Bool
	trips atomic.Int64
	// took is how long a trip takes: the clock goes on by it before the store acts.
	took atomic.Int64
	pass func(int64)
	// touches counts how often the store was told that a pass is in use.
	touches atomic.Int64
}

func (l *line) View() *queue.View {
	if outage(l.outage.Load()) == away {
		old := *l.engine.View()
		old.At = l.now() - 3*second
		return old.After(nil, time.Now().Add(-3*time.Second), time.Now().Add(-3*time.Second))
	}
	if v := l.behind.Load(); v != nil {
		return v
	}
	if !l.still.Load() {
		_ = l.engine.Refresh(context.Background())
	}
	if l.plain.Load() {
		return l.engine.View()
	}
	v := *l.engine.View()
	// However slow the machine is: this view was read just now.
	v.After(l.engine.View(), time.Now(), time.Now())
	return &v
}

func (l *line) Refresh(ctx context.Context) error {
	l.behind.Store(nil)
	return l.engine.Refresh(ctx)
}

func (l *line) trip(ctx context.Context, do func(context.Context) (queue.Seat, error)) (queue.Seat, error) {
	l.trips.Add(1)
	if took := l.took.Load(); took > 0 {
		l.pass(took)
	}
	o := outage(l.outage.Load())
	if o == away || o == failed {
		return queue.Seat{}, fmt.Errorf("cut off: %w", queue.ErrAway)
	}
	seat, err := do(ctx)
	if o == lost {
		return queue.Seat{}, fmt.Errorf("cut off: %w", queue.ErrAway)
	}
	return seat, err
}

func (l *line) Show(p queue.PassID, until int64, s queue.Shown) {
	l.touches.Add(1)
	l.engine.Show(p, until, s)
}

func (l *line) Touch(p queue.PassID, until int64) {
	l.touches.Add(1)
	l.engine.Touch(p, until)
}

func (l *line) Arrive(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	return l.trip(ctx, func(ctx context.Context) (queue.Seat, error) { return l.engine.Arrive(ctx, a) })
}

func (l *line) Return(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	return l.trip(ctx, func(ctx context.Context) (queue.Seat, error) { return l.engine.Return(ctx, a) })
}

func (l *line) Enter(ctx context.Context, id queue.ID, place int64) (queue.Seat, error) {
	return l.trip(ctx, func(ctx context.Context) (queue.Seat, error) { return l.engine.Enter(ctx, id, place) })
}

func (l *line) Leave(ctx context.Context, id queue.ID, place int64) error {
	_, err := l.trip(ctx, func(ctx context.Context) (queue.Seat, error) {
		return queue.Seat{}, l.engine.Leave(ctx, id, place)
	})
	return err
}

func (l *line) End(ctx context.Context, p queue.PassID, why queue.Why, by string) error {
	_, err := l.trip(ctx, func(ctx context.Context) (queue.Seat, error) {
		return queue.Seat{}, l.engine.End(ctx, p, why, by)
	})
	return err
}
