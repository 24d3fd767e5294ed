// Package bound_test holds the built gateway to docs/dbsc.md, over TLS: a key made here plays the
// browser of most tests, and Debian's Chromium with its own key that of the last.
package bound_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, &binary)) }

const (
	boundCookie  = "__Host-waitroom-bound-" + gateway.Room
	passCookie   = "__Host-waitroom-pass-" + gateway.Room
	ticketCookie = "__Host-waitroom-ticket-" + gateway.Room
	deviceCookie = "__Host-waitroom-device"
)

// site is a gateway on https with a backend that records. Everybody is let in at once.
type site struct {
	*gateway.Gateway
	backend *canary.Canary
	trust   *authority
}

// begin starts a site with what the room asks for.
func begin(t *testing.T, dbsc string) *site {
	t.Helper()
	s := &site{backend: canary.Start(t), trust: newAuthority(t)}
	cert, key := s.trust.certify(t, "localhost")
	s.Gateway = gateway.Start(t, gateway.Options{
		Binary: binary, Backend: s.backend.URL,
		Top:  map[string]string{"tls": "{cert: " + cert + ", key: " + key + "}", "cookies": "{secure: true}"},
		Room: map[string]string{"rate": "36000/h", "burst": "100", "open_paths": "[/static/]", "device": "{dbsc: " + dbsc + "}"},
	})
	_, port, _ := net.SplitHostPort(s.Visitors)
	s.URL = "https://localhost:" + port
	return s
}

// visitor is a browser that trusts the site's authority, before its first visit.
func (s *site) visitor() *gateway.Visitor {
	v := gateway.NewVisitor(s.URL)
	v.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	v.TLS.RootCAs.AddCert(s.trust.cert)
	return v
}

func isInside(a gateway.Answer) bool { return a.Status == 200 && strings.Contains(a.Body, "id=inside") }

// out fails unless nothing that a visitor may ask for gets to the backend, or gives them a pass.
func (s *site) out(t *testing.T, why string, v *gateway.Visitor) {
	t.Helper()
	before := len(s.backend.Visits())
	for _, call := range []string{"join", "enter", "status"} {
		if a := v.Call(t, call); a.Status < 400 || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s, %s: %d %s %s", why, call, a.Status, a.Header["Set-Cookie"], a.Body)
		}
	}
	if a := v.Navigate(t, "/book"); a.Status != 403 || a.Header.Get("Set-Cookie") != "" || !strings.Contains(a.Body, `data-state="unconfirmed"`) {
		t.Errorf("%s: %d %s", why, a.Status, a.Header["Set-Cookie"])
	}
	if now := len(s.backend.Visits()); now != before {
		t.Errorf("%s: the backend saw %d requests", why, now-before)
	}
}

// count reads one of the gateway's counters of the room.
func (s *site) count(t *testing.T, name, label string) (n int) {
	t.Helper()
	for line := range strings.SplitSeq(s.Metrics(t), "\n") {
		if strings.HasPrefix(line, name+"{") && strings.Contains(line, `room="`+gateway.Room+`"`) && strings.Contains(line, label) {
			_, value, _ := strings.Cut(line, "} ")
			_, _ = fmt.Sscan(value, &n)
		}
	}
	return n
}

// write puts a file of a test into a new folder.
func write(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
