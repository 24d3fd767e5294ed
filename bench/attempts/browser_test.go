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

// foundInABrowser are the attempts by browsers, with the hole that each finds.
var foundInABrowser = map[string]struct {
	is   hole
	want attempts.Verdict
}{
	"A1": {callback, attempts.Through},
	"A2": {bySwitch, attempts.Through},
	"A3": {ownClock, attempts.Through},
	"A4": {onFailure, attempts.Through},
	"A5": {byAddress, attempts.Wronged},
	"A6": {byAnswer, attempts.Through},
	"A7": {cached, attempts.Through},
	"A8": {guessing, attempts.Through},
	"G1": {crossSite, attempts.Through},
	"G3": {framed, attempts.Through},
	"G6": {unescaped, attempts.Through},
}

// TestBrowserAttemptsFindTheHoleThatTheyLookFor shows each attempt a waiting room of 2021
// with the one hole that it is about.
func TestBrowserAttemptsFindTheHoleThatTheyLookFor(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	for id, x := range foundInABrowser {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			all := chosen(t, attempts.Choice{IDs: []string{id}})
			c := canary.Start(t)
			w := newWeak(t, c.URL, x.is)
			site := &attempts.Site{URL: w.URL, Canary: c, Operator: w.URL, Chromium: b}
			site.Begin(t, all)
			r := attempts.Runner{Site: site}
			if o := r.Run(t.Context(), all)[0]; o.Verdict != x.want {
				t.Errorf("where %s: %s, not %s; %s", x.is, o.Verdict, x.want, o.Because)
			}
		})
	}
}
