package proxy_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"waitroom/proxy/cache"
	"waitroom/proxy/forward"
	"waitroom/queue"
	"waitroom/token"
)

// keeping makes what is below /slots/ public.
func (r *rig) keeping() {
	r.t.Helper()
	one := &r.options.Rooms[0]
	one.Cache = cache.New(cache.Options{
		Rules:   []cache.Rule{{Paths: []string{"/slots/"}, TTL: time.Hour, Stale: time.Hour}},
		Backend: one.Backend, Room: room, MaxBytes: 8 << 20, MaxAnswer: 1 << 20, Wait: 10 * time.Second,
		Traffic: one.Traffic, Log: zap.NewNop(),
	})
	r.t.Cleanup(one.Cache.Close)
	r.gate.Replace(r.options)
}

func TestWhoIsNotInsideGetsNothingOfWhatIsKept(t *testing.T) {
	r := opened(t, settings{})
	r.keeping()
	p := r.inside()
	const slots = "inside GET /slots/a"
	for range 2 {
		if a := p.get("/slots/a"); a.body != slots {
			t.Fatalf("inside: %q", a.body)
		}
	}
	seen := r.backend.seen()
	r.crowd(3)
	f := func(why string, a answer) {
		t.Helper()
		if a.StatusCode == 304 || strings.Contains(a.body, slots) || a.Header.Get("Cache-Status") != "" || a.Header.Get("Age") != "" {
			t.Errorf("%s: %d %v %.100s", why, a.StatusCode, a.Header, a.body)
		}
	}
	f("no pass", r.browser().get("/slots/a"))
	f("no pass, HEAD", r.browser().do("HEAD", "/slots/a"))
	f("no pass, an app", r.app().get("/slots/a"))
	f("no pass, conditional", r.browser().get("/slots/a", "If-None-Match", "*", "If-Modified-Since", "Thu, 12 Aug 2041 11:00:00 GMT"))
	f("in another spelling", r.browser().get("/slots/%61"))
	f("the pass on another device", p.copied(map[string]string{"User-Agent": safari}).get("/slots/a"))
	forged := r.browser()
	forged.cookies["waitroom-pass-"+room] = r.forge(p).pass(openKeys(t), func(*token.Pass) {})
	f("a forged pass", forged.get("/slots/a"))
	late := r.browser()
	late.cookies["waitroom-pass-"+room] = r.forge(p).pass(r.keys, func(x *token.Pass) { x.Expires = x.Issued - second })
	f("an expired pass", late.get("/slots/a"))
	pass, err := r.keys.ReadPass([]byte(p.passed()), room, r.clock.Load())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.line.End(context.Background(), queue.PassID(pass.ID), queue.WhyRevoked, "test"); err != nil {
		t.Fatal(err)
	}
	f("a revoked pass", p.get("/slots/a"))
	if r.backend.seen() != seen {
		t.Errorf("%d requests of theirs arrived", r.backend.seen()-seen)
	}
}

func TestWhatIsKeptIsSharedAndWhatIsPersonalIsNot(t *testing.T) {
	r := opened(t, settings{})
	r.keeping()
	kim, lee := r.inside(), r.inside()
	kim.cookies["name"], lee.cookies["name"] = "kim", "lee"
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		name := "nobody"
		if c, err := q.Cookie("name"); err == nil {
			name = c.Value
		}
		if strings.HasPrefix(q.URL.Path, "/slots/mine") {
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: name})
		}
		_, _ = fmt.Fprint(w, "for "+name)
	})
	f := func(p *person, uri, want string) {
		t.Helper()
		if a := p.get(uri); a.body != want {
			t.Errorf("%s: %q, want %q", uri, a.body, want)
		}
	}
	seen := r.backend.seen()
	f(kim, "/slots/a", "for nobody")
	f(lee, "/slots/a", "for nobody")
	fetch := r.backend.last()
	if r.backend.seen() != seen+1 || fetch.Header.Get("Cookie") != "" || fetch.Header.Get("Waitroom-Pass") != "" || fetch.Header.Get("User-Agent") != "" {
		t.Errorf("%d requests, the last with %v", r.backend.seen()-seen, fetch.Header)
	}
	for range 2 {
		f(kim, "/slots/mine", "for kim")
		f(lee, "/slots/mine", "for lee")
		f(kim, "/elsewhere", "for kim")
	}
	if lee.cookies["seen"] != "lee" || kim.cookies["seen"] != "kim" {
		t.Errorf("cookies %v, %v", kim.cookies, lee.cookies)
	}
}

