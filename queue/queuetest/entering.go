package queuetest

import (
	"context"
	"sync"
	"testing"

	"waitroom/queue"
)

func entering() []trial {
	return []trial{
		{promise: "stamps of one device, taken while the store was away, give one entry", try: stampsEnterOnce},
		{promise: "a ticket that is not called waits, and asking changes nothing", try: enteringTooSoon},
		{promise: "entering again gives the same pass", try: enteringAgain},
		{promise: "two gateways that enter one ticket at once make one entry", try: enteringAtOnce},
		{promise: "a late ticket still enters", try: enteringLate},
		{promise: "a ticket shown at another place keeps the place it has", try: enteringElsewhere},
		{promise: "who found the rate used up gets a pass a little ahead", try: enteringAhead},
		{promise: "no entry is promised far ahead: the ticket stays called", try: enteringFarAhead},
		{promise: "a place given up is given up, and leaving twice is leaving once", try: leaving},
		{promise: "no ticket of a person who left, came back and entered gives a second pass", try: tombstones},
		{promise: "leaving does not end a pass", try: leavingInside},
	}
}

func enteringTooSoon(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 200)
	r.run(Second)
	before := *r.view()
	last := len(places) - 1
	for range 5 {
		s := r.enter(last, places[last])
		r.want("entering too soon", s, queue.StateWaiting)
		if s.Place != places[last] {
			t.Errorf("place is %d, want %d", s.Place, places[last])
		}
	}
	r.refresh()
	if v := r.view(); v.Waiting != before.Waiting || v.Entries != before.Entries || v.Due != before.Due {
		t.Errorf("asking changed the room: %+v", v)
	}
}

func enteringAgain(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	in := r.admitted(1)
	for range 3 {
		r.run(Second)
		for what, s := range map[string]queue.Seat{"enter": r.enter(1, in.Place), "return": r.back(1, in.Place, false)} {
			if s.State != queue.StateAdmitted || s.Entry != in.Entry || s.End != in.End || s.Place != in.Place {
				t.Errorf("%s again: %+v, was %+v", what, s, in)
			}
		}
	}
	if r.view().Entries != 1 || r.view().Active != 1 {
		t.Errorf("%d entries, %d active, want 1", r.view().Entries, r.view().Active)
	}
}

func enteringAtOnce(t *testing.T, b *Bench) {
	const tickets, times = 30, 4
	r := open(t, b, plain())
	places := r.arriveAll(0, tickets)
	r.run(5 * Second)
	var mu sync.Mutex
	entries := map[int]map[int64]bool{}
	together(tickets*times, func(i int) {
		n := i / times
		s, err := r.gates[i%len(r.gates)].Enter(context.Background(), ID(n), places[n])
		if err != nil {
			t.Error(err)
			return
		}
		r.told.note(s)
		mu.Lock()
		defer mu.Unlock()
		if s.State == queue.StateAdmitted {
			if entries[n] == nil {
				entries[n] = map[int64]bool{}
			}
			entries[n][s.Entry] = true
		}
	})
	for n, e := range entries {
		if len(e) != 1 {
			t.Errorf("ticket %d has %d entries", n, len(e))
		}
	}
	if r.refresh(); r.view().Entries != int64(len(entries)) || len(entries) < 20 {
		t.Errorf("the room counts %d entries, %d tickets have one", r.view().Entries, len(entries))
	}
	if err := r.told.check(); err != nil {
		t.Error(err)
	}
}

func enteringLate(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 1000)
	r.run(queue.Prompt + 20*Second)
	s := r.enter(0, places[0])
	r.want("entering late", s, queue.StateAdmitted)
	if s.Entry-b.Clock.Now() > 5*Second {
		t.Errorf("late, and told to wait %d µs", s.Entry-b.Clock.Now())
	}
}

func enteringElsewhere(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 300)
	r.run(Second)
	s := r.enter(299, places[0])
	r.want("entering with another's place", s, queue.StateWaiting)
	if s = r.back(299, places[0], false); s.State != queue.StateWaiting || s.Place != places[299] {
		t.Errorf("returned with another's place: %+v, want place %d", s, places[299])
	}
	if s = r.enter(0, places[299]); s.State != queue.StateAdmitted || s.Place != places[0] {
		t.Errorf("entered with a later place: %+v, want place %d", s, places[0])
	}
}

func enteringAhead(t *testing.T, b *Bench) {
	rules := plain()
	rules.RatePerHour = 3600
	r := open(t, b, rules)
	places := r.arriveAll(0, 30)
	r.run(3 * Second)
	var last int64
	in := 0
	for n, p := range places {
		if p > r.view().Front {
			continue
		}
		s := r.enter(n, p)
		r.want("entering", s, queue.StateAdmitted)
		if in++; last != 0 && s.Entry != last+Second {
			t.Errorf("entry %d comes %d µs after the one before", in, s.Entry-last)
		}
		last = s.Entry
	}
	if in < 3 {
		t.Fatalf("only %d were called ahead", in)
	}
}

