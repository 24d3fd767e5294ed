package proxy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"

	"waitroom/queue"
	"waitroom/token"
)

// ptr is the address of a value.
func ptr[T any](v T) *T { return &v }

func TestEachStateIsToldInItsWords(t *testing.T) {
	waitingPerson := func(r *rig) *person {
		p := r.browser()
		p.call("join")
		return p
	}
	for _, c := range []condition{
		{"before the opening", "early", "early", func(q *queue.Rules) { q.OpensAt = evening + hour }, waitingPerson, true},
		{"waiting", "waiting", "waiting", nil, waitingPerson, true},
		{"paused by an operator", "paused", "paused", nil, func(r *rig) *person {
			p := waitingPerson(r)
			r.set(queue.Change{Paused: ptr(true)})
			return p
		}, true},
		{"a rate of nought is a pause", "paused", "paused", nil, func(r *rig) *person {
			p := waitingPerson(r)
			r.set(queue.Change{RatePerHour: ptr(0.0)})
			return p
		}, true},
		{"full", "full", "full", func(q *queue.Rules) { q.MaxActive = 1 }, waitingPerson, true},
		{"closed", "closed", "closed", func(q *queue.Rules) { q.ClosesAt = evening + minute }, func(r *rig) *person {
			p := waitingPerson(r)
			r.pass(minute)
			return p
		}, false},
		{"sold out", "sold_out", "sold_out", nil, func(r *rig) *person {
			p := waitingPerson(r)
			r.set(queue.Change{SoldOut: ptr(true)})
			return p
		}, false},
		{"the store is away", "recovering", "away", nil, func(r *rig) *person {
			p := waitingPerson(r)
			r.out(away)
			return p
		}, true},
	} {
		c.try(t)
	}
}

// condition is a room in a state, with somebody who waits in it.
type condition struct {
	why, state, page string
	rules            func(*queue.Rules)
	before           func(r *rig) *person
	newcomer         bool // a newcomer gets a place, too
}

func (c *condition) try(t *testing.T) {
	t.Helper()
	r := begin(t, settings{rules: c.rules})
	if c.state != "early" {
		r.browser().get("/first").wantInside(t, "/first")
	}
	p := c.before(r)
	seen := r.backend.seen()
	p.call("status").want(t, 200, c.state)
	p.call("join").want(t, 200, c.state)
	if a := p.call("enter"); a.StatusCode != 409 && !(c.page == "away" && a.StatusCode == 503) || a.said(t).State != c.state {
		t.Errorf("%s: enter: %d %s", c.why, a.StatusCode, a.body)
	}
	p.get("/book").wantPage(t, 200, c.page)
	p.do("GET", "/book", script()...).want(t, 429, c.state)
	n := r.browser()
	n.get("/book").wantPage(t, 200, c.page)
	if got := n.ticket() != ""; got != c.newcomer {
		t.Errorf("%s: a newcomer has a ticket: %t", c.why, got)
	}
	r.app().call("join").want(t, 200, c.state)
	if r.backend.seen() != seen {
		t.Errorf("%s: the backend saw somebody", c.why)
	}
}

func TestNobodyIsInBeforeTheOpeningWhateverTheyHold(t *testing.T) {
	r := begin(t, settings{rules: func(q *queue.Rules) { q.OpensAt, q.RatePerHour, q.Burst = evening+hour, 3600*100, 100 }})
	var all []*person
	for range 3 {
		p := r.browser()
		p.get("/book", "Date", "Thu, 12 Aug 2021 13:00:00 GMT", "If-Modified-Since", "Thu, 12 Aug 2031 13:00:00 GMT").wantPage(t, 200, "early")
		all = append(all, p)
		r.pass(second)
	}
	s := all[0].call("status").want(t, 200, "early")
	if micros(s.OpensAt) != evening+hour || s.position() != 1 || s.ETA == nil || s.ETA.Low < 3590 {
		t.Errorf("early: %+v", s)
	}
	r.clock.Store(evening + hour - second/10)
	r.tick()
	for _, p := range all {
		p.get("/book").wantPage(t, 200, "early")
		p.call("enter").want(t, 409, "early")
	}
	if r.backend.seen() != 0 || r.count("enter") != 0 || r.count("call") != 0 {
		t.Fatal("somebody was called or let in")
	}
	r.clock.Store(evening + hour)
	r.tick()
	for _, p := range all {
		if a := p.get("/book"); a.StatusCode != 303 {
			t.Errorf("at the opening: %d", a.StatusCode)
		}
	}
}

