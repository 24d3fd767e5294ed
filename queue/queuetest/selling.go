package queuetest

import (
	"context"
	"sync/atomic"
	"testing"

	"waitroom/queue"
)

// selling tries whether an opening has as many entries as its quota, and no more.
func selling() []trial {
	return []trial{
		{promise: "as many enter as the quota says, and the others are told that it is sold out", try: sells},
		{promise: "of many who enter at once at all gateways as many get in as are left", try: sellsAtOnce},
		{promise: "who comes and enters at once counts, too", try: sellsDirect},
		{promise: "nobody is called beyond what is left", try: sellsCalled},
		{promise: "who never shows up keeps nothing from the others", try: sellsNoShows},
		{promise: "an opening begins a new count, and what was before it does not count", try: sellsAnew},
		{promise: "a raised quota goes on at once", try: sellsMore},
		{promise: "a crash sells nothing twice", try: sellsCrash},
		{promise: "a store that lost its state sells nothing twice", try: sellsLoss, loses: true},
	}
}

// limited opens a room with a quota.
func limited(t *testing.T, b *Bench, quota int64) *room {
	t.Helper()
	rules := plain()
	rules.Quota, rules.OpensAt = quota, b.Clock.Now()
	return open(t, b, rules)
}

// sale lets whoever is called enter for a time, and counts those who got in.
func (r *room) sale(places []int64, d int64) (sold int) {
	r.t.Helper()
	in := map[int]bool{}
	for ; d > 0; d -= Second {
		r.run(Second)
		for n, p := range places {
			if !in[n] && p <= r.view().Front && r.enter(n, p).State == queue.StateAdmitted {
				in[n] = true
			}
		}
	}
	return len(in)
}

// soldOut fails unless all views tell so, of as many as were sold.
func (r *room) soldOut(sold int64) {
	r.t.Helper()
	r.refresh()
	for _, g := range r.gates {
		v := g.View()
		if s := v.Standing(v.Last, 0, v.At, 0); v.Sold != sold || s.State != queue.StateSoldOut || !v.SoldOut() {
			r.t.Errorf("the standing is %s with %d sold, want sold out with %d", s.State, v.Sold, sold)
		}
	}
}

func (r *room) rule(change func(*queue.Rules)) {
	r.t.Helper()
	change(&r.rules)
	for _, g := range r.gates {
		g.SetRules(r.rules)
	}
	r.settle()
}

func sells(t *testing.T, b *Bench) {
	r := limited(t, b, 20)
	places := r.arriveAll(0, 100)
	first := queue.Seat{}
	for first.State != queue.StateAdmitted {
		r.run(Second)
		first = r.enter(0, places[0])
	}
	if sold := r.sale(places, 30*Second); sold != 20 || r.view().Entries != 20 {
		t.Fatalf("%d got in, %d entries", sold, r.view().Entries)
	}
	r.soldOut(20)
	if s := r.enter(0, places[0]); s.State != queue.StateAdmitted || s.Entry != first.Entry {
		t.Errorf("who is inside has %+v, had %+v", s, first)
	}
	late := r.back(500, places[0]-1, false)
	r.want("put back as called", late, queue.StateCalled)
	r.want("entering what is sold out", r.enter(500, late.Place), queue.StateSoldOut)
}

func sellsAtOnce(t *testing.T, b *Bench) {
	rules := plain()
	rules.RatePerHour, rules.Burst = 36_000_000, 1000
	rules.Quota, rules.OpensAt = 50, b.Clock.Now()
	r := open(t, b, rules)
	r.arrive(1000)
	r.run(Second) // it is called, and who shows a place before it is late
	var sold atomic.Int64
	together(300, func(n int) {
		g := r.gates[n%len(r.gates)]
		s, err := g.Enter(context.Background(), ID(n), rules.OpensAt-int64(n)-1) // late ones, who are called
		if err != nil {
			t.Error(err)
		}
		switch s.State {
		case queue.StateAdmitted:
			sold.Add(1)
		case queue.StateSoldOut:
		default:
			t.Errorf("got %+v", s)
		}
	})
	if sold.Load() != 50 {
		t.Errorf("%d got in, want 50", sold.Load())
	}
	r.soldOut(50)
}

func sellsDirect(t *testing.T, b *Bench) {
	rules := plain()
	rules.Burst, rules.Quota, rules.OpensAt = 100, 5, b.Clock.Now()
	r := open(t, b, rules)
	r.run(30 * Second) // of which a burst is left
	for n := range 30 {
		want := queue.StateAdmitted
		if n >= 5 {
			want = queue.StateWaiting
		}
		r.want("arriving", r.arrival(queue.Arrival{ID: ID(n), Direct: true}), want)
	}
	r.soldOut(5)
}

