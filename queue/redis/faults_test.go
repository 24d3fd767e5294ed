package redis

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// fault makes the next n requests that run a script meet their fate.
func fault(p *redistest.Proxy, n int64, request, reply redistest.Fate) {
	var asked, answered atomic.Int64
	meet := func(count *atomic.Int64, fate redistest.Fate) func([]byte) redistest.Fate {
		return func(b []byte) redistest.Fate {
			if fate != redistest.Pass && redistest.IsScript(b) && count.Add(1) <= n {
				return fate
			}
			return redistest.Pass
		}
	}
	p.Decide(meet(&asked, request), meet(&answered, reply))
}

func TestAnOperationThatIsAskedAgainIsDoneOnce(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	ctx := context.Background()
	operations := []struct {
		name string
		do   func(l *Line, first queue.Seat) (any, error)
	}{
		{"arrive", func(l *Line, _ queue.Seat) (any, error) {
			s, err := l.Arrive(ctx, queue.Arrival{ID: queuetest.ID(50)})
			s.Number, s.Ahead = 0, 0 // told once
			return s, err
		}},
		{"return", func(l *Line, _ queue.Seat) (any, error) {
			return l.Return(ctx, queue.Arrival{ID: queuetest.ID(51), Place: 77})
		}},
		{"enter", func(l *Line, first queue.Seat) (any, error) { return l.Enter(ctx, queuetest.ID(0), first.Place) }},
		{"leave", func(l *Line, first queue.Seat) (any, error) { return nil, l.Leave(ctx, queuetest.ID(1), first.Place+1) }},
		{"end", func(l *Line, _ queue.Seat) (any, error) {
			return nil, l.End(ctx, queue.PassOf(queuetest.ID(60), 1), queue.WhyRevoked, "op")
		}},
		{"set", func(l *Line, _ queue.Seat) (any, error) {
			message := "soon"
			return nil, l.Set(ctx, queue.Change{By: "op", Message: &message})
		}},
		{"hold", func(l *Line, _ queue.Seat) (any, error) {
			return l.Hold(ctx, queue.Claim{IDs: []queue.ID{{1}}, Device: [16]byte{1}, Lock: second, Keep: second, State: [16]byte{1}, Invitation: [16]byte{1}})
		}},
		{"tick", func(l *Line, _ queue.Seat) (any, error) { return l.Tick(ctx) }},
		{"refresh", func(l *Line, _ queue.Seat) (any, error) { return nil, l.Refresh(ctx) }},
	}
	clock := queuetest.NewClock()
	for i, fate := range []struct {
		name           string
		request, reply redistest.Fate
		times          int64 // of two, for a trip is made twice where the connection breaks
		away           bool
	}{
		{"the connection breaks before it is done", redistest.Cut, redistest.Pass, 1, false},
		{"the connection breaks before it is done, twice", redistest.Cut, redistest.Pass, 2, true},
		{"it is done, and the reply is lost", redistest.Pass, redistest.Cut, 1, false},
		{"it is done, and the reply is lost, twice", redistest.Pass, redistest.Cut, 2, true},
	} {
		for _, op := range operations {
			t.Run(op.name+": "+fate.name, func(t *testing.T) {
				name := fmt.Sprint(op.name, i)
				store := open(t, Options{URL: proxy.URL(), Now: clock.Now})
				l, err := store.Room(ctx, name, fast())
				if err != nil {
					t.Fatal(err)
				}
				first := mustArrive(t, l, 0)
				mustArrive(t, l, 1)
				mustTick(t, l)
				fault(proxy, fate.times, fate.request, fate.reply)
				got, err := op.do(l, first)
				proxy.Decide(nil, nil)
				if fate.away != errors.Is(err, queue.ErrAway) || !fate.away && err != nil {
					t.Fatalf("the answer is %v, %v", got, err)
				}
				again, err := op.do(l, first)
				if err != nil {
					t.Fatal(err)
				}
				if !fate.away && !cmp.Equal(got, again) {
					t.Errorf("asked again, it is %v, was %v", again, got)
				}
				mustTick(t, l)
				v := l.View()
				counts := map[string]int64{"arrivals": v.Arrivals, "entries": v.Entries, "calls": v.Calls}
				want := map[string]int64{"arrivals": 2, "entries": 0, "calls": v.Calls}
				switch op.name {
				case "arrive":
					want["arrivals"] = 3
				case "enter":
					want["entries"] = 1
				}
				if diff := cmp.Diff(want, counts); diff != "" {
					t.Errorf("the room counts (-want +got):\n%s", diff)
				}
				records, err := l.Journal(ctx, "", 100)
				if err != nil {
					t.Fatal(err)
				}
				told := map[queue.Kind]int{}
				for _, r := range records {
					told[r.Kind]++
				}
				for _, kind := range []queue.Kind{queue.KindReturn, queue.KindEnter, queue.KindLeave, queue.KindEnd} {
					if told[kind] > 1 {
						t.Errorf("the journal tells %d times: %s", told[kind], kind)
					}
				}
			})
		}
	}
}

func TestAGatewayWhoseReplyNeverComesSaysSoAndGoesOn(t *testing.T) {
	proxy := redistest.NewProxy(t, redistest.Start(t))
	l := gateway(t, proxy.URL(), fast())
	fault(proxy, 1, redistest.Pass, redistest.Swallow)
	if _, err := l.Arrive(context.Background(), queue.Arrival{ID: queuetest.ID(1)}); !errors.Is(err, queue.ErrAway) {
		t.Fatalf("got %v, want %v", err, queue.ErrAway)
	}
	mustArrive(t, l, 1)
	if mustTick(t, l); l.View().Arrivals != 1 {
		t.Errorf("%d arrivals, want 1", l.View().Arrivals)
	}
}

func TestAServerThatForgotTheScriptsIsGivenThemAgain(t *testing.T) {
	server := redistest.Start(t)
	l := gateway(t, server.URL(), fast())
	for n := range 3 {
		if err := raw(t, server).ScriptFlush(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
		admit(t, l, n)
	}
}

// A script does all or nothing: Redis refuses its first write, or none.
func TestAMemoryThatIsFullRefusesArrivalsAndLosesNobody(t *testing.T) {
	server := redistest.Start(t)
	c, ctx := raw(t, server), context.Background()
	l := gateway(t, server.URL(), fast())
	called, first := mustArrive(t, l, 0), mustArrive(t, l, 1)
	if err := c.ConfigSet(ctx, "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Arrive(ctx, queue.Arrival{ID: queuetest.ID(2)}); !errors.Is(err, queue.ErrAway) {
		t.Errorf("arriving: %v, want %v", err, queue.ErrAway)
	}
	mustTick(t, l)
	if s := mustEnter(t, l, 0, called.Place); s.State != queue.StateAdmitted {
		t.Errorf("who waited came in as %+v", s)
	}
	if err := c.ConfigSet(ctx, "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if s := mustArrive(t, l, 1); s.Place != first.Place {
		t.Errorf("the place is %d, was %d", s.Place, first.Place)
	}
	if s := mustArrive(t, l, 2); s.Place <= first.Place {
		t.Errorf("the next place is %d, after %d", s.Place, first.Place)
	}
	if mustTick(t, l); l.View().Arrivals != 3 {
		t.Errorf("%d arrivals, want 3", l.View().Arrivals)
	}
}
