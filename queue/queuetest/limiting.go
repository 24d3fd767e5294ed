package queuetest

import (
	"testing"

	"waitroom/queue"
)

func limiting() []trial {
	return []trial{
		{promise: "no more are inside than may be", try: maxActive},
		{promise: "a pass that ends makes room, and so does one that runs out", try: maxActiveFrees},
		{promise: "a pass that is not used any more makes room, and one that is extended does not", try: maxActiveTouched},
		{promise: "an ended pass is revoked at every gateway, and for good", try: revoked},
		{promise: "an unknown pass can be ended, too", try: revokedUnknown},
	}
}

// fill brings many tickets and enters whoever is called, for a time.
func (r *room) fill(places []int64, d int64) {
	r.t.Helper()
	entered := map[int]bool{}
	for ; d > 0; d -= Second {
		r.run(Second)
		for n, p := range places {
			if p > r.view().Front {
				break
			}
			if !entered[n] {
				entered[n] = r.enter(n, p).State == queue.StateAdmitted
			}
		}
		r.refresh()
		if v := r.view(); v.Rules.MaxActive > 0 && v.Active > v.Rules.MaxActive {
			r.t.Fatalf("%d are inside, %d may be", v.Active, v.Rules.MaxActive)
		}
	}
}

func maxActive(t *testing.T, b *Bench) {
	rules := plain()
	rules.MaxActive, rules.Burst = 15, 10
	r := open(t, b, rules)
	places := r.arriveAll(0, 100)
	r.fill(places, 30*Second)
	if v := r.view(); v.Active != 15 || v.Entries != 15 || v.Calls != 15 {
		t.Fatalf("%d inside, %d entries, %d calls, want 15", v.Active, v.Entries, v.Calls)
	}
	s := r.back(500, places[0]-1, false)
	r.want("put back below the front", s, queue.StateCalled)
	r.want("entering a full room", r.enter(500, s.Place), queue.StateFull)
	r.crash()
	if v := r.view(); v.Active != 15 {
		t.Errorf("%d inside after a crash", v.Active)
	}
	r.want("entering a full room after a crash", r.enter(500, s.Place), queue.StateFull)
}

func maxActiveFrees(t *testing.T, b *Bench) {
	rules := plain()
	rules.MaxActive, rules.PassTTL = 5, 100*Second
	r := open(t, b, rules)
	places := r.arriveAll(0, 100)
	r.fill(places, 10*Second)
	in := r.back(2, places[2], false)
	r.want("the third", in, queue.StateAdmitted)
	r.end(queue.PassOf(ID(2), in.Entry))
	if r.view().Active != 4 {
		t.Fatalf("%d inside after one ended, want 4", r.view().Active)
	}
	r.run(3 * Second)
	r.want("the sixth", r.enter(5, places[5]), queue.StateAdmitted)
	r.want("the seventh", r.enter(6, places[6]), queue.StateWaiting)
	r.move(80 * Second)
	if r.refresh(); r.view().Active != 5 {
		t.Fatalf("%d inside, want 5", r.view().Active)
	}
	r.move(30 * Second)
	if r.view().Active != 0 {
		t.Errorf("%d inside after all passes ran out", r.view().Active)
	}
	r.want("the seventh", r.enter(6, places[6]), queue.StateAdmitted)
}

func maxActiveTouched(t *testing.T, b *Bench) {
	rules := plain()
	rules.MaxActive = 2
	r := open(t, b, rules)
	places := r.arriveAll(0, 10)
	r.fill(places, 5*Second)
	used, idle := r.back(0, places[0], false), r.back(1, places[1], false)
	r.want("the first", used, queue.StateAdmitted)
	r.want("the second", idle, queue.StateAdmitted)
	now := b.Clock.Now()
	for _, g := range r.gates {
		g.Touch(queue.PassOf(ID(0), used.Entry), now+60*Second)
		g.Touch(queue.PassOf(ID(1), idle.Entry), now+60*Second)
	}
	eventually(t, "the touches count", func() bool {
		b.Clock.Add(70 * Second)
		r.refresh()
		active := r.view().Active
		b.Clock.Add(-70 * Second)
		return active == 0
	})
	r.move(40 * Second)
	eventually(t, "one touch counts more", func() bool {
		for _, g := range r.gates { // again and again: it may be under way while the clock is ahead
			g.Touch(queue.PassOf(ID(0), used.Entry), now+3600*Second)
		}
		r.refresh()
		b.Clock.Add(30 * Second)
		r.refresh()
		active := r.view().Active
		b.Clock.Add(-30 * Second)
		return active == 1
	})
	r.move(30 * Second)
	r.want("the third", r.enter(2, places[2]), queue.StateAdmitted)
	r.move(used.End - b.Clock.Now() + Second)
	if r.view().Active != 1 {
		t.Errorf("%d inside after the first pass ended, whatever was touched; want the third alone", r.view().Active)
	}
}

func revoked(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	in := r.admitted(1)
	p := queue.PassOf(ID(1), in.Entry)
	other := queue.PassOf(ID(1), in.Entry+1)
	if r.gates[0].Revoked(p) {
		t.Fatal("revoked before it was ended")
	}
	check := func(when string) {
		t.Helper()
		r.refresh()
		for i, g := range r.gates {
			if !g.Revoked(p) || g.Revoked(other) {
				t.Errorf("%s, gateway %d: revoked is %t, of another pass %t", when, i, g.Revoked(p), g.Revoked(other))
			}
		}
		r.want("the ticket of an ended pass", r.enter(1, in.Place), queue.StateOver)
	}
	r.end(p)
	check("ended")
	r.end(p)
	check("ended twice")
	r.crash()
	check("after a crash")
	if r.view().Active != 0 {
		t.Errorf("%d inside", r.view().Active)
	}
	if n := len(r.journal(queue.KindEnd)); n != 1 {
		t.Errorf("the journal tells %d ends, want 1", n)
	}
	again := r.admitted(1)
	if again.Place <= in.Place || r.gates[0].Revoked(queue.PassOf(ID(1), again.Entry)) {
		t.Errorf("the next pass is %+v after %+v", again, in)
	}
}

func revokedUnknown(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	p := queue.PassOf(ID(77), b.Clock.Now())
	r.end(p)
	for _, g := range r.gates {
		if !g.Revoked(p) {
			t.Error("an unknown pass was ended, and is not revoked")
		}
	}
}
