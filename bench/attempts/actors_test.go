package attempts_test

import (
	"testing"

	"waitroom/bench/attempts"
	"waitroom/bench/canary"
)

func TestActorsAreRefused(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]attempts.Own{
		"embedded":                  {Binary: binary},
		"two gateways on one store": {Binary: binary, Redis: true, Gateways: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := chosen(t, attempts.Choice{Drivers: []string{"actors"}})
			site := attempts.Start(t, own)
			site.Begin(t, all)
			r := attempts.Runner{Site: site}
			fails(t, r.Run(t.Context(), all))
		})
	}
}

// found are the attempts by actors that a weak waiting room is shown to, with the hole that they find.
var found = map[string]struct {
	is   hole
	want attempts.Verdict
}{
	"D7":  {bearer, attempts.Through},
	"D13": {planted, attempts.Through},
	"E1":  {perTab, attempts.Through},
	"E7":  {bearer, attempts.Through},
	"E9":  {backAgain, attempts.Through},
	"E12": {perNetwork, attempts.Wronged},
	"F1":  {perEnter, attempts.Through},
	"F2":  {early, attempts.Through},
}

// against runs one attempt against a waiting room with these holes.
func against(t *testing.T, id string, holes ...hole) attempts.Outcome {
	t.Helper()
	all := chosen(t, attempts.Choice{IDs: []string{id}})
	c := canary.Start(t)
	w := newWeak(t, c.URL, holes...)
	site := &attempts.Site{URL: w.URL, Canary: c, Operator: w.URL, Closed: true}
	w.opens(true)
	site.Begin(t, all)
	w.opens(false)
	r := attempts.Runner{Site: site}
	return r.Run(t.Context(), all)[0]
}

func TestActorsFindTheHoleThatTheyLookFor(t *testing.T) {
	t.Parallel()
	for id, x := range found {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			if o := against(t, id, x.is); o.Verdict != x.want {
				t.Errorf("where %s: %s, not %s; %s %q", x.is, o.Verdict, x.want, o.Because, o.Notes)
			}
			if o := against(t, id); o.Verdict != attempts.Refused {
				t.Errorf("where there is no hole: %s; %s %+v", o.Verdict, o.Because, o.Found)
			}
		})
	}
}
