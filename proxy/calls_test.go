package proxy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"waitroom/queue"
)

func TestEveryAnswerOfOursIsKeptOutOfCaches(t *testing.T) {
	r := opened(t, settings{})
	p := r.browser()
	for _, c := range [][2]string{
		{"GET", "/book"}, {"POST", "/book"}, {"HEAD", "/book"}, {"GET", "/.waitroom/booking/status"}, {"HEAD", "/.waitroom/booking/status"},
		{"POST", "/.waitroom/booking/join"}, {"GET", "/.waitroom/booking/join"}, {"POST", "/.waitroom/booking/enter"},
		{"POST", "/.waitroom/booking/leave"}, {"POST", "/.waitroom/booking/status"}, {"GET", "/.waitroom/booking/none"},
		{"GET", "/.waitroom/other/status"}, {"GET", "/.waitroom/"}, {"GET", "/.waitroom/booking"}, {"GET", "/.waitroom/booking/"},
		{"GET", "/.waitroom/booking/status/"}, {"POST", "/.waitroom/jwks.json"}, {"GET", "/a%2fb"},
	} {
		a := p.do(c[0], c[1])
		if got := a.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s %s: %d, Cache-Control %q", c[0], c[1], a.StatusCode, got)
		}
	}
	if a := p.get("/.waitroom/jwks.json"); a.Header.Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("the public keys: %q", a.Header.Get("Cache-Control"))
	}
	if n := r.backend.seen(); n != 1 {
		t.Errorf("the backend saw %d requests", n)
	}
}

func TestOnlyTheCallsExistWithTheirMethods(t *testing.T) {
	r := opened(t, settings{})
	for _, c := range []struct {
		method, uri  string
		status       int
		allow, slugs string
	}{
		{"GET", "/.waitroom/booking/join", 405, "POST", "method-not-allowed"},
		{"DELETE", "/.waitroom/booking/join", 405, "POST", "method-not-allowed"},
		{"POST", "/.waitroom/booking/status", 405, "GET, HEAD", "method-not-allowed"},
		{"GET", "/.waitroom/booking/enter", 405, "POST", "method-not-allowed"},
		{"GET", "/.waitroom/booking/leave", 405, "POST", "method-not-allowed"},
		{"POST", "/.waitroom/jwks.json", 405, "GET, HEAD", "method-not-allowed"},
		{"POST", "/.waitroom/booking/admit", 404, "", "no-such-call"},
		{"POST", "/.waitroom/booking/join/x", 404, "", "no-such-call"},
		{"POST", "/.waitroom/booking/Join", 404, "", "no-such-call"},
		{"GET", "/.waitroom/booking", 404, "", "no-such-call"},
		{"POST", "/.waitroom/nobody/join", 404, "", "no-such-room"},
		{"GET", "/.waitroom/x", 404, "", "no-such-room"},
		{"GET", "/.waitroom/jwks.json/", 404, "", "no-such-room"},
	} {
		a := r.app().do(c.method, c.uri)
		if a.StatusCode != c.status || a.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d Allow %q, want %d %q", c.method, c.uri, a.StatusCode, a.Header.Get("Allow"), c.status, c.allow)
		}
		if s := a.said(t); s.Type != "urn:waitroom:problem:"+c.slugs || s.Status != c.status {
			t.Errorf("%s %s: %s", c.method, c.uri, a.body)
		}
	}
	if r.line.View().Waiting != 0 {
		t.Error("one of them took a place")
	}
}

// members are those of every standing, always there.
var members = []string{
	"enter_at", "eta_seconds", "message", "next_poll_ms", "opens_at", "position", "room", "server_time",
	"state", "ticket_number", "waiting",
}

