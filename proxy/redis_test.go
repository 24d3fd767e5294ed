package proxy_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/queue/redis"
	"waitroom/queue/redis/redistest"
	"waitroom/token"
)

// pair is two gateways on one Redis, with the same keys and one clock.
type pair struct {
	one, two *rig
	server   *redistest.Server
	clock    *atomic.Int64
}

func beginPair(t *testing.T, change func(*queue.Rules)) *pair {
	t.Helper()
	p := &pair{server: redistest.Start(t), clock: &atomic.Int64{}}
	p.clock.Store(evening)
	keys := openKeys(t)
	gateway := func() *rig {
		store, err := redis.Open(context.Background(), redis.Options{URL: p.server.URL(), Now: p.clock.Load})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		rules := defaultRules()
		if change != nil {
			change(&rules)
		}
		l, err := store.Room(context.Background(), room, rules)
		if err != nil {
			t.Fatal(err)
		}
		r := begin(t, settings{engine: l, keys: keys, now: p.clock.Load})
		r.clock = p.clock
		return r
	}
	p.one, p.two = gateway(), gateway()
	return p
}

// at is the same person at another gateway: a load balancer moved them.
func (p *person) at(r *rig) *person {
	p.r = r
	return p
}

func TestAPersonMayComeByEitherGateway(t *testing.T) {
	g := beginPair(t, nil)
	g.one.browser().get("/first").wantInside(t, "/first")
	p, q := g.one.browser(), g.two.browser()
	p.get("/book").wantPage(t, 200, "waiting")
	q.get("/book").wantPage(t, 200, "waiting")
	for _, r := range []*rig{g.two, g.one, g.two} {
		if s := p.at(r).call("status").want(t, 200, "waiting"); s.position() != 1 {
			t.Errorf("the first is at %d", s.position())
		}
		if s := q.at(r).call("join").want(t, 200, "waiting"); s.position() != 2 {
			t.Errorf("the second is at %d", s.position())
		}
	}
	g.one.turn()
	q.at(g.one).call("enter").want(t, 409, "waiting")
	p.at(g.two).call("enter").want(t, 200, "admitted")
	pass := p.passed()
	p.at(g.one).call("enter").want(t, 200, "admitted")
	if p.passed() != pass {
		t.Error("the other gateway gave another pass")
	}
	p.at(g.one).get("/book").wantInside(t, "/book")
	p.at(g.two).get("/book").wantInside(t, "/book")
	if n := g.one.count("enter"); n != 2 {
		t.Errorf("%d entries", n)
	}
}

func TestWhatOneGatewayEndsTheOtherRefuses(t *testing.T) {
	g := beginPair(t, nil)
	p := g.one.browser()
	p.get("/book").wantInside(t, "/book")
	g.one.crowd(2)
	g.one.backend.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Waitroom-Command", "release") })
	pass := p.passed()
	p.get("/done")
	p.cookies["waitroom-pass-"+room] = pass
	seen := g.two.backend.seen()
	p.at(g.two).get("/book") // its view is read anew for this answer
	p.at(g.two).get("/book").wantPage(t, 200, "waiting")
	if n := g.two.backend.seen(); n > seen+1 {
		t.Errorf("the backend saw %d requests", n-seen)
	}
}

func TestAnAnswerThatRedisGaveAndTheGatewayLostIsGivenAgain(t *testing.T) {
	g := beginPair(t, nil)
	g.one.browser().get("/first").wantInside(t, "/first")
	p := g.one.browser()
	g.one.out(lost)
	p.get("/book")
	g.one.out(none)
	if s := p.call("status").want(t, 200, "waiting"); s.position() != 1 {
		t.Errorf("position %d", s.position())
	}
	if n := g.one.line.View().Waiting; n != 1 {
		t.Errorf("%d wait", n)
	}
	g.one.turn()
	g.one.out(lost)
	if a := p.call("enter"); a.StatusCode != 503 || a.said(t).State != "recovering" {
		t.Errorf("with the answer lost: %d %s", a.StatusCode, a.body)
	}
	g.one.out(none)
	p.at(g.two).call("enter").want(t, 200, "admitted")
	if n := g.one.count("enter"); n != 2 {
		t.Errorf("%d entries", n)
	}
}

func TestWhileRedisIsGoneNobodyLosesAPlaceOrAPass(t *testing.T) {
	g := beginPair(t, nil)
	in, p := g.one.browser(), g.one.browser()
	in.get("/book").wantInside(t, "/book")
	p.call("join").want(t, 200, "waiting")
	place := ticketOf(t, g.one, p).Place
	g.clock.Add(second)
	g.one.line.plain.Store(true)
	g.server.Kill()
	deadline := time.Now().Add(20 * time.Second)
	for !g.one.line.View().Away() {
		if time.Now().After(deadline) {
			t.Fatal("the view does not grow old")
		}
	}
	in.get("/book").wantInside(t, "/book")
	p.get("/book").wantPage(t, 200, "away")
	if a := p.call("enter"); a.StatusCode != 503 || a.said(t).Type != "urn:waitroom:problem:store-away" {
		t.Errorf("enter: %d %s", a.StatusCode, a.body)
	}
	n := g.one.browser()
	n.get("/book").wantPage(t, 200, "away")
	if x := ticketOf(t, g.one, n); !x.Stamped || x.Place <= place {
		t.Errorf("who came has %+v", x)
	}
	g.server.Run(t) // with nothing: all is lost
	g.one.line.plain.Store(false)
	for err := queue.ErrAway; err != nil; {
		if _, err = g.one.line.Tick(context.Background()); err == nil {
			err = g.one.line.Refresh(context.Background())
		}
		if time.Now().After(deadline) {
			t.Fatalf("does not come back: %v", err)
		}
	}
	g.clock.Add(10 * second)
	n.call("status")
	p.call("status")
	p.call("status").want(t, 200, "recovering")
	if x := ticketOf(t, g.one, p); x.Place != place {
		t.Errorf("the place was %d and is %d", place, x.Place)
	}
	in.get("/book").wantInside(t, "/book")
	g.clock.Add(3 * minute)
	for range 3 {
		g.one.tick()
		g.clock.Add(minute)
	}
	if a := p.get("/book"); a.StatusCode != 303 {
		t.Errorf("after the recovery: %d, %s", a.StatusCode, a.state())
	}
}

func ticketOf(t *testing.T, r *rig, p *person) token.Ticket {
	t.Helper()
	x, err := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
	if err != nil {
		t.Fatal(err)
	}
	return x
}
