package queuetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"waitroom/queue"
)

// TallyBench is how the suite gets at the tallies of a store.
type TallyBench struct {
	Clock *Clock
	// Open opens the tallies as one more gateway; engines for one gateway return the same ones again.
	Open func(t testing.TB) queue.Tallying
	// Restart ends all gateways, as a kill would.
	Restart func(t testing.TB)
	// Lose makes the store forget everything while gateways run; nil where it cannot, which is not tried then.
	Lose func(t testing.TB)
}

// tallySlot is the length of a slot in the suite.
const tallySlot = 10 * Second

// RunTallies tries every promise of queue.Tallying on fresh benches.
func RunTallies(t *testing.T, start func(t *testing.T) *TallyBench) {
	for _, tr := range []struct {
		promise string
		try     func(t *testing.T, b *TallyBench)
	}{
		{"what gateways count in a slot is read together when the slot is over", tallyTogether},
		{"a slot that was read is not read again, and changes no more", tallyOnce},
		{"what is older than the slots that are kept is forgotten", tallyForget},
		{"the first note on a slot stays", tallyNote},
		{"a switch is read by every gateway, with who and when, and survives a restart", tallySwitch},
		{"a clock that goes back loses no gateway", tallyBack},
	} {
		t.Run(tr.promise, func(t *testing.T) { tr.try(t, start(t)) })
	}
	if b := start(t); b.Lose != nil {
		t.Run("a switch that the store has lost is put back, and an older one replaces none", func(t *testing.T) { tallyPutBack(t, b) })
	}
}

// tally makes one trip for one name.
func tally(t *testing.T, g queue.Tallying, c queue.Counted, after int64) (queue.Tallied, queue.TalliedName) {
	t.Helper()
	if c.Counts == nil {
		c.Counts = make([]int64, 3)
	}
	other := queue.Counted{Name: "other", Counts: []int64{0, 1, 0}}
	answer, err := g.Tally(context.Background(), []queue.Counted{other, c}, queue.Ask{Length: tallySlot, After: after, Most: 5})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Names) != 2 {
		t.Fatalf("%d names", len(answer.Names))
	}
	return answer, answer.Names[1]
}

func counted(counts ...int64) queue.Counted { return queue.Counted{Name: "kakao", Counts: counts} }

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func tallyTogether(t *testing.T, b *TallyBench) {
	one, two := b.Open(t), b.Open(t)
	first := b.Clock.Now() / tallySlot
	_, got := tally(t, one, counted(1, 2, 0), 0)
	same(t, "before the slot is over", got.Slots, []queue.TalliedSlot(nil))
	tally(t, two, counted(10, 0, 5_000_000_000), 0)
	b.Clock.Add(tallySlot - 1)
	tally(t, one, counted(0, 0, 1), 0)
	b.Clock.Add(1)
	for _, g := range []queue.Tallying{one, two} {
		answer, got := tally(t, g, counted(7, 7, 7), 0)
		same(t, "the slot", got.Slots, []queue.TalliedSlot{{Number: first, Counts: []int64{11, 2, 5_000_000_001}}})
		same(t, "the clock", answer.Now, b.Clock.Now())
	}
}

func tallyOnce(t *testing.T, b *TallyBench) {
	g := b.Open(t)
	first := b.Clock.Now() / tallySlot
	tally(t, g, counted(1, 0, 0), 0)
	b.Clock.Add(3 * tallySlot)
	tally(t, g, counted(2, 0, 0), 0)
	b.Clock.Add(tallySlot)
	_, got := tally(t, g, counted(4, 0, 0), first)
	same(t, "after the first", got.Slots, []queue.TalliedSlot{{Number: first + 3, Counts: []int64{2, 0, 0}}})
	_, got = tally(t, g, queue.Counted{Name: "kakao"}, first+3)
	same(t, "after the last", got.Slots, []queue.TalliedSlot(nil))
	_, got = tally(t, g, queue.Counted{Name: "kakao"}, first-1)
	same(t, "all", got.Slots, []queue.TalliedSlot{{Number: first, Counts: []int64{1, 0, 0}}, {Number: first + 3, Counts: []int64{2, 0, 0}}})
}

