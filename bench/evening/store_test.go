package evening_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

// places are the tickets' numbers, which say who came when.
func numbers(t *testing.T, people []*gateway.Visitor) []int64 {
	t.Helper()
	all := make([]int64, len(people))
	for i, v := range people {
		all[i] = v.Call(t, "status").Standing.Number
	}
	return all
}

// away checks everything that has to be so while the store does not answer.
func (e *evening) away(t *testing.T, waiting, inside, called *gateway.Visitor) {
	t.Helper()
	entries := len(e.backend.Passes())
	gateway.Until(t, "/readyz to say why", 10*time.Second, func() bool {
		status, text := e.Ready()
		return status == 503 && contains(text, "store") && contains(text, "nobody is let in")
	})
	a := waiting.Call(t, "status")
	if a.Status != 200 || a.Standing.State != "recovering" || !contains(a.Body, `"store_away":true`) {
		t.Errorf("who waits is told: %d %s", a.Status, a.Body)
	}
	if a := waiting.Navigate(t, "/book"); a.Status != 200 || isInside(a) || !contains(a.Body, `data-state="away"`) {
		t.Errorf("the page of who waits: %d, and not that the place is kept", a.Status)
	}
	if a := called.Call(t, "enter"); a.Status != 503 || a.Standing.Title != "Your place is kept" || a.Header.Get("Retry-After") == "" {
		t.Errorf("who is called: %d %s", a.Status, a.Body)
	}
	newcomer := gateway.NewVisitor(e.URL)
	if a := newcomer.Call(t, "join"); a.Status != 200 || a.Standing.State != "recovering" {
		t.Errorf("who comes now: %d %s", a.Status, a.Body)
	}
	if a := inside.Navigate(t, "/my/bookings"); !isInside(a) {
		t.Errorf("who is inside: %d", a.Status)
	}
	if now := len(e.backend.Passes()); now != entries {
		t.Errorf("%d passes reached the backend meanwhile", now-entries)
	}
}

func TestRedisAwayKeepsEveryPlaceAndLetsNobodyIn(t *testing.T) {
	t.Parallel()
	f := func(name string, off, on func(t *testing.T, e *evening)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := begin(t, "redis on disk", map[string]string{"rate": "36000/h"})
			inside := e.join(t, 1)[0]
			enter(t, inside, 5*time.Second)
			e.inside(t, inside, "/book")
			e.Set(t, map[string]any{"paused": true})
			called := e.join(t, 1)[0]
			e.Set(t, map[string]any{"paused": false})
			gateway.Until(t, "a call", 10*time.Second, func() bool { return called.Call(t, "status").Standing.State == "called" })
			e.Set(t, map[string]any{"rate": "0"})
			people := e.join(t, 20)
			gateway.Until(t, "the view to catch up", 5*time.Second, func() bool { return e.Room(t).Waiting >= 20 })
			before := numbers(t, people)

			off(t, e)
			e.away(t, people[3], inside, called)
			on(t, e)

			gateway.Until(t, "the gateway to recover by itself", 15*time.Second, func() bool {
				status, _ := e.Ready()
				return status == 200
			})
			for i, number := range numbers(t, people) {
				if number != before[i] {
					t.Errorf("visitor %d has ticket %d, not %d", i, number, before[i])
				}
			}
			e.Set(t, map[string]any{"rate": "36000/h"})
			for _, v := range append(people, called) {
				enter(t, v, 30*time.Second)
			}
			e.order(t)
		})
	}
	f("stopped and continued",
		func(_ *testing.T, e *evening) { _ = e.redis.Process().Signal(syscall.SIGSTOP) },
		func(_ *testing.T, e *evening) { _ = e.redis.Process().Signal(syscall.SIGCONT) })
	f("killed and started again", func(_ *testing.T, e *evening) { e.redis.Kill() }, func(t *testing.T, e *evening) { e.redis.Run(t) })
}

// order fails unless calls are in order of place, each ticket once.
func (e *evening) order(t *testing.T) {
	t.Helper()
	seen, last := map[string]bool{}, int64(0)
	for _, x := range gateway.Tickets(e.Journal(t), "call") {
		if x.Place <= last {
			t.Errorf("%s was called after a later place", x.ID)
		}
		if seen[x.ID] {
			t.Errorf("%s was called twice", x.ID)
		}
		last, seen[x.ID] = x.Place, true
	}
}

