package redis

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// wish is a claim of a device for the n-th person.
func wish(n int, device byte) queue.Claim {
	return queue.Claim{
		IDs: []queue.ID{queuetest.ID(n)}, Device: [16]byte{device}, State: [16]byte{byte(n >> 8), byte(n), device, 1},
		Family: device, Lock: 600 * second, Keep: queue.DefaultKeep,
	}
}

func mustHold(t *testing.T, l *Line, c queue.Claim, want queue.Outcome) queue.Holding {
	t.Helper()
	h, err := l.Hold(context.Background(), c)
	if err != nil || h.Outcome != want {
		t.Fatalf("got %+v, %v; want outcome %d", h, err, want)
	}
	return h
}

// grown opens a room of two gateways that began long enough ago.
func grown(t *testing.T, server *redistest.Server) (a, b *Line, clock *queuetest.Clock) {
	t.Helper()
	a, clock = virtual(t, server, fast())
	b = room(t, open(t, Options{URL: server.URL(), Now: clock.Now, Prefix: t.Name()}), fast())
	for range 3 {
		clock.Add(1800 * second)
		mustTick(t, a, b)
	}
	return a, b, clock
}

func TestEveryGatewayHearsOfATakeoverByItself(t *testing.T) {
	a, b, clock := grown(t, redistest.Start(t))
	keeping(t, b)
	mustHold(t, b, wish(1, 1), queue.HeldHere)
	clock.Add(600 * second)
	h := mustHold(t, a, wish(1, 2), queue.HeldHere)
	if !h.Took || a.Taken(queuetest.ID(1)) != h.Since {
		t.Errorf("took over as %+v; its own gateway says %d", h, a.Taken(queuetest.ID(1)))
	}
	eventually(t, "the other gateway to know", func() error {
		if b.Taken(queuetest.ID(1)) != h.Since {
			return errNotYet
		}
		return nil
	})
}

func TestAGatewayReadsAllWhoWereTakenOverBeforeItServes(t *testing.T) {
	server := redistest.Start(t)
	l, _, clock := grown(t, server)
	const n = 2*revokedPage + 7
	c := raw(t, server)
	pipe := c.Pipeline()
	for i := range n {
		id := queuetest.ID(i)
		pipe.Do(context.Background(), "zadd", l.keys[7], clock.Now()+int64(i), id[:])
	}
	p := queue.PassOf(queuetest.ID(1), 1)
	pipe.Do(context.Background(), "zadd", l.keys[6], clock.Now(), p[:])
	if _, err := pipe.Exec(context.Background()); err != nil {
		t.Fatal(err)
	}
	fresh := room(t, open(t, Options{URL: server.URL(), Now: clock.Now, Prefix: t.Name()}), fast())
	for i := range n {
		if since := fresh.Taken(queuetest.ID(i)); since != clock.Now()+int64(i) {
			t.Fatalf("person %d of %d is taken over since %d", i, n, since)
		}
	}
	if !fresh.Revoked(p) {
		t.Error("a pass that was ended is not revoked")
	}
}

func TestWhileTheStoreIsAwayNobodyIsHeld(t *testing.T) {
	server := redistest.Start(t)
	l := gateway(t, server.URL(), fast())
	mustHold(t, l, wish(1, 1), queue.HeldHere)
	if err := server.Process().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for _, c := range []queue.Claim{wish(1, 1), wish(1, 2), wish(2, 1)} {
		if h, err := l.Hold(context.Background(), c); !errors.Is(err, queue.ErrAway) || h != (queue.Holding{}) {
			t.Errorf("got %+v, %v; want %v", h, err, queue.ErrAway)
		}
	}
	if err := server.Process().Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the store to answer", func() error {
		_, err := l.Hold(context.Background(), wish(1, 1))
		return err
	})
	mustHold(t, l, wish(1, 3), queue.HeldElsewhere)
}

func TestWhoIsHeldIsForgottenByRedisItself(t *testing.T) {
	server := redistest.Start(t)
	l, _, clock := grown(t, server)
	c, ctx := raw(t, server), context.Background()
	invited := wish(1, 1)
	invited.Invitation, invited.InvitationEnds = [16]byte{9}, clock.Now()+3600*second
	mustHold(t, l, invited, queue.HeldHere)
	claim := invited
	for _, key := range l.heldKeys(&claim)[len(l.keys):] {
		left, err := c.PTTL(ctx, key).Result()
		if err != nil || left <= 0 || left.Seconds() > 25*3600 {
			t.Errorf("%s is kept for %v, %v", key, left, err)
		}
		size, err := c.MemoryUsage(ctx, key).Result()
		t.Logf("%s takes %d bytes, %v", key, size, err)
		if err != nil || size > 300 {
			t.Errorf("%s takes %d bytes, %v", key, size, err)
		}
	}
}

func TestATakeoverIsForgottenWhenNothingOfTheFormerDeviceCanLive(t *testing.T) {
	server := redistest.Start(t)
	l, other, clock := grown(t, server)
	c := wish(1, 1)
	c.Keep = 1200 * second
	mustHold(t, l, c, queue.HeldHere)
	clock.Add(600 * second)
	c = wish(1, 2)
	c.Keep = 1200 * second
	mustHold(t, l, c, queue.HeldHere)
	mustTick(t, other)
	for range 60 {
		clock.Add(1800 * second)
		mustTick(t, l, other)
	}
	if l.Taken(queuetest.ID(1)) != 0 || other.Taken(queuetest.ID(1)) != 0 {
		t.Errorf("after thirty hours taken over since %d and %d", l.Taken(queuetest.ID(1)), other.Taken(queuetest.ID(1)))
	}
}

func TestAskingWhoWasTakenOverAllocatesNothing(t *testing.T) {
	l := gateway(t, redistest.Start(t).URL(), fast())
	l.taken.add(queuetest.ID(1), 7)
	if n := testing.AllocsPerRun(100, func() { l.Taken(queuetest.ID(1)); l.Taken(queuetest.ID(2)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
