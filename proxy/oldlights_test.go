package proxy_test

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/zap"

	"waitroom/proxy/lights"
	"waitroom/queue"
	"waitroom/queue/memory"
)

func TestWhoChoosesIsToldThatTheLightsAreOld(t *testing.T) {
	board, _, gone := boarded(t)
	r := beginIdentified(t, settings{}, func(i *waitingIdentity) { i.Lights = board })
	f := func(old bool) {
		t.Helper()
		page := r.browser().get("/book").body
		if got := !strings.Contains(page, `class="old" hidden`); got != old {
			t.Errorf("the page says that the lights are old: %v, want %v", got, old)
		}
		if told := r.app().get("/.waitroom/" + room + "/login").body; strings.Contains(told, `"lights_stale":true,"lights_at":`) != old {
			t.Errorf("want %v: %s", old, told)
		}
	}
	f(false)
	gone.Store(true)
	// A bubble's clock is years behind: the store has been silent since then.
	synctest.Test(t, func(t *testing.T) { board.Exchange(t.Context()) })
	board.Exchange(t.Context())
	f(true) // nothing was ever read
	gone.Store(false)
	board.Exchange(t.Context())
	f(false)
}

func TestNobodyIsSentToAProviderThatIsPausedAndWhoIsOnTheWayComesBack(t *testing.T) {
	board, _, _ := boarded(t)
	r := beginIdentified(t, settings{}, func(i *waitingIdentity) { i.Lights = board })
	d := r.desks[0]
	p := r.browser()
	back := d.logIn(t, p.start(d, "/book"), "person=1")
	if err := board.Pause(t.Context(), "one", true, "kim"); err != nil {
		t.Fatal(err)
	}
	q, uri := r.browser(), "/.waitroom/"+room+"/login/one"
	a := q.post(uri, url.Values{"return": {"/book"}})
	a.wantKind(t, 200, "failed")
	if len(q.cookies) != 0 || !strings.Contains(a.body, "고르신 방법은 지금 이용하실 수 없습니다") || strings.Contains(a.body, "몰려 있습니다") {
		t.Errorf("%v: %.3000s", q.cookies, a.body)
	}
	if s := r.app().ask(uri, map[string]string{"redirect": "kr.example.app:/login"}).want(t, 503, "identify"); s.Type != "urn:waitroom:problem:identity-paused" {
		t.Errorf("an app is told %s", s.Type)
	}
	p.returns(back).want303(t, "/book")
	q.verified(r.desks[1], "person=2")
	if err := board.Pause(t.Context(), "one", false, "kim"); err != nil {
		t.Fatal(err)
	}
	r.browser().verified(d, "person=3")
}

// boarded is a board of the lights of two providers, on a store of its own, with its clock.
func boarded(t *testing.T) (*lights.Board, *atomic.Int64, *goneTallies) {
	t.Helper()
	clock := &atomic.Int64{}
	clock.Store(evening)
	store, err := memory.Open(memory.Options{Dir: t.TempDir(), Now: clock.Load, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	tallies, err := store.Tallies()
	if err != nil {
		t.Fatal(err)
	}
	gone := &goneTallies{Tallying: tallies}
	board := lights.New(gone, zap.NewNop())
	board.Configure([]lights.Provider{{Name: "one"}, {Name: "two"}})
	return board, clock, gone
}

// goneTallies are those of a store that can be cut off.
type goneTallies struct {
	queue.Tallying
	atomic.Bool
}

func (g *goneTallies) Tally(ctx context.Context, told []queue.Counted, ask queue.Ask) (queue.Tallied, error) {
	if g.Load() {
		return queue.Tallied{}, queue.ErrAway
	}
	return g.Tallying.Tally(ctx, told, ask)
}
