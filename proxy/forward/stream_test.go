package forward

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/proxy/strict"
)

// until polls a condition that another goroutine brings about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("did not come: %s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// endless is n bytes that are not all the same, made on the way.
type endless struct{ n, at int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.at >= e.n {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), e.n-e.at)]
	for i := range p {
		at := e.at + int64(i)
		p[i] = byte(at>>8 + at*31) // #nosec G115
	}
	e.at += int64(len(p))
	return len(p), nil
}

func TestLargeBodiesPassBothWaysInBoundedMemory(t *testing.T) {
	const size = 64 << 20
	var peak atomic.Uint64
	measure := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > peak.Load() {
			peak.Store(m.HeapAlloc)
		}
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, _ := io.Copy(sum, r.Body)
		measure()
		w.Header().Set("X-Got", fmt.Sprintf("%d %x", n, sum.Sum(nil)[:8]))
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		_, _ = io.Copy(w, &endless{n: size})
	}))
	defer backend.Close()
	g := gated(t, Options{Backends: []string{backend.URL}, MaxBody: -1}, strict.Limits{})
	sum := sha256.New()
	_, _ = io.Copy(sum, &endless{n: size})
	want := fmt.Sprintf("%d %x", size, sum.Sum(nil)[:8])
	runtime.GC()
	measure()
	before := peak.Load()
	f := func(path string, length int64) {
		t.Helper()
		req, _ := http.NewRequest(http.MethodPost, "http://"+g.addr+path, &endless{n: size})
		req.ContentLength = length
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		back := sha256.New()
		n, err := io.Copy(back, resp.Body)
		measure()
		if err != nil || n != size || !bytes.Equal(back.Sum(nil), sum.Sum(nil)) {
			t.Errorf("%s: %d bytes came back, %v", path, n, err)
		}
		if got := resp.Header.Get("X-Got"); got != want {
			t.Errorf("%s: backend got %s, want %s", path, got, want)
		}
	}
	f("/length", size)
	f("/chunks", -1)
	if grown := int64(peak.Load()) - int64(before); grown > 16<<20 {
		t.Errorf("heap grew by %d MiB for bodies of %d MiB", grown>>20, size>>20)
	}
}

// events is a backend of server-sent events: each value sent on next is one.
func events(t *testing.T) (url string, next chan string, over chan struct{}) {
	next, over = make(chan string), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		defer close(over)
		for {
			select {
			case <-r.Context().Done():
				return
			case text := <-next:
				_, _ = io.WriteString(w, "data: "+text+"\n\n")
				w.(http.Flusher).Flush()
			}
		}
	}))
	t.Cleanup(backend.Close)
	return backend.URL, next, over
}

func TestEventsArePassedOnAtOnce(t *testing.T) {
	url, next, _ := events(t)
	g := gated(t, Options{Backends: []string{url}}, strict.Limits{})
	c := g.dial()
	c.send(get("/events"))
	resp, err := http.ReadResponse(c.br, nil) // before the first event
	if err != nil || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %v, %v", resp, err)
	}
	for i := range 5 {
		text := fmt.Sprintf("event %d", i)
		next <- text
		buf := make([]byte, len("data: ")+len(text)+2)
		if _, err := io.ReadFull(resp.Body, buf); err != nil || !strings.Contains(string(buf), text) {
			t.Fatalf("got %q, %v", buf, err)
		}
	}
}

func TestAStreamEndsWithThePass(t *testing.T) {
	f := func(why string, x Extra, end func()) {
		t.Helper()
		url, next, over := events(t)
		g := gated(t, Options{Backends: []string{url}}, strict.Limits{})
		g.set(x)
		c := g.dial()
		c.send(get("/events"))
		resp, err := http.ReadResponse(c.br, nil)
		if err != nil {
			t.Fatal(err)
		}
		next <- "one"
		began := time.Now()
		end()
		if _, err = io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: the stream looks whole", why)
		}
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("%s: ended after %v", why, d)
		}
		select {
		case <-over:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the backend was not told", why)
		}
	}
	f("its time is over", Extra{Until: time.Now().Add(300 * time.Millisecond)}, func() {})
	var revoked atomic.Bool
	f("it was ended before its time", Extra{Until: time.Now().Add(time.Hour), Watch: ended(revoked.Load)}, func() { revoked.Store(true) })
}

func TestAVisitorWhoGoesAwayCancelsTheRequest(t *testing.T) {
	gone := make(chan struct{})
	arrived := make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	}))
	defer backend.Close()
	g := gated(t, Options{Backends: []string{backend.URL}}, strict.Limits{})
	c := g.dial()
	c.send(get("/slow"))
	<-arrived
	_ = c.Close()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the backend works on")
	}
	until(t, "the error", func() bool { _, err := g.got(); return errors.Is(err, ErrClient) })
}

func TestAVisitorWhoBreaksOffTheBodyLeavesNoWholeRequest(t *testing.T) {
	var whole atomic.Int32
	broken := make(chan struct{}, 2)
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			broken <- struct{}{}
			return
		}
		whole.Add(1)
	}))
	defer backend.Close()
	g := gated(t, Options{Backends: []string{backend.URL}}, strict.Limits{})
	for _, text := range []string{
		post("Content-Length: 500000\r\n", strings.Repeat("x", 400_000)),
		post("Transfer-Encoding: chunked\r\n", chunks(strings.Repeat("x", 400_000), 4000)),
	} {
		c := g.dial()
		c.send(text)
		_ = c.Close()
		select {
		case <-broken:
		case <-time.After(10 * time.Second):
			t.Fatal("the backend waits on")
		}
	}
	if whole.Load() != 0 {
		t.Error("the backend took a broken body for whole")
	}
}

func TestClosingEndsStreamsAndRefusesNewRequests(t *testing.T) {
	url, next, over := events(t)
	g := gated(t, Options{Backends: []string{url}}, strict.Limits{})
	c := g.dial()
	c.send(get("/events"))
	resp, err := http.ReadResponse(c.br, nil)
	if err != nil {
		t.Fatal(err)
	}
	next <- "one"
	g.backend.Close()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the stream looks whole")
	}
	<-over
	if resp, _ := g.do("GET", get("/")); resp.StatusCode != 503 {
		t.Errorf("after Close: got %d", resp.StatusCode)
	}
}

var _ net.Conn = (*conn)(nil)