func TestAStandingHasAllItsMembersAlways(t *testing.T) {
	r := opened(t, settings{})
	p, app := r.browser(), r.app()
	check := func(why string, a answer, more ...string) {
		t.Helper()
		var m map[string]any
		if err := json.Unmarshal([]byte(a.body), &m); err != nil {
			t.Fatalf("%s: %v", why, err)
		}
		want := append(slices.Clone(members), more...)
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(m)); !slices.Equal(got, want) {
			t.Errorf("%s: members %v, want %v", why, got, want)
		}
		for _, name := range []string{"server_time", "enter_at", "opens_at"} {
			if text, ok := m[name].(string); ok {
				if _, err := time.Parse(time.RFC3339, text); err != nil || !strings.HasSuffix(text, "Z") {
					t.Errorf("%s: %s is %q", why, name, text)
				}
			}
		}
	}
	problem := []string{"type", "title", "status", "detail", "retry_after"}
	check("join of a page", p.call("join"))
	check("join of an app", app.call("join"), "ticket")
	check("status", p.call("status"))
	check("enter before the call", p.call("enter"), problem...)
	check("no ticket", r.browser().call("status"), problem...)
	check("an app at a protected address", r.app().get("/book"), append(problem, "ticket")...)
	r.out(away)
	check("store away", p.call("status"), "store_away")
	check("store away, enter", p.call("enter"), append(problem, "store_away")...)
	r.out(none)
	r.turn()
	check("called", p.call("status"))
	check("entered", p.call("enter"))
	r.turn()
	r.turn()
	s := app.call("join").said(t)
	check("an app entered", app.appCall("enter", s.Ticket, ""), "pass")
}

func TestJoiningTwiceIsJoiningOnce(t *testing.T) {
	r := opened(t, settings{})
	p := r.browser()
	one := p.call("join").want(t, 200, "waiting")
	if one.position() != 1 || one.Waiting != 1 || one.Number == nil || one.Ticket != "" {
		t.Fatalf("joined: %+v", one)
	}
	r.crowd(5)
	for range 3 {
		if s := p.call("join").want(t, 200, "waiting"); s.position() != 1 || *s.Number != *one.Number || s.Waiting != 6 {
			t.Errorf("again: %+v", s)
		}
	}
	delete(p.cookies, "waitroom-ticket-"+room) // only the device is left
	if s := p.call("join").want(t, 200, "waiting"); s.position() != 1 || *s.Number != *one.Number {
		t.Errorf("with a lost ticket: %+v", s)
	}
	p.get("/book").wantPage(t, 200, "waiting")
	if n := r.line.View().Waiting; n != 6 {
		t.Errorf("%d wait", n)
	}

	a := r.app()
	mine := a.call("join").want(t, 200, "waiting")
	if mine.Ticket == "" || mine.position() != 7 {
		t.Fatalf("an app: %+v", mine)
	}
	a.cookies = map[string]string{}
	s := a.appCall("join", mine.Ticket, "").want(t, 200, "waiting")
	if s.position() != 7 || s.Ticket == "" || len(a.cookies) != 0 {
		t.Errorf("by its ticket: %+v, cookies %v", s, a.cookies)
	}
	if n := r.line.View().Waiting; n != 7 {
		t.Errorf("%d wait", n)
	}
}

func TestStatusChangesNothingButTheTicketOnceHalfOfTheHoldIsGone(t *testing.T) {
	r := opened(t, settings{})
	p, app := r.browser(), r.app()
	p.call("join")
	r.crowd(1)
	mine := app.call("join").said(t).Ticket
	before := r.line.trips.Load()
	ticket := p.ticket()
	if p.call("status").want(t, 200, "waiting"); p.ticket() != ticket {
		t.Error("renewed at once")
	}
	r.pass(15*minute - second)
	if a := p.call("status"); len(a.Header["Set-Cookie"]) != 0 {
		t.Errorf("renewed before half of the hold is gone: %v", a.Header["Set-Cookie"])
	}
	r.pass(2 * second)
	a := p.call("status")
	if a.want(t, 200, "waiting"); p.ticket() == ticket || len(a.Header["Set-Cookie"]) != 1 {
		t.Errorf("not renewed: %v", a.Header["Set-Cookie"])
	}
	if life := "Max-Age=1800;"; !strings.Contains(a.Header.Get("Set-Cookie"), life) {
		t.Errorf("no %s in %s", life, a.Header.Get("Set-Cookie"))
	}
	if s := app.appCall("status", mine, "").want(t, 200, "waiting"); s.Ticket == "" || s.Ticket == mine {
		t.Error("the app's ticket was not renewed")
	}
	if n := r.line.trips.Load() - before; n != 0 {
		t.Errorf("%d trips to the store", n)
	}
	r.pass(29 * minute)
	if s := p.call("status").want(t, 200, "waiting"); s.position() != 1 {
		t.Errorf("after 44 minutes: %+v", s)
	}
	r.pass(31 * minute)
	if s := p.call("status"); s.StatusCode != 404 {
		t.Errorf("after a hold of silence: %d", s.StatusCode)
	}
}

