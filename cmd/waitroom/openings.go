package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"waitroom/config"
	"waitroom/queue"
	"waitroom/queue/schedule"
)

// eligibility is the schedule of a room; nil is everybody, always. Groups have the bits of their order.
func eligibility(c *config.Room) (*schedule.Schedule, error) {
	e := &c.Eligibility
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return nil, fmt.Errorf("eligibility.zone: %w", err)
	}
	windows := make([]schedule.Window, 0, len(e.Windows))
	for _, w := range e.Windows {
		windows = append(windows, schedule.Window{
			Kind:  schedule.Kind(w.Kind),
			Group: slices.IndexFunc(e.Groups, func(g config.EligibleGroup) bool { return g.Name == w.Group }),
			From:  w.From.Time, Until: w.Until.Time, First: w.First.Time, Last: w.Last.Time,
			Opens: w.Opens.SinceMidnight, Closes: w.Closes.SinceMidnight,
		})
	}
	var within schedule.Span
	if !c.OpensAt.IsZero() {
		within.From = c.OpensAt.UnixMicro()
	}
	if !c.ClosesAt.IsZero() {
		within.Until = c.ClosesAt.UnixMicro()
	}
	s, err := schedule.New(zone, within, windows)
	if err != nil {
		return nil, fmt.Errorf("eligibility: %w", err)
	}
	return s, nil
}

// ruled is a line whose rules can be replaced.
type ruled interface {
	View() *queue.View
	SetRules(queue.Rules)
}

// openings gives a room's line the rules of its configuration, with the opening that is on or comes next by the store's
// clock: each gateway follows them by itself, and all come to the same. It sets nothing before the first follow, and ends
// with stop.
type openings struct {
	line ruled

	mu       sync.Mutex
	rules    queue.Rules
	schedule *schedule.Schedule
	set      queue.Rules // last

	changed chan struct{}
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// openingsEvery bounds the pause between two looks at the store's clock, which may be set.
const openingsEvery = time.Second

func followOpenings(line ruled) *openings {
	ctx, cancel := context.WithCancel(context.Background())
	o := &openings{line: line, changed: make(chan struct{}, 1), cancel: cancel}
	o.done.Go(func() { o.run(ctx) })
	return o
}

// follow takes the rules of a changed configuration over. They count when it returns.
func (o *openings) follow(rules queue.Rules, s *schedule.Schedule) {
	o.mu.Lock()
	o.rules, o.schedule, o.set = rules, s, withOpening(rules, s, o.line.View().Now())
	o.line.SetRules(o.set)
	o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// stop ends it, and waits until it has.
func (o *openings) stop() {
	o.cancel()
	o.done.Wait()
}

func (o *openings) run(ctx context.Context) {
	timer := time.NewTimer(openingsEvery)
	defer timer.Stop()
	for {
		timer.Reset(o.step())
		select {
		case <-ctx.Done():
			return
		case <-o.changed:
		case <-timer.C:
		}
	}
}

// step sets the rules where the opening is another, and says how long to wait for the next step.
func (o *openings) step() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.line.View().Now()
	if o.schedule == nil {
		return openingsEvery
	}
	if next := withOpening(o.rules, o.schedule, now); next != o.set {
		o.set = next
		o.line.SetRules(next)
	}
	if left := o.set.ClosesAt - now; left > 0 && left < openingsEvery.Microseconds() {
		return time.Duration(left) * time.Microsecond
	}
	return openingsEvery
}

// withOpening are rules with the opening of a schedule that is on at an instant, or comes next.
func withOpening(rules queue.Rules, s *schedule.Schedule, now int64) queue.Rules {
	if s != nil {
		rules.OpensAt, rules.ClosesAt = s.Opening(now)
	}
	return rules
}
