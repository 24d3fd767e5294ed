package queuetest

import (
	"testing"

	"waitroom/queue"
)

func pacing() []trial {
	ceilings := func(rules queue.Rules, faults func(r *room, round int)) func(t *testing.T, b *Bench) {
		return func(t *testing.T, b *Bench) { rush(t, b, rules, faults) }
	}
	slow, bursting, fast := plain(), plain(), plain()
	slow.RatePerHour = 1800
	bursting.Burst = 25
	fast.RatePerHour, fast.Burst = 1_000_000, 3
	rates := []float64{36_000, 3600, 100_000, 0, 12_000, 500, 36_000}
	trials := []trial{
		{promise: "the ceiling holds for a rush", try: ceilings(bursting, nil)},
		{promise: "the ceiling holds at a slow rate", try: ceilings(slow, nil)},
		{promise: "the ceiling holds at a fast rate", try: ceilings(fast, nil)},
		{promise: "the ceiling holds while the rate is changed", try: ceilings(bursting, func(r *room, round int) {
			if round%9 == 0 {
				r.set(queue.Change{By: "op", RatePerHour: &rates[round/9%len(rates)]})
			}
		})},
		{promise: "the ceiling holds across pauses, which earn no slots but the burst", try: ceilings(bursting, func(r *room, round int) {
			r.set(queue.Change{By: "op", Paused: ptr(round%8 < 4)})
		})},
		{promise: "the ceiling holds across crashes", try: ceilings(plain(), func(r *room, round int) {
			if round%3 == 0 {
				r.crash()
			}
		})},
		{promise: "the ceiling holds while the clock steps back and forth", try: ceilings(bursting, func(r *room, round int) {
			steps := []int64{-Second, Second, -3600 * Second, 7200 * Second, -3 * Second, 3 * Second, 0, 0}
			r.move(steps[round%len(steps)])
		})},
		{promise: "the ceiling holds across losses of the state", loses: true, try: ceilings(plain(), func(r *room, round int) {
			if round == 10 || round == 40 {
				r.lose()
			}
		})},
	}
	for i := range trials {
		trials[i].lasts = rounds
	}
	return trials
}

// rounds is how many seconds a rush lasts.
const rounds = 70

// rush brings a crowd that enters as greedily as it can, while faults happen.
func rush(t *testing.T, b *Bench, rules queue.Rules, faults func(r *room, round int)) {
	r := open(t, b, rules)
	places := map[int]int64{}
	arrived := 0
	entered := map[int]bool{}
	for round := range rounds {
		for range 30 {
			places[arrived] = r.arrival(queue.Arrival{ID: ID(arrived), Direct: arrived%2 == 0}).Place
			arrived++
		}
		if faults != nil {
			faults(r, round)
		}
		r.run(Second)
		for n := 0; n < arrived; n++ {
			if !entered[n] && places[n] <= r.view().Front {
				s := r.enter(n, places[n])
				entered[n] = s.State == queue.StateAdmitted
			}
		}
		r.refresh()
	}
	if err := r.told.check(); err != nil {
		t.Error(err)
	}
	if len(r.told.given) < 20 {
		t.Errorf("only %d entered: the test tries little", len(r.told.given))
	}
}
