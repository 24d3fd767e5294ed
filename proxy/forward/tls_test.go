package forward

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"waitroom/proxy/strict"
)

func TestABackendBehindTLSIsVerified(t *testing.T) {
	big := strings.Repeat("0123456789", 50_000)
	backend := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Got", fmt.Sprintf("%s %d", r.Proto, n))
		_, _ = io.WriteString(w, big)
	}))
	defer backend.Close()
	roots := x509.NewCertPool()
	roots.AddCert(backend.Certificate())
	f := func(c *tls.Config, status int) {
		t.Helper()
		g := gated(t, Options{Backends: []string{backend.URL}, TLS: c}, strict.Limits{})
		for range 2 {
			resp, body := g.do("POST", post("Content-Length: 500000\r\n", big))
			if resp.StatusCode != status {
				_, err := g.got()
				t.Errorf("got %d, want %d: %v", resp.StatusCode, status, err)
			}
			if status == 200 && (body != big || resp.Header.Get("X-Got") != "HTTP/1.1 500000") {
				t.Errorf("got %d bytes and %v", len(body), resp.Header)
			}
		}
		if _, err := g.got(); status != 200 && !errors.Is(err, ErrDown) {
			t.Errorf("got %v", err)
		}
	}
	f(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, 200)
	f(nil, 503)
	f(&tls.Config{RootCAs: roots, ServerName: "other.test", MinVersion: tls.VersionTLS12}, 503)
}

func TestKeepAliveCanBeSwitchedOff(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}, KeepAliveOff: true}, strict.Limits{})
	c := g.dial()
	for range 3 {
		c.send(get("/"))
		if resp, body := c.read("GET"); resp.Close || body != "hello" {
			t.Errorf("got %v %q", resp, body)
		}
	}
	for _, s := range rec.take() {
		if s.field("Connection") != "close" {
			t.Errorf("backend saw %q", s.head)
		}
	}
}
