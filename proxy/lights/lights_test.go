package lights

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"go.uber.org/zap"

	"waitroom/queue"
	"waitroom/queue/memory"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis"
	"waitroom/queue/redis/redistest"
	"waitroom/token/identity"
	"waitroom/token/identity/light"
)

var three = []Provider{{Name: "kakao"}, {Name: "naver"}, {Name: "pass"}}

// shop is some gateways on one store, in virtual time.
type shop struct {
	t      *testing.T
	clock  *queuetest.Clock
	boards []*Board
}

// redisShop is so many gateways on one Redis, each with connections of its own.
func redisShop(t *testing.T, gateways int) *shop {
	t.Helper()
	s, server := &shop{t: t, clock: queuetest.NewClock()}, redistest.Start(t)
	for range gateways {
		s.add(s.connect(server.URL()), three)
	}
	return s
}

func (s *shop) connect(url string) queue.Tallying {
	s.t.Helper()
	store, err := redis.Open(context.Background(), redis.Options{URL: url, Now: s.clock.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = store.Close() })
	return store.Tallies()
}

func (s *shop) add(store queue.Tallying, providers []Provider) *Board {
	b := New(store, zap.NewNop())
	b.Configure(providers)
	s.boards = append(s.boards, b)
	return b
}

// second lets a second go by: all gateways make their trip.
func (s *shop) second() {
	s.clock.Add(queuetest.Second)
	for _, b := range s.boards {
		b.Exchange(context.Background())
	}
}

// slots lets so many slots go by, with something done at the begin of each.
func (s *shop) slots(n int, each func()) {
	for range n {
		each()
		for range light.SlotLength / queuetest.Second {
			s.second()
		}
	}
}

// visits makes n visitors of a provider, half of them at each of two gateways, of whom all end with one result.
func (s *shop) visits(provider string, n int, why identity.Why) {
	for i := range n {
		b := s.boards[i%len(s.boards)]
		b.Started(provider)
		b.Returned(provider, 12*time.Second, why)
	}
}

