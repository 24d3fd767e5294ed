package proxy_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"waitroom/queue"
)

// opened is a rig whose quiet room has let one in already, so that others wait.
func opened(t *testing.T, s settings) *rig {
	t.Helper()
	r := begin(t, s)
	r.browser().get("/first").wantInside(t, "/first")
	return r
}

// called is a browser whose turn has come.
func (r *rig) called() *person {
	r.t.Helper()
	p := r.browser()
	p.get("/book").wantPage(r.t, 200, "waiting")
	r.turn()
	return p
}

// turn lets the time of the next call come.
func (r *rig) turn() {
	r.t.Helper()
	r.pass(minute)
	r.tick()
}

// inside is a browser that has entered.
func (r *rig) inside() *person {
	r.t.Helper()
	p := r.called()
	if a := p.get("/book"); a.StatusCode != http.StatusSeeOther {
		r.t.Fatalf("entering: %d %.200s", a.StatusCode, a.body)
	}
	p.get("/book").wantInside(r.t, "/book")
	return p
}

func TestTheFirstInAQuietRoomGoesStraightThrough(t *testing.T) {
	r := begin(t, settings{})
	p := r.browser()
	a := p.get("/book?day=1")
	a.wantInside(t, "/book?day=1")
	if p.device() == "" || p.passed() == "" {
		t.Errorf("no device or pass was given: %v", a.Header["Set-Cookie"])
	}
	if cc := strings.Join(a.Header["Cache-Control"], ", "); !strings.Contains(cc, "private") {
		t.Errorf("an answer with a pass may be kept by shared caches: %q", cc)
	}
	p.get("/again").wantInside(t, "/again")
	r.browser().get("/book").wantPage(t, 200, "waiting")
	if n := r.backend.seen(); n != 2 {
		t.Errorf("the backend saw %d requests", n)
	}
}

