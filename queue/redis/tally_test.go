package redis

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// tallyBench puts the suite of the tallies onto a Redis of some kind.
func (on target) tallyBench() func(t *testing.T) *queuetest.TallyBench {
	return func(t *testing.T) *queuetest.TallyBench {
		t.Helper()
		on.flush(t)
		b := &queuetest.TallyBench{Clock: queuetest.NewClock()}
		b.Open = func(t testing.TB) queue.Tallying {
			t.Helper()
			o := on.options
			o.Now, o.trip = b.Clock.Now, 20*time.Second
			return open(t, o).Tallies()
		}
		b.Restart = func(testing.TB) {}
		b.Lose = func(t testing.TB) {
			t.Helper()
			on.flush(t)
		}
		return b
	}
}

func TestTalliesKeepTheirPromises(t *testing.T) {
	queuetest.RunTallies(t, single(redistest.Start(t)).tallyBench())
}

func TestTalliesKeepTheirPromisesInACluster(t *testing.T) {
	masters := redistest.StartCluster(t)
	on := target{masters: masters}
	for _, m := range masters {
		on.options.Cluster = append(on.options.Cluster, m.Addr())
	}
	queuetest.RunTallies(t, on.tallyBench())
}

func TestCountsAreToldOnceEvenIfTheAnswerIsLost(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	clock := queuetest.NewClock()
	g := open(t, Options{URL: proxy.URL(), Now: clock.Now}).Tallies()
	tell := func(n int64) error {
		_, err := g.Tally(context.Background(), []queue.Counted{{Name: "kakao", Counts: []int64{n}}}, queue.Ask{Length: 10e6, Most: 5})
		return err
	}
	if err := tell(1); err != nil {
		t.Fatal(err)
	}
	proxy.Decide(nil, func(request []byte) redistest.Fate {
		if redistest.IsScript(request) {
			return redistest.Cut
		}
		return redistest.Pass
	})
	if err := tell(10); !errors.Is(err, queue.ErrAway) {
		t.Fatalf("the answer was cut: %v", err)
	}
	proxy.Decide(nil, nil)
	clock.Add(10e6)
	answer, err := g.Tally(context.Background(), []queue.Counted{{Name: "kakao", Counts: []int64{0}}}, queue.Ask{Length: 10e6, Most: 5})
	if err != nil || len(answer.Names[0].Slots) != 1 || answer.Names[0].Slots[0].Counts[0] != 11 {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestSlotsOfTalliesExpireAndAreNamedByProvidersOnly(t *testing.T) {
	server := redistest.Start(t)
	g := open(t, Options{URL: server.URL()}).Tallies()
	if _, err := g.Tally(context.Background(), []queue.Counted{{Name: "kakao", Counts: []int64{1}}}, queue.Ask{Length: 10e6, Most: 5}); err != nil {
		t.Fatal(err)
	}
	c := server.Client()
	defer func() { _ = c.Close() }()
	keys, err := c.Keys(context.Background(), "*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("%v, %v", keys, err)
	}
	for _, k := range keys {
		left, err := c.TTL(context.Background(), k).Result()
		if err != nil || left <= 0 || left > 70*time.Second || !strings.HasPrefix(k, "waitroom:{_tallies}:kakao:") {
			t.Errorf("%s lives %s, %v", k, left, err)
		}
	}
}
