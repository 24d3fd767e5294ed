package redis

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

func TestEachScriptIsShortAndSaysWhatItTakesAndReturns(t *testing.T) {
	files, err := filepath.Glob("lua/*.lua")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text, name := string(b), filepath.Base(f)
		if n := strings.Count(text, "\n"); n > 60 {
			t.Errorf("%s has %d lines, want at most 60", f, n)
		}
		if !strings.HasPrefix(text, "-- "+name+" ") {
			t.Errorf("%s does not begin with what it does", f)
		}
		part := regexp.MustCompile(`stands|ends tick`).MatchString(strings.SplitN(text, "\n", 2)[0])
		if !part && !strings.Contains(text, "\n-- Returns  ") {
			t.Errorf("%s does not say what it returns", f)
		}
		if !part && strings.Contains(text, "ARGV[") && !strings.Contains(text, "-- ARGV  ") {
			t.Errorf("%s does not say what it takes", f)
		}
		for _, m := range regexp.MustCompile(`(?m)^(\w+) *=[^=]|^(function) `).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(text, "local "+m[1]+" ") {
				t.Errorf("%s sets a global: %s", f, m[0])
			}
		}
	}
}

// virtual is a gateway in virtual time.
func virtual(t *testing.T, server *redistest.Server, rules queue.Rules) (*Line, *queuetest.Clock) {
	t.Helper()
	clock := queuetest.NewClock()
	return room(t, open(t, Options{URL: server.URL(), Now: clock.Now, Prefix: t.Name()}), rules), clock
}

func TestAPassIsEndedForGoodWhateverTheClockDoes(t *testing.T) {
	server := redistest.Start(t)
	rules := fast()
	l, clock := virtual(t, server, rules)
	other := room(t, open(t, Options{URL: server.URL(), Now: clock.Now, Prefix: t.Name()}), rules)
	in := admit(t, l, 1)
	p := queue.PassOf(queuetest.ID(1), in.Entry)
	later := queue.PassOf(queuetest.ID(2), in.Entry)
	ctx := context.Background()
	if err := l.End(ctx, p, queue.WhyReleased, "backend"); err != nil {
		t.Fatal(err)
	}
	mustTick(t, l, other)
	clock.Add(-3600 * second)
	if err := l.End(ctx, later, queue.WhyReleased, "backend"); err != nil {
		t.Fatal(err)
	}
	mustTick(t, l, other)
	if s := mustEnter(t, l, 1, in.Place); s.State != queue.StateOver || l.View().Active != 0 {
		t.Errorf("after a step of the clock the ticket is %+v, and %d are inside", s, l.View().Active)
	}
	if !other.Revoked(p) || !other.Revoked(later) {
		t.Errorf("revoked are %t and %t", other.Revoked(p), other.Revoked(later))
	}
}

func TestAPassThatBeginsLaterStaysEndedUntilItWouldHaveEnded(t *testing.T) {
	server := redistest.Start(t)
	rules := fast()
	rules.RatePerHour, rules.Burst, rules.PassTTL = 3600, 1, 20*second
	l, clock := virtual(t, server, rules)
	last := admit(t, l, 0)
	n := 1
	for ; last.Entry < clock.Now()+25*second; n++ { // late ones, promised ahead
		last = mustEnter(t, l, n, 1000+int64(n))
		if last.State != queue.StateAdmitted {
			t.Fatalf("got %+v", last)
		}
	}
	p := queue.PassOf(queuetest.ID(n-1), last.Entry)
	if err := l.End(context.Background(), p, queue.WhyReleased, "backend"); err != nil {
		t.Fatal(err)
	}
	clock.Add(last.End - clock.Now() - second)
	for range 3 {
		clock.Add(1)
		mustTick(t, l)
	}
	fresh := room(t, open(t, Options{URL: server.URL(), Now: clock.Now, Prefix: t.Name()}), rules)
	if !fresh.Revoked(p) || !l.Revoked(p) {
		t.Errorf("a second before its end the pass is revoked: %t at a new gateway, %t at the old", fresh.Revoked(p), l.Revoked(p))
	}
}

