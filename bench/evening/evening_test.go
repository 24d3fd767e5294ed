// Package evening_test is the evening of 19 July 2021 as tests: what people tried then,
// and what went wrong, against the real program with a recording backend behind it,
// from a real browser and over raw sockets, on both stores.
package evening_test

import (
	"os"
	"testing"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	code := gateway.Main(m, &binary)
	windows.close()
	os.Exit(code)
}

// evening is a gateway, a backend that records, and the store between them.
type evening struct {
	*gateway.Gateway
	backend *canary.Canary
	redis   *redistest.Server
}

// stores are where the line can be kept.
var stores = []string{"embedded", "redis"}

// onBoth runs a test on each store.
func onBoth(t *testing.T, test func(t *testing.T, store string)) {
	t.Parallel()
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			test(t, store)
		})
	}
}

// begin starts an evening with settings of the room.
func begin(t *testing.T, store string, room map[string]string) *evening {
	t.Helper()
	e := &evening{backend: canary.Start(t)}
	o := gateway.Options{Binary: binary, Backend: e.backend.URL, Room: room}
	switch store {
	case "redis":
		e.redis = redistest.Start(t)
	case "redis on disk":
		e.redis = redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	}
	o.Redis = e.redis
	e.Gateway = gateway.Start(t, o)
	return e
}

// beginIn is begin with the embedded store in a folder of the caller's.
func beginIn(t *testing.T, dir string, room map[string]string) *evening {
	t.Helper()
	e := &evening{backend: canary.Start(t)}
	e.Gateway = gateway.Start(t, gateway.Options{Binary: binary, Backend: e.backend.URL, Room: room, Dir: dir})
	return e
}

// opensIn is the setting of an opening in a while from now.
func opensIn(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339Nano) }

// join lets n visitors come, one after the other.
func (e *evening) join(t *testing.T, n int) []*gateway.Visitor {
	t.Helper()
	var all []*gateway.Visitor
	for range n {
		v := gateway.NewVisitor(e.URL)
		if a := v.Call(t, "join"); a.Status != 200 {
			t.Fatalf("join: %d %s", a.Status, a.Body)
		}
		all = append(all, v)
	}
	return all
}

// pass is the name of the visitor's pass cookie's room, and ticket that of the ticket.
const (
	passCookie   = "waitroom-pass-" + gateway.Room
	ticketCookie = "waitroom-ticket-" + gateway.Room
	deviceCookie = "waitroom-device"
)

// enter asks to be let in until that is so, and gives the answer.
func enter(t *testing.T, v *gateway.Visitor, limit time.Duration) gateway.Answer {
	t.Helper()
	var a gateway.Answer
	gateway.Until(t, "a visitor to be let in", limit, func() bool {
		var err error
		a, err = v.Try("enter")
		return err == nil && a.Status == 200 && a.Standing.State == "admitted"
	})
	return a
}

// inside goes to an address with a pass until the backend has answered.
func (e *evening) inside(t *testing.T, v *gateway.Visitor, uri string) {
	t.Helper()
	gateway.Until(t, "the backend to answer "+uri, 15*time.Second, func() bool {
		return isInside(v.Navigate(t, uri))
	})
}

func isInside(a gateway.Answer) bool { return a.Status == 200 && contains(a.Body, "id=inside") }

// alone fails unless exactly n entries are in the journal, of different tickets, and
// the backend saw no other passes.
func (e *evening) alone(t *testing.T, n int) {
	t.Helper()
	entries := gateway.Tickets(e.Journal(t), "enter")
	ids, passes := map[string]bool{}, map[string]bool{}
	for _, x := range entries {
		ids[x.ID], passes[x.Pass] = true, true
	}
	if len(entries) != n || len(ids) != n {
		t.Errorf("%d entries of %d tickets in the journal, not %d", len(entries), len(ids), n)
	}
	for _, v := range e.backend.Visits() {
		if !passes[v.Pass] {
			t.Errorf("the backend saw %s, which is no pass of the journal", v)
		}
	}
}
