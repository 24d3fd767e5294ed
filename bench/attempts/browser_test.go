package attempts_test

import (
	"testing"

	"waitroom/bench/attempts"
	"waitroom/bench/browser"
	"waitroom/bench/canary"
)

// chosen are attempts of the catalogue.
func chosen(t *testing.T, c attempts.Choice) []attempts.Attempt {
	t.Helper()
	all, err := attempts.Select(attempts.Catalogue(), c)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fails says everything that got through, or that could not be carried out.
func fails(t *testing.T, outcomes []attempts.Outcome) {
	t.Helper()
	for _, o := range outcomes {
		t.Logf("%s %s, %d variants, %s %s", o.Attempt.ID, o.Verdict, o.Tried, o.Took, o.Because)
		if o.Verdict == attempts.Unclear {
			t.Errorf("%s is unclear: %q", o.Attempt.ID, o.Notes)
		}
		for _, f := range o.Found {
			t.Errorf("%s %s, %s: %s\n> %s\n< %s\nbackend: %s", o.Attempt.ID, o.Verdict, f.Variant, f.Why, f.Sent, f.Answer, f.Backend)
		}
	}
}

// chromium is one browser for all sites of a test.
func chromium(t *testing.T) *browser.Browser {
	t.Helper()
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	b, err := browser.Launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestBrowserAttemptsAreRefused(t *testing.T) {
	t.Parallel()
	all := chosen(t, attempts.Choice{Drivers: []string{"browser"}})
	site := attempts.Start(t, attempts.Own{Binary: binary})
	site.Chromium = chromium(t)
	site.Begin(t, all)
	r := attempts.Runner{Site: site, Parallel: 2}
	fails(t, r.Run(t.Context(), all))
}

// TestBrowserAttemptsFindTheHoleThatTheyLookFor shows each attempt a waiting room of 2021
// with the one hole that it is about.
func TestBrowserAttemptsFindTheHoleThatTheyLookFor(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	f := func(id string, want attempts.Verdict, is hole) {
		t.Helper()
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			all := chosen(t, attempts.Choice{IDs: []string{id}})
			c := canary.Start(t)
			w := newWeak(t, c.URL, is)
			site := &attempts.Site{URL: w.URL, Canary: c, Operator: w.URL, Chromium: b}
			site.Begin(t, all)
			r := attempts.Runner{Site: site}
			if o := r.Run(t.Context(), all)[0]; o.Verdict != want {
				t.Errorf("where %s: %s, not %s; %s", is, o.Verdict, want, o.Because)
			}
		})
	}
	f("A1", attempts.Through, callback)
	f("A2", attempts.Through, bySwitch)
	f("A3", attempts.Through, ownClock)
	f("A4", attempts.Through, onFailure)
	f("A5", attempts.Wronged, byAddress)
	f("A6", attempts.Through, byAnswer)
	f("A7", attempts.Through, cached)
	f("A8", attempts.Through, guessing)
	f("G1", attempts.Through, crossSite)
	f("G3", attempts.Through, framed)
	f("G6", attempts.Through, unescaped)
}
