package redis

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// crowd is visitors who ask at any of the gateways, again and again, until they are in.
type crowd struct {
	t     *testing.T
	gates []*Line

	mu      sync.Mutex
	places  map[queue.ID]map[int64]bool
	entries map[queue.ID]map[int64]bool
	failed  int
}

func newCrowd(t *testing.T, gates ...*Line) *crowd {
	return &crowd{t: t, gates: gates, places: map[queue.ID]map[int64]bool{}, entries: map[queue.ID]map[int64]bool{}}
}

func (c *crowd) gate() *Line { return c.gates[rand.IntN(len(c.gates))] }

// note keeps what an answer says, and says whether there was one.
func (c *crowd) note(id queue.ID, s queue.Seat, err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed++
		if !errors.Is(err, queue.ErrAway) {
			c.t.Errorf("got %v", err)
		}
		return false
	}
	add := func(m map[queue.ID]map[int64]bool, v int64) {
		if m[id] == nil {
			m[id] = map[int64]bool{}
		}
		m[id][v] = true
	}
	add(c.places, s.Place)
	if s.State == queue.StateAdmitted {
		add(c.entries, s.Entry)
	}
	return true
}

// visit brings a visitor through.
func (c *crowd) visit(n int) error {
	ctx, id := context.Background(), queuetest.ID(n)
	var seat queue.Seat
	return redistest.Poll(40*time.Second, func() error {
		g, was := c.gate(), seat
		var err error
		switch {
		case seat.Place == 0:
			seat, err = g.Arrive(ctx, queue.Arrival{ID: id, Direct: n%2 == 0})
		case rand.IntN(20) == 0: // a poll that renews the ticket
			seat, err = g.Return(ctx, queue.Arrival{ID: id, Place: seat.Place, Foreign: seat.Epoch != g.View().Epoch})
		case seat.Place <= g.View().Front:
			seat, err = g.Enter(ctx, id, seat.Place)
		default:
			return errNotYet
		}
		if !c.note(id, seat, err) {
			seat = queue.Seat{Place: c.place(id), Epoch: was.Epoch}
		}
		if seat.State != queue.StateAdmitted {
			return errNotYet
		}
		return nil
	})
}

// place is the one that the visitor's ticket shows.
func (c *crowd) place(id queue.ID) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.places[id] {
		return p
	}
	return 0
}

func (c *crowd) visitAll(n int) {
	c.t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := c.visit(i); err != nil {
				c.t.Errorf("visitor %d never came in", i)
			}
		})
	}
	all.Wait()
}

// judge checks what the visitors were told, and the journal beside it.
func (c *crowd) judge(rules queue.Rules) {
	c.t.Helper()
	var given []int64
	for id, places := range c.places {
		if len(places) != 1 {
			c.t.Errorf("ticket %x has places %v", id, places)
		}
		if len(c.entries[id]) != 1 {
			c.t.Errorf("ticket %x has entries %v", id, c.entries[id])
		}
		for e := range c.entries[id] {
			given = append(given, e)
		}
	}
	if over := overCeiling(given, queue.Interval(rules.RatePerHour), rules.Burst); over > 1e-6 {
		c.t.Errorf("%.3f more entered than the rate allows", over)
	}
}

// inOrder checks the calls and the entries in the journal.
func (c *crowd) inOrder() {
	c.t.Helper()
	var last int64
	entered := map[queue.ID]int64{}
	cursor := ""
	for {
		var records []queue.Record
		eventually(c.t, "the journal", func() (err error) {
			records, err = c.gates[0].Journal(context.Background(), cursor, 500)
			return err
		})
		if len(records) == 0 {
			break
		}
		for _, r := range records {
			for _, k := range r.Tickets {
				switch {
				case r.Kind == queue.KindCall && k.Place <= last:
					c.t.Errorf("place %d was called after %d", k.Place, last)
				case r.Kind == queue.KindCall:
					last = k.Place
				case r.Kind == queue.KindEnter && entered[k.ID] != 0:
					c.t.Errorf("ticket %x entered at %d and at %d", k.ID, entered[k.ID], k.Entry)
				case r.Kind == queue.KindEnter:
					entered[k.ID] = k.Entry
				}
			}
			cursor = r.Cursor
		}
	}
	for id, entries := range c.entries {
		if !entries[entered[id]] {
			c.t.Errorf("ticket %x was told %v, the journal says %d", id, entries, entered[id])
		}
	}
}

