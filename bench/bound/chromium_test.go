package bound_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// flags turn the sessions on, with keys in software: elsewhere Chromium keeps them in the device's
// own chip. Where certificates are ignored it silently does nothing, so the authority is trusted.
const flags = "CHROMIUM_ARGS=--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting"

// chromium is Debian's, with a home of its own in which the site's authority is trusted.
func chromium(t *testing.T, s *site) *browser.Browser {
	t.Helper()
	if err := browser.Install(); err != nil {
		t.Skip(err)
	}
	if err := browser.Missing(); err != nil {
		t.Skip(err)
	}
	certutil, err := exec.LookPath("certutil")
	if err != nil {
		t.Skip("certutil was not found (apt-get install libnss3-tools)")
	}
	home := t.TempDir()
	db := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-N", "--empty-password"}, {"-A", "-n", "authority", "-t", "C,,", "-i", write(t, "authority.pem", s.trust.pem)},
	} {
		if out, err := exec.Command(certutil, append(args, "-d", "sql:"+db)...).CombinedOutput(); err != nil {
			t.Fatalf("certutil %s: %v\n%s", args, err, out)
		}
	}
	b, err := browser.Launch("HOME="+home, flags)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func TestChromiumRenewsByItselfAndACopyOfItsCookiesIsOut(t *testing.T) {
	t.Parallel()
	s := begin(t, "require")
	b := chromium(t, s)
	owner := b.Open(t, browser.Options{})
	owner.Watch()
	if a := owner.Goto(s.URL + "/book"); a.Status != 200 {
		t.Fatalf("the first visit: %+v", a)
	}
	gateway.Until(t, "the registration", 20*time.Second, func() bool { return has(owner, boundCookie) })
	if !registered(owner.Sessions()) {
		t.Fatalf("Chromium tells of no session: %+v", owner.Sessions())
	}

	// What is copied is everything. While the bound cookie lasts it is a cookie as any.
	jar := owner.Cookies()
	thief := b.Open(t, browser.Options{})
	thief.Give(jar)
	if a := thief.Goto(s.URL + "/book"); a.Status != 200 {
		t.Errorf("a copy that is fresh: %+v", a)
	}
	for i := range 3 {
		owner.Lose(boundCookie)
		if a := owner.Goto(s.URL + "/my/bookings"); a.Status != 200 {
			t.Errorf("the owner: %+v", a)
		}
		if !has(owner, boundCookie) || renewals(owner.Sessions()) <= i {
			t.Errorf("not renewed: %+v", owner.Sessions())
		}
		thief.Lose(boundCookie)
		if a := thief.Goto(s.URL + "/my/bookings"); a.Status != 403 {
			t.Errorf("the copy: %+v", a)
		}
	}
	owner.Lose(boundCookie)
	var status int
	owner.Run(`fetch('/api/slots.json').then(answer => answer.status)`, &status)
	if status != 200 {
		t.Errorf("a script of the owner's: %d", status)
	}
	thief.Lose(passCookie)
	if a := thief.Goto(s.URL + "/book"); a.Status != 403 {
		t.Errorf("the copy without the pass: %+v", a)
	}
	if n := s.count(t, "waitroom_refusals_total", `reason="bad_session"`); n != 0 {
		t.Errorf("%d calls of Chromium were refused", n)
	}
}

func has(tab *browser.Tab, cookie string) bool {
	for _, c := range tab.Cookies() {
		if c.Name == cookie {
			return true
		}
	}
	return false
}

func registered(events []browser.SessionEvent) bool {
	for _, e := range events {
		if e.Creation != nil && e.Succeeded && e.Creation.Result == "Success" {
			return true
		}
	}
	return false
}

func renewals(events []browser.SessionEvent) (n int) {
	for _, e := range events {
		if e.Refresh != nil && e.Succeeded && e.Refresh.Result == "Refreshed" {
			n++
		}
	}
	return n
}