// TestALostStoreGivesEverybodyTheirOwnPlaceBack loses all that Redis held, by FLUSHALL
// and by a server that comes back empty.
func TestALostStoreGivesEverybodyTheirOwnPlaceBack(t *testing.T) {
	t.Parallel()
	f := func(name string, lose func(t *testing.T, e *evening)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const crowd = 200
			e := begin(t, "redis", map[string]string{"rate": "36000/h"})
			inside := e.join(t, 1)[0]
			enter(t, inside, 5*time.Second)
			e.inside(t, inside, "/book")
			e.Set(t, map[string]any{"paused": true})
			people := e.join(t, crowd)
			gateway.Until(t, "the view to catch up", 5*time.Second, func() bool { return e.Room(t).Waiting == crowd })
			epoch := e.Room(t).Epoch

			lose(t, e)
			gateway.Until(t, "the loss to be noticed", 15*time.Second, func() bool { s := e.Room(t); return s.Epoch != epoch && s.Store == "ok" })
			e.Set(t, map[string]any{"paused": true, "rate": "100/s"})
			// Somebody new comes first, and then everybody in any order.
			newcomer := e.join(t, 1)[0]
			for i := range people {
				v := people[(i*83)%crowd]
				if a := v.Call(t, "status"); a.Status != 200 {
					t.Fatalf("after the loss: %d %s", a.Status, a.Body)
				}
			}
			gateway.Until(t, "everybody to be back", 10*time.Second, func() bool { return e.Room(t).Waiting == crowd+1 })
			for i, v := range people {
				if got := v.Call(t, "status").Standing.Position; got > int64(i+1) {
					t.Errorf("visitor %d is at position %d", i+1, got)
				}
			}
			if a := inside.Navigate(t, "/my/bookings"); !isInside(a) {
				t.Errorf("who is inside noticed it: %d", a.Status)
			}
			e.Set(t, map[string]any{"paused": false})
			var all sync.WaitGroup
			for _, v := range append([]*gateway.Visitor{newcomer}, people...) {
				all.Go(func() {
					if !gateway.Eventually(60*time.Second, func() bool {
						a, err := v.Try("enter")
						return err == nil && a.Standing.State == "admitted"
					}) {
						t.Error("somebody was not let in")
					}
				})
			}
			all.Wait()
			e.order(t)
			if n := len(gateway.Tickets(e.Journal(t), "enter")); n != crowd+1 {
				t.Errorf("%d entries, not %d", n, crowd+1)
			}
		})
	}
	f("FLUSHALL", func(t *testing.T, e *evening) {
		c := e.redis.Client()
		defer func() { _ = c.Close() }()
		if err := c.FlushAll(context.Background()).Err(); err != nil {
			t.Fatal(err)
		}
	})
	f("a server that comes back empty", func(t *testing.T, e *evening) {
		e.redis.Kill()
		gateway.Until(t, "the loss to be noticed", 10*time.Second, func() bool { return e.Room(t).State == "away" })
		e.redis.Run(t)
	})
}

