package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"waitroom/queue"
	"waitroom/queue/memory"
)

// inner is what the embedded store costs where so many wait.
type inner struct {
	Waiting   int64   `json:"waiting"`
	PerTicket float64 `json:"bytes_per_waiting_ticket"`
	// Joined and Entered are CPU of the whole process for one ticket, with the answers
	// durable, and PerSecond is how many joined in a second.
	Joined    float64 `json:"join"`
	PerSecond float64 `json:"joins_per_second"`
	Entered   float64 `json:"enter"`
	// Journal is its size in megabytes, Replay how many seconds a start takes.
	Journal float64 `json:"journal_megabytes"`
	Replay  float64 `json:"replay_seconds"`
}

// growEmbedded measures the embedded store at a million, and at the most that is asked
// for. The line is filled without syncing; what is measured is synced.
func (b *bench) growEmbedded(ctx context.Context) error {
	for _, waiting := range b.lengths() {
		if waiting < 1_000_000 && waiting != b.most {
			continue
		}
		b.say("embedded, %s waiting", count(waiting))
		r, err := b.embedded(ctx, waiting)
		if err != nil {
			return err
		}
		b.report.Memory = append(b.report.Memory, r)
	}
	return nil
}

func (b *bench) embedded(ctx context.Context, waiting int64) (inner, error) {
	r := inner{Waiting: waiting}
	dir := filepath.Join(b.dir, fmt.Sprint("embedded-", waiting))
	before := heap()
	if err := fillEmbedded(ctx, dir, waiting); err != nil {
		return r, err
	}
	begin := time.Now()
	store, err := memory.Open(memory.Options{Dir: dir})
	if err != nil {
		return r, err
	}
	l, err := store.Room(room, rules())
	if err != nil {
		return r, errors.Join(err, store.Close())
	}
	r.Replay = time.Since(begin).Seconds()
	r.PerTicket = float64(heap()-before) / float64(waiting)
	if r.Journal, err = size(dir); err != nil {
		return r, errors.Join(err, store.Close())
	}
	err = r.use(ctx, l)
	return r, errors.Join(err, store.Close())
}

// heap is what lives on this process's heap.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func fillEmbedded(ctx context.Context, dir string, waiting int64) error {
	store, err := memory.Open(memory.Options{Dir: dir, NoSync: true})
	if err != nil {
		return err
	}
	l, err := store.Room(room, rules())
	for begin := int64(0); begin < waiting && err == nil; begin += 100_000 {
		_, err = ask(int(min(100_000, waiting-begin)), together, func(i int) (queue.Seat, error) {
			return l.Arrive(ctx, queue.Arrival{ID: visitor(uint64(begin) + uint64(i))})
		})
	}
	return errors.Join(err, store.Close())
}

// use lets people join, calls as many from the head, and lets them in.
func (r *inner) use(ctx context.Context, l *memory.Line) error {
	if n := l.View().Waiting; n != r.Waiting {
		return fmt.Errorf("wrong: %d wait after the start, and it should be %d", n, r.Waiting)
	}
	const n = 20 * cohort
	began, cpu := time.Now(), ownTime()
	if _, err := ask(n, together, func(i int) (queue.Seat, error) {
		return l.Arrive(ctx, queue.Arrival{ID: visitor(1<<40 + uint64(i))})
	}); err != nil {
		return err
	}
	r.Joined = float64((ownTime() - cpu).Microseconds()) / n
	r.PerSecond = n / time.Since(began).Seconds()
	for l.View().Called < n+cohort { // they joined together, so not quite in order
		if _, err := l.Tick(ctx); err != nil {
			return err
		}
		if err := l.Refresh(ctx); err != nil {
			return err
		}
	}
	cpu = ownTime()
	seats, err := ask(n, together, func(i int) (queue.Seat, error) {
		return l.Enter(ctx, visitor(uint64(i)), 1)
	})
	if err != nil {
		return err
	}
	r.Entered = float64((ownTime() - cpu).Microseconds()) / n
	for i, s := range seats {
		if s.State != queue.StateAdmitted {
			return fmt.Errorf("wrong: visitor %d of the head got %+v", i, s)
		}
	}
	return l.Refresh(ctx)
}
