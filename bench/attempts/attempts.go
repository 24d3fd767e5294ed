// Package attempts is the catalogue of the known ways to jump a waiting room's line, as
// programs: each attempt says what it is, what the right answer would be, how to try it
// by hand, and can be run against a gateway.
//
// It promises that a verdict rests on what was seen. Where the backend is a canary
// (package canary), the canary decides: nothing that was not admitted may arrive. Where
// the backend is somebody's own, the answers decide, and whatever does not look like an
// answer of the gateway's own counts as got through. What cannot be tried is said to be
// untried, with the reason; it never counts as refused.
//
// It proves no absence of other ways, and measures no speed.
package attempts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Driver is what an attempt is tried with.
type Driver string

// The drivers.
const (
	// Raw writes bytes on connections and reads what comes back.
	Raw Driver = "raw"
	// HTTP makes requests as programs and browsers do.
	HTTP Driver = "http"
	// Browser is a real Chromium.
	Browser Driver = "browser"
	// Actors are several visitors at once.
	Actors Driver = "actors"
	// Chaos changes clocks, stores and processes.
	Chaos Driver = "chaos"
	// Static looks at nothing that runs: what is said of it is checked by the tests of
	// the code, which Attempt.Steps names.
	Static Driver = "static"
)

// Need is what an attempt cannot do without, as a set of bits.
type Need uint16

// The needs.
const (
	// NeedOwn is a gateway that was started for the run, and may be changed and ended.
	NeedOwn Need = 1 << iota
	// NeedRedis is a store in Redis of the run's own.
	NeedRedis
	// NeedTwo is a second gateway on the same store.
	NeedTwo
	// NeedChromium is Chromium, with node and npm.
	NeedChromium
	// NeedOperator is the operator listener.
	NeedOperator
	// NeedBackend is the backend's own address.
	NeedBackend
	// NeedClosed is a room that lets nobody in while the attempts run.
	NeedClosed
	// NeedOpen is a path that needs no pass.
	NeedOpen
	// NeedCanary is a canary behind the gateway.
	NeedCanary
)

// lacking says of each need why it is missing, in the words after 'because'; what a browser lacks is asked when it is needed.
var lacking = []struct {
	need    Need
	because string
}{
	{NeedOwn, "it needs a gateway of its own; run bypass selftest"},
	{NeedCanary, "it needs a canary behind the gateway; run bypass selftest"},
	{NeedRedis, "the line is not in Redis; run bypass selftest -store redis"},
	{NeedTwo, "there is one gateway; run bypass selftest -store redis -gateways 2"},
	{NeedOperator, "the operator listener is not known; give -operator"},
	{NeedBackend, "the backend's own address is not known; give -backend"},
	{NeedClosed, "the room lets newcomers in at once; pause it, or give -operator so that it can be paused"},
	{NeedOpen, "no open path is known; give -open"},
}

// Attempt is one known way of jumping the line.
type Attempt struct {
	// ID is stable, so that reports can name it: the family's letter and a number.
	ID string
	// Title says in one sentence what is tried.
	Title string
	// Steps is how to try it by hand.
	Steps string
	// Expect is the right answer.
	Expect string
	// Refs are CWE, and OWASP's WSTG, ASVS 5.0 and OAT.
	Refs []string
	// Driver is what it is tried with.
	Driver Driver
	// Needs is what has to be there.
	Needs Need
	// Passes is how many visitors with a pass it takes; see Stage.Insider.
	Passes int
	// Alone says that nothing else may run meanwhile.
	Alone bool
	// Run tries it. What got through it tells the stage.
	Run func(s *Stage)
}

// Family is the letter of the attempt's family.
func (a *Attempt) Family() string { return a.ID[:1] }

// Families are what the letters stand for.
var Families = map[string]string{
	"A": "client-side decisions", "B": "around the line by address, host or method", "C": "HTTP framing",
	"D": "passes and tickets", "E": "many tickets, people, devices", "F": "races, order, rate",
	"G": "abuse of the gateway's own addresses", "H": "login",
}

// Catalogue is every attempt, by family and number.
func Catalogue() []Attempt {
	all := slices.Concat(
		client(), // A
		around,   // B
		framing,  // C
		copies(), crowd(), races(), identity(), otherSite(), chaos(),
		tokens, web, // D, G
	)
	slices.SortStableFunc(all, func(a, b Attempt) int {
		return cmp.Or(cmp.Compare(a.Family(), b.Family()), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// Choice says which attempts are meant. An empty list means all.
type Choice struct{ IDs, Families, Drivers []string }

// Select gives the attempts of a catalogue that are meant. What is asked for and does
// not exist is an error.
func Select(all []Attempt, c Choice) ([]Attempt, error) {
	asks := []struct {
		what   string
		wanted []string
		of     func(*Attempt) string
	}{
		{"id", c.IDs, func(a *Attempt) string { return a.ID }},
		{"family", c.Families, (*Attempt).Family},
		{"driver", c.Drivers, func(a *Attempt) string { return string(a.Driver) }},
	}
	chosen := all
	for _, ask := range asks {
		if len(ask.wanted) == 0 {
			continue
		}
		has := func(list []Attempt, w string) bool {
			return slices.ContainsFunc(list, func(a Attempt) bool { return strings.EqualFold(ask.of(&a), w) })
		}
		for _, w := range ask.wanted {
			if !has(all, w) {
				return nil, fmt.Errorf("there is no attempt with %s %q; see bypass -list", ask.what, w)
			}
		}
		chosen = slices.DeleteFunc(slices.Clone(chosen), func(a Attempt) bool {
			return !slices.ContainsFunc(ask.wanted, func(w string) bool { return strings.EqualFold(ask.of(&a), w) })
		})
	}
	return chosen, nil
}
