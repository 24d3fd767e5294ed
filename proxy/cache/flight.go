package cache

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"waitroom/proxy/forward"
)

// errWait is a fetch that took longer than a visitor waits.
var errWait = fmt.Errorf("%w: waited for another's request", forward.ErrSlow)

// errPanicked is a fetch that ended by a defect of ours.
var errPanicked = errors.New("the fetch panicked")

// flight is one fetch under way, with all who wait for it. It belongs to no visitor: who
// began it may go away.
type flight struct {
	done chan struct{}
	out  outcome // once done is closed
}

// landing is how a fetch ended.
type landing uint8

const (
	failed landing = iota // no answer, or one that tells of the backend's trouble
	kept                  // an answer for everybody
	differ                // the answers of this address vary by fields that were not known
	apart                 // each has to ask for himself
)

// outcome is what came of a fetch.
type outcome struct {
	landing landing
	// entry is the answer, or the backend's own of a failure; nil where there was none.
	entry *entry
	err   error
	why   string // of apart
	// status is the backend's.
	status int
}

// join finds the fetch of a key that is under way, or begins it; led says which. again is
// that one has ended since the request looked. Without any of them no more may be begun now.
func (c *Cache) join(j *job) (f *flight, led, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f = c.flights[j.key]; f != nil {
		return f, false, false
	}
	if c.store.peek(j.key) != j.seen {
		return nil, false, true
	}
	if c.closed || len(c.flights) >= maxFlights || !c.promise(forward.FetchHolds) {
		return nil, false, false
	}
	f = &flight{done: make(chan struct{})}
	c.flights[j.key] = f
	c.running.Add(1)
	j.copied()
	go c.fly(f, j)
	return f, true, false
}

// promise takes room for an answer on its way. It needs the lock.
func (c *Cache) promise(n int64) bool {
	if c.held+n > c.o.MaxBytes/2 {
		return false
	}
	c.held += n
	return true
}

// fly is the goroutine of one fetch.
func (c *Cache) fly(f *flight, j *job) {
	defer c.running.Done()
	held := int64(forward.FetchHolds)
	out := outcome{err: errPanicked}
	defer func() {
		if v := recover(); v != nil {
			c.o.Log.Error("a fetch for the cache panicked", zap.Any("value", v), zap.Stack("stack"))
		}
		c.mu.Lock()
		delete(c.flights, j.key)
		c.held -= held
		c.mu.Unlock()
		f.out = out
		close(f.done)
	}()
	out = c.fetch(j, func(total int64) bool {
		if total > c.o.MaxAnswer {
			return false
		}
		// Twice, since what grows is copied.
		more := 2*total - held
		if more <= 0 {
			return true
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.promise(more) {
			j.full = true
			return false
		}
		held += more
		return true
	})
}

// Watch says that fetches are to end, to who asks while one lasts; see forward.Watcher.
func (c *Cache) Watch() (ended func() bool) { return c.over.Load }

// wait waits for a fetch, until then at most.
func (f *flight) wait(until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-f.done:
		return true
	case <-timer.C:
		return false
	}
}
