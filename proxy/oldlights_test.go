package proxy_test

import (
	"context"
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