// TestASecondGatewayGoesOnAsIfNothingHadHappened stops one of two while people enter,
// with a slow request in flight.
func TestASecondGatewayGoesOnAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	const crowd = 80
	e := begin(t, "redis", map[string]string{"rate": "20/s", "opens_at": opensIn(3 * time.Second)})
	network := gateway.NewRelay(t, e.Visitors)
	people := make([]*gateway.Visitor, crowd)
	for i := range people {
		people[i] = gateway.NewVisitor(network.URL)
		if a := people[i].Call(t, "join"); a.Status != 200 {
			t.Fatalf("join: %d", a.Status)
		}
	}
	second := gateway.Start(t, gateway.Options{
		Binary: binary, Backend: e.backend.URL, Redis: e.redis, Dir: e.Dir,
		Room: map[string]string{"rate": "20/s", "opens_at": opensIn(0)},
	})
	enter(t, people[0], 10*time.Second)
	e.inside(t, people[0], "/book")

	release := e.backend.Hold("/slow")
	slow := make(chan gateway.Answer, 1)
	go func() {
		a, err := people[0].Twin().TryNavigate("/slow")
		if err != nil {
			a.Body = err.Error()
		}
		slow <- a
	}()
	gateway.Until(t, "the slow request to be in flight", 5*time.Second, func() bool {
		for _, v := range e.backend.Visits() {
			if v.URI == "/slow" {
				return true
			}
		}
		return false
	})
	e.Signal(syscall.SIGTERM)
	gateway.Until(t, "the first gateway not to be ready", 5*time.Second, func() bool { status, _ := e.Ready(); return status != 200 })
	network.To(second.Visitors)
	var all sync.WaitGroup
	for i, v := range people[1:] {
		all.Go(func() {
			if !gateway.Eventually(40*time.Second, func() bool {
				a, err := v.Try("enter")
				return err == nil && a.Standing.State == "admitted"
			}) {
				t.Errorf("visitor %d was not let in", i+1)
			}
		})
	}
	release()
	if a := <-slow; !isInside(a) {
		t.Errorf("the slow request was cut off: %d %s", a.Status, a.Body)
	}
	select {
	case <-e.Done():
	case <-time.After(25 * time.Second):
		t.Error("the first gateway did not end")
	}
	if log := e.Log(); !contains(log, "the gateway has stopped; every place is kept") || strings.Contains(log, "cut off") {
		t.Errorf("it did not leave cleanly:\n%s", log)
	}
	all.Wait()
	e.Gateway = second
	e.order(t)
	e.alone(t, crowd)
	e.inside(t, people[0], "/my/bookings")
	if a := people[0].Navigate(t, "/book"); !isInside(a) {
		t.Errorf("a pass of the first gateway at the second: %d", a.Status)
	}
}

func TestAChangeReachesEveryGatewayWithinASecondAndSurvives(t *testing.T) {
	t.Parallel()
	e := begin(t, "redis", map[string]string{"rate": "3600/h"})
	second := gateway.Start(t, gateway.Options{Binary: binary, Backend: e.backend.URL, Redis: e.redis, Dir: e.Dir, Room: map[string]string{"rate": "3600/h"}})
	e.Set(t, map[string]any{"paused": true})
	began := time.Now()
	gateway.Until(t, "the other gateway to follow", 5*time.Second, func() bool { return second.Room(t).Paused })
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
	for _, g := range []*gateway.Gateway{e.Gateway, second} {
		if err := g.Stop(t); err != nil {
			t.Error(err)
		}
	}
	second.Run(t)
	if !second.Room(t).Paused {
		t.Error("the pause is forgotten after a restart")
	}
	if got := fmt.Sprint(len(gateway.Tickets(second.Journal(t), "enter"))); got != "0" {
		t.Errorf("%s entries", got)
	}
}

func TestAFullRedisIsToldAndLosesNobody(t *testing.T) {
	t.Parallel()
	e := begin(t, "redis", map[string]string{"rate": "36000/h"})
	e.Set(t, map[string]any{"paused": true})
	before := e.join(t, 3)
	store := e.redis.Client()
	defer func() { _ = store.Close() }()
	if err := store.ConfigSet(context.Background(), "maxmemory", "1mb").Err(); err != nil {
		t.Fatal(err)
	}
	late := gateway.NewVisitor(e.URL)
	gateway.Until(t, "/readyz to say why", 10*time.Second, func() bool {
		if a := late.Call(t, "join"); a.Status != 200 {
			t.Fatalf("who comes now: %d %s", a.Status, a.Body)
		}
		status, text := e.Ready()
		return status == 503 && contains(text, "places are kept")
	})
	if a := before[0].Call(t, "status"); a.Status != 200 || a.Standing.State != "paused" {
		t.Errorf("who waits is told: %d %s", a.Status, a.Body)
	}
	if err := store.ConfigSet(context.Background(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	gateway.Until(t, "the gateway to be ready again", 15*time.Second, func() bool {
		status, _ := e.Ready()
		return status == 200
	})
	e.Set(t, map[string]any{"paused": false})
	for _, v := range append(before, late) {
		enter(t, v, 30*time.Second)
	}
	e.order(t)
}
