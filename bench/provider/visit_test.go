package provider_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/bench/provider"
	"waitroom/token/identity"
)

const callback = "https://booking.example.kr/.waitroom/login/demo/callback"

var device = [16]byte{1, 2, 3}

// clock is what time it is, for provider and gateway alike.
type clock struct{ us atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.us.Store(time.Date(2021, 8, 12, 20, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.us.Load()) }
func (c *clock) forward(d time.Duration) { c.us.Add(d.Microseconds()) }

// serve runs a handler that has to know its address, on a free port.
func serve(t testing.TB, handler func(address string) http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	s := &http.Server{Handler: handler(address), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return address
}

// pair is a provider, and what the gateway has of it.
type pair struct {
	t      testing.TB
	clock  *clock
	demo   *provider.Provider
	config identity.Config
	identity.Provider
}

// newPair runs a provider; change is for the gateway's side of it.
func newPair(t testing.TB, change func(*identity.Config), its ...func(*provider.Config)) *pair {
	t.Helper()
	p := &pair{t: t, clock: newClock()}
	p.config = identity.Config{
		Name: "demo", Type: "oidc", Callback: callback, ClientID: "waitroom", ClientSecret: "a secret: +/?", Algorithms: []string{"ES256"},
		Birthday: true, Groups: []string{"priority_group"}, Clock: p.clock.now, Timeout: time.Minute,
	}
	p.config.Issuer = serve(t, func(address string) http.Handler {
		c := provider.Config{Issuer: address, Korean: "데모", English: "Demo", ClientID: "waitroom", ClientSecret: "a secret: +/?", Clock: p.clock.now}
		for _, f := range its {
			f(&c)
		}
		p.demo = provider.New(c)
		return p.demo
	})
	if change != nil {
		change(&p.config)
	}
	var err error
	if p.Provider, err = identity.New(p.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Provider.Close)
	return p
}

func (p *pair) begin() (string, identity.Flow) {
	p.t.Helper()
	address, f, err := p.Begin(context.Background(), identity.Start{Room: "booking", Device: device, Return: "/book", Now: p.clock.now()})
	if err != nil {
		p.t.Fatalf("begin: %v", err)
	}
	return address, f
}

// choose is what a browser does at the provider's page: it chooses a person, and brings the answer back.
func (p *pair) choose(address, person string) identity.Back {
	p.t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}
	a, err := client.Get(address + "&" + person)
	if err != nil {
		p.t.Fatal(err)
	}
	defer a.Body.Close()
	body, _ := io.ReadAll(a.Body)
	back, err := a.Location()
	if err != nil {
		p.t.Fatalf("the page sends nobody back: %d %s", a.StatusCode, body)
	}
	if !strings.HasPrefix(back.String(), callback+"?") {
		p.t.Fatalf("sent back to %s", back)
	}
	return p.answer(back.Query())
}

func (p *pair) answer(q url.Values) identity.Back {
	return identity.Back{
		Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error"), Token: q.Get("token"),
		Device: device, Now: p.clock.now(),
	}
}

// verify goes the whole way.
func (p *pair) verify(person string) (identity.Person, error) {
	p.t.Helper()
	address, f := p.begin()
	return p.Finish(context.Background(), f, p.choose(address, person))
}

func why(err error) identity.Why {
	var r *identity.Refusal
	if !errors.As(err, &r) {
		return ""
	}
	return r.Why
}
