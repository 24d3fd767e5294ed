package forward

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/proxy/strict"
)

// named answers with a name, so that it can be told who answered.
func named(name string) func(net.Conn, seen) bool {
	return func(c net.Conn, _ seen) bool {
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"+name)
		return err == nil
	}
}

func TestADeadAddressIsRemovedAndComesBack(t *testing.T) {
	a, b := record(t, named("a")), record(t, named("b"))
	var mu sync.Mutex
	var told []string
	g := gated(t, Options{
		Backends: []string{a.url(), b.url()}, Health: Health{Interval: 20 * time.Millisecond},
		Changed: func(addr string, healthy bool, why error) {
			mu.Lock()
			defer mu.Unlock()
			word := "down"
			if healthy {
				word = "up"
			}
			if (why == nil) != healthy {
				t.Errorf("%s is %s because of %v", addr, word, why)
			}
			told = append(told, word)
		},
	}, strict.Limits{})
	who := func() string {
		t.Helper()
		resp, body := g.do("GET", get("/"))
		if resp.StatusCode != 200 {
			t.Fatalf("got %d", resp.StatusCode)
		}
		return body
	}
	heard := map[string]int{}
	for range 10 {
		heard[who()]++
	}
	if heard["a"] == 0 || heard["b"] == 0 {
		t.Errorf("not both are used: %v", heard)
	}
	addr := a.ln.Addr().String()
	a.stop()
	for range 10 { // at once, before any check, everything goes to the other
		if got := who(); got != "b" {
			t.Errorf("answered by %q", got)
		}
	}
	until(t, "removal", func() bool { return !g.backend.States()[0].Healthy })
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatalf("listen on the same port again: %v", err)
	}
	recordOn(t, ln, named("A"))
	until(t, "return", func() bool { return g.backend.States()[0].Healthy })
	until(t, "use", func() bool { return who() == "A" })
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(told, " "); got != "down up" {
		t.Errorf("told %q", got)
	}
}

func TestRequestsRemoveAnAddressWithoutAnyCheck(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + ln.Addr().String()
	_ = ln.Close()
	g := gated(t, Options{Backends: []string{dead}, Health: Health{Interval: -1, Failures: 3}}, strict.Limits{})
	for i := range 5 {
		g.do("GET", get("/"))
		if got := g.backend.States()[0].Healthy; got != (i < 2) {
			t.Errorf("after %d failures healthy is %v", i+1, got)
		}
	}
}

func TestTheLastAddressIsNotRemovedForBeingSlow(t *testing.T) {
	rec := record(t, raw("nonsense\r\n", false))
	g := gated(t, Options{Backends: []string{rec.url()}, Health: Health{Interval: -1}}, strict.Limits{})
	for range 10 {
		g.do("GET", get("/"))
	}
	if !g.backend.States()[0].Healthy {
		t.Error("removed")
	}
}

func TestACheckAsksForItsPath(t *testing.T) {
	var status atomic.Value
	status.Store("200 OK")
	var host atomic.Value
	rec := record(t, func(c net.Conn, s seen) bool {
		host.Store(s.field("Host") + " " + s.line)
		_, _ = io.WriteString(c, "HTTP/1.1 "+status.Load().(string)+"\r\nContent-Length: 0\r\n\r\n")
		return false
	})
	g := gated(t, Options{Backends: []string{rec.url()}, Health: Health{Path: "/up", Host: "www.test", Interval: 10 * time.Millisecond}}, strict.Limits{})
	until(t, "a check", func() bool { return host.Load() == "www.test GET /up HTTP/1.1" })
	status.Store("503 Busy")
	until(t, "removal", func() bool { return !g.backend.States()[0].Healthy })
	if resp, _ := g.do("GET", get("/")); resp.StatusCode != 503 {
		t.Errorf("got %d", resp.StatusCode)
	}
	status.Store("302 Found")
	until(t, "return", func() bool { return g.backend.States()[0].Healthy })
}

func TestTooManyRequestsInFlightAreTurnedAway(t *testing.T) {
	arrived, hush := make(chan struct{}, 4), make(chan struct{})
	rec := record(t, func(c net.Conn, s seen) bool { arrived <- struct{}{}; <-hush; return hello(c, s) })
	g := gated(t, Options{Backends: []string{rec.url()}, MaxInFlight: 1}, strict.Limits{})
	c := g.dial()
	c.send(get("/"))
	<-arrived
	if resp, _ := g.do("GET", get("/")); resp.StatusCode != 503 {
		t.Errorf("got %d", resp.StatusCode)
	}
	close(hush)
	if resp, _ := c.read("GET"); resp.StatusCode != 200 {
		t.Errorf("got %d", resp.StatusCode)
	}
}

func TestAddressesThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{"", "127.0.0.1:80", "ftp://a", "http://", "http://a/path", "http://u@a", "http://a?x", "http://a#x", "://"} {
		if b, err := New(Options{Backends: []string{text}}); err == nil {
			b.Close()
			t.Errorf("%q is taken", text)
		}
	}
	if _, err := New(Options{}); err == nil {
		t.Error("no address is taken")
	}
}