func TestAnAppKeepsItsPlaceByTheTicketsThatItIsGiven(t *testing.T) {
	r := opened(t, settings{})
	a := r.app()
	ticket := a.call("join").want(t, 200, "waiting").Ticket
	a.cookies = map[string]string{}
	for range 6 {
		s := a.appCall("status", ticket, "").want(t, 200, "waiting")
		if s.position() != 1 {
			t.Fatalf("position %d", s.position())
		}
		if s.Ticket != "" {
			ticket = s.Ticket
		}
		r.pass(10 * minute)
	}
	r.tick()
	a.appCall("status", ticket, "").want(t, 200, "called")
	a.get("/book", "Waitroom-Ticket", ticket, "Accept", "*/*").want(t, 429, "called") // no endless redirect
	s := a.appCall("enter", ticket, "").want(t, 200, "admitted")
	if s.Pass == "" || len(a.cookies) != 0 {
		t.Fatalf("entered: %+v, cookies %v", s, a.cookies)
	}
	a.get("/book", "Waitroom-Pass", s.Pass).wantInside(t, "/book")
	if got := r.backend.last().Header.Get("Waitroom-Pass"); got != s.Pass {
		t.Errorf("the backend saw %q", got)
	}
	if r.backend.last().Header.Get("Waitroom-Ticket") != "" {
		t.Error("the backend saw the ticket")
	}
}

func TestEnterBeforeTheCallIsRefusedAndAfterItGivesOnePass(t *testing.T) {
	r := opened(t, settings{})
	p := r.browser()
	p.call("join")
	for range 3 {
		s := p.call("enter").want(t, 409, "waiting")
		if s.Type != "urn:waitroom:problem:not-called" || s.position() != 1 || p.passed() != "" {
			t.Fatalf("before the call: %+v", s)
		}
	}
	r.turn()
	s := p.call("enter").want(t, 200, "admitted")
	if micros(s.EnterAt) != r.clock.Load() || s.position() != 0 || s.Pass != "" {
		t.Errorf("entered: %+v", s)
	}
	first := p.passed()
	for range 3 {
		p.call("enter").want(t, 200, "admitted")
		if p.passed() != first {
			t.Error("asking again gave another pass")
		}
		r.pass(20 * second)
	}
	p.get("/book").wantInside(t, "/book")
	if n := r.count("enter"); n != 2 {
		t.Errorf("%d entries", n)
	}
}

func TestWhoIsNotCalledIsToldByEnterWhyTheLineStands(t *testing.T) {
	f := func(state string, rules func(*queue.Rules)) {
		t.Helper()
		p := begin(t, settings{rules: rules}).browser()
		p.call("join").want(t, 200, state)
		p.call("enter").want(t, 409, state)
	}
	f("early", func(q *queue.Rules) { q.OpensAt = evening + minute })
	f("early", func(q *queue.Rules) { q.OpensAt, q.Draw = evening+minute, true }) // the store alone knows of who is drawn
	f("paused", func(q *queue.Rules) { q.RatePerHour = 0 })
}

func TestLeavingGivesThePlaceUp(t *testing.T) {
	r := opened(t, settings{})
	p := r.browser()
	p.call("join")
	r.crowd(3)
	ticket := p.ticket()
	for range 2 {
		a := p.call("leave")
		if a.StatusCode != 204 || a.body != "" || p.ticket() != "" {
			t.Errorf("leaving: %d %q, ticket %q", a.StatusCode, a.body, p.ticket())
		}
	}
	p.cookies["waitroom-ticket-"+room] = ticket // kept aside: it shows a place, and opens nothing
	r.turn()
	if s := p.call("enter"); s.StatusCode != 410 || s.said(t).Type != "urn:waitroom:problem:ticket-over" {
		t.Errorf("the place was kept: %d %s", s.StatusCode, s.body)
	}
	p.get("/book").wantPage(t, 200, "waiting")
	if s := p.call("status").want(t, 200, "waiting"); s.position() != 3 {
		t.Errorf("at the end are now %d", s.position())
	}
	r.out(failed)
	if a := p.call("leave"); a.StatusCode != 503 || p.ticket() == "" {
		t.Errorf("while the store fails: %d, ticket %q", a.StatusCode, p.ticket())
	}
}

