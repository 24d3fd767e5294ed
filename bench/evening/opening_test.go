package evening_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// held are things that somebody may hold before the opening.
func held(t *testing.T, ticket, foreignPass string) map[string]map[string]string {
	t.Helper()
	return map[string]map[string]string{
		"nothing":                 nil,
		"a ticket as a pass":      {passCookie: ticket},
		"a pass of another room":  {passCookie: foreignPass},
		"a pass that was made up": {passCookie: "eyJhbGciOiJub25lIiwidHlwIjoid3ItcGFzcytqd3QifQ.eyJyb29tIjoiYm9va2luZyIsImV4cCI6OTk5OTk5OTk5OX0."},
		"a flag":                  {"admitted": "true", "bypass": "1", "waitroom-admitted": "1"},
	}
}

func TestBeforeTheOpeningNothingIsLetInAndThenThoseWhoWereThereFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		other := begin(t, "embedded", map[string]string{"rate": "36000/h"})
		guest := gateway.NewVisitor(other.URL)
		guest.Call(t, "join")
		enter(t, guest, 5*time.Second)

		e := begin(t, store, map[string]string{"rate": "20/s", "burst": "1", "opens_at": opensIn(4 * time.Second)})
		people := e.join(t, 12)
		for what, cookies := range held(t, people[0].Cookies[ticketCookie], guest.Cookies[passCookie]) {
			v := people[rand.N(len(people))].Twin()
			for name, value := range cookies {
				v.Cookies[name] = value
			}
			if a := v.Call(t, "enter"); a.Status == 200 {
				t.Errorf("%s was let in: %s", what, a.Body)
			}
			for _, uri := range []string{"/", "/book", "/book?bypass=true&admitted=1"} {
				if a := v.Navigate(t, uri); a.Status != http.StatusOK || isInside(a) || !strings.Contains(a.Body, "waitroom") {
					t.Errorf("%s at %s: %d", what, uri, a.Status)
				}
			}
		}
		e.backend.Silent(t)
		if state := e.Room(t).State; state != "early" {
			t.Fatalf("the room opened while the test was still trying: %s", state)
		}

		// Those who come late ask as loudly as they can; the order is that of arrival.
		gateway.Until(t, "the opening", 10*time.Second, func() bool { return e.Room(t).State != "early" })
		late := e.join(t, 3)
		everybody := append(slices.Clone(people), late...)
		for _, v := range slices.Backward(everybody) {
			enter(t, v, 15*time.Second)
		}
		journal := e.Journal(t)
		calls := gateway.Tickets(journal, "call")
		if !slices.IsSortedFunc(calls, func(a, b gateway.Ticket) int { return int(a.Place - b.Place) }) {
			t.Errorf("calls are not in order of place: %v", calls)
		}
		opened, err := time.Parse(time.RFC3339Nano, e.Room(t).OpensAt)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range gateway.Tickets(journal, "enter") {
			if x.Entry < opened.UnixMicro() {
				t.Errorf("an entry %s before the opening", opened.Sub(time.UnixMicro(x.Entry)))
			}
		}
		e.alone(t, len(everybody))
		e.inside(t, people[0], "/book")
		e.alone(t, len(everybody))
	})
}

// TestAPassThatIsGivenAheadOpensNothingBeforeItsTime uses the rate up, so that the next
// passes are valid from a moment on.
func TestAPassThatIsGivenAheadOpensNothingBeforeItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		e := begin(t, store, map[string]string{"rate": "0.5/s", "burst": "1", "opens_at": opensIn(1500 * time.Millisecond)})
		people := e.join(t, 3)
		for _, v := range people {
			gateway.Until(t, "the call", 15*time.Second, func() bool { return v.Call(t, "status").Standing.State != "early" })
		}
		first := enter(t, people[0], 10*time.Second)
		next := enter(t, people[1], 15*time.Second)
		early := next.Standing.EnterAt.Sub(next.Standing.Server)
		if gap := next.Standing.EnterAt.Sub(*first.Standing.EnterAt); gap < 2*time.Second || early < 200*time.Millisecond {
			t.Fatalf("entries %s apart, a pass %s ahead: the test tests nothing", gap, early)
		}
		before := len(e.backend.Visits())
		for range 3 {
			if a := people[1].Navigate(t, "/book"); isInside(a) || a.Status != 200 {
				t.Errorf("a pass before its time: %d", a.Status)
			}
		}
		if now := len(e.backend.Visits()); now != before && time.Until(*next.Standing.EnterAt) > 0 {
			t.Errorf("%d requests reached the backend before the pass was valid", now-before)
		}
		e.inside(t, people[1], "/book")
		if late := -time.Until(*next.Standing.EnterAt); late < 0 {
			t.Errorf("inside %s before the pass was valid", -late)
		}
	})
}
