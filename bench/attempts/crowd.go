package attempts

import (
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"waitroom/bench/gateway"
)

// crowd are the attempts of family E that need no names: many tabs, absent owners,
// leaving and coming again.
func crowd() []Attempt {
	return []Attempt{
		{
			ID: "E1", Title: "Many tabs and many joins of one browser, for more than one place.",
			Steps:  "open {page} in fifty tabs of one browser, and compare the ticket numbers",
			Expect: "one place: every tab shows the same ticket",
			Refs:   []string{"CWE-837", "CWE-799", "WSTG-BUSL-05", "WSTG-SESS-11", "ASVS 7.1.2", "ASVS 2.3.2"},
			Driver: Actors, Needs: NeedClosed, Run: manyTabs,
		},
		{
			ID: "E8", Title: "Places are held by nobody: called visitors who never come, to keep the turn from the others.",
			Steps:  "take many places, close the browsers, and see whether a visitor behind them gets in",
			Expect: "who does not come is passed over after some seconds; the slots go to those behind",
			Refs:   []string{"OAT-021", "ASVS 2.3.2"},
			Driver: Actors, Needs: NeedOwn, Run: hoarded,
		},
		{
			ID: "E9", Title: "Leaving and joining again, to get a better place.",
			Steps:  "take a place, note the ticket number, POST /.waitroom/{room}/leave, and join again",
			Expect: "a new place at the end of the line",
			Refs:   []string{"WSTG-BUSL-07"},
			Driver: Actors, Needs: NeedClosed, Run: rejoined,
		},
		{
			ID: "E12", Title: "Control: hundreds of honest visitors behind one address, as with a carrier's NAT.",
			Steps:  "let hundreds of browsers join and ask how they stand from one address",
			Expect: "nobody is refused for the address that all share",
			Refs:   []string{"CWE-799"},
			Driver: Actors, Needs: NeedClosed, Run: oneAddress,
		},
	}
}

// each calls f for 0 to n-1, a few at a time.
func (s *Stage) each(n int, f func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		s.sockets <- struct{}{}
		group.Go(func() {
			defer func() { <-s.sockets }()
			f(i)
		})
	}
	group.Wait()
}

// at sends a visitor to the gateways in turn, where there are several.
func (s *Stage) at(i int, v *gateway.Visitor) *gateway.Visitor {
	if n := len(s.Gateways); n > 1 {
		v.URL = s.Gateways[i%n].URL
	}
	return v
}

func manyTabs(s *Stage) {
	const tabs = 50
	first := s.Waiter()
	standing := first.Call(s, "status")
	place := s.place(first, &standing)
	f := func(name string, with func() *gateway.Visitor) {
		var mu sync.Mutex
		places := map[int64]int{place: 1}
		tab := make([]*gateway.Visitor, tabs)
		for i := range tab {
			tab[i] = s.at(i, with())
		}
		s.each(tabs, func(i int) {
			a, err := tab[i].Try("join")
			if err != nil || a.Status != http.StatusOK {
				s.Errorf("%s: %d %v", name, a.Status, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			places[s.place(tab[i], &a)]++
		})
		s.Tried()
		if len(places) > 1 {
			s.Through(Finding{Variant: name, Sent: fmt.Sprintf("%d joins at once", tabs), Why: fmt.Sprintf("they got %d places: %v", len(places), places)})
		}
	}
	f("tabs that show all cookies", first.Twin)
	f("tabs that have lost the ticket", func() *gateway.Visitor { return s.thief(first, first.Agent, "device") })
}

func hoarded(s *Stage) {
	const absent = 20
	own := s.another(Own{Room: map[string]string{"rate": "300/min", "burst": "1"}})
	g := own.Gateways[0]
	g.Set(s, map[string]any{"paused": true})
	for range absent {
		if a := own.Stranger().Call(s, "join"); a.Status != http.StatusOK {
			s.Fatalf("join: %d %s", a.Status, a.Body)
		}
	}
	v := own.Stranger()
	v.Call(s, "join")
	g.Set(s, map[string]any{"paused": false})
	s.Tried()
	var a gateway.Answer
	if !gateway.Eventually(8*time.Second, func() bool {
		a, _ = v.Try("enter")
		return a.Standing.State == "admitted"
	}) {
		s.Through(Finding{
			Variant: fmt.Sprintf("%d who do not come", absent), Answer: said(a),
			Why: fmt.Sprintf("the visitor behind them was not let in within 8 s, at a rate for %d", absent*2),
		})
	}
}

func rejoined(s *Stage) {
	// Who shows the ticket that was left has the place that was left, as after a loss of
	// the store: that is no better than to have stayed.
	f := func(name string, gains func(now, before, last int64) bool, again func(v *gateway.Visitor)) {
		v := s.Waiter()
		number := v.Call(s, "status").Standing.Number
		last := s.Waiter().Call(s, "status").Standing.Number
		again(v)
		a := v.Call(s, "join")
		why := ""
		if a.Status == http.StatusOK && gains(a.Standing.Number, number, last) {
			why = fmt.Sprintf("the place is in front of one that was taken before: ticket %d, %d before leaving, %d came meanwhile", a.Standing.Number, number, last)
		}
		s.Check(name, "POST leave, then POST join", a, why)
	}
	ahead := func(now, _, last int64) bool { return now <= last }
	better := func(now, before, _ int64) bool { return now < before }
	leave := func(v *gateway.Visitor) { v.Call(s, "leave") }
	f("leaving, then joining", ahead, leave)
	f("leaving twice, then joining", ahead, func(v *gateway.Visitor) { leave(v); leave(v) })
	f("leaving, then joining with the old cookies", better, func(v *gateway.Visitor) {
		old := maps.Clone(v.Cookies)
		leave(v)
		v.Cookies = old
	})
	f("joining and leaving in a race", better, func(v *gateway.Visitor) {
		old := maps.Clone(v.Cookies)
		twin := v.Twin()
		var race sync.WaitGroup
		race.Go(func() { _, _ = twin.Try("leave") })
		race.Go(func() { _, _ = v.Try("status") })
		race.Wait()
		v.Cookies = old
		leave(v)
	})
}

func oneAddress(s *Stage) {
	const people = 300
	s.each(people, func(i int) {
		v := s.at(i, s.Stranger())
		for _, call := range []string{"join", "status", "status"} {
			a, err := v.Try(call)
			if err != nil {
				a, err = v.Try(call) // as browsers do
			}
			if err != nil {
				s.Errorf("%s: %v", call, err)
				return
			}
			if a.Status != http.StatusOK {
				s.Wronged(Finding{Variant: fmt.Sprintf("visitor %d of %d at one address", i+1, people), Sent: call, Answer: said(a), Why: "an honest call was refused"})
				return
			}
		}
		s.Tried()
	})
}
