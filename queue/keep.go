package queue

import (
	"context"
	"errors"
	"time"
)

const (
	// TickEvery is the pause between two ticks of one gateway.
	TickEvery = 100 * time.Millisecond
	// RefreshEvery is the pause between two readings of the view.
	RefreshEvery = 250 * time.Millisecond
	// keepTimeout bounds one tick or refresh, so that a store that hangs shows as away.
	keepTimeout = time.Second
)

// Keep ticks and refreshes a room until the context ends. Every gateway does so;
// a gateway more or less changes nothing, because a tick gives out only what the
// rate owes. Each failure goes to report, a nil after one that went well again;
// report is called from one goroutine at a time per loop and must not block.
func Keep(ctx context.Context, k Kept, report func(error)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		every(ctx, RefreshEvery, func(ctx context.Context) error { return k.Refresh(ctx) }, report)
	}()
	every(ctx, TickEvery, func(ctx context.Context) error {
		for {
			more, err := k.Tick(ctx)
			if err != nil || !more || ctx.Err() != nil {
				return err
			}
		}
	}, report)
	<-done
}

func every(ctx context.Context, pause time.Duration, do func(context.Context) error, report func(error)) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	failing := false
	for {
		bounded, cancel := context.WithTimeout(ctx, keepTimeout)
		err := do(bounded)
		cancel()
		if ctx.Err() == nil || errors.Is(err, ErrAway) {
			if err != nil || failing {
				report(err)
			}
			failing = err != nil
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