func TestAGatewayReadsAllPassesThatWereEndedAtOnce(t *testing.T) {
	server := redistest.Start(t)
	l, clock := virtual(t, server, fast())
	const n = 2*revokedPage + 7
	c := raw(t, server)
	pipe := c.Pipeline()
	for i := range n {
		p := queue.PassOf(queuetest.ID(i), 1)
		pipe.Do(context.Background(), "zadd", l.keys[6], clock.Now()+int64(i), p[:])
	}
	if _, err := pipe.Exec(context.Background()); err != nil {
		t.Fatal(err)
	}
	mustTick(t, l)
	for i := range n {
		if !l.Revoked(queue.PassOf(queuetest.ID(i), 1)) {
			t.Fatalf("pass %d of %d is not revoked", i, n)
		}
	}
}

func TestNobodyWhoComesTakesTheSeatOfOneWhoIsCalled(t *testing.T) {
	rules := fast()
	rules.MaxActive = 1
	l, _ := virtual(t, redistest.Start(t), rules)
	at := mustArrive(t, l, 1)
	mustTick(t, l)
	s, err := l.Arrive(context.Background(), queue.Arrival{ID: queuetest.ID(2), Direct: true})
	if err != nil || s.State == queue.StateAdmitted {
		t.Fatalf("arrived as %+v, %v", s, err)
	}
	if s := mustEnter(t, l, 1, at.Place); s.State != queue.StateAdmitted {
		t.Errorf("who was called got %+v", s)
	}
}

func TestTicketsOfOnePersonInOneTripAreAnsweredEachForItself(t *testing.T) {
	l, _ := virtual(t, redistest.Start(t), fast())
	ctx := context.Background()
	old := mustArrive(t, l, 1)
	if err := l.Leave(ctx, queuetest.ID(1), old.Place); err != nil {
		t.Fatal(err)
	}
	now := mustArrive(t, l, 1)
	mustTick(t, l)
	id := queuetest.ID(1)
	seats, err := l.enter(ctx, []place{{id, old.Place}, {id, now.Place}, {id, old.Place}, {id, now.Place}})
	if err != nil {
		t.Fatal(err)
	}
	var states []queue.State
	for _, s := range seats {
		states = append(states, s.State)
	}
	want := []queue.State{queue.StateOver, queue.StateAdmitted, queue.StateAdmitted, queue.StateAdmitted}
	if fmt.Sprint(states) != fmt.Sprint(want) || seats[1].Entry != seats[3].Entry {
		t.Errorf("got %v, want %v", states, want)
	}
	called := mustArrive(t, l, 3)
	mustTick(t, l)
	before := l.View()
	id = queuetest.ID(3)
	seats, err = l.enter(ctx, []place{{id, called.Place}, {id, called.Place}})
	mustTick(t, l)
	if v := l.View(); err != nil || seats[0] != seats[1] || seats[0].State != queue.StateAdmitted ||
		v.Entries != before.Entries+1 || v.Active != before.Active+1 || v.Called != before.Called-1 {
		t.Errorf("entered twice in one trip: %+v, %v; then %+v", seats, err, v)
	}
	seats, err = l.arrive(ctx, []queue.Arrival{{ID: queuetest.ID(2)}, {ID: queuetest.ID(2)}, {ID: queuetest.ID(2), Place: now.Place + 1}})
	if err != nil || seats[0].Place != seats[1].Place || seats[0].Place != seats[2].Place || l.View().Arrivals > 3 {
		t.Errorf("got %+v, %v", seats, err)
	}
}

