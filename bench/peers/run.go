package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"waitroom/bench/measure"
)

// counter reads how many requests have been served, as another than wrk counts them.
type counter func(ctx context.Context) (int64, error)

// done is what a comparison gave.
type done struct {
	measure.Compared
	// asked is how many requests A answered in all, warming up included; trips are the
	// scripts that its store ran meanwhile, and own those of them that it would have run
	// with nobody there.
	asked, trips, own int64
	// taken are the passes that took the place of others at A.
	taken int64
}

// errAway says that a gateway could not reach its store in time: then it gives tickets
// that are stamped with the time of arrival, and the place is taken by a later poll.
var errAway = errors.New("the store did not answer within a second, so that some who came got a time stamp and no place yet; is the machine busy with something else?")

// tries are made of a comparison whose store was away.
const tries = 4

// run makes one comparison, again where the machine was too busy for it.
func (r row) run(ctx context.Context, s *stage, o options) (done, error) {
	for n := 1; ; n++ {
		d, err := r.once(ctx, s, o)
		if !errors.Is(err, errAway) || n == tries {
			return d, err
		}
		fmt.Fprintf(os.Stderr, "%s: %v; it is measured again\n", r.name, err)
	}
}

// once makes one comparison, and checks that all that was asked was done.
func (r row) once(ctx context.Context, s *stage, o options) (done, error) {
	a, countA, err := s.side(ctx, r, r.a, "a", o.each)
	if err != nil {
		return done{}, err
	}
	b, countB, err := s.side(ctx, r, r.b, "b", o.each)
	if err != nil {
		return done{}, err
	}
	tripped, err := s.watchTrips(ctx, gateways[r.a].redis)
	if err != nil {
		return done{}, err
	}
	check, err := r.watch(ctx, countA, countB)
	if err != nil {
		return done{}, err
	}
	warmA, warmB := a, b
	warmA.Load.Duration, warmB.Load.Duration = warmUp, warmUp
	warm, err := measure.Pair(ctx, warmA, warmB, 1)
	if err != nil {
		return done{}, err
	}
	compared, err := measure.Pair(ctx, a, b, o.rounds)
	if err != nil {
		return done{}, err
	}
	d := done{Compared: compared}
	all := append(warm.Rounds, compared.Rounds...)
	if err := check(ctx, all, a.Load.Connections); err != nil {
		return done{}, s.excuse(r, err)
	}
	for _, round := range all {
		d.asked += round.A.Requests
		d.taken += round.A.Successors
	}
	if r.task == keep && d.taken < inside {
		return done{}, fmt.Errorf("%d successors of passes were taken: they do not rotate", d.taken)
	}
	if d.trips, d.own, err = tripped(ctx); err != nil {
		return done{}, err
	}
	if r.task == poll && d.trips > 2*d.own+50 {
		return done{}, fmt.Errorf("%d polls made trips to the store: it ran %d scripts, and with nobody there it would have been %d",
			d.asked, d.trips, d.own)
	}
	return d, nil
}

// excuse adds why an arrival may have got no place, where a gateway says so.
func (s *stage) excuse(r row, err error) error {
	for _, name := range []string{r.a, r.b} {
		if at := s.servers[name]; gateways[name].redis != "" && strings.Contains(at.Log(), "the store is away") {
			return fmt.Errorf("%w (%w)", errAway, err)
		}
	}
	return err
}

// watchTrips looks at what scripts a store runs by itself, and gives how to learn how
// many it has run from then on, and how many of them by itself. No store has none.
func (s *stage) watchTrips(ctx context.Context, store string) (func(context.Context) (trips, own int64, err error), error) {
	if store == "" {
		return func(context.Context) (int64, int64, error) { return 0, 0, nil }, nil
	}
	const look = 2 * time.Second
	first, err := s.trips(ctx, store)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(look):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	before, err := s.trips(ctx, store)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	return func(ctx context.Context) (int64, int64, error) {
		after, err := s.trips(ctx, store)
		own := float64(before-first) * time.Since(began).Seconds() / look.Seconds()
		return after - before, int64(own), err
	}, nil
}

// side starts a server and says what is to be asked of it, and who counts.
func (s *stage) side(ctx context.Context, r row, name, letter string, each time.Duration) (measure.Side, counter, error) {
	at, err := s.get(ctx, name)
	if err != nil {
		return measure.Side{}, nil, err
	}
	g, ours := gateways[name]
	var people string
	switch r.task {
	case fetch, fetchBig, keep:
		to := "gateway"
		if ours {
			to = name
		}
		people, err = s.people(ctx, to, true)
	case poll:
		people, err = s.people(ctx, "gateway polled", false)
	}
	if err != nil {
		return measure.Side{}, nil, err
	}
	side := measure.Side{Name: name, Server: at.Process, Load: s.load(r, at, letter, people, each)}
	switch {
	case r.task == fetch, r.task == fetchBig, r.task == keep:
		return side, func(ctx context.Context) (int64, error) { return s.seen(ctx, letter) }, nil
	case !ours:
		return side, nil, nil
	case r.task == poll:
		return side, func(ctx context.Context) (int64, error) { return s.counted(ctx, name, "polled") }, nil
	}
	side.Beside = []*measure.Process{s.servers[g.redis].Process}
	return side, func(ctx context.Context) (int64, error) { return s.places(ctx, g.redis) }, nil
}

// watch reads the counters, and gives a check that what they count from now on is what
// the visitors got: each answer a success, and nothing done twice or for nobody. wrk
// does not count what is still under way when a round ends, one for each connection.
func (r row) watch(ctx context.Context, counters ...counter) (func(context.Context, []measure.Round, int) error, error) {
	before := make([]int64, len(counters))
	for i, count := range counters {
		if count == nil {
			continue
		}
		n, err := count(ctx)
		if err != nil {
			return nil, err
		}
		before[i] = n
	}
	return func(ctx context.Context, rounds []measure.Round, connections int) error {
		for i, count := range counters {
			var answered int64
			for _, round := range rounds {
				sample := []measure.Sample{round.A, round.B}[i]
				answered += sample.Requests
				if err := sample.Sound(); err != nil {
					return fmt.Errorf("%s: %w", []string{r.a, r.b}[i], err)
				}
				// wrk rounds what it has read to a hundredth of its unit.
				if sample.Bytes+sample.Bytes/50 < sample.Requests*r.size() {
					return fmt.Errorf("%s answered %d requests with %d bytes", []string{r.a, r.b}[i], sample.Requests, sample.Bytes)
				}
			}
			if count == nil {
				continue
			}
			after, err := count(ctx)
			if err != nil {
				return err
			}
			most := answered + int64(len(rounds)*connections)
			if n := after - before[i]; n < answered || n > most {
				return fmt.Errorf("%s answered %d requests, and %d were done; it should be %d to %d",
					[]string{r.a, r.b}[i], answered, n, answered, most)
			}
		}
		return nil
	}, nil
}

// plain is a server's name without what tells it from another of its kind.
func plain(name string) string { return strings.TrimSuffix(name, " again") }
