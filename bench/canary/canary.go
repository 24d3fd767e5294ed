// Package canary is a backend that records everything that reaches it: whatever
// stands behind the gateway in a test of the gateway.
//
// It promises that nothing reaches it unrecorded: whole requests are listed with the
// pass that came with them, and what is no request is counted in bytes. It is a small
// site of its own, so that a browser has pages to go to. It verifies passes where it is
// told whose they are (Verify), as a backend should.
package canary

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Pages are addresses of the site that only who was let in may see.
var Pages = []string{"/", "/book", "/book/slots?day=2021-08-12&centre=3", "/book/confirm", "/my/bookings", "/admin", "/api/slots.json"}

// Open is a folder of the site that a test may declare open.
const Open = "/static/"

// Visit is one request that arrived.
type Visit struct {
	Method, Host, URI string
	Header            http.Header
	Body              int64
	// Room is Waitroom-Room, and Pass the jti of Waitroom-Pass; empty where there is
	// none.
	Room, Pass string
}

func (v Visit) String() string {
	return fmt.Sprintf("%s %s%s (pass %q)", v.Method, v.Host, v.URI, v.Pass)
}

// Canary is the running backend. It ends with its test.
type Canary struct {
	// URL is where it listens, without a path.
	URL   string
	bytes atomic.Int64

	mu      sync.Mutex
	visits  []Visit
	waiting map[string]chan struct{}
	heard   []*tape
	keys    *keys
}

// Start starts a canary on a free port.
func Start(t testing.TB) *Canary {
	t.Helper()
	c := &Canary{waiting: map[string]chan struct{}{}}
	s := httptest.NewUnstartedServer(http.HandlerFunc(c.serve))
	s.Listener = &listener{s.Listener, c}
	s.Start()
	t.Cleanup(func() {
		c.releaseAll()
		s.CloseClientConnections()
		s.Close()
	})
	c.URL = s.URL
	return c
}

// serve records the request and answers a page that names its address.
func (c *Canary) serve(w http.ResponseWriter, r *http.Request) {
	n, _ := io.Copy(io.Discard, r.Body)
	v := Visit{
		Method: r.Method, Host: r.Host, URI: r.RequestURI, Header: r.Header.Clone(), Body: n,
		Room: r.Header.Get("Waitroom-Room"), Pass: passID(r.Header.Get("Waitroom-Pass")),
	}
	c.mu.Lock()
	c.visits = append(c.visits, v)
	gate := c.waiting[r.URL.Path]
	c.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if c.refuses(w, r, &v) || serveLong(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprintf(w, "<!doctype html><title>inside</title><h1 id=inside>%s %s</h1>", r.Method, strings.ReplaceAll(r.URL.Path, "<", "&lt;"))
}

// passID is the jti of a JWT, unverified.
func passID(pass string) string {
	parts := strings.Split(pass, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		ID string `json:"jti"`
	}
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.ID
}

// Visits are the requests so far, in the order of their arrival.
func (c *Canary) Visits() []Visit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.visits)
}

// Passes are the different passes that have come, in the order of their first visit.
func (c *Canary) Passes() []string {
	var all []string
	for _, v := range c.Visits() {
		if v.Pass != "" && !slices.Contains(all, v.Pass) {
			all = append(all, v.Pass)
		}
	}
	return all
}

// Bytes is how many bytes have arrived, requests or not.
func (c *Canary) Bytes() int64 { return c.bytes.Load() }

// Silent fails the test if a single byte has arrived.
func (c *Canary) Silent(t testing.TB) {
	t.Helper()
	for _, v := range c.Visits() {
		t.Errorf("the backend saw %s", v)
	}
	if n := c.Bytes(); n > 0 {
		t.Errorf("%d bytes reached the backend", n)
	}
}

// Hold makes requests to a path wait until the function that it gives is called.
func (c *Canary) Hold(path string) (release func()) {
	gate := make(chan struct{})
	c.mu.Lock()
	c.waiting[path] = gate
	c.mu.Unlock()
	return sync.OnceFunc(func() {
		c.mu.Lock()
		if c.waiting[path] == gate {
			delete(c.waiting, path)
		}
		c.mu.Unlock()
		close(gate)
	})
}

func (c *Canary) releaseAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path, gate := range c.waiting {
		delete(c.waiting, path)
		close(gate)
	}
}

// listener counts and keeps what its connections read.
type listener struct {
	net.Listener
	c *Canary
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t := &tape{}
	l.c.mu.Lock()
	l.c.heard = append(l.c.heard, t)
	l.c.mu.Unlock()
	return &connection{conn, l.c, t}, nil
}

type connection struct {
	net.Conn
	c    *Canary
	tape *tape
}

func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.c.bytes.Add(int64(n))
	c.tape.write(b[:n])
	return n, err
}