func enteringFarAhead(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 200)
	r.run(10 * Second)
	r.set(queue.Change{By: "op", RatePerHour: ptr(1800.0)})
	in := 0
	for n, p := range places {
		if p > r.view().Front {
			break
		}
		s := r.enter(n, p)
		if s.State != queue.StateAdmitted {
			r.want("entering far ahead", s, queue.StateCalled)
			break
		}
		if in++; s.Entry > b.Clock.Now()+queue.Horizon {
			t.Fatalf("entry %d was promised %d µs ahead", in, s.Entry-b.Clock.Now())
		}
	}
	if in < 10 || in > 20 {
		t.Fatalf("%d entered at 1800/h, with %d s ahead", in, queue.Horizon/Second)
	}
	r.run(4 * Second)
	r.want("asking again", r.enter(in, places[in]), queue.StateAdmitted)
	if r.refresh(); r.view().Entries != int64(in)+1 {
		t.Errorf("%d entries, want %d", r.view().Entries, in+1)
	}
	if err := r.told.check(); err != nil {
		t.Error(err)
	}
}

func leaving(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	places := r.arriveAll(0, 300)
	r.run(Second)
	r.leave(0, places[0])
	r.leave(299, places[299])
	r.leave(299, places[299])
	for _, n := range []int{0, 299} {
		r.want("the ticket of one who left", r.back(n, places[n], false), queue.StateOver)
		r.want("the ticket of one who left", r.enter(n, places[n]), queue.StateOver)
	}
	s := r.arrive(299)
	if s.Place <= places[299] {
		t.Errorf("came back at place %d, had %d", s.Place, places[299])
	}
	r.leave(299, places[299])
	if again := r.arrive(299); again.Place != s.Place {
		t.Errorf("leaving once more with the old ticket cost the new place: %+v", again)
	}
	if r.refresh(); r.view().Arrivals != 301 {
		t.Errorf("%d arrivals, want 301", r.view().Arrivals)
	}
}

func tombstones(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	old := r.arrive(1)
	r.leave(1, old.Place)
	in := r.admitted(1)
	if in.Place <= old.Place {
		t.Fatalf("came back at place %d, had %d", in.Place, old.Place)
	}
	show := func(when string, want queue.State) {
		t.Helper()
		for what, s := range map[string]queue.Seat{
			"enter old": r.enter(1, old.Place), "return old": r.back(1, old.Place, false),
			"enter new": r.enter(1, in.Place), "return new": r.back(1, in.Place, false),
		} {
			if s.State != want || want == queue.StateAdmitted && s.Entry != in.Entry {
				t.Errorf("%s, %s: %+v, want %s", when, what, s, want)
			}
		}
	}
	show("while the pass lives", queue.StateAdmitted)
	r.crash()
	show("after a crash", queue.StateAdmitted)
	r.end(queue.PassOf(ID(1), in.Entry))
	show("after the pass was ended", queue.StateOver)
	r.crash()
	show("after another crash", queue.StateOver)
	if r.view().Entries != 1 {
		t.Errorf("%d entries, want 1", r.view().Entries)
	}
}

func leavingInside(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	in := r.admitted(1)
	r.leave(1, in.Place)
	if s := r.enter(1, in.Place); s.State != queue.StateAdmitted || s.Entry != in.Entry {
		t.Errorf("left inside, and got %+v", s)
	}
	if r.gates[0].Revoked(queue.PassOf(ID(1), in.Entry)) {
		t.Error("leaving revoked the pass")
	}
}

func stampsEnterOnce(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.arriveAll(10, 15)
	now := b.Clock.Now()
	stamps := []int64{now + Second, now + 2*Second, now + 3*Second}
	b.Clock.Add(10 * Second)
	r.back(1, stamps[0], false)
	r.move(60 * Second)
	in := r.enter(1, stamps[0])
	r.want("the first stamp", in, queue.StateAdmitted)
	for _, stamp := range stamps[1:] {
		if again := r.enter(1, stamp); again.Entry != in.Entry {
			t.Errorf("another stamp of the same outage: %+v, the first got %+v", again, in)
		}
	}
	r.move(r.rules.PassTTL + Second)
	for _, stamp := range stamps {
		r.want("a stamp after the pass", r.back(1, stamp, false), queue.StateOver)
		r.want("a stamp after the pass", r.enter(1, stamp), queue.StateOver)
	}
	next := r.arrive(1)
	if next.Place <= in.Entry || next.State == queue.StateOver {
		t.Errorf("a new place after the pass: %+v", next)
	}
}
