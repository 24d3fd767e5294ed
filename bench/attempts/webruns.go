package attempts

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"waitroom/bench/gateway"
)

// ask makes a request as a visitor, with fields as they are.
func (s *Stage) ask(v *gateway.Visitor, method, url string, fields map[string]string) gateway.Answer {
	s.Helper()
	q, err := http.NewRequestWithContext(s.Context(), method, url, nil)
	if err != nil {
		s.Fatal(err)
	}
	q.Host = s.Host
	for name, value := range fields {
		q.Header.Set(name, value)
	}
	a, err := v.Do(q)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

// evil are addresses that some browser or library takes for another site's.
var evil = []string{
	"//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/%5cevil.example", "/%2f%2fevil.example", "/%2fevil.example", "//evil.example/%2f..", "/%09/evil.example", "/\t/evil.example",
	"%09//evil.example", "%0a//evil.example", "%0d%0aLocation:%20//evil.example", "/%0d%0aLocation:%20http://evil.example", "/%0aSet-Cookie:x=evil.example", "http://evil.example", "https:evil.example", "https:/evil.example", "http:\\\\evil.example", "HTTP://evil.example",
	"javascript:alert(1)//evil.example", "java%0ascript:alert(1)//evil.example", "data:text/html,evil.example", "vbscript:evil.example", "//www.example.kr@evil.example", "//evil.example#www.example.kr", "//evil.example?www.example.kr", "//evil.example\\@www.example.kr", "/.evil.example", "@evil.example", ".evil.example", "/..//evil.example",
	"/./evil.example", "/../evil.example", "/;@evil.example", "//evil%E3%80%82example", "//evil%00.example", "//[::1]/evil.example", "//0x7f.1/evil.example", "//evil.example:80", "///;@evil.example", "/%2e%2e//evil.example", "/%252f%252fevil.example", "/\xe2\x81\x84/evil.example", "/%e2%81%84/evil.example", "//%65vil.example", "/?//evil.example", "/x?return=//evil.example",
	"/x?next=https://evil.example", "/x?url=//evil.example", "/x?redirect=//evil.example", "/x?redirect_uri=//evil.example", "/x?to=javascript:evil.example", "/x?continue=//evil.example", "/x?returnUrl=//evil.example", "/x?waitroom_return=//evil.example", "/x?u=//evil.example&return=//evil.example", "/x//evil.example",
}

var (
	location = regexp.MustCompile(`(?im)^(?:location|refresh):[ \t]*([^\r\n]*)`)
	link     = regexp.MustCompile(`(?i)(?:href|action|content)="([^"]*evil[^"]*)"`)
)

// leads says why an address leads to another site.
func leads(to string) string {
	clean := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/", "&amp;", "&").Replace(to)
	u, err := url.Parse(clean)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(clean, "/") || strings.HasPrefix(clean, "//") {
		return fmt.Sprintf("it leads to %q", to)
	}
	return ""
}

// redirects goes to evil addresses with a called ticket, which is when the gateway
// redirects, and without any, when it shows a page with a link.
func redirects(s *Stage) {
	g := s.private(map[string]string{"rate": "36,000,000/h", "burst": "1000"})
	g.Set(s, map[string]any{"paused": true})
	v := gateway.NewVisitor(g.URL)
	v.Call(s, "join")
	g.Set(s, map[string]any{"paused": false})
	gateway.Until(s, "the call", 20*time.Second, func() bool { return v.Call(s, "status").Standing.State == "called" })
	called := shown(v)
	gateway.Until(s, "a called ticket that navigates to be redirected", 20*time.Second, func() bool {
		return v.Twin().Navigate(s, "/x").Status == http.StatusSeeOther
	})
	for _, target := range evil {
		for name, try := range map[string]struct{ to, text string }{
			"with a called ticket": {g.Visitors, "GET " + target + " HTTP/1.1\r\nHost: " + g.Visitors + "\r\n" + lines(with(navigating, called...)) + "\r\n"},
			"on the waiting page":  {s.address(0), s.fill(get(target, navigating...), "")},
		} {
			reply, err := s.Exchange(try.to, try.text)
			if err != nil {
				s.Fatal(err)
			}
			s.Tried()
			for _, found := range append(location.FindAllStringSubmatch(reply, -1), link.FindAllStringSubmatch(reply, -1)...) {
				if reason := leads(found[1]); reason != "" {
					s.Through(Finding{Variant: fmt.Sprintf("%q %s", target, name), Sent: try.text, Answer: reply, Why: reason})
				}
			}
		}
	}
}

// caches asks for everything that is a visitor's own, and for what is reflected.
func caches(s *Stage) {
	w := s.Waiter()
	for _, path := range []string{s.Page, s.Page + "/x.css", s.Page + "/x.js", s.Page + ".jpg", s.Page + "?cb=1", "/x.css", "/.waitroom/" + s.Room + "/status", "/.waitroom/" + s.Room + "/x.css", "/.waitroom/" + s.Room + "/status/x.css", "/.waitroom/nobody/status"} {
		for name, fields := range map[string]map[string]string{"as a browser": {"Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}, "as an app": {"Accept": "application/json"}, "as a style sheet": {"Accept": "text/css", "Sec-Fetch-Dest": "style"}} {
			a := s.ask(w.Twin(), http.MethodGet, s.URL+path, fields)
			reason := ""
			if !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
				reason = fmt.Sprintf("a visitor's own answer may be kept: Cache-Control is %q", a.Header.Get("Cache-Control"))
			}
			s.Check(path+" "+name, "GET "+path, a, reason)
		}
	}
	for _, name := range slices.Concat(addressFields, targetFields, []string{"Origin", "Referer", "User-Agent-X", "X-Host", "Accept-Encoding", "Accept-Language", "Accept-Charset", "X-Forwarded-Ssl", "X-Requested-With", "Range", "If-None-Match"}) {
		mark := s.Mark()
		a := s.ask(s.Stranger(), http.MethodGet, s.URL+s.Page, map[string]string{name: mark + ".evil.example", "Accept": "text/html"})
		reason := ""
		if strings.Contains(said(a), mark) {
			reason = "the field is reflected in the answer"
		}
		s.Check("reflects "+name, "GET "+s.Page+"\n"+name+": "+mark, a, reason)
	}
}

func origins(s *Stage) {
	name, _, _ := strings.Cut(s.Host, ":")
	for _, origin := range []string{"https://evil.example", "null", "http://" + name + ".evil.example", "https://evil" + name, "https://evil.example/" + name, "http://localhost", "https://sub." + name, "http://" + s.Host, "*", "file://", "chrome-extension://x"} {
		for _, path := range []string{"/.waitroom/" + s.Room + "/status", "/.waitroom/" + s.Room + "/join", "/.waitroom/" + s.Room + "/enter", s.Page} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
				a := s.ask(s.Stranger(), method, s.URL+path, map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "waitroom-ticket", "Accept": "application/json"})
				reason := ""
				for field := range maps.Keys(a.Header) {
					if strings.HasPrefix(field, "Access-Control-Allow") {
						reason = "another site's script may read it: " + field
					}
				}
				s.Check(method+" "+path+" from "+origin, method+" "+path, a, reason)
			}
		}
	}
}