func tallyForget(t *testing.T, b *TallyBench) {
	g := b.Open(t)
	first := b.Clock.Now() / tallySlot
	for n := range int64(8) {
		tally(t, g, counted(n, 0, 0), 0)
		b.Clock.Add(tallySlot)
	}
	_, got := tally(t, g, queue.Counted{Name: "kakao"}, 0)
	if len(got.Slots) != 5 || got.Slots[0].Number != first+3 || got.Slots[4].Counts[0] != 7 {
		t.Errorf("%+v", got.Slots)
	}
}

func tallyNote(t *testing.T, b *TallyBench) {
	one, two := b.Open(t), b.Open(t)
	first := b.Clock.Now() / tallySlot
	tally(t, one, counted(1, 0, 0), 0)
	b.Clock.Add(tallySlot)
	note := func(slot, state int64) queue.Counted {
		return queue.Counted{Name: "kakao", Slot: slot, State: state}
	}
	tally(t, one, note(first, 1<<32+5), first)
	tally(t, two, note(first, 1<<32+6), first)
	tally(t, two, note(first+1, 9), first) // it is not over
	b.Clock.Add(tallySlot)
	tally(t, one, counted(0, 0, 1), first)
	_, got := tally(t, two, queue.Counted{Name: "kakao"}, 0)
	if len(got.Slots) == 0 || got.Slots[0].State != 1<<32+5 {
		t.Errorf("%+v", got.Slots)
	}
	for _, s := range got.Slots {
		if s.Number == first+1 && s.State != 0 {
			t.Errorf("a note on a slot that is not over: %+v", s)
		}
	}
}

func tallySwitch(t *testing.T, b *TallyBench) {
	one, two := b.Open(t), b.Open(t)
	if _, got := tally(t, two, counted(0, 0, 0), 0); got.Switch != (queue.Switch{}) {
		t.Errorf("before it is set: %+v", got.Switch)
	}
	set, err := one.Switch(context.Background(), "kakao", true, "kim park@10.0.0.1")
	want := queue.Switch{On: true, Setting: queue.Setting{By: "kim park@10.0.0.1", At: b.Clock.Now()}}
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the answer", set, want)
	b.Clock.Add(Second)
	_, got := tally(t, two, counted(0, 0, 0), 0)
	same(t, "the other gateway", got.Switch, want)
	b.Restart(t)
	three := b.Open(t)
	_, got = tally(t, three, counted(0, 0, 0), 0)
	same(t, "after a restart", got.Switch, want)
	if _, err := three.Switch(context.Background(), "kakao", false, "lee@10.0.0.2"); err != nil {
		t.Fatal(err)
	}
	_, got = tally(t, three, counted(0, 0, 0), 0)
	same(t, "off again", got.Switch, queue.Switch{Setting: queue.Setting{By: "lee@10.0.0.2", At: b.Clock.Now()}})
}

func tallyPutBack(t *testing.T, b *TallyBench) {
	g := b.Open(t)
	on, err := g.Switch(context.Background(), "kakao", true, "kim@10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	known := queue.Counted{Name: "kakao", Switch: on}
	b.Lose(t)
	_, got := tally(t, g, known, 0)
	same(t, "put back", got.Switch, on)
	off, err := g.Switch(context.Background(), "kakao", false, "lee@10.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	_, got = tally(t, g, known, 0)
	same(t, "a newer one", got.Switch, off)
}

func tallyBack(t *testing.T, b *TallyBench) {
	g := b.Open(t)
	b.Clock.Add(20 * tallySlot)
	tally(t, g, counted(1, 0, 0), 0)
	b.Clock.Add(-10 * tallySlot)
	tally(t, g, counted(2, 0, 0), b.Clock.Now()/tallySlot+9)
	first := b.Clock.Now() / tallySlot
	b.Clock.Add(tallySlot)
	_, got := tally(t, g, counted(0, 0, 0), first+9)
	if len(got.Slots) != 1 || got.Slots[0].Number != first || got.Slots[0].Counts[0] != 2 {
		t.Errorf("%+v, want slot %d", got.Slots, first)
	}
}