func TestAPassIsRenewedByWhatIsKeptToo(t *testing.T) {
	r := opened(t, settings{})
	r.keeping()
	kim, lee := r.inside(), r.inside()
	kim.get("/slots/a")
	before := kim.passed()
	r.pass(4 * minute)
	seen := r.backend.seen()
	a := kim.get("/slots/a")
	if kim.passed() == before || a.Header.Get("Cache-Control") != "private" || r.backend.seen() != seen {
		t.Errorf("renewed %v, %v, %d requests", kim.passed() != before, a.Header, r.backend.seen()-seen)
	}
	if a := lee.get("/slots/a"); strings.Contains(strings.Join(a.Header["Set-Cookie"], ""), kim.passed()) {
		t.Error("another got the renewed pass")
	}
	app := r.app()
	ticket := app.call("join").said(t).Ticket
	r.turn()
	pass := app.appCall("enter", ticket, "").want(t, 200, "admitted").Pass
	r.pass(4 * minute)
	if a := app.get("/slots/a", "Waitroom-Pass", pass); a.Header.Get("Waitroom-Pass") == "" || a.Header.Get("Cache-Control") != "private" {
		t.Errorf("an app's: %v", a.Header)
	}
}

func TestWhoEntersByAKeptAddressGetsThePassAndNobodyElseGetsIt(t *testing.T) {
	r := opened(t, settings{})
	r.keeping()
	r.pass(2 * minute) // a quiet room
	r.tick()
	first := r.browser()
	if a := first.get("/slots/a"); a.body != "inside GET /slots/a" || first.passed() == "" || a.Header.Get("Cache-Control") != "private" {
		t.Fatalf("%d %v %.100s", a.StatusCode, a.Header, a.body)
	}
	second := r.inside()
	mine := second.passed()
	if a := second.get("/slots/a"); len(a.Header["Set-Cookie"]) != 0 || second.passed() != mine || !strings.Contains(a.Header.Get("Cache-Status"), "hit") {
		t.Errorf("%v", a.Header)
	}
}

func TestACommandOnADeclaredAddressIsDoneForWhoAsked(t *testing.T) {
	r := opened(t, settings{})
	r.keeping()
	kim, lee := r.inside(), r.inside()
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		if c, err := q.Cookie("done"); err == nil && c.Value == "yes" {
			w.Header().Set("Waitroom-Command", "release")
		} else {
			w.Header().Set("Cache-Control", "private")
		}
		_, _ = fmt.Fprint(w, "inside")
	})
	lee.get("/slots/a")
	kim.cookies["done"] = "yes"
	if a := kim.get("/slots/a"); a.body != "inside" || kim.passed() != "" || a.Header.Get("Waitroom-Command") != "" {
		t.Errorf("%v %q", a.Header, kim.passed())
	}
	if a := lee.get("/slots/a"); a.body != "inside" || lee.passed() == "" {
		t.Errorf("the other was thrown out, too: %v", a.Header)
	}
}

func TestOpenPathsAreAnsweredFromWhatIsKeptToo(t *testing.T) {
	r := begin(t, settings{open: []string{"/slots/open/"}})
	r.keeping()
	for range 2 {
		if a := r.browser().get("/slots/open/a"); a.body != "inside GET /slots/open/a" {
			t.Fatalf("%d %q", a.StatusCode, a.body)
		}
	}
	if r.backend.seen() != 1 {
		t.Errorf("%d requests", r.backend.seen())
	}
}

func TestWhereNothingIsKeptAFailingBackendIsSaidByTheGatesOwnPage(t *testing.T) {
	r := opened(t, settings{})
	r.keeping()
	p := r.inside()
	r.backend.Close()
	if a := p.get("/slots/a"); a.StatusCode != 502 || a.state() != "down" {
		t.Errorf("%d %.200s", a.StatusCode, a.body)
	}
}

func TestWhoWaitedForAnAnswerThatIsNotForAllHasAllTheTimeForTheirOwn(t *testing.T) {
	r := opened(t, settings{})
	const patience = time.Second
	b, err := forward.New(forward.Options{Backends: []string{r.backend.URL}, ResponseTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	r.options.Rooms[0].Backend = b
	r.keeping()
	p := r.inside()
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "somebody"})
		if q.Header.Get("Waitroom-Cache") != "" {
			_ = http.NewResponseController(w).Flush() // the rest comes later than an answer may
			<-time.After(patience * 5 / 4)
		}
		_, _ = fmt.Fprint(w, "inside")
	})
	if a := p.get("/slots/a"); a.StatusCode != 200 || a.body != "inside" {
		t.Errorf("%d %.100q", a.StatusCode, a.body)
	}
}
