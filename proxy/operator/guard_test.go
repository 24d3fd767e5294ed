package operator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"waitroom/queue"
)

const secret = "0123456789abcdef0123456789abcdef"

func TestEverythingButHealthAsksForTheToken(t *testing.T) {
	g := open(t, func(o *Options) { o.Token = secret })
	f := func(authorization ...string) {
		t.Helper()
		for _, q := range []request{{method: "GET", path: "/api/rooms"}, {method: "GET", path: "/api/rooms/booking"}, {method: "PATCH", path: "/api/rooms/booking", body: `{"paused":true}`},
			{method: "DELETE", path: "/api/rooms/booking/passes/AAECAwQFBgcICQoLDA0ODw"}, {method: "GET", path: "/api/rooms/booking/journal"},
			{method: "GET", path: "/metrics"}, {method: "GET", path: "/"}, {method: "GET", path: "/nothing"}, {method: "POST", path: "/"}, {method: "HEAD", path: "/api/rooms"}, {method: "OPTIONS", path: "/api/rooms"}} {
			q.edit = func(r *http.Request) { r.Header["Authorization"] = authorization }
			answer, text := g.do(q)
			if answer.StatusCode != 401 || !strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), "Bearer") || strings.Contains(text, "epoch") {
				t.Errorf("%q: %s %s: %d %.60s", authorization, q.method, q.path, answer.StatusCode, text)
			}
		}
	}
	f()
	f("")
	f("Bearer")
	f("Bearer ")
	f(secret)                                    // no scheme
	f("Basic " + secret)                         // another one
	f("Bearer " + secret[:31])                   // a beginning of it
	f("Bearer " + secret + "0")                  // longer
	f("Bearer " + strings.ToUpper(secret))       // another case
	f("Bearer "+secret, "Bearer "+secret)        // which one would count?
	f("Bearer wrong", "Bearer "+secret)          //
	f("Bearer " + secret + ", Bearer " + secret) // a proxy's way to join two
	if g.room().Paused {
		t.Error("a refused change was done")
	}
	answer, _ := g.do(request{method: "GET", path: "/api/rooms", edit: func(r *http.Request) { r.Header.Set("Authorization", "bearer  "+secret) }})
	if answer.StatusCode != 200 { // the scheme's case does not matter (RFC 9110, section 11.1)
		t.Errorf("the right token: %s", answer.Status)
	}
	if all := read[RoomStates](t, g.want(200, "GET", "/api/rooms", "")); all.Warning != "" {
		t.Errorf("a warning in spite of the token: %s", all.Warning)
	}
}

func TestWithATokenItMayBeAnyPeerAndName(t *testing.T) {
	g := open(t, func(o *Options) { o.Token = secret })
	answer, _ := g.do(request{method: "GET", path: "/api/rooms", edit: func(r *http.Request) {
		r.Host = "gateway.example:8081"
		r.Header.Set("X-Forwarded-For", "203.0.113.1")
	}})
	if answer.StatusCode != 200 {
		t.Error(answer.Status)
	}
}

func TestTheTokenIsComparedInConstantTime(t *testing.T) {
	// What is compared are digests of one length by subtle.ConstantTimeCompare; a test of
	// times would prove nothing on a busy machine. Here: only the whole token is accepted.
	g := newGuard(secret, nil, nil, zap.NewNop())
	for i := range len(secret) {
		if g.accepts(secret[:i]) || g.accepts(secret[i+1:]) || g.accepts(secret[:i]+"x"+secret[i+1:]) {
			t.Errorf("a token wrong at %d is accepted", i)
		}
	}
	if !g.accepts(secret) {
		t.Error("the token is refused")
	}
}

func TestWithoutATokenOnlyThisMachineIsAnswered(t *testing.T) {
	f := func(addr string, status int) {
		t.Helper()
		line := still{&queue.View{}}
		h := peer(New(Options{Rooms: func() []Room { return []Room{{Name: "booking", Line: line}} }, FormatRate: format, ParseRate: parse}), addr)
		for path, want := range map[string]int{"/api/rooms": status, "/metrics": status, "/": status, "/healthz": 200, "/readyz": 200} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", path, nil)
			r.Host = "localhost:8081"
			h.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s from %s: %d, not %d", path, addr, w.Code, want)
			}
		}
	}
	f("127.0.0.1", 200)
	f("127.8.9.1", 200)
	f("::1", 200)
	f("::ffff:127.0.0.1", 200) // an IPv4 peer on an IPv6 socket
	f("10.0.0.7", 403)
	f("::ffff:10.0.0.7", 403)
	f("fe80::1%eth0", 403)
	f("0.0.0.0", 403)
	f("nonsense", 403)
}

