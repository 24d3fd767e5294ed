package simulate_test

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"

	"waitroom/bench/simulate"
	"waitroom/queue"
	"waitroom/queue/redis"
	"waitroom/queue/redis/redistest"
)

const (
	tickets = 30_000
	lanes   = 64 // who asks at a time
)

// TestTicketsTakeAsMuchOfRedisAsIsReckoned lets visitors come, be called and enter,
// and asks Redis each time how much memory that took.
func TestTicketsTakeAsMuchOfRedisAsIsReckoned(t *testing.T) {
	ctx := context.Background()
	server := redistest.Start(t)
	store, err := redis.Open(ctx, redis.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	l, err := store.Room(ctx, "booking", queue.Rules{RatePerHour: 3_600_000_000, Burst: tickets, Hold: 1800e6, PassTTL: 600e6})
	if err != nil {
		t.Fatal(err)
	}
	places := make([]int64, tickets)
	costs, recorded := simulate.Measured(), 0.0
	f := func(state string, reckoned float64, do func(i int)) {
		t.Helper()
		var all sync.WaitGroup
		for lane := range lanes {
			all.Go(func() {
				for i := lane; i < tickets; i += lanes {
					do(i)
				}
			})
		}
		all.Wait()
		line, journal := memory(t, server)
		recorded = journal / tickets
		t.Logf("%s: %.0f bytes a ticket, and %.0f of the journal", state, line/tickets, recorded)
		if got := line / tickets; got > reckoned*1.25 || got < reckoned*0.6 {
			t.Errorf("%s: a ticket takes %.0f bytes, reckoned are %.0f", state, got, reckoned)
		}
	}
	f("waiting", costs.Waiting, func(i int) {
		seat, err := l.Arrive(ctx, queue.Arrival{ID: ticket(i)})
		if err != nil {
			t.Error(err)
		}
		places[i] = seat.Place
	})
	for l.View().Waiting > 0 || l.View().Calls < tickets {
		if _, err := l.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		if err := l.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	f("called", costs.Called, func(int) {})
	f("entered", costs.Entered, func(i int) {
		if seat, err := l.Enter(ctx, ticket(i), places[i]); err != nil || seat.State != queue.StateAdmitted {
			t.Errorf("%+v, %v", seat, err)
		}
	})
	if recorded > costs.Recorded || recorded < costs.Recorded/3 {
		t.Errorf("a visitor takes %.0f bytes of the journal, reckoned are %.0f", recorded, costs.Recorded)
	}
}

func ticket(n int) (id queue.ID) {
	binary.BigEndian.PutUint64(id[4:], uint64(n)*0x9e3779b97f4a7c15)
	return id
}

// memory is what the room's keys take, the journal apart.
func memory(t *testing.T, server *redistest.Server) (line, journal float64) {
	t.Helper()
	c := server.Client()
	defer func() { _ = c.Close() }()
	ctx := context.Background()
	keys, err := c.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		n, err := c.MemoryUsage(ctx, key, 0).Result()
		if err != nil {
			t.Fatal(err)
		}
		if kind, _ := c.Type(ctx, key).Result(); kind == "stream" {
			journal += float64(n)
		} else {
			line += float64(n)
		}
	}
	return line, journal
}
