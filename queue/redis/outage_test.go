package redis

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

func TestAStoreThatHangsIsAwaySoonAndComesBackByItself(t *testing.T) {
	server := redistest.Start(t)
	l := gateway(t, server.URL(), fast())
	in := admit(t, l, 1)
	keeping(t, l)
	if err := server.Process().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	failed := make(chan error)
	for n := range 1000 { // more than go with one trip
		go func() {
			_, err := l.Arrive(context.Background(), queue.Arrival{ID: queuetest.ID(10 + n)})
			failed <- err
		}()
	}
	for range 1000 {
		if err := <-failed; !errors.Is(err, queue.ErrAway) {
			t.Errorf("got %v, want %v", err, queue.ErrAway)
		}
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("the last answer took %v", d)
	}
	eventually(t, "the view to be old", func() error {
		if !l.View().Away() {
			return errNotYet
		}
		return nil
	})
	if err := server.Process().Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new view", func() error {
		if l.View().Away() {
			return errNotYet
		}
		return nil
	})
	if again := mustEnter(t, l, 1, in.Place); again.Entry != in.Entry {
		t.Errorf("the pass is %+v, was %+v", again, in)
	}
}

func TestAStoreThatIsKilledKeepsWhatItAnswered(t *testing.T) {
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	l := gateway(t, server.URL(), fast())
	rate := 7200.0
	if err := l.Set(context.Background(), queue.Change{By: "op", RatePerHour: &rate}); err != nil {
		t.Fatal(err)
	}
	var places []int64
	for n := range 50 {
		places = append(places, mustArrive(t, l, n).Place)
	}
	in := admit(t, l, 0)
	before := l.View()
	for range 3 {
		server.Kill()
		if _, err := l.Tick(context.Background()); !errors.Is(err, queue.ErrAway) {
			t.Fatalf("ticking: %v, want %v", err, queue.ErrAway)
		}
		server.Run(t)
		eventually(t, "the store", func() error { return l.Refresh(context.Background()) })
		v := l.View()
		if v.Epoch != before.Epoch || v.Control != before.Control || v.Entries != 1 || v.Arrivals != 50 || v.Front < before.Front {
			t.Fatalf("after the kill %+v, before %+v", v, before)
		}
		for n, p := range places {
			if s := mustArrive(t, l, n); s.Place != p || n == 0 && s.Entry != in.Entry {
				t.Fatalf("ticket %d is %+v after the kill, had place %d", n, s, p)
			}
		}
	}
}

// letIn opens two gateways on one store, that let people in by turns.
func letIn(t *testing.T, url string, rules queue.Rules, n int) (a, b *Line, in []queue.Seat) {
	t.Helper()
	a, b = gateway(t, url, rules), gateway(t, url, rules)
	for i := range n {
		if i%2 == 0 {
			in = append(in, admit(t, a, i))
		} else {
			in = append(in, admit(t, b, i))
		}
	}
	return a, b, in
}