func TestARecoveryIsNotLongerBecauseTheClockIsSetBack(t *testing.T) {
	l, clock := virtual(t, redistest.Start(t), fast())
	if _, err := l.Return(context.Background(), queue.Arrival{ID: queuetest.ID(1), Place: 5, Foreign: true}); err != nil {
		t.Fatal(err)
	}
	mustTick(t, l)
	left := l.View().RecoverUntil - clock.Now()
	clock.Add(-3600 * second)
	if mustTick(t, l); l.View().RecoverUntil-clock.Now() != left {
		t.Errorf("recovers for %d µs, was %d", l.View().RecoverUntil-clock.Now(), left)
	}
}

func TestAnEntryAsTheFirstThingInAnEmptyStoreBeginsOneState(t *testing.T) {
	server := redistest.Start(t)
	l, _ := virtual(t, server, fast())
	if err := raw(t, server).FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	first := mustEnter(t, l, 1, 1<<52)
	mustTick(t, l)
	records := 0
	all, err := l.Journal(context.Background(), "", 100)
	for _, r := range all {
		if r.Kind == queue.KindEpoch {
			records++
		}
	}
	if err != nil || records != 1 || l.View().Epoch != first.Epoch {
		t.Errorf("%d epochs in the journal, %v; the epoch is %q, was told as %q", records, err, l.View().Epoch, first.Epoch)
	}
}

func TestAGatewayThatIsGoneIsForgottenAfterAnHour(t *testing.T) {
	server := redistest.Start(t)
	l, clock := virtual(t, server, fast())
	left := room(t, open(t, Options{URL: server.URL(), Now: clock.Now, Prefix: t.Name()}), fast())
	gateways := func() (names []string) {
		t.Helper()
		fields, err := raw(t, server).HKeys(context.Background(), l.keys[4]).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range fields {
			if gateway, ok := strings.CutPrefix(name, "gate:"); ok {
				names = append(names, gateway)
			}
		}
		slices.Sort(names)
		return names
	}
	both := []string{l.name, left.name}
	slices.Sort(both)
	for range 59 {
		clock.Add(60 * second)
		mustTick(t, l)
	}
	if got := gateways(); !slices.Equal(got, both) {
		t.Errorf("after 59 minutes the store knows %q, want %q", got, both)
	}
	for range 4 {
		clock.Add(60 * second)
		mustTick(t, l)
	}
	if got := gateways(); !slices.Equal(got, []string{l.name}) {
		t.Errorf("after 63 minutes the store knows %q, want %q", got, l.name)
	}
}

func TestWhatIsForgottenIsWhatNobodyCanShow(t *testing.T) {
	server := redistest.Start(t)
	rules := fast()
	rules.Hold, rules.PassTTL = 120*second, 60*second
	l, clock := virtual(t, server, rules)
	in := admit(t, l, 1)
	gone := mustArrive(t, l, 2)
	if err := l.Leave(context.Background(), queuetest.ID(2), gone.Place); err != nil {
		t.Fatal(err)
	}
	mustArrive(t, l, 3) // is called, and never comes
	if err := l.End(context.Background(), queue.PassOf(queuetest.ID(9), 1), queue.WhyReleased, "backend"); err != nil {
		t.Fatal(err)
	}
	sizes := func() [4]int64 {
		t.Helper()
		c, ctx := raw(t, server), context.Background()
		return [4]int64{
			c.ZCard(ctx, l.keys[1]).Val(), c.HLen(ctx, l.keys[2]).Val(), c.ZCard(ctx, l.keys[3]).Val(), c.ZCard(ctx, l.keys[6]).Val(),
		}
	}
	pass := func(d int64) {
		for ; d > 0; d -= 10 * second {
			clock.Add(10 * second)
			mustTick(t, l)
		}
	}
	mustTick(t, l)
	pass(100 * second)
	if got := sizes(); got != [4]int64{1, 2, 2, 1} {
		t.Errorf("called, entered, active, revoked are %v", got)
	}
	if s := mustEnter(t, l, 1, in.Place); s.State != queue.StateOver {
		t.Errorf("a ticket that was used is %+v", s)
	}
	pass(600 * second)
	if got := sizes(); got != [4]int64{} {
		t.Errorf("called, entered, active, revoked are %v, want none", got)
	}
}
