package attempts

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"waitroom/bench/clock"
	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// settable is a store whose clock can be set, and with it the gateway's; providers go by it, too.
type settable struct {
	store *redistest.Server
	hand  *clock.Clock
	ahead atomic.Int64
}

// settable starts one.
func (s *Stage) settable() *settable {
	s.Helper()
	s.wants("redis-server", "gcc")
	hand, err := clock.New(s.TempDir())
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = hand.Close() })
	return &settable{store: redistest.StartWith(s, hand.Env()), hand: hand}
}

// now is the time by that clock.
func (c *settable) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// set sets the clock, and waits until the gateway goes by it.
func (c *settable) set(v *verified, to time.Time) {
	v.s.Helper()
	by := time.Until(to).Round(time.Second)
	c.ahead.Store(int64(by))
	if err := c.hand.Set(by); err != nil {
		v.s.Fatal(err)
	}
	asks := gateway.NewVisitor(v.URL)
	gateway.Until(v.s, "the gateway to go by the store's clock", turnLimit, func() bool {
		a, err := asks.Try("status")
		return err == nil && a.Standing.Server.Sub(c.now()).Abs() < 5*time.Second
	})
}

// lock is device_lock in the attempts, and margin what a slow machine may take meanwhile.
const (
	lock   = 10 * time.Minute
	margin = 20 * time.Second
)

// secondDevice has a person verified on a second device, before and after the first one's time is over.
func secondDevice(s *Stage) {
	c := s.settable()
	v := s.verifies(verifying{store: c.store, clock: c.now, room: map[string]string{"device_lock": "10m", "hold": "4h", "pass": "{ttl: 6h, idle: 3h}"}})
	first := v.seat("demo", 1)
	began := c.now()
	v.inside(first)
	try := func(variant string) {
		second := v.visitor()
		second.Agent = otherAgents["a telephone"]
		a, why := v.placed(second, v.login(second, "demo", 1))
		s.Check(variant, "GET callback, by a second device of the same person", a, why)
	}
	try("at once")
	c.set(v, began.Add(lock-margin))
	try("shortly before the lock is over")
	if !v.opens(first) {
		s.Wronged(Finding{Variant: "whose the place is", Why: "the first device is outside while its lock holds"})
	}
	c.set(v, began.Add(lock+margin))
	second := v.visitor()
	if a, why := v.placed(second, v.login(second, "demo", 1)); why == "" {
		s.Wronged(Finding{Variant: "after the lock", Answer: said(a), Why: "the person cannot move to another device"})
	}
	gateway.Eventually(6*time.Second, func() bool { return !v.opens(first) })
	a := first.Navigate(s, "/book")
	s.Check("the first device, when the second one has taken over", "GET /book", a, s.strange(a.Status, a.Header.Get("Content-Type"), a.Body))
	a = first.Call(s, "enter")
	s.Check("the first device, when the second one has taken over, enter", "POST enter", a, s.entered(first, &a))
}

// oneDevice has the same person verified in many browsers at the same moment.
func oneDevice(s *Stage) { s.race(200, "demo") }

// manyProviders is the same at several providers.
func manyProviders(s *Stage) { s.race(60, "demo", "other", "third") }

// race has one person verified in so many browsers at once, at the parties in turn.
func (s *Stage) race(browsers int, parties ...string) {
	s.Helper()
	v := s.verifies(verifying{parties: parties})
	all, backs := make([]*gateway.Visitor, browsers), make([]string, browsers)
	for i := range all {
		all[i] = v.visitor()
		backs[i] = v.login(all[i], parties[i%len(parties)], 1)
	}
	var racing sync.WaitGroup
	var placed atomic.Int32
	for i := range all {
		racing.Go(func() {
			if _, why := v.placed(all[i], backs[i]); why != "" {
				placed.Add(1)
			}
		})
	}
	racing.Wait()
	s.Tried()
	if n := placed.Load(); n > 1 {
		s.Through(Finding{Variant: "many logins at once", Why: fmt.Sprintf("%d of %d browsers got a place for the same person", n, browsers)})
	} else if n == 0 {
		s.Wronged(Finding{Variant: "many logins at once", Why: "nobody got the place"})
	}
	for _, party := range parties {
		late := v.visitor()
		a, why := v.placed(late, v.login(late, party, 1))
		s.Check("one after them, at "+party, "GET callback", a, why)
	}
	v.seat(parties[len(parties)-1], 2) // somebody else is somebody else
}

// nicknames gives accounts what others have: nothing of it may make a person.
func nicknames(s *Stage) {
	v := s.verifies(verifying{person: "[iss, sub]", room: map[string]string{"rate": "0"}})
	demo := v.parties["demo"]
	as := func(name string) {
		demo.says(func(_ string, says map[string]any) {
			for _, claim := range []string{"email", "name", "nickname", "preferred_username", "phone_number", "ci"} {
				says[claim] = name + "@example.kr"
			}
			says["email_verified"] = true
		})
	}
	as("same")
	first := v.seat("demo", 1)
	place := func(who *gateway.Visitor) int64 {
		a := who.Call(s, "status")
		return s.place(who, &a)
	}
	second := v.visitor()
	a, why := v.placed(second, v.login(second, "demo", 2))
	switch {
	case why == "":
		why = "an account is taken for another one of the same e-mail address: " + a.Standing.State
	case place(second) == place(first):
		why = "an account was given another one's place, for the same e-mail address"
	default:
		why = ""
	}
	s.Check("another account with the same e-mail address, name and number", "GET callback", a, why)
	as("another")
	again := v.visitor()
	a, why = v.placed(again, v.login(again, "demo", 1))
	s.Check("the same account with another e-mail address, name and number", "GET callback", a, why)
}

// farm has many real accounts come from one address, where the operator has bounded that.
func farm(s *Stage) {
	const accounts, bound = 30, 5
	v := s.verifies(verifying{room: map[string]string{"limits": fmt.Sprintf("{joins_per_address: %d/h}", bound)}})
	places := 0
	for i := range accounts {
		who := v.visitor()
		page, a := v.begin(who, "demo", nil)
		if page != "" {
			var why string
			if a, why = v.placed(who, v.choose(page, i)); why != "" {
				places++
			}
		} else if a.Status != http.StatusTooManyRequests {
			s.Fatalf("login: %d %.300s", a.Status, a.Body)
		}
		s.Tried()
	}
	if places > bound {
		s.Through(Finding{Variant: fmt.Sprintf("%d accounts at one address", accounts), Why: fmt.Sprintf("they got %d places, where the operator allows %d", places, bound)})
	}
	other := v.visitor()
	other.From = "127.0.0.2"
	if a, why := v.placed(other, v.login(other, "demo", accounts)); why == "" || places == 0 {
		s.Wronged(Finding{Variant: "who is not of the farm", Answer: said(a), Why: fmt.Sprintf("%d of the farm got places, and somebody at another address none", places)})
	}
}
