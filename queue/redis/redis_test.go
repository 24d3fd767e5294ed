package redis

import (
	"context"
	"testing"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// bench puts the suite onto a real redis-server; each gateway is a Store of its own.
func bench(server *redistest.Server) func(t *testing.T) *queuetest.Bench {
	var stores []*Store
	closeAll := func() {
		for _, s := range stores {
			_ = s.Close()
		}
		stores = nil
	}
	return func(t *testing.T) *queuetest.Bench {
		t.Helper()
		closeAll()
		flush(t, server)
		b := &queuetest.Bench{Clock: queuetest.NewClock(), Shared: true}
		t.Cleanup(closeAll)
		b.Open = func(t testing.TB, rules queue.Rules) queuetest.Engine {
			t.Helper()
			s, err := Open(context.Background(), Options{URL: server.URL(), Now: b.Clock.Now})
			if err != nil {
				t.Fatal(err)
			}
			stores = append(stores, s)
			l, err := s.Room(context.Background(), "booking", rules)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		b.Crash = func(testing.TB) { closeAll() }
		b.Lose = func(t testing.TB) {
			t.Helper()
			flush(t, server)
		}
		return b
	}
}

func flush(t testing.TB, server *redistest.Server) {
	t.Helper()
	c := server.Client()
	defer func() { _ = c.Close() }()
	if err := c.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestTheLineKeepsItsPromisesOnARealRedis(t *testing.T) {
	queuetest.Run(t, bench(redistest.Start(t)))
}

func TestTheLineDoesWhatTheModelDoesOnARealRedis(t *testing.T) {
	queuetest.RunModel(t, bench(redistest.Start(t)))
}