func operatorDoors(s *Stage) {
	change := func(a gateway.Answer) string {
		if a.Status/100 == 2 && (strings.Contains(a.Body, `"rate"`) || strings.Contains(a.Body, `"arrivals"`)) {
			return "it is the operator's API"
		}
		return ""
	}
	paths := []string{"/api/rooms", "/api/rooms/" + s.Room, "/api/rooms/" + s.Room + "/journal", "/api/rooms/" + s.Room + "/passes/x", "/console", "/operator", "/.waitroom/api/rooms", "/.waitroom/operator", "/.waitroom/admin"}
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodDelete} {
			a := s.ask(s.Stranger(), method, s.URL+path, map[string]string{"Authorization": "Bearer " + s.Token, "Accept": "application/json", "Content-Type": "application/json"})
			s.Check(method+" "+path+" at the visitors' door", method+" "+path, a, change(a))
		}
	}
	if s.Operator == "" {
		s.Log("the operator listener is not known: give -operator")
		return
	}
	for _, credential := range []string{"", "Bearer", "Bearer ", "Bearer admin", "Bearer password", "Bearer null", "Bearer undefined", "Bearer " + strings.ToUpper(s.Token), "Bearer " + s.Token + " ", "Bearer  " + s.Token, "Bearer " + s.Token[:max(0, len(s.Token)-1)], "Basic YWRtaW46YWRtaW4=", "Token " + s.Token, s.Token} {
		for _, path := range paths[:4] {
			a := s.ask(gateway.NewVisitor(s.Operator), http.MethodGet, s.Operator+path, map[string]string{"Authorization": credential, "Accept": "application/json"})
			reason := ""
			if a.Status/100 == 2 && strings.TrimSpace(strings.TrimPrefix(credential, "Bearer")) != s.Token {
				reason = "the operator's API answers without the token"
			}
			s.Check(fmt.Sprintf("%s with %q", path, credential), "GET "+path, a, reason)
		}
	}
}

