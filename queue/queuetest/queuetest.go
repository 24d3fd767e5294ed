// Package queuetest is the one suite that every engine of the line must pass: the
// promises of package queue, each tried to be broken, in virtual time.
package queuetest

import (
	"context"
	"sync/atomic"
	"testing"

	"waitroom/queue"
)

// Start is when virtual time begins: 12 August 2021, 20:00 in Seoul.
const Start int64 = 1628766000 * 1_000_000

// Second is a second of virtual time.
const Second int64 = 1_000_000

// Engine is everything that a room's line can do.
type Engine interface {
	queue.Line
	queue.Inside
	queue.Held
	queue.Kept
	Rules() queue.Rules
	// SetRules replaces the rules that the configuration gives.
	SetRules(queue.Rules)
	Set(ctx context.Context, c queue.Change) error
	Journal(ctx context.Context, after string, limit int) ([]queue.Record, error)
}

// Clock is the store's clock in a test: it stands still until it is moved.
type Clock struct{ now atomic.Int64 }

// NewClock shows Start.
func NewClock() *Clock {
	c := &Clock{}
	c.now.Store(Start)
	return c
}

// Now is the time that the store sees.
func (c *Clock) Now() int64 { return c.now.Load() }

// Add moves the clock, backwards too.
func (c *Clock) Add(d int64) { c.now.Add(d) }

// Bench is how the suite gets at an engine under test.
type Bench struct {
	Clock *Clock
	// Open opens the room "booking" as one more gateway on the same state; engines
	// for one gateway return the same one again.
	Open func(t testing.TB, rules queue.Rules) Engine
	// Crash throws away every gateway without letting it finish anything; Open
	// starts new ones on what the store kept.
	Crash func(t testing.TB)
	// Lose makes the store forget everything while gateways run; nil where the
	// engine has no store of its own to lose.
	Lose func(t testing.TB)
	// Close gives up what the bench holds, before its test ends; nil where that can
	// wait for the test's cleanup.
	Close func()
	// Longest bounds the trials of the rate, in virtual seconds, where each of them is a
	// trip to a store; 0 runs all.
	Longest int64
	// Shared says that several gateways may share the state.
	Shared bool
}
