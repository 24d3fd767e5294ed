package memory

import (
	"context"
	"sync/atomic"
	"testing"

	"waitroom/queue"
)

const start int64 = 1628766000 * 1_000_000

func TestATicketGoesFromArrivalToPass(t *testing.T) {
	var clock atomic.Int64
	clock.Store(start)
	ctx := context.Background()
	dir := t.TempDir()
	s, err := Open(Options{Dir: dir, Now: clock.Load})
	if err != nil {
		t.Fatal(err)
	}
	rules := queue.Rules{RatePerHour: 3600, Burst: 1, Hold: 600e6, PassTTL: 900e6}
	l, err := s.Room("booking", rules)
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Arrive(ctx, queue.Arrival{ID: queue.ID{1}})
	if err != nil || a.State != queue.StateWaiting || a.Place != start || a.Number != 1 {
		t.Fatal(a, err)
	}
	if _, err := l.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	e, err := l.Enter(ctx, queue.ID{1}, a.Place)
	if err != nil || e.State != queue.StateAdmitted {
		t.Fatal(e, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open(Options{Dir: dir, Now: clock.Load})
	if err != nil {
		t.Fatal(err)
	}
	l, err = s.Room("booking", rules)
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.Enter(ctx, queue.ID{1}, a.Place)
	if err != nil || again != e {
		t.Fatal(again, e, err)
	}
	records, err := l.Journal(ctx, "", 100)
	if err != nil || len(records) != 4 {
		t.Fatal(records, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