func TestGatewaysGiveAnEmptyStoreBackWhatTheyKnow(t *testing.T) {
	server := redistest.Start(t)
	a, b, in := letIn(t, server.URL(), fast(), 6)
	ctx := context.Background()
	paused, rate, message := true, 720_000.0, "soon"
	if err := a.Set(ctx, queue.Change{By: "op", Paused: &paused, Message: &message, RatePerHour: &rate}); err != nil {
		t.Fatal(err)
	}
	waiting := mustArrive(t, a, 100)
	ended := queue.PassOf(queuetest.ID(4), in[4].Entry)
	if err := b.End(ctx, ended, queue.WhyRevoked, "op"); err != nil {
		t.Fatal(err)
	}
	mustTick(t, a, b)
	before := a.View()
	flush := func() {
		t.Helper()
		if err := raw(t, server).FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	// An arrival, and not a tick, is the first thing that the new state sees, at b.
	if s := mustArrive(t, b, 101); s.Place <= waiting.Place {
		t.Errorf("place %d after %d", s.Place, waiting.Place)
	}
	mustTick(t, a, b)
	mustTick(t, b, a)
	v := a.View()
	if v.Epoch == before.Epoch {
		t.Fatal("the epoch is the same")
	}
	if v.Control != before.Control {
		t.Errorf("set is %+v, was %+v", v.Control, before.Control)
	}
	if v.Front < before.Front || v.Last < before.Last || v.Due < before.Due {
		t.Errorf("front, last, due are %d, %d, %d, were %d, %d, %d", v.Front, v.Last, v.Due, before.Front, before.Last, before.Due)
	}
	if v.RecoverUntil <= v.At {
		t.Error("the room does not recover")
	}
	if v.Active != int64(len(in))-1 {
		t.Errorf("%d are inside, want %d", v.Active, len(in)-1)
	}
	for n, was := range in { // each at the gateway that did not let it in
		other := a
		if n%2 == 0 {
			other = b
		}
		s := mustEnter(t, other, n, was.Place)
		if n == 4 && s.State != queue.StateOver || n != 4 && (s.State != queue.StateAdmitted || s.Entry != was.Entry) {
			t.Errorf("ticket %d is %+v, was %+v", n, s, was)
		}
	}
	if !a.Revoked(ended) || !b.Revoked(ended) {
		t.Error("a pass that was ended is not revoked any more")
	}
	if s, err := a.Return(ctx, queue.Arrival{ID: queuetest.ID(100), Place: waiting.Place, Foreign: true}); err != nil || s.Place != waiting.Place {
		t.Errorf("put back as %+v, %v; want place %d", s, err, waiting.Place)
	}
	mustTick(t, a, b)
	if a.View().RecoverUntil != v.RecoverUntil {
		t.Error("the room recovers anew")
	}
}

func TestGatewaysGiveAPromotedReplicaBackWhatItMissed(t *testing.T) {
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	ctx := context.Background()
	rules := fast()
	rules.RatePerHour = 720_000
	a, b, early := letIn(t, master.URL(), rules, 4)
	mustTick(t, a, b)
	eventually(t, "the replica", func() error {
		got, err := raw(t, replica).HGet(ctx, a.keys[4], "numbers").Result()
		if entries := 10; err == nil && int(double(got, entries)) < len(early) {
			err = errNotYet
		}
		return err
	})
	// The link breaks. What happens now only the gateways will know.
	if err := raw(t, replica).ReplicaOf(ctx, "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	var late []queue.Seat
	for n := range 6 {
		late = append(late, admit(t, []*Line{a, b}[n%2], 10+n))
	}
	waiting := mustArrive(t, a, 50)
	rate, paused := 3_600.0, false
	if err := a.Set(ctx, queue.Change{By: "op", RatePerHour: &rate, Paused: &paused}); err != nil {
		t.Fatal(err)
	}
	before := a.View()
	master.Kill()
	if _, err := a.Tick(ctx); !errors.Is(err, queue.ErrAway) {
		t.Fatalf("ticking: %v, want %v", err, queue.ErrAway)
	}
	replica.Move(t, master.Port)

	eventually(t, "the promoted replica", func() error { return b.Refresh(ctx) })
	mustTick(t, b, a)
	mustTick(t, a)
	v := a.View()
	if v.Epoch != before.Epoch || v.RecoverUntil > v.At {
		t.Errorf("the epoch is %q, was %q; recovers until %d", v.Epoch, before.Epoch, v.RecoverUntil)
	}
	// Until the rate was set again the older one was in force, for less than a slot.
	if v.Front < before.Front || v.Last < before.Last || v.Due < before.Due-int64(v.Interval) {
		t.Errorf("front, last, due are %d, %d, %d, were %d, %d, %d", v.Front, v.Last, v.Due, before.Front, before.Last, before.Due)
	}
	if v.Control != before.Control {
		t.Errorf("set is %+v, was %+v", v.Control, before.Control)
	}
	for n, was := range append(early, late...) {
		if n >= len(early) {
			n += 10 - len(early)
		}
		for _, l := range []*Line{a, b} {
			if s := mustEnter(t, l, n, was.Place); s.State != queue.StateAdmitted || s.Entry != was.Entry {
				t.Errorf("ticket %d is %+v, was %+v", n, s, was)
			}
		}
	}
	s, err := b.Return(ctx, queue.Arrival{ID: queuetest.ID(50), Place: waiting.Place})
	if err != nil || s.Place != waiting.Place {
		t.Errorf("put back as %+v, %v; want place %d", s, err, waiting.Place)
	}
}

func TestAStoreIsRefusedThatCannotHoldALine(t *testing.T) {
	server := redistest.Start(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	replica := redistest.StartReplica(t, redistest.Start(t))
	f := func(url, want string) {
		t.Helper()
		s, err := Open(context.Background(), Options{URL: url})
		if err == nil {
			_ = s.Close()
		}
		if !contains(err, want) {
			t.Errorf("%s: got %v, want it to say %q", url, err, want)
		}
	}
	f(server.URL(), "noeviction")
	f(replica.URL(), "slave")
	f("redis://127.0.0.1:1/0", "is it running")
	f("redis://:hunter2@[bad", "store.url")
	f("http://x", "store.url")
	if _, err := Open(context.Background(), Options{URL: "redis://:hunter2@[bad"}); contains(err, "hunter2") {
		t.Errorf("the password is in the error: %v", err)
	}
}

func TestAStoreThatIsLateIsAskedAgain(t *testing.T) {
	server := redistest.Start(t)
	if err := raw(t, server).Do(context.Background(), "CLIENT", "PAUSE", 700, "ALL").Err(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), Options{URL: server.URL(), trip: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func contains(err error, text string) bool {
	return err != nil && strings.Contains(err.Error(), text)
}