// overCeiling says by how much the entries pass the ceiling, looking at every window
// that begins and ends with one.
func overCeiling(given []int64, interval float64, burst int) float64 {
	slices.Sort(given)
	least, most := math.Inf(1), math.Inf(-1)
	for i, e := range given {
		at := float64(e-given[0]) / interval
		least = min(least, float64(i)-at)
		// Entries are rounded up to microseconds: a window may seem one shorter.
		most = max(most, float64(i+1)-at-1/interval-least-float64(burst))
	}
	return most
}

func TestEntriesThatPassTheCeilingAreSeen(t *testing.T) {
	f := func(given []int64, burst int, over bool) {
		t.Helper()
		if got := overCeiling(given, 100, burst); got > 1e-6 != over {
			t.Errorf("%v with a burst of %d: over by %v", given, burst, got)
		}
	}
	f([]int64{0, 100, 200, 300}, 1, false)
	f([]int64{0, 100, 198, 300}, 1, true)
	f([]int64{0, 500, 501, 502}, 3, false)
	f([]int64{0, 500, 501, 502, 503}, 3, true)
}

func TestTheLineHoldsInChaos(t *testing.T) {
	server := redistest.Start(t)
	rules := fast()
	rules.RatePerHour = 720_000
	var gates []*Line
	for range 2 {
		proxy := redistest.NewProxy(t, server)
		l := gateway(t, proxy.URL(), rules)
		keeping(t, l)
		gates = append(gates, l)
		bad := func([]byte) redistest.Fate {
			switch n := rand.IntN(1000); {
			case n < 100:
				return redistest.Cut
			case n < 102:
				return redistest.Swallow
			}
			return redistest.Pass
		}
		proxy.Decide(bad, bad)
	}
	ctx, cancel := context.WithCancel(context.Background())
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		c := server.Client()
		defer func() { _ = c.Close() }()
		for pause := time.NewTicker(200 * time.Millisecond); ctx.Err() == nil; <-pause.C {
			_ = c.ScriptFlush(ctx).Err()
		}
	}()
	c := newCrowd(t, gates...)
	c.visitAll(1000)
	cancel()
	<-flushed
	c.judge(rules)
	c.inOrder()
	if c.failed < 20 {
		t.Errorf("only %d answers were lost: the test tries little", c.failed)
	}
	t.Logf("%d operations failed, and were asked again", c.failed)
}

func TestAFailoverUnderLoadLosesNobody(t *testing.T) {
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	o := Options{Sentinels: []string{redistest.StartSentinel(t, master)}, Master: redistest.MasterName}
	rules := fast()
	var gates []*Line
	for range 2 {
		l := room(t, open(t, o), rules)
		keeping(t, l)
		gates = append(gates, l)
	}
	c := newCrowd(t, gates...)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = redistest.Poll(20*time.Second, func() error {
			if gates[0].View().Entries < 50 {
				return errNotYet
			}
			return nil
		})
		master.Kill()
	}()
	c.visitAll(650)
	<-gone
	c.judge(rules)
	info := raw(t, replica).Info(context.Background(), "replication").Val()
	if !contains(errors.New(info), "role:master") {
		t.Error("the replica was not promoted: the test tries nothing")
	}
	if c.failed == 0 {
		t.Error("no operation failed: the test tries nothing")
	}
	t.Logf("%d operations failed, and were asked again", c.failed)
}
