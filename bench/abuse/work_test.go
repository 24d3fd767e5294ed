package abuse_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
	"waitroom/proxy/limits/altcha"
)

// puzzled makes puzzles that are solved in a moment.
func puzzled(mode, more string) map[string]string {
	return map[string]string{"limits": "{proof_of_work: {mode: " + mode + ", cost: 10, digits: 1}" + more + "}"}
}

// puzzleIn is the puzzle of a problem document.
func puzzleIn(t *testing.T, a gateway.Answer) []byte {
	t.Helper()
	var p struct{ Challenge json.RawMessage }
	if err := json.Unmarshal([]byte(a.Body), &p); err != nil || a.Status != 429 || p.Challenge == nil || a.Standing.Type != "urn:waitroom:problem:work-wanted" {
		t.Fatalf("no puzzle: %d %s", a.Status, a.Body)
	}
	return p.Challenge
}

// joins joins with the answer to a puzzle.
func joins(t *testing.T, v *gateway.Visitor, url string, work []byte) gateway.Answer {
	t.Helper()
	q, err := http.NewRequest(http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Waitroom-Work", string(work))
	a, err := v.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func join(s *site) string { return s.URL + "/.waitroom/" + gateway.Room + "/join" }

func TestAPlaceCostsAProofOfWorkThatIsGoodOnce(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, puzzled("always", ""))
	mine, thief := gateway.NewVisitor(s.URL), gateway.NewVisitor(s.URL)
	mine.Call(t, "join") // gives the device that the puzzle is for
	first := puzzleIn(t, mine.Call(t, "join"))
	work := altcha.Solve(first)
	puzzleIn(t, thief.Call(t, "join"))
	puzzleIn(t, joins(t, thief, join(s), work))
	puzzleIn(t, joins(t, mine, join(s), bytes.Replace(work, []byte("A"), []byte("B"), 1)))
	if a := joins(t, mine, join(s), work); a.Status != 200 || a.Standing.Number != 1 {
		t.Fatalf("a solved puzzle: %d %s", a.Status, a.Body)
	}
	delete(mine.Cookies, "waitroom-ticket-"+gateway.Room)
	puzzleIn(t, joins(t, mine, join(s), work))
	// An answer is used up by being wrong, too.
	next := puzzleIn(t, mine.Call(t, "join"))
	puzzleIn(t, joins(t, mine, join(s), base64.StdEncoding.AppendEncode(nil, []byte(`{"challenge":`+string(next)+`}`))))
	puzzleIn(t, joins(t, mine, join(s), altcha.Solve(next)))
	s.line(t, 1)
	s.backend.Silent(t)
}

func TestAPuzzleIsGoodInItsRoomAndItsTimeOnly(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, map[string]string{
		"paths": "[/a]", "limits": "{proof_of_work: {mode: always, cost: 10, digits: 1}}",
		// The last of the settings, with a room behind it.
		"waiting": "{status: 200}\n" +
			"  - {name: other, paths: [/b], backend: 'http://127.0.0.1:9', rate: 0, limits: {proof_of_work: {mode: always, cost: 10, digits: 1}}}",
	})
	v := gateway.NewVisitor(s.URL)
	v.Call(t, "join")
	work := altcha.Solve(puzzleIn(t, v.Call(t, "join")))
	puzzleIn(t, joins(t, v, s.URL+"/.waitroom/other/join", work))
	if a := joins(t, v, join(s), work); a.Status != 200 {
		t.Errorf("in its own room: %d %s", a.Status, a.Body)
	}
}

