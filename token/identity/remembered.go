package identity

import (
	"context"
	"sync"
	"time"
)

// remembered is something that a provider publishes: fetched when it is first needed, by one for all who wait, and anew when it has
// got old: in the background, or waited for where nobody has needed it for long. When it cannot be fetched anew, the old one is good
// for a while longer.
type remembered[T any] struct {
	fetch       func(context.Context) (T, error)
	clock       func() time.Time
	fresh, good time.Duration // how old it may get before it is fetched anew, and at all
	again       time.Duration // how long until it is tried again
	timeout     time.Duration

	mu     sync.Mutex
	value  T
	at     time.Time // when the value was fetched, zero is never
	tried  time.Time
	err    error
	flight chan struct{} // closed when the fetch that is under way is over
}

// get gives what is remembered, and waits for it where there is none that is good. With renew it waits for one that is fetched
// now, unless that was done or tried just before; that it could not be fetched is then an error.
func (r *remembered[T]) get(ctx, life context.Context, renew bool) (T, error) {
	r.mu.Lock()
	now := r.clock()
	age := now.Sub(r.at)
	have := !r.at.IsZero() && age < r.good
	if (!have || renew || age >= r.fresh) && r.flight == nil && (r.tried.IsZero() || now.Sub(r.tried) >= r.again) {
		r.tried, r.flight = now, make(chan struct{})
		go r.fly(life, r.flight)
	}
	value, err, flight := r.value, r.err, r.flight
	r.mu.Unlock()
	idle := age >= 2*r.fresh && err == nil
	if have && !renew && !(idle && flight != nil) {
		return value, nil
	}
	if flight == nil {
		return value, err
	}
	select {
	case <-flight:
	case <-ctx.Done():
		return value, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if have && !renew {
		return r.value, nil
	}
	return r.value, r.err
}

// known tells whether get gives it at once.
func (r *remembered[T]) known() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.at.IsZero() && r.clock().Sub(r.at) < r.good
}

func (r *remembered[T]) fly(life context.Context, flight chan struct{}) {
	ctx, cancel := context.WithTimeout(life, r.timeout)
	defer cancel()
	value, err := r.fetch(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err = err; err == nil {
		r.value, r.at = value, r.clock()
	}
	r.flight = nil
	close(flight)
}
