package proxy_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/bench/provider"
	"waitroom/proxy/waiting"
	"waitroom/proxy/waiting/choice"
	"waitroom/queue"
	"waitroom/token/identity"
)

// desk is an identity provider over real HTTP, and what the gateway has of it.
type desk struct {
	name    string
	demo    *provider.Provider
	issuer  string
	gateway identity.Provider
}

// openDesk runs a provider on a free port, by the clock of the test.
func openDesk(t testing.TB, name string, now func() int64) *desk {
	t.Helper()
	clock := func() time.Time { return time.UnixMicro(now()) }
	demo, stop, err := provider.Serve("127.0.0.1:0", provider.Config{Korean: name, English: name, ClientID: "waitroom", ClientSecret: "s", Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	d := &desk{name: name, demo: demo, issuer: demo.Issuer()}
	d.gateway, err = identity.New(identity.Config{
		Name: name, Type: "oidc", Issuer: d.issuer, ClientID: "waitroom", ClientSecret: "s", Algorithms: []string{"ES256"},
		Callback: "https://" + host + "/.waitroom/login/" + name + "/callback", AppRedirects: []string{"kr.example.app:/login"},
		Birthday: true, Groups: []string{"priority_group"}, MaxConcurrent: 300, Failures: 1000, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.gateway.Close)
	return d
}

// identified makes rooms ask for verified people.
func identified(t testing.TB, s settings, change func(*waiting.Identity), desks ...*desk) settings {
	pages := choice.New()
	s.identity = func(l engine) *waiting.Identity {
		i := &waiting.Identity{Origin: "https://" + host, Authority: host, Held: l, Lock: 10 * minute, Keep: queue.DefaultKeep, Pages: pages, Told: func(name string, err error) { t.Logf("%s: %v", name, err) }}
		for _, d := range desks {
			i.Verifiers = append(i.Verifiers, &waiting.Verifier{Name: d.name, Korean: d.name, English: d.name, Provider: d.gateway})
		}
		if change != nil {
			change(i)
		}
		return i
	}
	return s
}

// beginIdentified is a gateway with one room for verified people, and two providers.
func beginIdentified(t testing.TB, s settings, change func(*waiting.Identity)) *rig {
	t.Helper()
	clock := &atomic.Int64{}
	clock.Store(evening)
	if s.now != nil {
		t.Fatal("the clock is this one's")
	}
	desks := []*desk{openDesk(t, "one", clock.Load), openDesk(t, "two", clock.Load)}
	s.clock = clock
	r := begin(t, identified(t, s, change, desks...))
	r.desks = desks
	return r
}

// want303 checks that the browser is sent on.
func (a answer) want303(t testing.TB, to string) {
	t.Helper()
	if a.StatusCode != 303 || a.Header.Get("Location") != to {
		t.Fatalf("%d to %q, want %q: %.300s", a.StatusCode, a.Header.Get("Location"), to, a.body)
	}
}

// wantKind checks that the answer is a page around identity, by what it looks like.
func (a answer) wantKind(t testing.TB, status int, kind string) {
	t.Helper()
	if got := a.kind(); a.StatusCode != status || got != kind {
		t.Fatalf("%d and the page %q, want %d %q: %.300s", a.StatusCode, got, status, kind, a.body)
	}
}

func (a answer) kind() string {
	_, rest, _ := strings.Cut(a.body, `<body data-kind="`)
	kind, _, _ := strings.Cut(rest, `"`)
	return kind
}

// post sends a form, as the choice page does.
func (p *person) post(uri string, form url.Values, fields ...string) answer {
	p.r.t.Helper()
	a, err := p.send("POST", uri, strings.NewReader(form.Encode()), append([]string{
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "Origin", "http://" + p.host,
	}, fields...)...)
	if err != nil {
		p.r.t.Fatal(err)
	}
	return a
}

// ask is a call of an app, with a JSON body.
func (p *person) ask(uri string, body any, fields ...string) answer {
	p.r.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.r.t.Fatal(err)
	}
	a, err := p.send("POST", uri, strings.NewReader(string(text)), append([]string{"Content-Type", "application/json"}, fields...)...)
	if err != nil {
		p.r.t.Fatal(err)
	}
	return a
}

// start begins a verification, and gives the address of the provider's page.
func (p *person) start(d *desk, back string) string {
	p.r.t.Helper()
	a := p.post("/.waitroom/"+room+"/login/"+d.name, url.Values{"return": {back}})
	if a.StatusCode != 303 || !strings.HasPrefix(a.Header.Get("Location"), d.issuer+"/authorize?") {
		p.r.t.Fatalf("login: %d to %q: %.300s", a.StatusCode, a.Header.Get("Location"), a.body)
	}
	return a.Header.Get("Location")
}

// log in at the provider's page: the address that it sends the browser back to.
func (d *desk) logIn(t testing.TB, address string, who string) string {
	t.Helper()
	back, err := d.tryLogIn(address, who)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func (d *desk) tryLogIn(address, who string) (string, error) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(address + "&" + who)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Header.Get("Location"), nil
}

// returns comes back from the provider's page: a navigation that another site began.
func (p *person) returns(back string) answer {
	p.r.t.Helper()
	u, err := url.Parse(back)
	if err != nil {
		p.r.t.Fatal(err)
	}
	return p.get(u.RequestURI(), "Sec-Fetch-Site", "cross-site")
}

// verify does it all, and gives the answer to coming back.
func (p *person) verify(d *desk, who, back string) answer {
	p.r.t.Helper()
	return p.returns(d.logIn(p.r.t, p.start(d, back), who))
}

// verified is verify for who has to succeed.
func (p *person) verified(d *desk, who string) *person {
	p.r.t.Helper()
	if a := p.verify(d, who, "/book"); a.StatusCode != 303 || a.Header.Get("Location") != "/book" || p.ticket() == "" {
		p.r.t.Fatalf("verified: %d to %q: %.300s", a.StatusCode, a.Header.Get("Location"), a.body)
	}
	return p
}

// Line cut off from its store, for persons.

func (l *line) Hold(ctx context.Context, c queue.Claim) (h queue.Holding, err error) {
	_, err = l.trip(ctx, func(ctx context.Context) (s queue.Seat, err error) {
		h, err = l.engine.Hold(ctx, c)
		return s, err
	})
	return h, err
}

type (
	waitingIdentity = waiting.Identity
	knobs           = provider.Knobs
)

func (d *desk) turn(f func(*knobs)) { d.demo.Turn(f) }

// begun is what a program is told that begins a verification.
type begun struct{ URL, Flow, Device string }

func (a answer) begun(t testing.TB) (b begun) {
	t.Helper()
	if a.StatusCode != 200 {
		t.Fatalf("%d: %.300s", a.StatusCode, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &b); err != nil {
		t.Fatal(err)
	}
	return b
}