func TestAProgramWithoutCookiesGetsOnePlaceForAPuzzle(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, puzzled("always", ""))
	app := func() *gateway.Visitor {
		return &gateway.Visitor{URL: s.URL, Agent: "app/1", Cookies: map[string]string{}}
	}
	ask := func() gateway.Answer {
		q, err := http.NewRequest(http.MethodGet, s.URL+"/api/slots.json", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Accept", "application/json")
		a, err := app().Do(q)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	work := altcha.Solve(puzzleIn(t, ask()))
	a := joins(t, app(), join(s), work)
	if a.Status != 200 || a.Standing.Ticket == "" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	puzzleIn(t, joins(t, app(), join(s), work))
	if b := app().With("Waitroom-Ticket", a.Standing.Ticket).Call(t, "status"); b.Status != 200 {
		t.Errorf("with its ticket: %d %s", b.Status, b.Body)
	}
	s.line(t, 1)
}

func TestWhoeverHasATicketIsNeverAskedForWork(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, nil)
	v := gateway.NewVisitor(s.URL)
	v.Navigate(t, "/book")
	s.Configure(t, puzzled("always", ""))
	gateway.Until(t, "the new configuration", 10*time.Second, func() bool { return gateway.NewVisitor(s.URL).Call(t, "join").Status == 429 })
	for _, call := range []string{"status", "join"} {
		if a := v.Call(t, call); a.Status != 200 {
			t.Errorf("%s with a ticket: %d %s", call, a.Status, a.Body)
		}
	}
	s.Set(t, map[string]any{"rate": "3600/h"})
	gateway.Until(t, "the front", 20*time.Second, func() bool { return v.Navigate(t, "/book").Status == 303 || len(s.backend.Visits()) > 0 })
}

func TestALimitedAddressHasAWayIn(t *testing.T) {
	t.Parallel()
	s := begin(t, behind(nil), puzzled("when_limited", ", joins_per_address: 2/24h"))
	for range 2 {
		if a := s.from("203.0.113.7").Call(t, "join"); a.Status != 200 {
			t.Errorf("below the limit: %d %s", a.Status, a.Body)
		}
	}
	if a := s.from("203.0.113.8").Call(t, "join"); a.Status != 200 {
		t.Errorf("another address: %d %s", a.Status, a.Body)
	}
	for range 5 {
		v := s.from("203.0.113.7")
		a := v.Call(t, "join")
		if a.Header.Get("RateLimit") == "" || a.Header.Get("Retry-After") == "" {
			t.Errorf("fields %v", a.Header)
		}
		if a := joins(t, v, join(s), altcha.Solve(puzzleIn(t, a))); a.Status != 200 {
			t.Errorf("with a solved puzzle: %d %s", a.Status, a.Body)
		}
	}
	s.line(t, 8)
}

func TestAnAddressThatSendsManyBadRequestsIsAskedForWork(t *testing.T) {
	t.Parallel()
	s := begin(t, map[string]string{"limits": "{bad_requests_per_address: 8/24h}"}, puzzled("when_limited", ""))
	if a := gateway.NewVisitor(s.URL).Call(t, "join"); a.Status != 200 {
		t.Errorf("before: %d", a.Status)
	}
	s.loop(t, 8, curl("/.waitroom/booking/status", "Waitroom-Ticket: a.b.c"))
	v := gateway.NewVisitor(s.URL)
	if a := joins(t, v, join(s), altcha.Solve(puzzleIn(t, v.Call(t, "join")))); a.Status != 200 {
		t.Errorf("with a solved puzzle: %d", a.Status)
	}
}

func TestABrowserSolvesThePuzzleByItselfAndWaits(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, map[string]string{"limits": "{proof_of_work: {mode: always, cost: 100, digits: 2}}"})
	chromium, err := browser.Launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Close)
	tab := chromium.Open(t, browser.Options{})
	if a := tab.Goto(s.URL + "/book#seats"); a.Status != 429 {
		t.Errorf("the first answer is %d", a.Status)
	}
	var state, address string
	gateway.Until(t, "the browser to wait in the line", 60*time.Second, func() bool {
		return tab.Try(`document.body.dataset.state + ' ' + (document.querySelector('[data-waitroom="ticket_number"]') || {}).textContent`, &state) == nil &&
			strings.HasSuffix(state, " 1")
	})
	tab.Run(`location.pathname + location.hash`, &address)
	if address != "/book#seats" {
		t.Errorf("the browser is at %s", address)
	}
	s.line(t, 1)
	// What it has now is a ticket like any other.
	if a := tab.Reload(); a.Status != 200 {
		t.Errorf("a reload: %d", a.Status)
	}
}