func TestWhoWaitsGetsThePageOrAProblemByWhatAsks(t *testing.T) {
	nav := map[string]string{"User-Agent": chrome, "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}
	with := func(fields ...string) map[string]string {
		m := map[string]string{"User-Agent": chrome}
		for i := 0; i < len(fields); i += 2 {
			m[fields[i]] = fields[i+1]
		}
		return m
	}
	const html, problem = "text/html; charset=utf-8", "application/problem+json"
	for _, c := range []asking{
		{"a navigation", "GET", nav, 200, html, true},
		{"an old browser, or curl: nothing says that it is a program", "GET", with(), 200, html, true},
		{"a link checker", "HEAD", nav, 200, html, true},
		{"a frame of the same site", "GET", with("Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site", "same-origin"), 200, html, true},
		{"a form sent by a person", "POST", nav, 429, html, true},
		{"an app that names JSON", "GET", with("Accept", "application/json"), 429, problem, true},
		{"a page's fetch", "GET", with("Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin"), 429, problem, true},
		{"a subresource", "GET", with("Sec-Fetch-Dest", "image", "Sec-Fetch-Site", "same-origin", "Accept", "image/avif,*/*"), 429, problem, true},
		{"an unsafe method", "DELETE", with("Accept", "text/html"), 429, problem, true},
		{"a WebSocket", "GET", with("Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), 429, problem, true},
		{"an image in another site's page takes no place", "GET", with("Sec-Fetch-Dest", "image", "Sec-Fetch-Site", "cross-site"), 429, problem, false},
		{"nor does a frame in it", "GET", with("Sec-Fetch-Dest", "iframe", "Sec-Fetch-Site", "cross-site"), 200, html, false},
		{"a link from another site does", "GET", with("Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "cross-site"), 200, html, true},
		{"a preflight of a sister site's script takes none: it has no cookies", "OPTIONS", with("Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-site", "Access-Control-Request-Method", "POST"), 429, problem, false},
		{"a prefetch changes nothing", "GET", with("Sec-Purpose", "prefetch;prerender", "Sec-Fetch-Dest", "document"), 503, problem, false},
		{"nor does an old one", "GET", with("Purpose", "prefetch"), 503, problem, false},
	} {
		c.try(t)
	}
}

// asking is a way of asking for a protected address, and what it gets.
type asking struct {
	why, method string
	fields      map[string]string
	status      int
	kind        string
	place       bool
}

func (c *asking) try(t *testing.T) {
	t.Helper()
	r := opened(t, settings{})
	p := r.person(c.fields)
	a := p.do(c.method, "/book")
	if a.StatusCode != c.status || a.Header.Get("Content-Type") != c.kind {
		t.Errorf("%s: %d %s, want %d %s", c.why, a.StatusCode, a.Header.Get("Content-Type"), c.status, c.kind)
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: Cache-Control is %q", c.why, a.Header.Get("Cache-Control"))
	}
	if got := r.line.View().Waiting == 1; got != c.place || (p.ticket() != "") != c.place {
		t.Errorf("%s: took a place: %t, has a ticket: %t; want %t", c.why, got, p.ticket() != "", c.place)
	}
	if r.backend.seen() != 1 {
		t.Errorf("%s: the backend saw it", c.why)
	}
	if a.StatusCode == 429 {
		if n, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || n < 1 {
			t.Errorf("%s: Retry-After is %q", c.why, a.Header.Get("Retry-After"))
		}
	}
	if c.method == "HEAD" && a.body != "" {
		t.Errorf("%s: has a body", c.why)
	}
	if c.kind == "application/problem+json" {
		if s := a.said(t); c.status == 429 && (s.Type != "urn:waitroom:problem:not-admitted" || s.State != "waiting" || s.Status != 429) {
			t.Errorf("%s: %s", c.why, a.body)
		}
	}
}

func TestTheStatusOfThePageIsTheConfiguredOne(t *testing.T) {
	for _, status := range []int{200, 202, 429, 503} {
		r := opened(t, settings{status: status})
		a := r.browser().get("/book")
		a.wantPage(t, status, "waiting")
		if has := a.Header.Get("Retry-After") != ""; has != (status != 200) {
			t.Errorf("%d: Retry-After is %q", status, a.Header.Get("Retry-After"))
		}
	}
}

func TestThePageIsWellProtected(t *testing.T) {
	r := opened(t, settings{})
	p := r.browser()
	a, b := p.get("/book"), p.get("/book")
	csp := a.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "'nonce-"} {
		if !strings.Contains(csp, want) {
			t.Errorf("no %q in %q", want, csp)
		}
	}
	if csp == b.Header.Get("Content-Security-Policy") {
		t.Error("the nonce is the same twice")
	}
	_, rest, _ := strings.Cut(csp, "'nonce-")
	nonce, _, _ := strings.Cut(rest, "'")
	if !strings.Contains(a.body, `nonce="`+strings.ReplaceAll(nonce, "+", "&#43;")+`"`) && !strings.Contains(a.body, `nonce="`+nonce+`"`) {
		t.Errorf("the page does not carry its nonce %s", nonce)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Content-Language": "ko", "Server": "",
	} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := p.get("/book", "Accept-Language", "en").Header.Get("Content-Language"); got != "en" {
		t.Errorf("in English: %q", got)
	}
	for _, secret := range []string{p.device(), p.ticket()} {
		if strings.Contains(a.body, secret) {
			t.Error("the page shows a cookie to its scripts")
		}
	}
}

func TestACalledVisitorEntersByNavigatingAndNotOtherwise(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	if a := p.get("/book", "Sec-Purpose", "prefetch"); a.StatusCode != 503 || r.count("enter") != 1 {
		t.Fatalf("a prefetch: %d, %d entries", a.StatusCode, r.count("enter"))
	}
	p.do("GET", "/book", script()...).want(t, 429, "called")
	p.do("POST", "/book").wantPage(t, 429, "called")
	if n := r.count("enter"); n != 1 {
		t.Fatalf("%d entries before the navigation", n)
	}
	a := p.get("/book/%EC%98%88?x=1&y=%2F")
	if a.StatusCode != 303 || a.Header.Get("Location") != "/book/%EC%98%88?x=1&y=%2F" || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the navigation: %d %v", a.StatusCode, a.Header)
	}
	p.get("/book/%EC%98%88?x=1&y=%2F").wantInside(t, "/book/%EC%98%88?x=1&y=%2F")
	if n := r.count("enter"); n != 2 {
		t.Errorf("%d entries", n)
	}
}

func TestACalledVisitorIsSentOnThoughTheEntryIsLaterThanTheRequest(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	r.line.took.Store(300)
	if a := p.get("/book"); a.StatusCode != 303 || a.Header.Get("Location") != "/book" {
		t.Fatalf("the navigation: %d %v", a.StatusCode, a.Header)
	}
	p.get("/book").wantInside(t, "/book")
}

func TestTheRedirectLeadsOnlyToThisVeryHost(t *testing.T) {
	for _, uri := range []string{"//evil.example/", "/\\evil.example", "/%09//evil.example", "/..//evil.example", "/%2f%2fevil.example"} {
		r := opened(t, settings{})
		p := r.called()
		res, err := p.try("GET", uri)
		if err == nil && res.StatusCode != 400 {
			t.Errorf("%s: %d %s", uri, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestALostAnswerAtTheFrontCostsNothing(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	before := p.ticket()
	r.out(lost)
	if a := p.get("/book"); a.StatusCode != 200 {
		t.Fatalf("with the answer lost: %d", a.StatusCode)
	}
	r.out(none)
	p.cookies["waitroom-ticket-"+room] = before
	a := p.get("/book")
	if a.StatusCode != 303 {
		t.Fatalf("the second time: %d", a.StatusCode)
	}
	first := p.passed()
	delete(p.cookies, "waitroom-pass-"+room) // this answer is lost, too
	if p.get("/book"); p.passed() != first || r.count("enter") != 2 {
		t.Errorf("another pass, or %d entries", r.count("enter"))
	}
}

func TestAnEntryThatIsAheadShowsThePageAndNoEndOfRedirects(t *testing.T) {
	for _, ahead := range []int64{3, 20} {
		r := opened(t, settings{rules: func(q *queue.Rules) { q.RatePerHour = 3600 / float64(ahead) }})
		aheadShowsThePage(t, r, ahead)
	}
}

func aheadShowsThePage(t *testing.T, r *rig, ahead int64) {
	t.Helper()
	a, b := r.browser(), r.browser()
	a.get("/book").wantPage(t, 200, "waiting")
	b.get("/book").wantPage(t, 200, "waiting")
	for range 10 { // both are called, and nobody comes
		r.pass(10 * second)
		r.tick()
	}
	if got := a.get("/book"); got.StatusCode != 303 {
		t.Fatalf("the first: %d", got.StatusCode)
	}
	b.get("/book").wantPage(t, 200, "admitted")
	pass := b.passed()
	b.get("/book").wantPage(t, 200, "admitted") // by the pass that begins later
	b.do("GET", "/book", script()...).want(t, 429, "admitted")
	for _, call := range []string{"status", "join", "enter"} {
		s := b.call(call).want(t, 200, "admitted")
		if at := micros(s.EnterAt); at != r.clock.Load()+ahead*second {
			t.Errorf("%s: enters in %d µs", call, at-r.clock.Load())
		}
		if s.NextPoll > ahead*1000 || s.NextPoll < ahead*1000-100 {
			t.Errorf("%s: asks again after %d ms", call, s.NextPoll)
		}
	}
	if n := r.backend.seen(); n != 1 {
		t.Errorf("the backend saw %d requests", n)
	}
	r.pass(ahead*second - second/10)
	b.get("/book").wantPage(t, 200, "admitted")
	r.pass(second / 10)
	b.get("/book").wantInside(t, "/book")
	if b.passed() != pass {
		t.Error("the pass was given anew")
	}
}

func TestOpenPathsNeedNothingAndGiveNothing(t *testing.T) {
	r := begin(t, settings{open: []string{"/static/", "/robots.txt"}})
	p := r.browser()
	r.crowd(3)
	for _, uri := range []string{"/static/a.css", "/static/", "/robots.txt"} {
		a := p.get(uri)
		a.wantInside(t, uri)
		if len(a.Header["Set-Cookie"]) > 0 {
			t.Errorf("%s sets cookies", uri)
		}
		if r.backend.last().Header.Get("Waitroom-Pass") != "" || r.backend.last().Header.Get("Waitroom-Room") != room {
			t.Errorf("%s: %v", uri, r.backend.last().Header)
		}
	}
	for _, uri := range []string{"/static", "/robots.txt/", "/robots.txt2", "/Static/a.css", "/static%2Fa"} {
		if a := p.get(uri); strings.HasPrefix(a.body, "inside") {
			t.Errorf("%s is open", uri)
		}
	}
}

func TestTheBackendSeesWhoComesAndNoneOfOurCookies(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	p.cookies["session"] = "mine"
	p.get("/book", "Waitroom-Room", "forged", "Waitroom-Subject", "forged", "X-Forwarded-For", "6.6.6.6", "X-Original-URL", "/admin").wantInside(t, "/book")
	q := r.backend.last()
	for name, want := range map[string]string{
		"Waitroom-Room": room, "Waitroom-Subject": "", "Waitroom-Ticket": "", "Cookie": "session=mine",
		"Waitroom-Pass": p.passed(), "X-Forwarded-For": "127.0.0.1", "X-Original-Url": "", "X-Forwarded-Host": host,
	} {
		if got := q.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if q.Host != host {
		t.Errorf("Host is %q", q.Host)
	}
	r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
		for _, c := range []string{"waitroom-pass-booking=x; Path=/", "WAITROOM-device=x", "__Host-waitroom-ticket-booking=x; Secure; Path=/", "mine=1"} {
			w.Header().Add("Set-Cookie", c)
		}
		w.Header().Set("Waitroom-Pass", "x")
	})
	a := p.get("/book")
	if got := strings.Join(a.Header["Set-Cookie"], "|"); got != "mine=1" || a.Header.Get("Waitroom-Pass") != "" {
		t.Errorf("the backend set %q, %q", got, a.Header.Get("Waitroom-Pass"))
	}
}

func TestAnEntryThatMeetsADeadBackendIsNotLost(t *testing.T) {
	r := begin(t, settings{})
	r.backend.answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	p := r.browser()
	p.get("/book").wantPage(t, 502, "down")
	if p.device() == "" || p.passed() == "" {
		t.Fatal("the entry was taken, and its pass thrown away")
	}
	r.backend.answers(nil)
	p.get("/book").wantInside(t, "/book")
	if n := r.count("enter"); n != 1 {
		t.Errorf("%d entries", n)
	}
}