func TestTheDrawHidesPositionsAndCanBeReckonedAfterwards(t *testing.T) {
	opens := evening + 20*minute
	r := begin(t, settings{rules: func(q *queue.Rules) { q.OpensAt, q.Draw = opens, true }})
	var all []*person
	hash := ""
	for i := range 6 {
		p := r.browser()
		s := p.call("join").want(t, 200, "early")
		if s.Position != nil || s.ETA != nil || s.DrawSecret != nil || len(s.DrawHash) != 64 || i > 0 && s.DrawHash != hash {
			t.Fatalf("before the draw: %+v", s)
		}
		hash = s.DrawHash
		all = append(all, p)
		r.pass(second)
	}
	p := all[0].get("/book")
	if p.wantPage(t, 200, "early"); !strings.Contains(p.body, hash) {
		t.Error("the page does not show the hash")
	}
	r.clock.Store(opens)
	late := r.browser()
	if s := late.call("join").want(t, 200, "waiting"); s.position() != 7 {
		t.Errorf("who comes after the opening is %d", s.position())
	}
	secretText := *all[0].call("status").said(t).DrawSecret
	secret, err := hex.DecodeString(secretText)
	if err != nil || len(secret) != 32 {
		t.Fatalf("the secret is %q", secretText)
	}
	if sum := sha256.Sum256(secret); hex.EncodeToString(sum[:]) != hash {
		t.Error("the secret is not the one whose hash was shown")
	}
	var places []int64
	drawn := map[*person]int64{}
	for _, p := range all {
		x, err := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
		if err != nil {
			t.Fatal(err)
		}
		drawn[p] = token.DrawnPlace([32]byte(secret), opens, x.ID)
		places = append(places, drawn[p])
	}
	slices.Sort(places)
	for _, p := range all {
		s := p.call("status").want(t, 200, "waiting")
		if want, _ := slices.BinarySearch(places, drawn[p]); s.position() != int64(want)+1 {
			t.Errorf("position %d, reckoned %d", s.position(), want+1)
		}
	}
}

func TestWhoArrivesWhileTheStoreIsAwayGetsThePlaceOfTheirArrival(t *testing.T) {
	for _, o := range []outage{away, failed} {
		r := opened(t, settings{})
		before := r.browser()
		before.call("join")
		r.pass(second)
		r.out(o)
		var all []*person
		for range 4 {
			p := r.browser()
			p.get("/book").wantPage(t, 200, map[outage]string{away: "away", failed: "recovering"}[o])
			if s := p.call("status"); s.StatusCode != 200 || s.said(t).Position != nil {
				t.Errorf("while it is away: %d %s", s.StatusCode, s.body)
			}
			p.call("join").want(t, 200, "recovering") // must not move the stamp
			all = append(all, p)
			r.pass(second)
		}
		r.out(none)
		r.pass(second)
		after := r.browser()
		after.call("join")
		for _, i := range []int{3, 1, 0, 2} { // they come back in any order
			all[i].call("status")
		}
		last := int64(0)
		for i, p := range append(append([]*person{before}, all...), after) {
			s := p.call("status").want(t, 200, "waiting")
			x, err := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
			if err != nil || x.Stamped || x.Place <= last {
				t.Errorf("outage %d: number %d has place %d behind %d: %v", o, i+1, x.Place, last, err)
			}
			// Others came back ahead of them since, and what is shown never rises.
			if last = x.Place; s.position() < 1 || s.position() > int64(i)+1 {
				t.Errorf("outage %d: number %d is shown at %d", o, i+1, s.position())
			}
		}
	}
}

