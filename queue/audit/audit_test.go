package audit_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"waitroom/queue"
	"waitroom/queue/audit"
)

const second = 1_000_000

// begun is when the journals of these tests begin.
const begun = 1_000_000 * second

// at makes a record some seconds after the beginning, about tickets of id, place and entry, of which the last two are seconds, too.
func at(seconds float64, kind queue.Kind, detail string, tickets ...[3]float64) queue.Record {
	time := func(s float64) int64 {
		if s == 0 {
			return 0
		}
		return begun + int64(s*second)
	}
	r := queue.Record{At: begun + int64(seconds*second), Kind: kind, Detail: detail}
	for _, t := range tickets {
		r.Tickets = append(r.Tickets, queue.Recorded{ID: queue.ID{byte(t[0])}, Place: time(t[1]), Entry: time(t[2])})
	}
	return r
}

func epoch() queue.Record { return at(0, queue.KindEpoch, "one") }

// hourly are rates per hour: ten and one a second.
var ten, one = 36_000.0, 3600.0

func verify(t *testing.T, o audit.Options, records ...queue.Record) audit.Result {
	t.Helper()
	result, err := audit.Verify(sound(records), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// sound gives records one after another.
func sound(records []queue.Record) func() (queue.Record, error) {
	return func() (queue.Record, error) {
		if len(records) == 0 {
			return queue.Record{}, io.EOF
		}
		r := records[0]
		records = records[1:]
		return r, nil
	}
}

// holds are journals that keep every promise.
func holds() map[string][]queue.Record {
	call, enter, back := queue.KindCall, queue.KindEnter, queue.KindReturn
	return map[string][]queue.Record{
		"in order": {
			epoch(), at(1, call, "", [3]float64{1, 1}, [3]float64{2, 1.5}), at(2, enter, "", [3]float64{2, 1.5, 2}), at(3, enter, "", [3]float64{1, 1, 3}),
		},
		"two who drew one place": {epoch(), at(1, call, "", [3]float64{1, 1}, [3]float64{2, 1})},
		"put back late": {
			epoch(), at(9, call, "", [3]float64{1, 5}), at(9, back, "", [3]float64{2, 3}), at(10, enter, "", [3]float64{2, 3, 10}),
		},
		"put back late and called": {
			epoch(), at(9, call, "", [3]float64{1, 5}), at(9, back, "", [3]float64{2, 3}), at(10, call, "", [3]float64{2, 3}),
		},
		"put back in the batch of a direct call": {
			epoch(), at(9, back, "", [3]float64{2, 3}), at(9, call, "direct", [3]float64{1, 9}), at(9, enter, "", [3]float64{1, 9, 9}),
			at(20, enter, "", [3]float64{2, 3, 20}),
		},
		"called, forgotten, and put back": {
			epoch(), at(1, call, "", [3]float64{1, 1}), at(2, back, "", [3]float64{1, 1}), at(3, enter, "", [3]float64{1, 1, 3}),
		},
		"anew with a higher place": {
			epoch(), at(1, call, "direct", [3]float64{1, 1}), at(1, enter, "", [3]float64{1, 1, 1}), at(2, queue.KindEnd, "release", [3]float64{1, 1, 1}),
			at(3, call, "direct", [3]float64{1, 3}), at(3, enter, "", [3]float64{1, 3, 3}),
		},
		"left, and another is called": {
			epoch(), at(1, queue.KindArrive, "", [3]float64{1, 1}), at(2, queue.KindArrive, "", [3]float64{2, 2}),
			at(3, queue.KindLeave, "", [3]float64{1, 1}), at(4, call, "", [3]float64{2, 2}),
		},
		"a new state begins": {
			epoch(), at(5, call, "", [3]float64{1, 5}), at(6, queue.KindEpoch, "two"), at(7, back, "", [3]float64{2, 3}), at(8, call, "", [3]float64{2, 3}),
		},
		"a rise of the rate counts at once": {
			epoch(), at(1, call, "", [3]float64{1, 1}, [3]float64{2, 1.1}, [3]float64{3, 1.2}, [3]float64{4, 1.3}),
			at(2, enter, "", [3]float64{1, 1, 2}), at(2.1, queue.KindControl, "rate=36000/h"),
			at(2.1, enter, "", [3]float64{2, 1.1, 2.2}), at(2.2, enter, "", [3]float64{3, 1.2, 2.3}),
		},
		"a fall counts from what was promised": {
			epoch(), at(0, queue.KindControl, "rate=36000/h paused=false"),
			at(1, call, "", [3]float64{1, 1}, [3]float64{2, 1.1}, [3]float64{3, 1.2}, [3]float64{4, 1.3}),
			at(2, enter, "", [3]float64{1, 1, 2}), at(2, enter, "", [3]float64{2, 1.1, 2.1}), at(2, enter, "", [3]float64{3, 1.2, 2.2}),
			at(2.05, queue.KindControl, "rate=file"), at(3, enter, "", [3]float64{4, 1.3, 3.2}),
		},
		"taken over, and again": {epoch(), at(1, queue.KindHold, "since=5", [3]float64{1}), at(2, queue.KindHold, "since=6", [3]float64{1})},
		"copies of a pass":      {epoch(), at(1, queue.KindFork, "no key", [3]float64{1, 1, 1})},
		"the clock went back": {
			at(50, queue.KindEpoch, "one"), at(50, call, "", [3]float64{1, 50}, [3]float64{2, 51}), at(50, enter, "", [3]float64{1, 50, 50}),
			at(1, enter, "", [3]float64{2, 51, 50}),
		},
	}
}

func TestAJournalThatKeepsThePromisesIsProved(t *testing.T) {
	for name, records := range holds() {
		if r := verify(t, audit.Options{FileRate: &one, Burst: 1}, records...); r.Violation != nil || r.Records != int64(len(records)) {
			t.Errorf("%s: %+v, %+v", name, r, r.Violation)
		}
	}
}

func TestEveryBrokenPromiseIsFoundAtItsRecord(t *testing.T) {
	call, enter, back, arrive := queue.KindCall, queue.KindEnter, queue.KindReturn, queue.KindArrive
	f := func(record int64, what string, records ...queue.Record) {
		t.Helper()
		r := verify(t, audit.Options{FileRate: &one, Burst: 1}, records...)
		if r.Violation == nil || r.Violation.Record != record || !strings.Contains(r.Violation.What, what) {
			t.Errorf("%+v, want record %d: %s", r.Violation, record, what)
		}
	}
	first := at(1, call, "", [3]float64{1, 5}, [3]float64{2, 6})
	f(3, "after place", epoch(), first, at(2, call, "", [3]float64{3, 4}))
	f(2, "after place", epoch(), at(1, call, "", [3]float64{1, 6}, [3]float64{2, 5}))
	f(4, "after place", epoch(), at(1, back, "", [3]float64{3, 4}), first, at(2, call, "", [3]float64{3, 4}))
	f(3, "called twice", epoch(), first, at(2, call, "", [3]float64{2, 6}))
	f(3, "waits at", epoch(), at(1, arrive, "", [3]float64{1, 1}), at(2, call, "", [3]float64{1, 2}))
	f(2, "passed over", epoch(), at(1, arrive, "", [3]float64{1, 1}), at(2, arrive, "", [3]float64{2, 2}), at(3, call, "", [3]float64{2, 2}))
	f(3, "waits at", epoch(), at(1, arrive, "", [3]float64{1, 1}), at(2, arrive, "", [3]float64{1, 2}))
	f(3, "waits at", epoch(), at(1, arrive, "", [3]float64{1, 1}), at(2, back, "", [3]float64{1, 1}))
	f(2, "not called", epoch(), at(1, enter, "", [3]float64{1, 1, 1}))
	f(3, "not called", epoch(), first, at(2, enter, "", [3]float64{3, 5.5, 2}))
	f(3, "not called", epoch(), first, at(2, enter, "", [3]float64{1, 5.5, 2}))
	f(4, "not called", epoch(), first, at(2, queue.KindLeave, "", [3]float64{1, 5}), at(2, enter, "", [3]float64{1, 5, 2}))
	f(3, "before that was decided", epoch(), first, at(2, enter, "", [3]float64{1, 5, 1.9}))
	f(4, "has entered", epoch(), first, at(2, enter, "", [3]float64{1, 5, 2}), at(4, enter, "", [3]float64{1, 5, 4}))
	f(5, "has entered", epoch(), first, at(2, enter, "", [3]float64{1, 5, 2}), at(3, back, "", [3]float64{1, 4}), at(4, enter, "", [3]float64{1, 4, 4}))
	wrap := float64(1<<32) / second // names hold the last 32 bits of an entry
	f(5, "name", epoch(), first, at(2, enter, "", [3]float64{1, 5, 2}), at(3, call, "", [3]float64{1, 7}), at(3, enter, "", [3]float64{1, 7, 2 + wrap}))
	f(3, "since", epoch(), at(1, queue.KindHold, "since=5", [3]float64{1}), at(2, queue.KindHold, "since=5", [3]float64{1}))
	f(2, "cannot be read", epoch(), at(1, queue.KindHold, "", [3]float64{1}))
	f(2, "cannot be read", epoch(), at(1, queue.KindControl, "rate=much/h"))
	f(2, "not known", epoch(), at(1, "teleport", ""))

	// The rate: one a second, one at once.
	f(4, "more than the rate", epoch(), first, at(2, enter, "", [3]float64{1, 5, 2}), at(2, enter, "", [3]float64{2, 6, 2.9}))
	f(5, "more than the rate", epoch(), at(0, queue.KindControl, "rate=36000/h"), first, at(2, enter, "", [3]float64{1, 5, 2}), at(2, enter, "", [3]float64{2, 6, 2.09}))
	f(5, "more than the rate", epoch(), first, at(2, enter, "", [3]float64{1, 5, 2}), at(2.1, queue.KindControl, "rate=0/h"), at(9, enter, "", [3]float64{2, 6, 9}))
	f(6, "more than the rate", epoch(), at(0, queue.KindControl, "rate=36000/h"), first, at(2, enter, "", [3]float64{1, 5, 2.5}),
		at(2.1, queue.KindControl, "rate=file"), at(2.2, enter, "", [3]float64{2, 6, 3.4}))
}

func TestTheBurstIsAllowedAndNoMore(t *testing.T) {
	journal := []queue.Record{epoch()}
	for i := range 5 {
		n := float64(i + 1)
		journal = append(journal, at(9, queue.KindCall, "", [3]float64{n, n}), at(9, queue.KindEnter, "", [3]float64{n, n, 9}))
	}
	if r := verify(t, audit.Options{FileRate: &ten, Burst: 5}, journal...); r.Violation != nil || r.Entries != 5 || r.Calls != 5 {
		t.Errorf("%+v, %+v", r, r.Violation)
	}
	if r := verify(t, audit.Options{FileRate: &ten, Burst: 4}, journal...); r.Violation == nil || r.Violation.Record != 11 {
		t.Errorf("five at once with a burst of four: %+v", r.Violation)
	}
	// What is not known is not proved, and told so.
	if r := verify(t, audit.Options{FileRate: &ten}, journal...); r.Violation != nil || r.CeilingFrom != 0 {
		t.Errorf("without a burst: %+v, %+v", r, r.Violation)
	}
	if r := verify(t, audit.Options{Burst: 1}, journal...); r.Violation != nil || r.CeilingFrom != 0 {
		t.Errorf("without a rate: %+v, %+v", r, r.Violation)
	}
	set := at(10, queue.KindControl, "rate=36000/h")
	if r := verify(t, audit.Options{Burst: 1}, append(slices.Clone(journal), set)...); r.Violation != nil || r.CeilingFrom != set.At {
		t.Errorf("from a rate on: %+v, %+v", r, r.Violation)
	}
	if r := verify(t, audit.Options{FileRate: &ten, LiveSince: 1, Burst: 4}, append(journal[:9:9], at(99, queue.KindCall, "", [3]float64{5, 99}), at(99, queue.KindEnter, "", [3]float64{5, 99, 99}))...); r.Violation == nil {
		t.Error("a live rate of 0 from before the journal counts, and gives nothing")
	}
}

func TestAJournalThatWasTrimmedIsProvedFromItsBeginning(t *testing.T) {
	o := audit.Options{FileRate: &one, Burst: 1}
	r := verify(t, o,
		at(9, queue.KindEnter, "", [3]float64{1, 4, 9}), at(10, queue.KindCall, "", [3]float64{2, 6}), at(11, queue.KindEnter, "", [3]float64{3, 5, 11}))
	if r.Violation != nil || r.Whole || r.Before != 2 || r.From != begun+9*second || r.To != begun+11*second {
		t.Errorf("%+v, %+v", r, r.Violation)
	}
	if r := verify(t, o, at(9, queue.KindEnter, "", [3]float64{1, 4, 9}), at(10, queue.KindCall, "", [3]float64{2, 3})); r.Violation == nil {
		t.Error("a call below somebody who had entered before it is in order")
	}
	if r := verify(t, o, at(10, queue.KindCall, "", [3]float64{2, 6}), at(11, queue.KindEnter, "", [3]float64{3, 7, 11})); r.Violation == nil {
		t.Error("who entered above the first call was called before the beginning")
	}
}

func TestWhatCannotBeReadIsNotProved(t *testing.T) {
	broken := errors.New("broken")
	_, err := audit.Verify(func() (queue.Record, error) { return epoch(), broken }, audit.Options{})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if r := verify(t, audit.Options{}); r.Records != 0 || r.Whole {
		t.Errorf("of nothing: %+v", r)
	}
}
