package main

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// troubleLasts is how long after a refused operation a room counts as in trouble.
	troubleLasts = 5 * time.Second
	// troubleTold is the least time between two lines in the log.
	troubleTold = 10 * time.Second
)

// trouble is that a store answers, and refuses what visitors need, as a full one does:
// its keeper does not notice.
type trouble struct {
	mu   sync.Mutex
	err  error
	at   time.Time
	told time.Time
}

// note notes a failed operation, and logs it now and then.
func (t *trouble) note(log *zap.Logger, room string, err error) {
	now := time.Now()
	t.mu.Lock()
	t.err, t.at = err, now
	tell := now.Sub(t.told) > troubleTold
	if tell {
		t.told = now
	}
	t.mu.Unlock()
	if tell {
		log.Error("the store does not do what visitors need; their places are kept", zap.String("room", room), zap.Error(err))
	}
}

// now is what is wrong; nil for nothing.
func (t *trouble) now() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil || time.Since(t.at) > troubleLasts {
		return nil
	}
	return t.err
}
