package redis

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// known reads what the store knows of a pass's generations, as lineage.lua keeps it.
func known(t rapid.TB, l *Line, id queue.ID) queue.Lineage {
	t.Helper()
	record, err := l.store.client.HGet(context.Background(), l.keys[2], string(id[:])).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b := record[32:]
	if len(b) == 0 {
		return queue.Lineage{}
	}
	at := func(i int) int64 { return int64(math.Float64frombits(binary.BigEndian.Uint64(b[i:]))) }
	return queue.Lineage{
		Gen: int64(binary.BigEndian.Uint32(b)), Parent: binary.BigEndian.Uint32(b[4:]), Floor: int64(binary.BigEndian.Uint32(b[8:])),
		Since: at(12), Before: at(20), Forked: b[28] == 1,
	}
}

func TestTheScriptJudgesReportsAsTheLineageDoes(t *testing.T) {
	server := redistest.Start(t)
	checks(t, "30")
	rapid.Check(t, func(rt *rapid.T) {
		clock := queuetest.NewClock()
		store, err := Open(context.Background(), Options{URL: server.URL(), Now: clock.Now, Prefix: newEpoch()})
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		rules := fast()
		rules.PassTTL = 24 * 3600 * second
		l := room(t, store, rules)
		p := queue.PassOf(queuetest.ID(1), admit(t, l, 1).Entry)
		var want queue.Lineage
		forks := 0
		rt.Repeat(map[string]func(*rapid.T){
			"time": func(rt *rapid.T) {
				clock.Add(rapid.SampledFrom([]int64{1, queue.Grace, queue.Grace + 1, 60 * second, -second, -90 * second}).Draw(rt, "time"))
			},
			"show": func(rt *rapid.T) {
				s := queue.Shown{
					Gen:    max(0, want.Gen+rapid.Int64Range(-3, 3).Draw(rt, "generation")),
					Parent: rapid.Uint32Range(0, 2).Draw(rt, "parent"), Grand: rapid.Uint32Range(0, 2).Draw(rt, "grand"),
					Keyed: rapid.Bool().Draw(rt, "keyed"),
				}
				t := touch{pass: p, until: clock.Now() + second, shown: wasShown, Shown: s}
				if s.Keyed {
					t.shown |= isKeyed
				}
				if _, err := l.touch(context.Background(), []touch{t}); err != nil {
					rt.Fatal(err)
				}
				var fork bool
				if want, fork = want.See(s, l.known().clock); fork {
					forks++
				}
			},
			"": func(rt *rapid.T) {
				if got := known(rt, l, p.Ticket()); got != want {
					rt.Fatalf("the store knows %+v\nwant %+v", got, want)
				}
				if err := l.Refresh(context.Background()); err != nil {
					rt.Fatal(err)
				}
				if got := l.Floor(p); got != want.Floor {
					rt.Fatalf("the floor is %d, want %d", got, want.Floor)
				}
				if records := journalled(rt, l, queue.KindFork); records != forks {
					rt.Fatalf("%d forks were told, want %d", records, forks)
				}
			},
		})
	})
}

func journalled(t rapid.TB, l *Line, kind queue.Kind) int {
	t.Helper()
	all, err := l.Journal(context.Background(), "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range all {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

func TestWhatIsKnownOfGenerationsTakesFewBytesAPass(t *testing.T) {
	server := redistest.Start(t)
	rules := fast()
	rules.RatePerHour, rules.PassTTL = 36_000_000, 3600*second
	l, clock := virtual(t, server, rules)
	ctx := context.Background()
	const n = 2000
	places := make([]int64, n)
	for i := range places {
		places[i] = mustArrive(t, l, i).Place
	}
	for range 20 {
		clock.Add(second)
		mustTick(t, l)
	}
	touches := make([]touch, n)
	for i, at := range places {
		s := mustEnter(t, l, i, at)
		touches[i] = touch{queue.PassOf(queuetest.ID(i), s.Entry), s.End, wasShown | isKeyed, queue.Shown{Gen: 5, Parent: 1 << 25, Grand: 7, Keyed: true}}
	}
	size := func() int64 {
		used, err := l.store.client.MemoryUsage(ctx, l.keys[2], 0).Result()
		if err != nil {
			t.Fatal(err)
		}
		return used
	}
	before := size()
	for some := range slices.Chunk(touches, batchBound) {
		if _, err := l.touch(ctx, some); err != nil {
			t.Fatal(err)
		}
	}
	each := float64(size()-before) / n
	t.Logf("%.1f bytes a pass", each)
	if each < 10 || each > 48 {
		t.Errorf("%.1f bytes a pass", each)
	}
}
