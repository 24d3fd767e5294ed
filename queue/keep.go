package queue

import (
	"context"
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
// rate owes. Each failure goes to report, a nil after one that went well again, for
// ticks and refreshes each; report may be called by both at a time, and must not block.
func Keep(ctx context.Context, k Kept, report func(error)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		every(ctx, RefreshEvery, func(ctx context.Context) (bool, error) { return false, k.Refresh(ctx) }, report)
	}()
	every(ctx, TickEvery, k.Tick, report)
	<-done
}

// every does one thing at each pause, and again at once where it says that there is
// more. An error because the context has ended is the end, and no failure.
func every(ctx context.Context, pause time.Duration, do func(context.Context) (bool, error), report func(error)) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	failing := false
	for ctx.Err() == nil {
		bounded, cancel := context.WithTimeout(ctx, keepTimeout)
		more, err := do(bounded)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil || failing {
			report(err)
		}
		failing = err != nil
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