func innards(s *Stage) {
	for _, path := range []string{
		"/metrics", "/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/heap", "/debug/pprof/profile?seconds=1", "/debug/vars", "/healthz", "/readyz", "/status", "/server-status", "/.waitroom/metrics", "/.waitroom/debug/pprof/", "/.waitroom/healthz", "/.waitroom/" + s.Room + "/metrics",
		"/.waitroom/keys", "/.waitroom/waitroom.yaml", "/.waitroom/" + s.Room + "/../metrics", "/.env", "/.git/HEAD", "/actuator", "/version", "/.waitroom/version", "/.waitroom/" + s.Room + "/config", "/debug/pprof/cmdline",
	} {
		a := s.ask(s.Stranger(), http.MethodGet, s.URL+path, map[string]string{"Accept": "application/json"})
		reason := ""
		if !ours(a.Status, a.Header.Get("Content-Type"), a.Body) || a.Status == 200 {
			reason = "it is answered with something that is not for visitors"
		}
		s.Check(path, "GET "+path, a, reason)
	}
	mark := s.Mark()
	for _, text := range []string{"x\r\n{\"level\":\"error\",\"msg\":\"{mark}\"}", "\x1b[31m{mark}", "${jndi:ldap://{mark}/}", "%0d%0a{mark}", "\\r\\n{mark}", "\x00{mark}"} {
		for _, field := range []string{"User-Agent: ", "X: ", "Cookie: a=", "Referer: ", "Waitroom-Pass: "} {
			s.Tried()
			if _, err := s.Exchange(s.address(0), s.fill(get("{page}", field+text), mark)); err != nil {
				s.Fatal(err)
			}
		}
	}
	for _, g := range s.Gateways {
		if strings.Contains(g.Log(), mark) {
			s.Through(Finding{Variant: "log", Answer: g.Log(), Why: "what a visitor sent is in the log"})
		}
	}
}

// oracles compares the answers to tickets that are no good, for different reasons.
func oracles(s *Stage) {
	w := s.Waiter()
	name := s.cookie(w, "ticket-"+s.Room)
	ticket := w.Cookies[name]
	parts := strings.Split(ticket, ".")
	if len(parts) != 3 {
		s.Fatalf("the ticket is no JWT")
	}
	bad := map[string]string{
		"a broken one": "x", "no JWT": "a.b.c", "another signature": parts[0] + "." + parts[1] + "." + b64.EncodeToString(make([]byte, 32)), "no signature": parts[0] + "." + parts[1] + ".",
		"another key": jwt(`{"alg":"HS256","typ":"wr-ticket+jwt","kid":"0123456789abcdef"}`, `{"iss":"waitroom"}`, hs256([]byte("x"))), "algorithm none": jwt(`{"alg":"none"}`, `{}`, nothing), "huge": strings.Repeat("A", 3000),
	}
	for _, call := range []string{"status", "enter"} {
		first := tell(w.Twin().With("Accept", "application/json"), s, name, "", call)
		for variant, value := range bad {
			got := tell(w.Twin().With("Accept", "application/json"), s, name, value, call)
			reason := ""
			if got != first {
				reason = "the answer differs from that to no ticket: " + first
			}
			s.Check(call+" with "+variant, variant, gateway.Answer{Body: got}, reason)
		}
	}
}

var telling = regexp.MustCompile(`"(type|title|detail|state)":"[^"]*"`)

// tell is what a call answers about a ticket: status, type and words, without numbers.
func tell(v *gateway.Visitor, s *Stage, name, ticket, call string) string {
	if v.Cookies[name] = ticket; ticket == "" {
		delete(v.Cookies, name)
	}
	a := v.Call(s, call)
	return fmt.Sprint(a.Status, telling.FindAllString(a.Body, -1))
}

func replays(s *Stage) {
	w := s.Waiter()
	first := w.Call(s, "join")
	early := w.Twin().With("Early-Data", "1")
	for i := range 3 {
		a := early.Call(s, "join")
		reason := ""
		if a.Status != http.StatusTooEarly && a.Standing.Number != first.Standing.Number {
			reason = fmt.Sprintf("a replayed join gives place %d, not %d", a.Standing.Number, first.Standing.Number)
		}
		s.Check(fmt.Sprintf("join, replay %d", i+1), "POST join with Early-Data: 1", a, reason)
	}
}

// squeezed looks for what only the visitor's cookies should say in pages that have the visitor's own input in them.
func squeezed(s *Stage) {
	w := s.Waiter()
	secrets := maps.Clone(w.Cookies)
	for name, secret := range secrets {
		for _, uri := range []string{s.Page, s.Page + "?" + name + "=" + url.QueryEscape(secret[:min(8, len(secret))])} {
			for _, agent := range []string{w.Agent, otherAgents["a telephone"]} { // whose the place is, and who has copied it
				v := w.Twin()
				v.Agent = agent
				a := v.Navigate(s, uri)
				reason := ""
				for other, text := range secrets {
					if strings.Contains(a.Body, text) {
						reason = "the page has in it what the cookie " + other + " says"
					}
				}
				s.Check(fmt.Sprintf("%s, by %.30s", uri, agent), "GET "+uri, a, reason)
			}
		}
	}
}
