package proxy_test

import (
	"testing"

	"waitroom/queue"
)

// change replaces the rules while people wait, as a reload does.
func (r *rig) change(change func(*queue.Rules)) {
	r.t.Helper()
	rules := r.line.Rules()
	change(&rules)
	r.line.SetRules(rules)
}

func TestADrawIsNotSpoiledByTheCallsOfAnEarlierSession(t *testing.T) {
	r := opened(t, settings{})
	opens := r.clock.Load() + 24*hour
	r.pass(22 * hour)
	r.change(func(q *queue.Rules) { q.OpensAt, q.Draw, q.Hold = opens, true, 12*hour })
	var all []*person
	for range 20 {
		p := r.browser()
		p.call("join").want(t, 200, "early")
		all = append(all, p)
	}
	r.tick()
	if v := r.line.View(); v.Waiting != 20 || v.Called != 0 {
		t.Fatalf("%d wait and %d are called before the draw", v.Waiting, v.Called)
	}
	r.clock.Store(opens)
	for _, p := range all {
		p.call("enter").want(t, 409, "waiting")
	}
}

func TestADrawnPlaceStaysWhenTheOpeningIsMovedOrTakenAway(t *testing.T) {
	opens := evening + 20*minute
	for _, c := range []struct {
		why    string
		change func(*queue.Rules)
		now    int64
	}{
		{"later", func(q *queue.Rules) { q.OpensAt += hour }, opens + hour},
		{"taken away", func(q *queue.Rules) { q.OpensAt, q.Draw = 0, false }, opens},
		{"by arrival now", func(q *queue.Rules) { q.Draw = false }, opens},
	} {
		r := begin(t, settings{rules: func(q *queue.Rules) { q.OpensAt, q.Draw, q.Hold = opens, true, 12*hour }})
		var all []*person
		for range 10 {
			p := r.browser()
			p.call("join").want(t, 200, "early")
			all = append(all, p)
		}
		r.change(c.change)
		r.clock.Store(c.now)
		seen := map[int64]bool{}
		for _, p := range all {
			s := p.call("status").want(t, 200, "waiting")
			seen[s.position()] = true
		}
		if len(seen) != len(all) || !seen[1] || !seen[int64(len(all))] {
			t.Errorf("the opening is %s: positions %v", c.why, seen)
		}
		in := map[*person]bool{}
		for range 20 {
			r.turn()
			for _, p := range all {
				if !in[p] && p.get("/book").StatusCode == 303 {
					in[p] = true
				}
			}
		}
		if len(in) != len(all) || r.line.View().Entries != int64(len(all)) {
			t.Errorf("the opening is %s: %d of %d are in, with %d entries", c.why, len(in), len(all), r.line.View().Entries)
		}
	}
}

func TestAPlaceByArrivalStaysWhenTheRoomBecomesADraw(t *testing.T) {
	r := opened(t, settings{})
	p := r.browser()
	first := p.call("join").want(t, 200, "waiting")
	r.change(func(q *queue.Rules) { q.OpensAt, q.Draw = r.clock.Load()+20*minute, true })
	p.call("join").want(t, 200, "early")
	r.pass(20 * minute)
	if s := p.call("status").want(t, 200, "waiting"); s.position() != first.position() {
		t.Errorf("was %d, is %d", first.position(), s.position())
	}
	r.turn()
	if a := p.get("/book"); a.StatusCode != 303 {
		t.Errorf("its turn: %d", a.StatusCode)
	}
}

func TestNoTicketIsShownForLongerThanTheHold(t *testing.T) {
	r := opened(t, settings{})
	p := r.app()
	ticket := p.call("join").want(t, 200, "waiting").Ticket
	r.pass(5 * minute)
	r.change(func(q *queue.Rules) { q.Hold = 4 * minute })
	p.appCall("status", ticket, "").want(t, 404, "waiting")
	again := p.appCall("join", ticket, "").want(t, 200, "waiting")
	if again.position() != 1 {
		t.Errorf("whose ticket was silent for too long joins, and is %d", again.position())
	}
}

func TestACalledTicketIsNotRenewedWhileTheStoreIsAway(t *testing.T) {
	r := opened(t, settings{})
	p, other := r.called(), r.browser()
	other.call("join").want(t, 200, "waiting")
	mine, others := p.ticket(), other.ticket()
	r.pass(16 * minute)
	r.out(away)
	p.call("status").want(t, 200, "recovering")
	other.call("status").want(t, 200, "recovering")
	if p.ticket() != mine {
		t.Error("a called ticket was renewed without the store")
	}
	if other.ticket() == others {
		t.Error("a waiting ticket was not renewed: it would be lost when the store stays away")
	}
}
