package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"waitroom/queue"
	"waitroom/queue/redis"
)

const (
	// flowRate is entries a second in the sustained run.
	flowRate = 25_000
	// flowBurst is how many may come at once in it.
	flowBurst = 2500
)

// flow is what came of letting people in for some seconds, as fast as the rate allows.
type flow struct {
	Waiting   int64   `json:"waiting"`
	Rate      float64 `json:"rate_per_second"`
	Entries   int64   `json:"entries"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"entries_per_second"`
	// Excess is how many entries more than rate x W there were in the worst window W;
	// the promise is at most the burst.
	Excess int64 `json:"excess"`
}

// sustain opens a room of its own in the same Redis and lets people in, while another
// goroutine calls them.
func (b *bench) sustain(ctx context.Context, big *line) (err error) {
	b.say("entries, %d a second", flowRate)
	store, err := redis.Open(ctx, redis.Options{URL: big.server.url(), Prefix: "waitroom-flow"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	r := rules()
	r.RatePerHour, r.Burst = 3600*flowRate, flowBurst
	room, err := store.Room(ctx, room, r)
	if err != nil {
		return err
	}
	n := int(flowRate * (b.flowFor.Seconds() + 4))
	tickets, err := arrive(ctx, room, n)
	if err != nil {
		return err
	}
	entries, err := b.pour(ctx, room, tickets)
	if err != nil {
		return err
	}
	f := &flow{Waiting: int64(n), Rate: flowRate}
	f.Excess, err = excess(entries)
	first, last := entries[0], entries[len(entries)-1]
	f.Entries, f.Seconds = int64(len(entries)), float64(last-first)/second
	f.PerSecond = float64(f.Entries-flowBurst) / f.Seconds
	b.report.Flow = f
	return err
}

// arrive lets n visitors join, and gives them in the order of their places.
func arrive(ctx context.Context, room *redis.Line, n int) ([]ticket, error) {
	ids := make([]queue.ID, n)
	seats, err := ask(n, together, func(i int) (queue.Seat, error) {
		ids[i] = visitor(1<<40 + uint64(i))
		return room.Arrive(ctx, queue.Arrival{ID: ids[i]})
	})
	if err != nil {
		return nil, err
	}
	tickets := make([]ticket, n)
	for i, s := range seats {
		tickets[i] = ticket{ids[i], s.Place}
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return int(a.place - b.place) })
	return tickets, nil
}

// pour enters tickets as they are called, for as long as the run lasts, and gives their
// entries in order.
func (b *bench) pour(ctx context.Context, room *redis.Line, tickets []ticket) ([]int64, error) {
	ctx, stop := context.WithTimeout(ctx, b.flowFor)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { queue.Keep(ctx, room, func(error) {}) })
	var entries []int64
	next := 0
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for ctx.Err() == nil && next < len(tickets) {
		front := room.View().Front
		upto := next
		for upto < len(tickets) && tickets[upto].place <= front {
			upto++
		}
		called := tickets[next:upto]
		next = upto
		seats, err := ask(len(called), together, func(i int) (queue.Seat, error) {
			return room.Enter(context.WithoutCancel(ctx), called[i].id, called[i].place)
		})
		if err != nil {
			return nil, err
		}
		for i, s := range seats {
			if s.State != queue.StateAdmitted {
				return nil, fmt.Errorf("wrong: called ticket %x got %+v", called[i].id, s)
			}
			entries = append(entries, s.Entry)
		}
		<-look.C
	}
	stop()
	all.Wait()
	if len(entries) <= flowBurst {
		return nil, fmt.Errorf("wrong: %d entered in %s", len(entries), b.flowFor)
	}
	slices.Sort(entries)
	return entries, nil
}

// excess is the most entries above rate x W in any window W, which the burst bounds.
func excess(entries []int64) (int64, error) {
	// Entry i is so many entries ahead of the rate, counted from the first; a window's
	// excess is the difference between its end and its beginning, and the entry at its
	// beginning.
	const interval = float64(second) / flowRate
	worst, lowest := 0.0, 0.0
	for i, at := range entries {
		ahead := float64(i) - float64(at-entries[0])/interval
		lowest = min(lowest, ahead)
		worst = max(worst, ahead-lowest+1)
	}
	// Entries are whole microseconds, a fortieth of the interval.
	if worst > flowBurst+0.1 {
		return int64(worst), fmt.Errorf("wrong: %.1f entries above the rate in one window, and %d are allowed", worst, flowBurst)
	}
	return int64(worst), nil
}
