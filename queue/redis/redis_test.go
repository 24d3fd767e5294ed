package redis

import (
	"context"
	"encoding/binary"
	"testing"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

func id(n int) queue.ID {
	var i queue.ID
	binary.BigEndian.PutUint64(i[4:], uint64(n))
	return i
}

func TestAVisitorArrivesIsCalledAndEnters(t *testing.T) {
	server := redistest.Start(t)
	clock := queuetest.NewClock()
	ctx := context.Background()
	s, err := Open(ctx, Options{URL: server.URL(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l, err := s.Room(ctx, "booking", queue.Rules{RatePerHour: 3600, Burst: 1, Hold: 1800e6, PassTTL: 600e6})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		seat, err := l.Arrive(ctx, queue.Arrival{ID: id(n)})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", seat)
	}
	for range 100 {
		clock.Add(100_000)
		if _, err := l.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		if err := l.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	v := l.View()
	t.Logf("%+v", v)
	seat, err := l.Enter(ctx, id(0), queuetest.Start)
	t.Logf("%+v %v", seat, err)
	again, err := l.Enter(ctx, id(0), queuetest.Start)
	if err != nil || seat != again {
		t.Fatalf("asked again: %+v %v", again, err)
	}
	recs, err := l.Journal(ctx, "", 10)
	t.Logf("%+v %v", recs, err)
}
