package redis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

func TestPollsMakeNoTrip(t *testing.T) {
	proxy := redistest.NewProxy(t, redistest.Start(t))
	l := gateway(t, proxy.URL(), fast())
	s := mustArrive(t, l, 1)
	before := proxy.Scripts()
	for range 10_000 {
		v := l.View()
		v.Standing(s.Place, 0, v.Now(), 0.5)
		l.Revoked(queue.PassID{1})
		l.Taken(queue.ID{1})
	}
	if n := proxy.Scripts() - before; n != 0 {
		t.Errorf("10,000 polls made %d trips", n)
	}
}

func TestManyAtOnceShareTrips(t *testing.T) {
	proxy := redistest.NewProxy(t, redistest.Start(t))
	rules := fast()
	rules.RatePerHour = 36_000_000 // 10,000 are called ahead in a second
	l := gateway(t, proxy.URL(), rules)
	const n = 4000
	places := make([]int64, n)
	together := func(what string, do func(i int) error) {
		t.Helper()
		before := proxy.Scripts()
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range n {
			all.Go(func() {
				<-start
				if err := do(i); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		close(start)
		all.Wait()
		trips := proxy.Scripts() - before
		if trips < n/batchBound || trips > n/10 {
			t.Errorf("%d times %s made %d trips", n, what, trips)
		}
		t.Logf("%d times %s made %d trips", n, what, trips)
	}
	ctx := context.Background()
	together("arrive", func(i int) error {
		s, err := l.Arrive(ctx, queue.Arrival{ID: queuetest.ID(i)})
		places[i] = s.Place
		return err
	})
	mustTick(t, l)
	together("enter", func(i int) error {
		_, err := l.Enter(ctx, queuetest.ID(i), places[i])
		return err
	})
	together("leave", func(i int) error { return l.Leave(ctx, queuetest.ID(i), places[i]) })
}

func TestATripWritesOnceHoweverManyItCarries(t *testing.T) {
	server := redistest.Start(t)
	c, ctx := raw(t, server), context.Background()
	rules := fast()
	rules.RatePerHour, rules.MaxActive = 36_000_000, 1_000_000
	l := gateway(t, server.URL(), rules)
	// written is how often commands that change something have run in a trip.
	written := func(what string, trip func() error) {
		t.Helper()
		if err := c.ConfigResetStat(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		if err := trip(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		info, err := c.Info(ctx, "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, m := range regexp.MustCompile(`cmdstat_(?:zadd|zrem|hset|hdel|zpopmin|zcount|xadd):calls=(\d+)`).FindAllStringSubmatch(info, -1) {
			calls, _ := strconv.Atoi(m[1])
			n += calls
		}
		if n > 8 {
			t.Errorf("%s: %d tickets in one trip took %d commands", what, batchBound, n)
		}
	}
	arrivals, called := make([]queue.Arrival, batchBound), make([]place, batchBound)
	for i := range arrivals {
		arrivals[i].ID = queuetest.ID(i)
	}
	written("arrive", func() error {
		seats, err := l.arrive(ctx, arrivals)
		for i, s := range seats {
			called[i] = place{arrivals[i].ID, s.Place}
		}
		return err
	})
	mustTick(t, l)
	written("enter", func() error {
		seats, err := l.enter(ctx, called)
		for _, s := range seats {
			if s.State != queue.StateAdmitted {
				t.Errorf("got %+v", s)
			}
		}
		return err
	})
	written("leave", func() error { _, err := l.leave(ctx, called); return err })
}

// fill puts many tickets into the line at once.
var fill = redis.NewScript(`
for i = ARGV[1], ARGV[2] do
  redis.call('ZADD', KEYS[1], string.format('%.0f', ARGV[3] + i * 100), struct.pack('>I4I8', 7, i))
end
local numbers = redis.call('HGET', KEYS[2], 'numbers')
redis.call('HSET', KEYS[2], 'numbers', struct.pack('>d', ARGV[3] + ARGV[2] * 100) .. string.sub(numbers, 9))`)

// used reads how many microseconds the scripts have taken, and how often they ran.
func used(t *testing.T, c *redis.Client) (usec, calls float64) {
	t.Helper()
	info, err := c.Info(context.Background(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`cmdstat_eval(?:sha)?:calls=(\d+),usec=(\d+)`).FindAllStringSubmatch(info, -1) {
		n, _ := strconv.ParseFloat(m[1], 64)
		u, _ := strconv.ParseFloat(m[2], 64)
		calls, usec = calls+n, usec+u
	}
	return usec, calls
}

func TestTheWorkPerOperationDoesNotGrowWithTheLine(t *testing.T) {
	server := redistest.Start(t)
	c, ctx := raw(t, server), context.Background()
	clock := queuetest.NewClock()
	l := room(t, open(t, Options{URL: server.URL(), Now: clock.Now}), fast())
	first, next := queuetest.Start, 0
	cost := map[string][]float64{}
	measure := func(what string, times int, do func() error) {
		t.Helper()
		least := math.Inf(1) // of ten turns: whatever else the machine did meanwhile is not the store's work
		for range 10 {
			u0, n0 := used(t, c)
			for range times / 10 {
				if err := do(); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			u1, n1 := used(t, c)
			least = min(least, (u1-u0)/(n1-n0))
		}
		cost[what] = append(cost[what], least)
	}
	filled := 0
	for _, waiting := range []int{1000, 1_000_000} {
		for ; filled < waiting; filled += min(waiting-filled, 20_000) {
			upto := filled + min(waiting-filled, 20_000)
			if err := fill.Run(ctx, c, []string{l.keys[0], l.keys[4]}, filled, upto-1, first).Err(); err != nil && !errors.Is(err, redis.Nil) {
				t.Fatal(err)
			}
		}
		mustTick(t, l)
		measure("arrive", 300, func() error {
			next++
			_, err := l.Arrive(ctx, queue.Arrival{ID: queuetest.ID(next)})
			return err
		})
		measure("enter", 300, func() error { // a ticket at the front, put back and let in
			next++
			clock.Add(second / 50)
			s, err := l.Enter(ctx, queuetest.ID(next), first-int64(next))
			if err == nil && s.State != queue.StateAdmitted {
				err = fmt.Errorf("got %+v", s)
			}
			return err
		})
		mustTick(t, l)
		measure("tick that calls nobody", 300, func() error {
			_, err := l.Tick(ctx)
			return err
		})
		calls := l.View().Calls
		u0, _ := used(t, c)
		for range 50 { // nobody of those called shows up
			clock.Add(second / 4)
			mustTick(t, l)
		}
		u1, _ := used(t, c)
		cost["call"] = append(cost["call"], (u1-u0)/float64(l.View().Calls-calls))
		measure("view", 50, func() error { return l.Refresh(ctx) })
	}
	for what, usec := range cost {
		t.Logf("%s: %.1f µs with a thousand waiting, %.1f with a million", what, usec[0], usec[1])
		if what != "view" && what != "call" && usec[1] > 5*usec[0]+50 {
			t.Errorf("%s takes %.0f µs with a thousand waiting, and %.0f with a million", what, usec[0], usec[1])
		}
	}
	size, err := c.MemoryUsage(ctx, l.keys[0], 0).Result()
	n, err2 := c.ZCard(ctx, l.keys[0]).Result()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	each := float64(size) / float64(n)
	t.Logf("%d who wait take %.1f bytes each", n, each)
	if n < 500_000 || each > 125 {
		t.Errorf("%d who wait take %.1f bytes each, want at most 125", n, each)
	}
}

func BenchmarkArrive(b *testing.B) {
	l := gateway(b, redistest.Start(b).URL(), fast())
	b.ReportAllocs()
	var next sync.Mutex
	n := 0
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			next.Lock()
			n++
			id := queuetest.ID(n)
			next.Unlock()
			if _, err := l.Arrive(context.Background(), queue.Arrival{ID: id}); err != nil {
				b.Error(err)
			}
		}
	})
}