func TestAnAppThatJoinsWithATicketThatItGaveUpGetsANewPlace(t *testing.T) {
	r := opened(t, settings{})
	p := r.app()
	ticket := p.call("join").want(t, 200, "waiting").Ticket
	p.cookies = map[string]string{}
	r.crowd(3)
	if a := p.appCall("leave", ticket, ""); a.StatusCode != 204 {
		t.Fatalf("leave: %d", a.StatusCode)
	}
	if s := p.appCall("join", ticket, "").want(t, 200, "waiting"); s.position() != 4 || s.Ticket == "" {
		t.Errorf("joined anew: position %d", s.position())
	}
}

func TestCallsFromOtherSitesAreRefused(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	for _, c := range []struct {
		why    string
		fields []string
		ok     bool
	}{
		{"another site's page", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a sister host's page", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"an old browser's foreign page", []string{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, false},
		{"a sandboxed page", []string{"Origin", "null"}, false},
		{"another port", []string{"Origin", "http://" + host + ":8443"}, false},
		{"a host that begins alike", []string{"Origin", "http://" + host + ".evil.example"}, false},
		{"our own page", []string{"Origin", "http://" + host}, true},
		{"our own page behind TLS, in capitals", []string{"Origin", "https://" + strings.ToUpper(host)}, true},
		{"typed by the person", []string{"Sec-Fetch-Site", "none"}, true},
		{"an app", []string{"Sec-Fetch-Site", "", "Sec-Fetch-Mode", "", "Sec-Fetch-Dest", ""}, true},
	} {
		for _, call := range []string{"join", "enter", "leave"} {
			if c.ok && call != "join" {
				continue
			}
			a := p.call(call, c.fields...)
			if ok := a.StatusCode == 200; ok != c.ok || !ok && (a.StatusCode != 403 || a.said(t).Type != "urn:waitroom:problem:cross-site") {
				t.Errorf("%s: %s: %d %s", call, c.why, a.StatusCode, a.body)
			}
		}
	}
	if a := p.call("join", "Sec-Purpose", "prefetch"); a.StatusCode != 503 {
		t.Errorf("a prefetch: %d", a.StatusCode)
	}
	for _, a := range []answer{p.get("/book"), p.call("status", "Origin", "https://evil.example")} {
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("lets other sites read: %s", name)
			}
		}
	}
}

func TestThePublicKeysArePublic(t *testing.T) {
	r := begin(t, settings{})
	a := r.app().do("GET", "/.waitroom/jwks.json")
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal([]byte(a.body), &set); err != nil || len(set.Keys) == 0 || a.Header.Get("Content-Type") != "application/jwk-set+json" {
		t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	for _, k := range set.Keys {
		if k["kty"] != "OKP" || k["d"] != "" {
			t.Errorf("key %v", k)
		}
	}
	if h := r.app().do("HEAD", "/.waitroom/jwks.json"); h.StatusCode != 200 || h.body != "" || h.ContentLength != int64(len(a.body)) {
		t.Errorf("HEAD: %d, %d bytes", h.StatusCode, h.ContentLength)
	}
}

func TestAMessageIsTextWhereverItIsShown(t *testing.T) {
	hostile := "</script><script>alert(1)</script>\" ' & 안내 \u2028 \x00 {{state}} \\"
	r := opened(t, settings{})
	r.set(queue.Change{Message: &hostile})
	p := r.browser()
	a := p.get("/book")
	a.wantPage(t, 200, "waiting")
	if strings.Contains(a.body, "<script>alert") || !strings.Contains(a.body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the page does not escape the message")
	}
	j := p.call("status")
	if s := j.want(t, 200, "waiting"); s.Message == nil || *s.Message != hostile {
		t.Errorf("the message is %q", *s.Message)
	}
	if strings.ContainsAny(j.body, "<>&") || j.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("could be read as a page: %s", j.body)
	}
}

func TestAnAppThatEnteredAtOnceMayEnterAgainBeforeTheViewKnowsOfIt(t *testing.T) {
	r := begin(t, settings{})
	r.line.still.Store(true)
	a := r.app()
	first := a.call("join").want(t, 200, "admitted")
	a.cookies = map[string]string{}
	again := a.appCall("enter", first.Ticket, "").want(t, 200, "admitted")
	if again.Pass == "" || again.Pass != first.Pass {
		t.Errorf("%q after %q", again.Pass, first.Pass)
	}
}
