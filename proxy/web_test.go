package proxy_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"

	"waitroom/proxy/allow"
)

// calls are all the calls of a room, with their methods.
var calls = [][2]string{
	{"POST", "/.waitroom/booking/join"}, {"GET", "/.waitroom/booking/status"}, {"POST", "/.waitroom/booking/enter"}, {"POST", "/.waitroom/booking/leave"},
}

func TestACallInEarlyDataChangesNothing(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	entered, left := r.count("enter"), r.count("leave")
	for _, call := range []string{"join", "enter", "leave"} {
		for _, value := range []string{"1", "0"} {
			if a := p.call(call, "Early-Data", value); a.StatusCode != 425 || !strings.Contains(a.body, `"urn:waitroom:problem:too-early"`) {
				t.Errorf("%s with Early-Data %q: %d %s", call, value, a.StatusCode, a.body)
			}
		}
	}
	if r.count("enter") != entered || r.count("leave") != left {
		t.Error("a call in early data was done")
	}
	if a := p.call("status", "Early-Data", "1"); a.StatusCode != 200 {
		t.Errorf("status, which changes nothing: %d", a.StatusCode)
	}
	if a := p.call("enter"); a.StatusCode != 200 {
		t.Errorf("the same call after the handshake: %d", a.StatusCode)
	}
}

// TestNothingThatNeededAPassIsForSharedCaches: what a cache in front of the gateway keeps it gives to those without a pass.
func TestNothingThatNeededAPassIsForSharedCaches(t *testing.T) {
	r := opened(t, settings{open: []string{"/open/"}})
	p := r.inside()
	for said, want := range map[string]string{
		"": "private", "public, max-age=600": "public, max-age=600|private", "s-maxage=60": "s-maxage=60|private", "private, max-age=5": "private, max-age=5",
		`private="x"`: `private="x"|private`, "no-store": "no-store",
	} {
		r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
			if said != "" {
				w.Header().Set("Cache-Control", said)
			}
			w.Header().Set("Last-Modified", "Thu, 12 Aug 2021 11:00:00 GMT")
		})
		for _, uri := range []string{"/book", "/book/style.css", "/book?x.png"} {
			if got := strings.Join(p.get(uri).Header.Values("Cache-Control"), "|"); got != want {
				t.Errorf("%s, of which the backend says %q: %q, want %q", uri, said, got, want)
			}
		}
		if got := p.get("/open/x").Header.Get("Cache-Control"); got != said {
			t.Errorf("an open address, of which the backend says %q: %q", said, got)
		}
	}
	for _, command := range []string{"release", "revoke"} {
		r.backend.answers(nil)
		q := r.inside()
		r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=600")
			w.Header().Set("Waitroom-Command", command)
		})
		if a := q.get("/bye"); !slices.Contains(a.Header.Values("Cache-Control"), "private") || len(a.Header.Values("Set-Cookie")) == 0 {
			t.Errorf("%s: %v", command, a.Header)
		}
	}
}

// TestNoFieldForCachesAloneOverridesThat: what counts for a content network in place of Cache-Control does not reach it.
func TestNoFieldForCachesAloneOverridesThat(t *testing.T) {
	r := opened(t, settings{open: []string{"/open/"}})
	p := r.inside()
	names := []string{"CDN-Cache-Control", "cdn-cache-control", "Example-CDN-Cache-Control", "Surrogate-Control", "Edge-Control", "X-Accel-Expires"}
	for _, name := range names {
		r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[name] = []string{"max-age=600", "max-age=60"}
			w.Header()["Cdn-Thing"] = []string{"x"}
		})
		a := p.get("/book")
		if got := a.Header.Values(name); len(got) > 0 || a.Header.Get("Cache-Control") != "private" || a.Header.Get("Cdn-Thing") != "x" {
			t.Errorf("%s: %q, Cache-Control %q", name, got, a.Header.Get("Cache-Control"))
		}
		if got := p.get("/open/x").Header.Values(name); len(got) != 2 && name != "X-Accel-Expires" {
			t.Errorf("on an open path %s is %q", name, got)
		}
	}
}

func TestWhatAnAllowedProgramFetchesIsForNoSharedCache(t *testing.T) {
	r := opened(t, settings{})
	r.options.Rooms[0].Allow = allow.New(allow.Options{
		Room: room, Log: zap.NewNop(), Rules: []allow.Rule{{Name: "health", Paths: []string{"/health"}, Methods: []string{"GET"}, Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}},
	})
	r.gate.Replace(r.options)
	r.backend.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "public, max-age=600") })
	a := r.app().get("/health")
	if got := strings.Join(a.Header.Values("Cache-Control"), "|"); a.StatusCode != 200 || got != "public, max-age=600|private" {
		t.Errorf("%d, %q", a.StatusCode, got)
	}
}

