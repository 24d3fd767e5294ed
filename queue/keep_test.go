package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"waitroom/queue"
)

// room counts what Keep asks of it, and answers as it is told.
type room struct {
	tick    func(ctx context.Context, n int) (bool, error)
	refresh func(ctx context.Context, n int) error

	mu               sync.Mutex
	ticks, refreshes int
	reports          []string
}

func (r *room) Tick(ctx context.Context) (bool, error) {
	r.mu.Lock()
	r.ticks++
	n := r.ticks
	r.mu.Unlock()
	if r.tick == nil {
		return false, nil
	}
	return r.tick(ctx, n)
}

func (r *room) Refresh(ctx context.Context) error {
	r.mu.Lock()
	r.refreshes++
	n := r.refreshes
	r.mu.Unlock()
	if r.refresh == nil {
		return nil
	}
	return r.refresh(ctx, n)
}

func (r *room) report(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, fmt.Sprint(err))
}

// keep keeps the room for so long, in time that costs none, and sees that nothing is left.
func (r *room) keep(t *testing.T, d time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			queue.Keep(ctx, r, r.report)
		}()
		time.Sleep(d)
		synctest.Wait()
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("the context has ended, and the room is still kept")
		}
	})
}

func TestKeepTicksAndRefreshesUntilTheContextEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	r := &room{}
	r.keep(t, 10*time.Second+time.Millisecond)
	if r.ticks != 101 || r.refreshes != 41 {
		t.Errorf("%d ticks and %d refreshes in ten seconds, want one at once and then 10 and 4 a second", r.ticks, r.refreshes)
	}
	if len(r.reports) != 0 {
		t.Errorf("reported: %v", r.reports)
	}
}

func TestKeepTicksAgainAtOnceWhereThereIsMore(t *testing.T) {
	r := &room{tick: func(_ context.Context, n int) (bool, error) { return n < 50, nil }}
	r.keep(t, time.Millisecond)
	if r.ticks != 50 {
		t.Errorf("%d ticks at once, want 50", r.ticks)
	}
}

func TestKeepReportsFailuresAndRecovery(t *testing.T) {
	away := fmt.Errorf("tick room: %w", queue.ErrAway)
	r := &room{
		tick: func(_ context.Context, n int) (bool, error) {
			if n == 2 || n == 3 {
				return true, away // an error counts, not what was to be done
			}
			return false, nil
		},
		refresh: func(_ context.Context, n int) error {
			if n == 3 {
				return errors.New("refresh room")
			}
			return nil
		},
	}
	r.keep(t, 2*time.Second)
	want := []string{away.Error(), away.Error(), "<nil>", "refresh room", "<nil>"}
	if diff := cmp.Diff(want, r.reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	if r.ticks != 21 && r.ticks != 20 {
		t.Errorf("%d ticks in two seconds: failures must not be tried again in a hurry", r.ticks)
	}
}

func TestKeepBoundsAStoreThatHangs(t *testing.T) {
	hang := func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return fmt.Errorf("refresh room: %w", queue.ErrAway)
	}
	r := &room{refresh: hang}
	r.keep(t, 3500*time.Millisecond)
	if len(r.reports) != 3 {
		t.Errorf("reports %v, want one each second", r.reports)
	}
	if r.ticks < 35 {
		t.Errorf("%d ticks: a refresh that hangs must not hold up the calls", r.ticks)
	}
}

func TestKeepGivesEachOfManyTicksItsTime(t *testing.T) {
	slow := func(ctx context.Context, n int) (bool, error) {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(300 * time.Millisecond):
			return n < 20, nil
		}
	}
	r := &room{tick: slow}
	r.keep(t, 5*time.Second)
	if len(r.reports) != 0 {
		t.Errorf("reports %v: all ticks went well", r.reports)
	}
}

func TestKeepReturnsWhenWhatWasUnderWayHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		r := &room{refresh: func(ctx context.Context, _ int) error {
			<-ctx.Done()
			time.Sleep(time.Second) // a store that answers late
			ended = true
			return nil
		}}
		time.AfterFunc(time.Millisecond, cancel)
		queue.Keep(ctx, r, r.report)
		if !ended {
			t.Error("a refresh is still under way")
		}
	})
}

func TestTheEndOfTheContextIsNoFailure(t *testing.T) {
	r := &room{refresh: func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return errors.Join(queue.ErrAway, ctx.Err())
	}}
	r.keep(t, time.Millisecond)
	if len(r.reports) != 0 {
		t.Errorf("reports %v", r.reports)
	}
}

func TestKeepDoesNothingWhereTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &room{}
	queue.Keep(ctx, r, r.report)
	if r.ticks+r.refreshes != 0 {
		t.Errorf("%d ticks and %d refreshes", r.ticks, r.refreshes)
	}
}
