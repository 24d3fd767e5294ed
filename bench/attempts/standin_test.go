package attempts_test

import (
	"slices"
	"sync"
	"testing"

	"waitroom/bench/attempts"
	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// standIns are the attempts that start a gateway of their own, with the hole for which a stand-in is started in its place.
var standIns = map[string]hole{
	"D10": noProofs, "D16": everlasting, "E8": inTurn, "F3": noRate, "F4": perEnter, "F5": byStoresClock, "F6": forgetting, "F7": failsOpen, "F8": failsFull, "G4": anywhere,
}

// believed are those that log in, which find a waiting room that believes everything.
var believed = []string{"E2", "E3", "E4", "E5", "E6", "E10", "E11", "G2", "H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8"}

// TestAttemptsWithAGatewayOfTheirOwnFindTheHoleThatTheyLookFor runs them side by side, since most of them wait most of the time.
func TestAttemptsWithAGatewayOfTheirOwnFindTheHoleThatTheyLookFor(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	var trying sync.WaitGroup
	defer trying.Wait()
	for id, start := range starts() {
		all := chosen(t, attempts.Choice{IDs: []string{id}})
		c := canary.Start(t)
		w := newWeak(t, c.URL)
		site := &attempts.Site{URL: w.URL, Canary: c, Operator: w.URL, Chromium: b, Starts: start}
		site.Begin(t, all)
		trying.Go(func() {
			r := attempts.Runner{Site: site}
			o := r.Run(t.Context(), all)[0]
			if o.Verdict != attempts.Through && o.Verdict != attempts.Wronged { // on a busy machine too few enter to be too many, in a wrong order
				t.Errorf("%s is %s, not got through; %s %q %+v", id, o.Verdict, o.Because, o.Notes, o.Found)
				return
			}
			t.Logf("%s: %d of %d variants got through in %s: %s, %s", id, len(o.Found), o.Tried, o.Took, o.Found[0].Variant, o.Found[0].Why)
		})
	}
}

// starts are the stand-ins.
func starts() map[string]func(testing.TB, gateway.Options) *gateway.Gateway {
	all := map[string]func(testing.TB, gateway.Options) *gateway.Gateway{}
	for id, h := range standIns {
		all[id] = startCareless(h)
	}
	for _, id := range believed {
		all[id] = startBelieving
	}
	return all
}

// TestNoAttemptIsWithoutACounterpart keeps everybody from forgetting one: each attempt is shown to succeed where the defence is
// missing, or it is said why it cannot be.
func TestNoAttemptIsWithoutACounterpart(t *testing.T) {
	t.Parallel()
	for _, a := range attempts.Catalogue() {
		own := starts()[a.ID] != nil
		naively := (a.Driver == attempts.Raw || a.Driver == attempts.HTTP) && unshown[a.ID] == "" && !own
		n := 0
		for _, shown := range []bool{own, naively, found[a.ID].is != "", foundInABrowser[a.ID].is != "", unshown[a.ID] != "" || a.Driver == attempts.Static} {
			if shown {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s is shown to succeed in %d places: give it a hole in found, foundInABrowser, standIns or believed, or say in unshown why there is none", a.ID, n)
		}
	}
	for id := range starts() {
		if !slices.ContainsFunc(attempts.Catalogue(), func(a attempts.Attempt) bool { return a.ID == id }) {
			t.Errorf("%s has a stand-in, and does not exist", id)
		}
	}
}
