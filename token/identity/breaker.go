package identity

import (
	"sync"
	"time"
)

// breaker leaves a provider alone that failed too often in a row. Time is what it is told.
type breaker struct {
	limit int
	pause time.Duration

	mu      sync.Mutex
	failed  int
	retry   time.Time // broken until then, where failed >= limit
	probing bool
}

// outcome is what became of asking a provider.
type outcome uint8

const (
	answered  outcome = iota // with yes or no
	failed                   // not, or not sensibly
	abandoned                // we did not wait for it
)

// broken tells whether there is no use in sending anybody to the provider now.
func (b *breaker) broken(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed >= b.limit && now.Before(b.retry)
}

// ask tells whether the provider may be asked. Whoever is told so says later what became of it, by tell.
func (b *breaker) ask(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed < b.limit {
		return true
	}
	if b.probing || now.Before(b.retry) {
		return false
	}
	b.probing = true
	return true
}

// tell says what became of asking.
func (b *breaker) tell(now time.Time, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Who asked before it broke, and is answered late, has nothing to say about the probe; a yes is welcome from anybody.
	switch o {
	case answered:
		b.failed, b.probing = 0, false
	case failed:
		b.failed = min(b.failed+1, b.limit)
		if b.failed == b.limit {
			b.retry, b.probing = now.Add(b.pause), false
		}
	case abandoned:
		b.probing = false
	}
}

// state is for Health.
func (b *breaker) state(now time.Time) (broken bool, retry time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed < b.limit {
		return false, time.Time{}
	}
	return true, b.retry
}
