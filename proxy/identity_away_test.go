package proxy_test

import (
	"strings"
	"testing"
	"time"

	"waitroom/proxy/limits"
)

// devicesMay bounds how often one device asks for a person, or a place; each call begins anew.
func (r *rig) devicesMay(count int) {
	r.options.Rooms[0].Waiting.Door = &limits.Door{
		Table: limits.NewTable(1024), Room: room, PerDevice: limits.Limit{Count: count, Period: 24 * time.Hour},
	}
	r.gate.Replace(r.options)
}

func TestATakeoverThatWaitsForTheStoreAsksItAsOftenAsItsDeviceMay(t *testing.T) {
	for _, o := range []outage{away, failed} {
		r := beginIdentified(t, settings{}, nil)
		d := r.desks[0]
		r.browser().verified(d, "person=9").get("/book").wantInside(t, "/book")
		p := r.browser().verified(d, "person=1")
		r.crowd(2)
		r.pass(10 * minute)
		r.devicesMay(4)
		q := r.browser()
		back := d.logIn(t, q.start(d, "/book"), "person=1")
		exchanged := d.demo.Counts().Exchanged
		r.out(o)
		if a := q.returns(back); a.StatusCode != 503 || a.state() != "away" {
			t.Fatalf("outage %d: %d %s", o, a.StatusCode, a.state())
		}
		asked, seen := r.line.trips.Load(), map[int]int{}
		for range 10 {
			seen[q.get("/book").StatusCode]++
		}
		if seen[503] != 3 || seen[429] != 7 {
			t.Errorf("outage %d: pages %v, want those of three claims more", o, seen)
		}
		if n := r.line.trips.Load() - asked; o == failed && n != 3 {
			t.Errorf("ten pages asked the store %d times", n)
		}
		// Nobody is taken over by a claim that was not made, and whoever may claim again does so where they are.
		r.out(none)
		if a := q.get("/book"); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" || q.ticket() != "" {
			t.Errorf("outage %d: %d, %v", o, a.StatusCode, a.Header)
		}
		p.call("status").want(t, 200, "waiting")
		r.devicesMay(4)
		q.get("/book").want303(t, "/book")
		if s := q.call("status").want(t, 200, "waiting"); s.position() != 1 {
			t.Errorf("outage %d: the place after the takeover is %d", o, s.position())
		}
		p.call("status").want(t, 409, "other_device")
		if n := d.demo.Counts().Exchanged - exchanged; n != 1 {
			t.Errorf("outage %d: the provider was asked %d times", o, n)
		}
	}
}

func TestATakeoverThatWaitedForTheStoreCountsFromWhenItIsBack(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	d := r.desks[0]
	r.browser().verified(d, "person=9").get("/book").wantInside(t, "/book")
	p := r.browser().verified(d, "person=1")
	r.crowd(2)
	f := func(q *person, after int64, status int) {
		t.Helper()
		r.out(failed)
		if a := q.verify(d, "person=1", "/book"); a.StatusCode != 503 {
			t.Fatal(a.StatusCode)
		}
		r.pass(after)
		r.out(none)
		if a := q.get("/book"); a.StatusCode != status || status == 303 != (q.ticket() != "") {
			t.Errorf("%d, want %d", a.StatusCode, status)
		}
	}
	// Refused while the lock is on: what waited was not a claim yet, whenever it was verified.
	f(r.browser(), 10*minute-1, 409)
	p.call("status").want(t, 200, "waiting")
	f(r.browser(), 1, 303)
	p.call("status").want(t, 409, "other_device")
}

func TestWhoComesBackFromAProviderThatIsNoLongerThereChoosesAnother(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	d := r.desks[0]
	p, q := r.browser(), r.browser()
	back, later := d.logIn(t, p.start(d, "/book?day=1"), "person=1"), d.logIn(t, q.start(d, "/book?day=1"), "person=2")
	r.gate.Replace(r.gateOptions(identified(t, settings{}, nil, r.desks[1])))
	a := p.returns(back)
	a.wantKind(t, 200, "failed")
	if !strings.Contains(a.body, `value="/book?day=1"`) {
		t.Errorf("the choice does not lead on: %.3000s", a.body)
	}
	p.verify(r.desks[1], "person=1", "/book?day=1").want303(t, "/book?day=1")
	// Where nobody is verified any more they go on, too.
	r.gate.Replace(r.gateOptions(settings{}))
	q.returns(later).want303(t, "/book?day=1")
}