func sellsCalled(t *testing.T, b *Bench) {
	r := limited(t, b, 30)
	r.arriveAll(0, 200)
	r.run(9 * Second)
	if c := r.view().Calls; c != 30 {
		t.Errorf("%d are called within the time to enter, 30 are left", c)
	}
}

func sellsNoShows(t *testing.T, b *Bench) {
	r := limited(t, b, 30)
	places := r.arriveAll(0, 200)
	in := 0
	for second := 0; second < 90 && in < 30; second++ {
		r.run(Second)
		for n, p := range places {
			if n%2 == 0 && p <= r.view().Front && p > 0 && r.enter(n, p).State == queue.StateAdmitted {
				places[n], in = 0, in+1
			}
		}
	}
	if in != 30 {
		t.Errorf("%d got in, want 30: half of those called never came", in)
	}
	r.soldOut(30)
}

func sellsAnew(t *testing.T, b *Bench) {
	r := limited(t, b, 10)
	places := r.arriveAll(0, 60)
	if sold := r.sale(places, 20*Second); sold != 10 {
		t.Fatalf("%d got in, want 10", sold)
	}
	next := b.Clock.Now() + 60*Second
	r.rule(func(rules *queue.Rules) { rules.OpensAt = next })
	if v := r.view(); v.Sold != 0 || v.Standing(v.Last, 0, v.At, 0).State != queue.StateEarly {
		t.Errorf("before the next opening %d are sold, and who waits is %s", v.Sold, v.Standing(v.Last, 0, v.At, 0).State)
	}
	r.move(60*Second - 1)
	if r.view().Entries != 10 {
		t.Errorf("%d entries before the opening", r.view().Entries)
	}
	r.move(1)
	again := places[10:]
	sold := 0
	for range 20 {
		r.run(Second)
		for n, p := range again {
			if p <= r.view().Front && p > 0 && r.enter(10+n, p).State == queue.StateAdmitted {
				again[n], sold = 0, sold+1
			}
		}
	}
	if sold != 10 || r.view().Entries != 20 {
		t.Errorf("%d got in by the second opening, %d in all", sold, r.view().Entries)
	}
	r.soldOut(10)
}

func sellsMore(t *testing.T, b *Bench) {
	r := limited(t, b, 10)
	places := r.arriveAll(0, 60)
	r.sale(places, 20*Second)
	r.soldOut(10)
	r.rule(func(rules *queue.Rules) { rules.Quota = 15 })
	if s := r.enter(10, places[10]); s.State == queue.StateSoldOut || r.view().SoldOut() {
		t.Errorf("with more to be had the next is %+v", s)
	}
	r.sale(places[10:11], Second)
	for n := 10; n < 60; n++ {
		r.run(Second / 2)
		r.enter(n, places[n])
	}
	if r.soldOut(15); r.view().Entries != 15 {
		t.Errorf("%d entries, want 15", r.view().Entries)
	}
	r.rule(func(rules *queue.Rules) { rules.Quota = 0 })
	r.run(5 * Second)
	if r.view().SoldOut() || r.view().Calls <= 15 {
		t.Error("without a quota nobody is called")
	}
}

func sellsCrash(t *testing.T, b *Bench) {
	r := limited(t, b, 20)
	places := r.arriveAll(0, 60)
	for n, p := range places {
		r.run(Second / 2)
		r.enter(n, p)
		if n%7 == 3 {
			r.crash()
		}
	}
	if r.soldOut(20); r.view().Entries != 20 {
		t.Errorf("%d entries, want 20", r.view().Entries)
	}
}

func sellsLoss(t *testing.T, b *Bench) {
	r := limited(t, b, 20)
	places := r.arriveAll(0, 60)
	for n, p := range places[:30] {
		r.run(Second / 2)
		r.enter(n, p)
		if n == 10 || n == 19 {
			r.refresh()
			before := r.view().Sold
			r.lose()
			if r.view().Sold != before || before == 0 {
				t.Errorf("%d are sold after the loss, %d were", r.view().Sold, before)
			}
			for n, p := range places {
				r.back(n, p, true)
			}
			r.move(max(0, r.view().RecoverUntil-b.Clock.Now()))
		}
	}
	r.soldOut(20)
}