// told is what a gateway shows, in its order.
func told(b *Board) string {
	var words []string
	for _, p := range b.Lights().Providers {
		word := p.Name + " " + p.Light.String()
		if p.Paused {
			word += " paused"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func (s *shop) show(want string) {
	s.t.Helper()
	for i, b := range s.boards {
		if got := told(b); got != want {
			s.t.Errorf("gateway %d shows %s, want %s", i, got, want)
		}
	}
}

func TestTwoGatewaysOnOneRedisShowTheSameLightsInTheSameOrder(t *testing.T) {
	s := redisShop(t, 2)
	s.slots(3, func() {
		s.visits("kakao", 100, identity.Unavailable)
		s.visits("naver", 100, "")
		s.visits("pass", 100, "")
		s.boards[1].Returned("pass", time.Second, identity.Busy)
		for range 10 {
			s.boards[0].Returned("pass", time.Second, identity.Busy)
		}
	})
	s.second()
	s.show("naver smooth, pass delayed, kakao down")
	if a, b := s.boards[0].Lights().Slot, s.boards[1].Lights().Slot; a != b {
		t.Errorf("slots %d and %d", a, b)
	}
}

func TestAGatewayThatStartsLaterShowsWhatTheOthersShow(t *testing.T) {
	s := redisShop(t, 2)
	s.slots(2, func() { s.visits("kakao", 1000, ""); s.visits("kakao", 100, identity.Unavailable) })
	// From here on it is neither bad enough to become delayed, nor good enough to become smooth.
	s.slots(light.Remembered, func() { s.visits("kakao", 1000, ""); s.visits("kakao", 58, identity.Unavailable) })
	s.add(s.boards[0].store, three)
	s.second()
	s.show("naver smooth, pass smooth, kakao delayed")
}

func TestWithoutTheStoreTheLastLightsStayMarkedAndCountingGoesOn(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.NewProxy(t, server)
	s := &shop{t: t, clock: queuetest.NewClock()}
	away := s.add(s.connect(proxy.URL()), three)
	s.add(s.connect(server.URL()), three)
	s.slots(3, func() { s.visits("kakao", 100, identity.Unavailable) })
	s.second()
	s.show("naver smooth, pass smooth, kakao down")
	proxy.Decide(func([]byte) redistest.Fate { return redistest.Cut }, nil)
	away.read = away.read.Add(-2 * staleAfter)
	s.slots(1, func() { away.Started("kakao") })
	if got := told(away); got != "naver smooth, pass smooth, kakao down" || !away.Lights().Stale {
		t.Errorf("%s, stale %v", got, away.Lights().Stale)
	}
	if text := scrape(t, away); !strings.Contains(text, `waitroom_identity_started_total{provider="kakao"} 151`) || !strings.Contains(text, "waitroom_identity_lights_stale 1") {
		t.Error(text)
	}
	proxy.Decide(nil, nil)
	s.second()
	s.second()
	if away.Lights().Stale || away.Lights().Slot != s.boards[1].Lights().Slot {
		t.Errorf("back: %+v", away.Lights())
	}
}

func TestAProviderThatThisGatewayHasGivenUpIsDownHereAtOnceAndThenEverywhere(t *testing.T) {
	server := redistest.Start(t)
	s := &shop{t: t, clock: queuetest.NewClock()}
	open := false
	for range 2 {
		s.add(s.connect(server.URL()), []Provider{{Name: "kakao", Open: func() bool { return open }}, {Name: "naver"}})
	}
	s.add(s.connect(server.URL()), []Provider{{Name: "kakao"}, {Name: "naver"}})
	s.second()
	open = true
	s.second()
	if got := told(s.boards[0]); got != "naver smooth, kakao down" {
		t.Errorf("here: %s", got)
	}
	if got := told(s.boards[2]); got != "kakao smooth, naver smooth" {
		t.Errorf("there, at once: %s", got)
	}
	s.slots(3, func() { s.visits("kakao", 4, identity.Busy) })
	s.show("naver smooth, kakao down")
	// Nobody comes any more, so nobody finds out that it is back: after some minutes it is tried again.
	s.slots(40, func() {})
	s.show("kakao smooth, naver smooth")
}

func TestAPauseOnOneGatewayIsSeenOnTheOther(t *testing.T) {
	s := redisShop(t, 2)
	s.second()
	s.show("kakao smooth, naver smooth, pass smooth")
	if err := s.boards[0].Pause(context.Background(), "kakao", true, "kim@10.0.0.1"); err != nil {
		t.Fatal(err)
	}
	if got := told(s.boards[0]); got != "naver smooth, pass smooth, kakao smooth paused" {
		t.Errorf("at once where it was said: %s", got)
	}
	s.second()
	s.show("naver smooth, pass smooth, kakao smooth paused")
	if b := s.boards[1]; !b.Paused("kakao") || b.Paused("naver") || b.Paused("nobody") {
		t.Error("Paused tells another story")
	}
	state := s.boards[1].States()[0]
	if state.PausedBy != "kim@10.0.0.1" || state.PausedAt == 0 || !state.Paused {
		t.Errorf("%+v", state)
	}
	if err := s.boards[1].Pause(context.Background(), "kakao", false, "lee@10.0.0.2"); err != nil {
		t.Fatal(err)
	}
	s.second()
	s.show("kakao smooth, naver smooth, pass smooth")
	if err := s.boards[0].Pause(context.Background(), "nobody", true, "kim"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}

func TestTheEmbeddedStoreShowsTheLightToo(t *testing.T) {
	clock := queuetest.NewClock()
	store, err := memory.Open(memory.Options{Dir: t.TempDir(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	tallies, err := store.Tallies()
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, clock: clock}
	s.add(tallies, three)
	s.slots(3, func() { s.visits("kakao", 100, identity.Unavailable) })
	s.second()
	s.show("naver smooth, pass smooth, kakao down")
	s.slots(16, func() { s.visits("kakao", 100, "") })
	s.show("kakao smooth, naver smooth, pass smooth")
}

func TestAChangedConfigurationKeepsWhatIsKnownOfThoseThatStay(t *testing.T) {
	s := redisShop(t, 1)
	s.slots(3, func() { s.visits("kakao", 100, identity.Unavailable) })
	s.second()
	s.boards[0].Configure([]Provider{{Name: "mobile"}, {Name: "kakao"}})
	s.show("mobile smooth, kakao down")
	s.second()
	s.show("mobile smooth, kakao down")
	s.boards[0].Started("naver") // no longer there: nothing to count
}

func TestKeepAsksOnceASecondUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var trips int
		b := New(tallying(func([]queue.Counted) (queue.Tallied, error) {
			trips++
			return queue.Tallied{}, errors.New("away")
		}), zap.NewNop())
		b.Configure(three)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.Keep(ctx)
		}()
		time.Sleep(10*time.Second + time.Millisecond)
		cancel()
		<-done
		if trips < 11 || trips > 12 { // one at once, and one for the configuration
			t.Errorf("%d trips in ten seconds", trips)
		}
		if !b.Lights().Stale {
			t.Error("not marked")
		}
	})
}

// tallying is a store that is a function.
type tallying func([]queue.Counted) (queue.Tallied, error)

func (f tallying) Tally(_ context.Context, told []queue.Counted, _ queue.Ask) (queue.Tallied, error) {
	return f(told)
}

func (f tallying) Switch(context.Context, string, bool, string) (queue.Switch, error) {
	return queue.Switch{}, errors.New("away")
}

func TestANilBoardCountsNothingAndShowsNothing(t *testing.T) {
	var b *Board
	b.Started("kakao")
	b.Returned("kakao", time.Second, "")
	b.Said("kakao", identity.Unavailable)
	b.Asking("kakao")
	b.Asked("kakao", time.Second, true)
	if b.Paused("kakao") || len(b.Lights().Providers) != 0 {
		t.Error("it shows something")
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	b := New(nil, zap.NewNop())
	b.Configure(three)
	got := testing.AllocsPerRun(100, func() {
		b.Started("naver")
		b.Returned("naver", time.Second, identity.Forged)
		b.Asking("naver")
		b.Asked("naver", time.Second, true)
		_ = b.Lights()
		_ = b.Paused("naver")
	})
	if got != 0 {
		t.Errorf("counting allocates %v times", got)
	}
}

func TestEachResultIsCountedWhereItBelongs(t *testing.T) {
	f := func(why identity.Why, want light.Count) {
		t.Helper()
		b := New(nil, zap.NewNop())
		b.Configure(three)
		b.Returned("kakao", 0, why)
		for c := range light.Counts {
			n := (*b.flows.Load())["kakao"].fresh[c].Load()
			if (c == want) != (n == 1) {
				t.Errorf("%q: count %d is %d", why, c, n)
			}
		}
	}
	f("", light.Verified)
	f(identity.Canceled, light.Canceled)
	f(identity.Unavailable, light.Unavailable)
	f(identity.Busy, light.Busy)
	for _, why := range []identity.Why{identity.Replayed, identity.Mismatch, identity.Forged, identity.Incomplete, identity.Lunar, "something new"} {
		f(why, light.Refused)
	}
}

// scrape is the metrics as Prometheus would read them.
func scrape(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatalf("gather: %v", err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	return b.String()
}

func TestWhatWasCountedIsScrapedAndNothingIsLostBetweenGoroutines(t *testing.T) {
	b := New(nil, zap.NewNop())
	b.Configure(three)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				b.Started("kakao")
				b.Returned("kakao", 100*time.Second, "")
				b.Returned("kakao", time.Second, identity.Lunar)
				b.Asking("kakao")
				b.Asking("kakao")
				b.Asked("kakao", 70*time.Millisecond, false)
			}
		})
	}
	wg.Wait()
	text := scrape(t, b)
	for _, line := range []string{
		`waitroom_identity_started_total{provider="kakao"} 800`,
		`waitroom_identity_finished_total{provider="kakao",result="verified"} 800`,
		`waitroom_identity_finished_total{provider="kakao",result="lunar"} 800`,
		`waitroom_identity_finished_total{provider="pass",result="canceled"} 0`,
		`waitroom_identity_return_seconds_bucket{provider="kakao",le="90"} 0`,
		`waitroom_identity_return_seconds_bucket{provider="kakao",le="120"} 800`,
		`waitroom_identity_ask_seconds_count{provider="kakao"} 800`,
		`waitroom_identity_ask_failures_total{provider="kakao"} 800`,
		`waitroom_identity_waiting{provider="kakao"} 800`,
		`waitroom_identity_light{provider="naver"} 0`,
		`waitroom_identity_paused{provider="naver"} 0`,
		`waitroom_identity_lights_stale 0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
	f := (*b.flows.Load())["kakao"]
	if slow, very := f.fresh[light.Slow].Load(), f.fresh[light.VerySlow].Load(); slow != 800 || very != 800 {
		t.Errorf("%d slow, %d very slow", slow, very)
	}
}