func TestNoOtherSiteReadsWhatAVisitorIsTold(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	ask := func(method, uri, origin string, fields ...string) {
		t.Helper()
		a := p.do(method, uri, append([]string{"Origin", origin, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, fields...)...)
		for name := range a.Header {
			if strings.HasPrefix(strings.ToLower(name), "access-control-") {
				t.Errorf("%s %s from %s: %s: %s", method, uri, origin, name, a.Header.Get(name))
			}
		}
		if uri != "/book" && method == "OPTIONS" && a.StatusCode < 400 {
			t.Errorf("a preflight for %s from %s is answered with %d", uri, origin, a.StatusCode)
		}
	}
	for _, origin := range []string{"https://evil.example", "null", "http://booking.example.kr.evil.example", "https://" + host + ":444"} {
		for _, c := range calls {
			ask(c[0], c[1], origin)
			ask("OPTIONS", c[1], origin, "Access-Control-Request-Method", c[0], "Access-Control-Request-Headers", "waitroom-ticket")
		}
		ask("GET", "/book", origin)
		ask("OPTIONS", "/book", origin, "Access-Control-Request-Method", "POST")
		ask("GET", "/.waitroom/jwks.json", origin)
	}
}

func TestOurFieldsAreOnOurPagesOnly(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	ours := []string{
		"Content-Security-Policy", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy",
		"X-Content-Type-Options", "Strict-Transport-Security", "Content-Language", "Clear-Site-Data", "Server",
	}
	theirs := p.get("/book").Header
	page := r.browser().get("/book").Header
	for _, name := range ours {
		if theirs.Get(name) != "" {
			t.Errorf("%s is added to a page of the backend's: %s", name, theirs.Get(name))
		}
		switch name {
		case "Strict-Transport-Security", "Clear-Site-Data", "Server":
		default:
			if page.Get(name) == "" {
				t.Errorf("%s is not on our page", name)
			}
		}
	}
	r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	})
	if a := p.get("/book"); a.Header.Get("Content-Security-Policy") != "default-src 'self'" || a.Header.Get("X-Frame-Options") != "SAMEORIGIN" {
		t.Errorf("the backend's own fields are changed: %v", a.Header)
	}
}

// elsewhere are ways to write an address of another site where a path is expected.
func elsewhere() []string {
	all := []string{}
	for _, evil := range []string{"evil.example", "evil.example%2fx", "3232235777", "[::1]", "evil%E3%80%82example"} {
		all = append(all, "//"+evil, "///"+evil, "////"+evil, "/\\"+evil, "\\\\"+evil, "/%09/"+evil, "/%5c"+evil, "/%2f"+evil, "//x@"+evil, "/.//"+evil, "/..//"+evil, "https:"+evil, "https://"+evil)
	}
	return append(all, "/book?next=//evil.example", "/book?return=https://evil.example", "/book?url=javascript:alert(1)", "/book?to=/%5cevil.example",
		"/;//evil.example", "/book%0d%0aLocation:%20//evil.example", "/book%0aSet-Cookie:a=b", "javascript:alert(1)", "data:text/html,x", "/book;@evil.example")
}

// TestNoPayloadMakesTheRedirectLeaveThisSite: the one redirect that there is, of who enters by navigating.
func TestNoPayloadMakesTheRedirectLeaveThisSite(t *testing.T) {
	r := opened(t, settings{})
	base, redirects := &url.URL{Scheme: "http", Host: host, Path: "/"}, 0
	payloads := elsewhere()
	if len(payloads) < 60 {
		t.Fatalf("only %d payloads", len(payloads))
	}
	for _, uri := range payloads {
		p := r.called()
		status, location := r.bare(t, p, uri)
		if status < 300 || status > 399 {
			continue
		}
		redirects++
		to, err := base.Parse(location)
		if err != nil || to.Host != host || to.Scheme != "http" || !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") {
			t.Errorf("%s leads to %q: %v", uri, location, err)
		}
	}
	if redirects == 0 {
		t.Error("nothing was redirected: nothing was tried")
	}
	t.Logf("%d payloads, %d redirected, all to this site", len(payloads), redirects)
}

// bare navigates to a target just as it is written, which clients would mend.
func (r *rig) bare(t *testing.T, p *person, target string) (status int, location string) {
	t.Helper()
	text := "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n"
	for name, value := range p.fields {
		text += name + ": " + value + "\r\n"
	}
	var cookies []string
	for name, value := range p.cookies {
		cookies = append(cookies, name+"="+value)
	}
	responses := r.raw(text+"Cookie: "+strings.Join(cookies, "; ")+"\r\n\r\n", 1)
	if len(responses) != 1 {
		t.Errorf("%s: %d answers", target, len(responses))
		return 0, ""
	}
	return responses[0].StatusCode, responses[0].Header.Get("Location")
}
