package queuetest

import (
	"context"
	"math"
	"testing"

	"waitroom/queue"
)

func operating() []trial {
	return []trial{
		{promise: "what operators set is in force at every gateway, and tells who and when", try: setting},
		{promise: "what operators set survives a crash", try: settingSurvives},
		{promise: "a clock that is set back is not taken for a loss, which would bring an old rate back", try: settingBehind},
		{promise: "the file's rate counts again when the live one is dropped", try: fileRate},
		{promise: "a new rate in the file counts where none is set live", try: newRules},
		{promise: "nonsense is no rate", try: nonsense},
	}
}

func setting(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.move(Second)
	at := b.Clock.Now()
	r.set(queue.Change{By: "mina", RatePerHour: ptr(7200.0), Paused: ptr(true), Message: ptr("곧 시작합니다"), SoldOut: ptr(true)})
	for i, g := range r.gates {
		c := g.View().Control
		if c.RatePerHour != 7200 || !c.Paused || c.Message != "곧 시작합니다" || !c.SoldOut {
			t.Errorf("gateway %d: %+v", i, c)
		}
		for what, s := range map[string]queue.Setting{"rate": c.RateSet, "pause": c.PausedSet, "message": c.MessageSet, "sold out": c.SoldOutSet} {
			if s.By != "mina" || s.At != at || !s.Live() {
				t.Errorf("gateway %d: the %s was set by %+v", i, what, s)
			}
		}
		if g.View().Interval != queue.Interval(7200) {
			t.Errorf("gateway %d: the interval is %v", i, g.View().Interval)
		}
	}
	r.move(Second)
	r.set(queue.Change{By: "jun", Paused: ptr(false)})
	c := r.view().Control
	if c.Paused || c.PausedSet.By != "jun" || c.RateSet.By != "mina" || !c.SoldOut {
		t.Errorf("after a change of one thing: %+v", c)
	}
	records := r.journal(queue.KindControl)
	if len(records) != 2 || records[0].By != "mina" || records[1].By != "jun" || records[1].Detail != "paused=false" {
		t.Errorf("the journal tells %+v", records)
	}
}

func settingSurvives(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.set(queue.Change{By: "mina", RatePerHour: ptr(7200.0), Message: ptr("hello"), Paused: ptr(true)})
	before := r.view().Control
	r.crash()
	if after := r.view().Control; after != before {
		t.Errorf("after the crash %+v, before %+v", after, before)
	}
	if r.view().Interval != queue.Interval(7200) {
		t.Errorf("the interval is %v", r.view().Interval)
	}
}

func fileRate(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	if c := r.view().Control; c.RatePerHour != 36_000 || c.RateSet.Live() {
		t.Errorf("at first: %+v", c)
	}
	r.set(queue.Change{By: "mina", RatePerHour: ptr(0.0)})
	if c := r.view().Control; c.RatePerHour != 0 || !c.RateSet.Live() || r.view().Interval != 0 {
		t.Errorf("live rate 0: %+v", c)
	}
	r.set(queue.Change{By: "mina", FileRate: true})
	if c := r.view().Control; c.RatePerHour != 36_000 || c.RateSet.Live() || r.view().Interval != queue.Interval(36_000) {
		t.Errorf("dropped: %+v", c)
	}
}

func newRules(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	change := func(perHour float64, want float64) {
		t.Helper()
		rules := plain()
		rules.RatePerHour = perHour
		for _, g := range r.gates {
			g.SetRules(rules)
			if g.Rules() != rules {
				t.Errorf("the rules are %+v", g.Rules())
			}
		}
		if r.settle(); r.view().Interval != queue.Interval(want) || r.view().Control.RatePerHour != want {
			t.Errorf("the rate is %v, the interval %v, want %v", r.view().Control.RatePerHour, r.view().Interval, want)
		}
	}
	change(7200, 7200)
	r.set(queue.Change{By: "mina", RatePerHour: ptr(100.0)})
	change(3600, 100)
}

func nonsense(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	for _, rate := range []float64{-1, math.NaN(), math.Inf(1)} {
		if err := r.gates[0].Set(context.Background(), queue.Change{By: "x", RatePerHour: &rate}); err == nil {
			t.Errorf("%v was taken for a rate", rate)
		}
	}
	if r.refresh(); r.view().Control.RateSet.Live() {
		t.Errorf("%+v", r.view().Control)
	}
}

func settingBehind(t *testing.T, b *Bench) {
	r := open(t, b, plain())
	r.set(queue.Change{By: "op", RatePerHour: ptr(360_000.0)})
	last := r.gates[len(r.gates)-1]
	tick := func(g Engine) {
		t.Helper()
		if _, err := g.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	b.Clock.Add(Second)
	tick(r.gates[0])
	b.Clock.Add(-5 * Second / 2) // more than jitter to the store, and less to whoever has not heard of the last second
	tick(r.gates[0])
	tick(last)
	if err := r.gates[0].Set(context.Background(), queue.Change{By: "op", RatePerHour: ptr(3600.0)}); err != nil {
		t.Fatal(err)
	}
	tick(last)
	r.refresh()
	if v := r.view(); v.Interval != queue.Interval(3600) || v.Control.RatePerHour != 3600 {
		t.Errorf("3600/h was set last: %v/h and an interval of %v are in force", v.Control.RatePerHour, v.Interval)
	}
}