func TestJoiningWhileTheStoreFailsKeepsThePlace(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	r.crowd(3)
	old, err := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
	if err != nil {
		t.Fatal(err)
	}
	r.pass(16 * minute) // old enough for the store to be asked
	r.out(failed)
	if s := p.call("join").want(t, 200, "recovering"); !s.Away {
		t.Errorf("joined: %+v", s)
	}
	kept, err := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
	if err != nil || kept.Place != old.Place || kept.Stamped {
		t.Errorf("the place was replaced: %+v %v", kept, err)
	}
	if a := p.get("/book"); a.state() != "away" {
		t.Errorf("the page: %s", a.state())
	}
	r.out(none)
	if a := p.get("/book"); a.StatusCode != 303 {
		t.Errorf("when it is back: %d", a.StatusCode)
	}
}

func TestADrawnTicketStampedBeforeTheOpeningTakesPartInTheDraw(t *testing.T) {
	opens := evening + 20*minute
	r := begin(t, settings{rules: func(q *queue.Rules) { q.OpensAt, q.Draw = opens, true }})
	p := r.browser()
	p.call("join")
	r.out(away)
	q := r.browser()
	q.call("join").want(t, 200, "recovering")
	r.out(none)
	if s := q.call("status").want(t, 200, "early"); s.Position != nil {
		t.Errorf("back before the opening: %+v", s)
	}
	r.clock.Store(opens)
	r.crowd(1)
	a, b := p.call("status").said(t).position(), q.call("status").said(t).position()
	if a+b != 3 {
		t.Errorf("drawn: %d and %d", a, b)
	}
}

func TestATicketOfAnotherStateIsPutBackAtItsPlace(t *testing.T) {
	one := opened(t, settings{})
	var all []*person
	for range 3 {
		p := one.browser()
		p.call("join")
		all = append(all, p)
		one.pass(second)
	}
	two := begin(t, settings{keys: one.keys}) // the state is lost; the keys are not
	two.clock.Store(one.clock.Load())
	for _, p := range all {
		p.r = two
	}
	all[2].call("status")
	all[2].call("status").want(t, 200, "recovering")
	n := two.browser() // comes meanwhile, and does not get ahead
	n.call("join").want(t, 200, "recovering")
	two.tick()
	all[0].call("enter").want(t, 409, "recovering")
	all[1].get("/book").wantPage(t, 200, "recovering")
	for i, p := range all {
		if s := p.call("status").want(t, 200, "recovering"); s.position() != int64(i)+1 && i < 2 {
			t.Errorf("number %d is at %d", i+1, s.position())
		}
	}
	two.pass(2 * minute)
	two.tick()
	if a := all[0].get("/book"); a.StatusCode != 303 {
		t.Errorf("after the recovery: %d %s", a.StatusCode, a.state())
	}
}

func TestAPositionNeverRises(t *testing.T) {
	r := opened(t, settings{rules: func(q *queue.Rules) { q.RatePerHour, q.Burst = 3600, 5 }})
	var all []*person
	lowest := map[*person]int64{}
	look := func(p *person, s said) {
		t.Helper()
		if at := s.position(); at != 0 {
			if low, ok := lowest[p]; ok && at > low {
				t.Errorf("rose from %d to %d", low, at)
			}
			lowest[p] = at
		}
	}
	for i := range 60 {
		switch {
		case i%3 == 0:
			p := r.browser()
			if i%2 == 0 {
				r.line.still.Store(true) // joined behind the view's back
			}
			look(p, p.call("join").said(t))
			look(p, p.call("status").said(t))
			r.line.still.Store(false)
			all = append(all, p)
		case i%7 == 0 && len(all) > 2:
			all[len(all)/2].call("leave")
			all = slices.Delete(all, len(all)/2, len(all)/2+1)
		case i%11 == 0:
			all[0].call("enter")
		case i == 29:
			r.crowd(20)
		case i == 41:
			r.out(away)
		case i == 43:
			r.out(none)
		}
		r.pass(second / 3)
		r.tick()
		for _, p := range all {
			if a := p.call("status"); a.StatusCode == 200 {
				look(p, a.said(t))
			}
		}
	}
	if len(lowest) < 12 {
		t.Errorf("only %d were looked at", len(lowest))
	}
}