func TestWithoutATokenNoForeignPageSpeaksThroughTheBrowser(t *testing.T) {
	g := open(t, nil)
	f := func(status int, fields ...string) {
		t.Helper()
		answer, text := g.do(request{method: "PATCH", path: "/api/rooms/booking", body: `{}`, edit: func(r *http.Request) {
			for i := 0; i < len(fields); i += 2 {
				if fields[i] == "Host" {
					r.Host = fields[i+1]
				} else {
					r.Header.Add(fields[i], fields[i+1])
				}
			}
		}})
		if answer.StatusCode != status {
			t.Errorf("%q: %d, not %d: %s", fields, answer.StatusCode, status, text)
		}
	}
	f(200)
	f(200, "Host", "localhost:8081")
	f(200, "Host", "LOCALHOST")
	f(200, "Host", "[::1]:8081")
	f(200, "Host", "127.0.0.1")
	f(421, "Host", "attacker.example")                                   // a name that was made to resolve to this machine
	f(421, "Host", "attacker.example:8081")                              //
	f(421, "Host", "127.0.0.1.attacker.example")                         //
	f(421, "Host", "localhost.attacker.example")                         //
	f(421, "Host", "10.0.0.1:8081")                                      // not this machine's own name for itself
	f(200, "Sec-Fetch-Site", "same-origin")                              // our own page
	f(200, "Sec-Fetch-Site", "none")                                     // typed in
	f(403, "Sec-Fetch-Site", "cross-site")                               //
	f(403, "Sec-Fetch-Site", "same-site")                                // another port of localhost is another site's page
	f(403, "Sec-Fetch-Site", "nonsense")                                 //
	f(403, "Origin", "https://attacker.example")                         // a browser without Sec-Fetch
	f(403, "Origin", "null")                                             // a sandboxed frame
	f(403, "Origin", "http://localhost:3000")                            // another program of this machine
	f(403, "Origin", g.url, "Origin", g.url)                             // no browser does that
	f(200, "Origin", g.url)                                              //
	f(403, "X-Forwarded-For", "203.0.113.1")                             // a proxy on this machine lets others in
	f(403, "Forwarded", "for=203.0.113.1")                               //
	f(403, "Via", "1.1 proxy")                                           //
	f(403, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate") // navigation opens the page only
	answer, text := g.do(request{method: "GET", path: "/", edit: func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
	}})
	if answer.StatusCode != 200 || !strings.Contains(text, "<h1>Rooms</h1>") {
		t.Errorf("a link to the page: %s", answer.Status)
	}
}

func TestTheMissingTokenIsLoggedOnceAndRefusalsOnceASecond(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	g := open(t, func(o *Options) { o.Log = zap.New(core) })
	g.want(200, "GET", "/api/rooms", "")
	for range 5 {
		g.do(request{method: "GET", path: "/api/rooms", edit: func(r *http.Request) { r.Host = "attacker.example" }})
	}
	if n := logs.FilterMessage(NoToken).Len(); n != 1 {
		t.Errorf("the warning was logged %d times", n)
	}
	// Five requests may fall into two seconds.
	if n := logs.FilterMessage("operator request refused").Len(); n < 1 || n > 2 {
		t.Errorf("5 refusals were logged %d times", n)
	}
}

func TestNoSecretIsLogged(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	g := open(t, func(o *Options) { o.Token, o.Log = secret, zap.New(core) })
	g.token = "a-wrong-guess"
	g.want(401, "GET", "/api/rooms", "")
	for _, entry := range logs.All() {
		text := entry.Message
		for _, field := range entry.Context {
			text += " " + field.String
		}
		if strings.Contains(text, secret) || strings.Contains(text, "a-wrong-guess") {
			t.Errorf("logged: %s", text)
		}
	}
	if logs.Len() == 0 {
		t.Error("the refusal was not logged")
	}
}

func TestThePageIsSelfContainedUnderItsPolicy(t *testing.T) {
	g := open(t, nil)
	answer, text := g.do(request{method: "GET", path: "/"})
	policy := answer.Header.Get("Content-Security-Policy")
	_, rest, _ := strings.Cut(text, "<script>")
	script, _, _ := strings.Cut(rest, "</script>")
	_, rest, _ = strings.Cut(text, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	for _, part := range []string{"default-src 'none'", "script-src '" + hash(script) + "'", "style-src '" + hash(style) + "'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("no %s in %s", part, policy)
		}
	}
	for _, outside := range []string{"http://", "https://", "src=", `href="/`, "{{", "innerHTML", " style=", " onclick="} {
		if strings.Contains(text, outside) {
			t.Errorf("the page holds %s", outside)
		}
	}
	if answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", answer.Header)
	}
}
