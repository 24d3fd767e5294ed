package abuse_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

const monitorKey = "the-key-of-the-monitors-tests"

// allowing is a room that lets a monitor and a crawler through.
func allowing(t *testing.T, s map[string]string) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "crawlers.json")
	write(t, file, `{"prefixes": [{"ipv4Prefix": "192.0.2.64/27"}, {"ipv6Prefix": "2001:db8:10::/64"}]}`)
	s["ranges"] = file
	return map[string]string{
		"open_paths": "[/static/]",
		"allow": "[{name: monitor, paths: [/health, /deep/*], methods: [GET, POST], header: {name: X-Monitor-Key, secret: " + monitorKey + "}}, " +
			"{name: crawler, paths: [/notice/*], ranges_file: " + file + "}]",
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func TestWhatARuleNamesGoesThroughWithoutAPassAndNothingElse(t *testing.T) {
	t.Parallel()
	named := map[string]string{}
	s := begin(t, behind(nil), allowing(t, named))
	ask := func(v *gateway.Visitor, method, uri string) bool {
		t.Helper()
		before := len(s.backend.Visits())
		q, err := http.NewRequest(method, s.URL+uri, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Do(q); err != nil {
			t.Fatal(err)
		}
		return len(s.backend.Visits()) > before
	}
	f := func(want bool, v *gateway.Visitor, method, uri string) {
		t.Helper()
		if got := ask(v, method, uri); got != want {
			t.Errorf("%s %s by %v: through is %t, want %t", method, uri, v.Fields, got, want)
		}
	}
	monitor := s.from("203.0.113.5").With("x-monitor-key", monitorKey)
	f(true, monitor, "GET", "/health")
	f(true, monitor, "POST", "/deep/write")
	f(false, monitor, "GET", "/book")
	f(false, monitor, "DELETE", "/deep/write")
	f(false, monitor, "GET", "/deep/../book")
	f(false, monitor, "GET", "/deep/%2e%2e/book")
	f(false, monitor, "GET", "//health")
	f(false, s.from("203.0.113.5").With("X-Monitor-Key", monitorKey+"x"), "GET", "/health")
	f(false, s.from("203.0.113.5"), "GET", "/health")
	f(true, s.from("192.0.2.65"), "GET", "/notice/1")
	f(true, s.from("2001:db8:10::9"), "HEAD", "/notice/1")
	f(false, s.from("192.0.2.65"), "POST", "/notice/1")
	f(false, s.from("192.0.2.65"), "GET", "/book")
	f(false, s.from("192.0.2.1"), "GET", "/notice/1")
	f(false, s.from("192.0.2.65, 203.0.113.5"), "GET", "/notice/1")
	f(true, monitor, "GET", "/static/x.css") // open to all, and the secret goes no further there, either
	for _, v := range s.backend.Visits() {
		if v.Header.Get("X-Monitor-Key") != "" || v.Pass != "" {
			t.Errorf("the backend saw %v", v.Header)
		}
	}
	if n := s.counted(t, `waitroom_requests_total{room="booking",verdict="allowed"}`); n != "4" {
		t.Errorf("%s counted as allowed, want 4", n)
	}
	if n := strings.Count(s.Log(), "a request went through without a pass"); n != 4 {
		t.Errorf("%d lines in the log, want 4:\n%s", n, s.Log())
	}
	if strings.Contains(s.Log(), monitorKey) {
		t.Error("the secret is in the log")
	}
	// The published ranges change while the gateway runs; they are in another folder than its configuration.
	write(t, named["ranges"], `{"prefixes": [{"ipv4Prefix": "198.51.100.0/24"}]}`)
	s.Signal(syscall.SIGHUP)
	gateway.Until(t, "the new ranges", 10*time.Second, func() bool { return ask(s.from("198.51.100.1"), "GET", "/notice/2") })
	f(false, s.from("192.0.2.65"), "GET", "/notice/1")
}

func TestACrawlersAddressIsNotWhatAVisitorSays(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, allowing(t, map[string]string{}))
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"} {
		value := "192.0.2.65"
		if name == "Forwarded" {
			value = "for=" + value
		}
		v := gateway.NewVisitor(s.URL).With(name, value)
		v.Agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
		v.Navigate(t, "/notice/1")
	}
	s.backend.Silent(t)
}

func TestWhoeverIsLetThroughHasNoPassAndNoPlace(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, allowing(t, map[string]string{}))
	v := gateway.NewVisitor(s.URL).With("X-Monitor-Key", monitorKey)
	v.Cookies["waitroom-pass-booking"] = "forged"
	if a := v.Navigate(t, "/health"); a.Status != 200 || len(v.Cookies) != 1 {
		t.Errorf("%d, cookies %v", a.Status, v.Cookies)
	}
	for _, visit := range s.backend.Visits() {
		if visit.Header.Get("Waitroom-Pass") != "" || visit.Header.Get("Waitroom-Subject") != "" {
			t.Errorf("the backend saw %v", visit.Header)
		}
	}
	s.line(t, 0)
}
