package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"waitroom/bench/measure"
)

const (
	// rounds is how many cohorts join, are called and enter at each length.
	rounds = 30
	// alone is how many of them come one after the other.
	alone = 3
	// views is how often the view is read in a round.
	views = 10
)

// growRedis measures a line in Redis at each length, and leaves it at the last.
func (b *bench) growRedis(ctx context.Context) (err error) {
	s, err := startRedis(ctx, filepath.Join(b.dir, "redis"))
	if err != nil {
		return err
	}
	defer s.stop()
	l, err := openLine(ctx, s, rules())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	for _, waiting := range b.lengths() {
		b.say("Redis, %s waiting", count(waiting))
		r, err := l.grow(ctx, waiting)
		if err != nil {
			return err
		}
		b.report.Redis = append(b.report.Redis, r)
		if waiting == min(b.most, 1_000_000) {
			if err := b.withLog(ctx, l, waiting); err != nil {
				return err
			}
		}
	}
	if err := b.sustain(ctx, l); err != nil {
		return err
	}
	return b.save(ctx, l)
}

// withLog measures once more with an append-only file, as deploy/redis.conf has it.
func (b *bench) withLog(ctx context.Context, l *line, waiting int64) error {
	b.say("the same with an append-only file")
	c := l.server.client
	if err := c.ConfigSet(ctx, "appendonly", "yes").Err(); err != nil {
		return err
	}
	if err := l.server.settled(ctx); err != nil {
		return err
	}
	r, err := l.grow(ctx, waiting)
	if err != nil {
		return err
	}
	b.report.AOF = &r
	return c.ConfigSet(ctx, "appendonly", "no").Err()
}

// grow fills the line and measures rounds of joining, calling and entering: each as many
// as the others, so that the line is as long at the end as it was at the beginning.
func (l *line) grow(ctx context.Context, waiting int64) (row, error) {
	r := row{Waiting: waiting}
	if err := l.fill(ctx, waiting); err != nil {
		return r, err
	}
	if err := l.holds(ctx, waiting); err != nil {
		return r, err
	}
	full, err := l.server.memory(ctx)
	if err != nil {
		return r, err
	}
	size, err := l.server.client.MemoryUsage(ctx, l.key, 0).Result()
	if err != nil {
		return r, err
	}
	r.PerTicket = float64(size) / float64(waiting)
	trips, err := l.server.trips(ctx)
	if err != nil {
		return r, err
	}
	var c costs
	for n := range rounds {
		if err := l.round(ctx, n < alone, &c); err != nil {
			return r, fmt.Errorf("with %s waiting: %w", count(waiting), err)
		}
	}
	after, err := l.server.trips(ctx)
	if err != nil {
		return r, err
	}
	c.spread(&r)
	// Of the trips, those of who came alone, the ticks and the views carried one each.
	others := int64(rounds*(views+1+idle) + alone*2*cohort)
	r.Batch = float64((rounds-alone)*2*cohort) / float64(max(1, after-trips-others))
	inside, err := l.server.memory(ctx)
	if err != nil {
		return r, err
	}
	r.PerInside = float64(inside-full) / float64(rounds*cohort)
	return r, l.holds(ctx, waiting)
}

// costs are microseconds of Redis for one operation, round by round.
type costs struct {
	join, joinAlone, call, enter, enterAlone, view, viewHere, tick []float64
}

func (c *costs) spread(r *row) {
	r.Joined, r.JoinedAlone = measure.SpreadOf(c.join...), measure.SpreadOf(c.joinAlone...)
	r.Called, r.Entered = measure.SpreadOf(c.call...), measure.SpreadOf(c.enter...)
	r.EntersAlone, r.View = measure.SpreadOf(c.enterAlone...), measure.SpreadOf(c.view...)
	r.ViewHere, r.Tick = measure.SpreadOf(c.viewHere...), measure.SpreadOf(c.tick...)
}

// idle is how many ticks of a round call nobody.
const idle = 10

// round lets a cohort join, be called and enter, and looks at every answer.
func (l *line) round(ctx context.Context, alone bool, c *costs) error {
	at, join, enter := together, &c.join, &c.enter
	if alone {
		at, join, enter = 1, &c.joinAlone, &c.enterAlone
	}
	if err := l.measured(join, cohort, func() error { return l.join(ctx, cohort, at) }); err != nil {
		return err
	}
	if err := l.measured(&c.call, cohort, func() error { return l.call(ctx) }); err != nil {
		return err
	}
	tickets, err := l.cohort(ctx)
	if err != nil {
		return err
	}
	if err := l.measured(enter, cohort, func() error { return l.enter(ctx, tickets, at) }); err != nil {
		return err
	}
	if err := l.idleTicks(ctx, c); err != nil {
		return err
	}
	here := ownTime()
	err = l.measured(&c.view, views, func() error {
		for range views {
			if err := patient(func() error { return l.room.Refresh(ctx) }); err != nil {
				return err
			}
		}
		return nil
	})
	c.viewHere = append(c.viewHere, float64((ownTime()-here).Microseconds())/views)
	return err
}

// idleTicks ticks while nobody may be called.
func (l *line) idleTicks(ctx context.Context, c *costs) error {
	if err := l.pause(ctx, true); err != nil {
		return err
	}
	if err := l.measured(&c.tick, idle, func() error {
		for range idle {
			if err := patient(func() error { return l.tick(ctx) }); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return l.pause(ctx, false)
}

// saved is how long Redis takes to write all to disk, and to read it at a start.
type saved struct {
	Waiting   int64   `json:"waiting"`
	Save      float64 `json:"save_seconds"`
	Load      float64 `json:"load_seconds"`
	Megabytes float64 `json:"megabytes"`
}

// save writes the line to disk, starts Redis anew, and looks whether all are there.
func (b *bench) save(ctx context.Context, l *line) error {
	b.say("saved, and loaded again")
	s := l.server
	has, err := s.client.ZCard(ctx, l.key).Result()
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := s.client.Save(ctx).Err(); err != nil {
		return fmt.Errorf("save: %w", err)
	}
	r := &saved{Waiting: has, Save: time.Since(begin).Seconds()}
	if r.Megabytes, err = size(filepath.Join(s.dir, "dump.rdb")); err != nil {
		return err
	}
	s.stop()
	begin = time.Now()
	again, err := startRedis(ctx, s.dir)
	if err != nil {
		return err
	}
	r.Load = time.Since(begin).Seconds()
	l.server.process, l.server.client = again.process, again.client
	b.report.Saved = r
	return l.holds(ctx, has)
}