func TestAPositionNeverRisesFromGatewayToGateway(t *testing.T) {
	r := opened(t, settings{shared: true})
	ahead := []*person{r.browser(), r.browser(), r.browser()}
	for _, p := range ahead {
		p.call("join")
		r.pass(second / 10)
	}
	browser, app := r.browser(), r.app()
	browser.call("join")
	mine := app.call("join").said(t).Ticket
	behind := r.line.View()
	for _, p := range ahead[:2] {
		p.call("leave")
	}
	first, second := browser.call("status").said(t).position(), app.appCall("status", mine, "").said(t)
	if second.Ticket == "" || second.Ticket == mine {
		t.Fatal("the app's ticket does not know of the lower position")
	}
	r.line.behind.Store(behind)
	if at := browser.call("status").said(t).position(); first != 2 || at != first {
		t.Errorf("a browser: from %d to %d", first, at)
	}
	if at := app.appCall("status", second.Ticket, "").said(t); second.position() != 3 || at.position() != 3 || at.Ticket != "" {
		t.Errorf("an app: from %d to %d, a new ticket: %t", second.position(), at.position(), at.Ticket != "")
	}
}

func TestWhoWasToldOfTheirCallByAnotherGatewayEnters(t *testing.T) {
	r := opened(t, settings{shared: true})
	f := func(try func(p *person)) {
		t.Helper()
		p := r.browser()
		p.call("join")
		behind := r.line.View()
		r.turn()
		p.call("status").want(t, 200, "called")
		r.line.behind.Store(behind)
		try(p)
	}
	f(func(p *person) { p.call("enter").want(t, 200, "admitted") })
	f(func(p *person) {
		if a := p.get("/book"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("a page: %d %s", a.StatusCode, a.state())
		}
	})
}

func TestWhoIsFarFromTheirTurnDoesNotMakeAGatewayAskTheStore(t *testing.T) {
	r := opened(t, settings{shared: true})
	r.crowd(1000)
	p := r.browser()
	p.call("join")
	behind := r.line.View()
	r.line.behind.Store(behind)
	p.call("enter").want(t, 409, "waiting")
	p.get("/book").wantPage(t, 200, "waiting")
	if r.line.behind.Load() == nil {
		t.Error("the view was read anew")
	}
}

func TestCallsAreInTheOrderOfArrivalWhoeverPollsMost(t *testing.T) {
	r := opened(t, settings{})
	first, second := r.browser(), r.browser()
	first.call("join")
	second.call("join")
	for range 20 {
		second.call("enter")
		second.get("/book")
	}
	r.turn()
	second.call("enter").want(t, 409, "waiting")
	first.call("enter").want(t, 200, "admitted")
}

func TestAnExpiredHoldLosesThePlaceButNotTheDevice(t *testing.T) {
	r := opened(t, settings{rules: func(q *queue.Rules) { q.Hold = minute }})
	p := r.browser()
	p.call("join")
	device := p.device()
	r.pass(2 * minute)
	if a := p.call("status"); a.StatusCode != 404 || a.said(t).Type != "urn:waitroom:problem:no-ticket" {
		t.Errorf("after the hold: %d %s", a.StatusCode, a.body)
	}
	p.call("join")
	if p.device() != device {
		t.Error("another device")
	}
}
