package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"waitroom/config"
)

// sites is a backend that keeps what it was asked.
type sites struct {
	mu  sync.Mutex
	all []*http.Request
}

func (s *sites) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, q)
	_, _ = fmt.Fprintf(w, "answer %d", len(s.all))
}

func (s *sites) last() *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[len(s.all)-1]
}

// caching is the configuration with a cache.
func (r *reloaded) caching(ttl string) *config.Config {
	r.t.Helper()
	return r.with(fmt.Sprintf(`  - name: booking
    hosts: [a.example]
    open_paths: [/open/]
    backend: %s
    rate: 3600/h
    cache: [{paths: [/open/slots/*, /빈자리/*], ttl: %s}]
`, r.backend, ttl))
}

// body is what a visitor gets, without following redirects.
func (r *reloaded) body(path string, fields ...string) (int, string) {
	r.t.Helper()
	q, err := http.NewRequest(http.MethodGet, "http://"+r.g.listener.Addr().String()+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Host = "a.example"
	for i := 0; i+1 < len(fields); i += 2 {
		q.Header.Set(fields[i], fields[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestAReloadThatChangesTheCacheForgetsWhatWasKept(t *testing.T) {
	r := startReloaded(t, (&sites{}).ServeHTTP)
	f := func(c *config.Config, want string) {
		t.Helper()
		if err := r.g.reload(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, got := r.body("/open/slots/a"); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
	f(r.caching("1h"), "answer 1")
	f(r.caching("1h"), "answer 1") // nothing is changed
	f(r.caching("2h"), "answer 2")
	if err := r.g.reload(context.Background(), r.config(1, false)); err != nil { // without a cache
		t.Fatal(err)
	}
	for _, want := range []string{"answer 3", "answer 4"} {
		if _, got := r.body("/open/slots/a"); got != want {
			t.Errorf("without a cache: %q, want %q", got, want)
		}
	}
}

func TestTheGatewaysOwnPassIsGoodForTheBackendAndOpensTheGateToNobody(t *testing.T) {
	s := &sites{}
	r := startReloaded(t, s.ServeHTTP)
	if err := r.g.reload(context.Background(), r.caching("1h")); err != nil {
		t.Fatal(err)
	}
	const address = "/%EB%B9%88%EC%9E%90%EB%A6%AC/a"
	agent := "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
	if status, body := r.body(address, "User-Agent", agent, "Sec-Fetch-Mode", "navigate", "Accept", "text/html"); status != 200 || body != "answer 1" {
		t.Fatalf("the first in a quiet room: %d %.200s", status, body)
	}
	raw := s.last().Header.Get("Waitroom-Pass")
	now := r.g.rooms["booking"].line.View().Now()
	pass, err := r.g.keys.ReadPass([]byte(raw), "booking", now)
	if err != nil || pass.Subject != "" || s.last().Header.Get("Waitroom-Cache") != "fill" {
		t.Fatalf("the backend got %q: %v, %+v, %v", raw, err, pass, s.last().Header)
	}
	for _, fields := range [][]string{
		{"Waitroom-Pass", raw}, {"Waitroom-Pass", raw, "User-Agent", agent}, {"Cookie", "waitroom-pass-booking=" + raw, "User-Agent", agent},
	} {
		if status, body := r.body(address, append(fields, "Accept", "application/json")...); status != 429 || strings.HasPrefix(body, "answer") {
			t.Errorf("%v opened the gate: %d %.200s", fields, status, body)
		}
	}
}
