package queuetest

import (
	"io"
	"math/rand/v2"
	"testing"

	"waitroom/queue"
	"waitroom/queue/audit"
)

func auditing() []trial {
	return []trial{{promise: "the journal proves the promises, whatever people and operators do", try: auditsProve}}
}

// kinds are all that a journal tells.
func kinds() []queue.Kind {
	return []queue.Kind{
		queue.KindEpoch, queue.KindArrive, queue.KindReturn, queue.KindCall, queue.KindEnter, queue.KindLeave, queue.KindEnd,
		queue.KindFork, queue.KindHold, queue.KindControl,
	}
}

func auditsProve(t *testing.T, b *Bench) {
	rules := plain()
	rules.Burst, rules.RatePerHour = 5, 7200
	r := open(t, b, rules)
	d := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- the same each time
	places, passes := map[int]int64{}, map[int]queue.PassID{}
	entries := int64(0)
	enter := func(n int, s queue.Seat) {
		if s.State == queue.StateAdmitted && passes[n] != queue.PassOf(ID(n), s.Entry) {
			passes[n] = queue.PassOf(ID(n), s.Entry)
			entries++
		}
		places[n] = s.Place
	}
	for step := range 300 {
		n := d.IntN(80)
		switch what := d.IntN(20); {
		case step == 150:
			r.crash()
		case what < 6:
			enter(n, r.arrival(queue.Arrival{ID: ID(n), Direct: what < 3}))
		case what < 13 && places[n] != 0:
			enter(n, r.enter(n, places[n]))
		case what < 14 && places[n] != 0:
			r.leave(n, places[n])
		case what < 15:
			r.back(1000+step, b.Clock.Now()-d.Int64N(20*Second), false)
		case what < 16 && passes[n] != queue.PassID{}:
			r.end(passes[n])
		case what < 17:
			r.set(queue.Change{By: "op", RatePerHour: ptr([]float64{0, 3600, 36_000, 360_000}[d.IntN(4)])})
		case what < 18 && step%5 == 0:
			r.set(queue.Change{By: "op", FileRate: true})
		}
		r.move(1 + d.Int64N(Second/2))
	}
	r.set(queue.Change{By: "op", FileRate: true, Paused: ptr(false)})
	for n, place := range r.arriveAll(200, 220) {
		places[200+n] = place
	}
	for range 30 { // as fast as the rate allows
		r.move(Second / 2)
		for n := 200; n < 220; n++ {
			if passes[n] == (queue.PassID{}) && places[n] <= r.view().Front {
				enter(n, r.enter(n, places[n]))
			}
		}
	}
	result, err := audit.Verify(one(r.journal(kinds()...)), audit.Options{FileRate: &rules.RatePerHour, Burst: rules.Burst})
	if err != nil || result.Violation != nil {
		t.Fatalf("%+v, %v", result.Violation, err)
	}
	if !result.Whole || result.Before != 0 || result.Steps != 0 || result.Entries != entries || result.Calls == 0 || entries < 45 {
		t.Errorf("%d entered; the journal proves %+v", entries, result)
	}
}

// one gives records one after another.
func one(records []queue.Record) func() (queue.Record, error) {
	return func() (queue.Record, error) {
		if len(records) == 0 {
			return queue.Record{}, io.EOF
		}
		r := records[0]
		records = records[1:]
		return r, nil
	}
}
