// Package abuse_test holds the built gateway to docs/abuse.md: what machines may ask for, and that
// people behind the same address do not notice.
package abuse_test

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, &binary)) }

// site is a gateway before a backend that records. Nobody is let in unless a test says so.
type site struct {
	*gateway.Gateway
	backend *canary.Canary
}

func begin(t *testing.T, top, room map[string]string) *site {
	t.Helper()
	s := &site{backend: canary.Start(t)}
	all := map[string]string{"rate": "0"}
	for key, value := range room {
		all[key] = value
	}
	s.Gateway = gateway.Start(t, gateway.Options{Binary: binary, Backend: s.backend.URL, Top: top, Room: all})
	return s
}

// behind is what makes the test's own address a proxy that tells the visitors' addresses.
func behind(more map[string]string) map[string]string {
	all := map[string]string{"trusted_proxies": "[127.0.0.1]"}
	for key, value := range more {
		all[key] = value
	}
	return all
}

// from is a visitor at an address, as a trusted proxy tells it.
func (s *site) from(addr string) *gateway.Visitor {
	return gateway.NewVisitor(s.URL).With("X-Forwarded-For", addr)
}

// loop makes n requests on one connection, without cookies, as `curl URL URL …` does, and counts the
// answers by their status. A connection that the gateway ends is made anew.
func (s *site) loop(t *testing.T, n int, request string) map[int]int {
	t.Helper()
	seen := map[int]int{}
	var c net.Conn
	var in *bufio.Reader
	for range n {
		if c == nil {
			var err error
			if c, err = net.Dial("tcp", s.Visitors); err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(30 * time.Second))
			in = bufio.NewReader(c)
		}
		if _, err := c.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = bufio.NewReader(a.Body).WriteTo(discard{})
		_ = a.Body.Close()
		seen[a.StatusCode]++
		if a.Close {
			_ = c.Close()
			c = nil
		}
	}
	if c != nil {
		_ = c.Close()
	}
	return seen
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// curl is what curl sends for a page, with further fields.
func curl(path string, fields ...string) string {
	text := "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
	for _, f := range fields {
		text += f + "\r\n"
	}
	return text + "\r\n"
}

// counted is the value of a metric.
func (s *site) counted(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(s.Metrics(t)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "none"
}

// line waits until so many wait.
func (s *site) line(t *testing.T, n int64) {
	t.Helper()
	if !gateway.Eventually(5*time.Second, func() bool { return s.Room(t).Waiting == n }) {
		t.Errorf("%d wait, want %d", s.Room(t).Waiting, n)
	}
}
