package redis

import (
	"context"
	"errors"
	"flag"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// TestMain keeps the library's log of connections, which tests break, out of the way.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// target is a Redis of some kind that the suite is run on.
type target struct {
	options Options
	masters []*redistest.Server
	// longest bounds the trials; see queuetest.Bench.
	longest int64
}

// bench puts the suite onto a real Redis; each gateway is a Store of its own.
func (on target) bench() func(t *testing.T) *queuetest.Bench {
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
		on.flush(t)
		b := &queuetest.Bench{Clock: queuetest.NewClock(), Shared: true, Longest: on.longest}
		t.Cleanup(closeAll)
		b.Open = func(t testing.TB, rules queue.Rules) queuetest.Engine {
			t.Helper()
			o := on.options
			o.Now, o.trip = b.Clock.Now, 20*time.Second // a busy machine is no fault of the line's
			s := open(t, o)
			stores = append(stores, s)
			return room(t, s, rules)
		}
		b.Crash = func(testing.TB) { closeAll() }
		b.Lose = func(t testing.TB) {
			t.Helper()
			on.flush(t)
		}
		return b
	}
}

func (on target) flush(t testing.TB) {
	t.Helper()
	for _, m := range on.masters {
		c := m.Client()
		if err := c.FlushAll(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
}

func single(s *redistest.Server) target {
	return target{options: Options{URL: s.URL()}, masters: []*redistest.Server{s}}
}

// open opens a store that ends with the test, if it has not before.
func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func room(t testing.TB, s *Store, rules queue.Rules) *Line {
	t.Helper()
	l, err := s.Room(context.Background(), "booking", rules)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// gateway opens the room on a store of its own.
func gateway(t testing.TB, url string, rules queue.Rules) *Line {
	t.Helper()
	return room(t, open(t, Options{URL: url}), rules)
}

// fast are rules of a room where 100 enter a second.
func fast() queue.Rules {
	return queue.Rules{RatePerHour: 360_000, Burst: 10, Hold: 1800 * second, PassTTL: 600 * second}
}

// eventually waits for what happens in the background.
func eventually(t testing.TB, what string, ask func() error) {
	t.Helper()
	if err := redistest.Poll(20*time.Second, ask); err != nil {
		t.Fatalf("waited for %s: %v", what, err)
	}
}

var errNotYet = errors.New("not yet")

// keeping keeps a room going until the test ends, as a gateway does.
func keeping(t testing.TB, l *Line) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		queue.Keep(ctx, l, func(error) {})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// checks bounds the tries of a random test that makes a trip for each step, unless
// the command line says how many.
func checks(t testing.TB, n string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
}

func TestTheLineKeepsItsPromisesOnARealRedis(t *testing.T) {
	t.Parallel()
	on := single(redistest.Start(t))
	on.longest = 70 // those that take longer are for package memory: TestTheScriptsReckonAsThePaceDoes
	queuetest.Run(t, on.bench())
}

func TestTheLineDoesWhatTheModelDoesOnARealRedis(t *testing.T) {
	checks(t, "25")
	queuetest.RunModel(t, single(redistest.Start(t)).bench())
}

func mustArrive(t testing.TB, l *Line, n int) queue.Seat {
	t.Helper()
	s, err := l.Arrive(context.Background(), queue.Arrival{ID: queuetest.ID(n)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustEnter(t testing.TB, l *Line, n int, place int64) queue.Seat {
	t.Helper()
	s, err := l.Enter(context.Background(), queuetest.ID(n), place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustTick(t testing.TB, lines ...*Line) {
	t.Helper()
	for _, l := range lines {
		for more := true; more; runtime.Gosched() {
			var err error
			if more, err = l.Tick(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

// admit brings a ticket in.
func admit(t testing.TB, l *Line, n int) queue.Seat {
	t.Helper()
	at := mustArrive(t, l, n).Place
	var seat queue.Seat
	eventually(t, "the call", func() error {
		mustTick(t, l)
		if seat = mustEnter(t, l, n, at); seat.State != queue.StateAdmitted {
			return errNotYet
		}
		return nil
	})
	return seat
}

func raw(t testing.TB, s *redistest.Server) *redis.Client {
	t.Helper()
	c := s.Client()
	t.Cleanup(func() { _ = c.Close() })
	return c
}
