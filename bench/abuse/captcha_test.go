package abuse_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// provider speaks siteverify as it is documented: each token is good once.
type provider struct {
	*httptest.Server
	down  atomic.Bool
	asked atomic.Int64
	mu    sync.Mutex
	used  map[string]bool
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{used: map[string]bool{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.verify))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) verify(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	token := r.PostFormValue("response")
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.PostFormValue("secret") != "the-providers-secret":
		_, _ = w.Write([]byte(`{"success":false,"error-codes":["invalid-input-secret"]}`))
	case !strings.HasPrefix(token, "good"):
		_, _ = w.Write([]byte(`{"success":false,"error-codes":["invalid-input-response"]}`))
	case p.used[token]:
		_, _ = w.Write([]byte(`{"success":false,"error-codes":["timeout-or-duplicate"]}`))
	default:
		p.used[token] = true
		_, _ = w.Write([]byte(`{"success":true,"challenge_ts":"2026-11-22T05:00:00.000Z","hostname":"127.0.0.1","error-codes":[],"action":"","cdata":""}`))
	}
}

func (p *provider) room(kind, more string) map[string]string {
	return map[string]string{"limits": fmt.Sprintf("{captcha: {kind: %s, site_key: site, secret: the-providers-secret, verify_url: '%s/siteverify', timeout: 2s%s}}", kind, p.URL, more)}
}

func tokened(t *testing.T, s *site, token string) gateway.Answer {
	t.Helper()
	return gateway.NewVisitor(s.URL).With("Waitroom-Captcha", token).Call(t, "join")
}

func TestAPlaceCostsATokenOfTheProvider(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := begin(t, nil, p.room("turnstile", ", mode: always"))
	f := func(why string, a gateway.Answer, want int) {
		t.Helper()
		if a.Status != want || want == 429 && a.Standing.Type != "urn:waitroom:problem:captcha-wanted" {
			t.Errorf("%s: %d %s", why, a.Status, a.Body)
		}
	}
	f("no token", gateway.NewVisitor(s.URL).Call(t, "join"), 429)
	f("a good token", tokened(t, s, "good-1"), 200)
	f("the same once more", tokened(t, s, "good-1"), 429)
	f("an invented one", tokened(t, s, "invented"), 429)
	f("a second good one", tokened(t, s, "good-2"), 200)
	s.line(t, 2)
	if n := p.asked.Load(); n != 4 {
		t.Errorf("the provider was asked %d times", n)
	}
	s.backend.Silent(t)
}

func TestWhileTheProviderIsDownNobodyEntersBecauseOfIt(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	p.down.Store(true)
	place := p.room("hcaptcha", ", mode: always")
	place["rate"], place["burst"] = "3600/h", "10"
	s := begin(t, nil, place)
	if a := tokened(t, s, "good-1"); a.Status != 200 || a.Standing.State == "admitted" || a.Standing.Pass != "" {
		t.Errorf("where a place is given: %d %s", a.Status, a.Body)
	}
	p.down.Store(false)
	if a := tokened(t, s, "good-2"); a.Status != 200 {
		t.Errorf("when it is back: %d %s", a.Status, a.Body)
	}
	gateway.Until(t, "the outage and its end in the log", 5*time.Second, func() bool {
		return strings.Count(s.Log(), "does not tell") == 1 && strings.Contains(s.Log(), "answers again")
	})
	p.down.Store(true)
	refusing := begin(t, nil, p.room("hcaptcha", ", mode: always, when_down: refuse"))
	if a := tokened(t, refusing, "good-3"); a.Status != 429 {
		t.Errorf("where none is given: %d %s", a.Status, a.Body)
	}
	if strings.Contains(s.Log()+refusing.Log(), "the-providers-secret") {
		t.Error("the secret is in the log")
	}
	s.backend.Silent(t)
}

func TestThePolicyNamesTheProviderOnlyWhereItsCheckIsShown(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := begin(t, nil, p.room("turnstile", ", mode: always"))
	v := gateway.NewVisitor(s.URL)
	a := v.Navigate(t, "/book")
	if policy := a.Header.Get("Content-Security-Policy"); a.Status != 429 || !strings.Contains(policy, "frame-src https://challenges.cloudflare.com;") {
		t.Errorf("%d %s", a.Status, policy)
	}
	v.With("Waitroom-Captcha", "good-1").Call(t, "join")
	if a := v.Navigate(t, "/book"); a.Status != 200 || strings.Contains(a.Header.Get("Content-Security-Policy")+a.Body, "cloudflare") {
		t.Errorf("who waits: %d %s", a.Status, a.Header.Get("Content-Security-Policy"))
	}
}

// The provider's own script is not to be had here: one that gives a token, with the functions that
// Turnstile's documents, stands in for it. The page, its policy and the way of the token are real.
func TestABrowserTakesTheProvidersTokenToTheLine(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s := begin(t, nil, p.room("turnstile", ", mode: always"))
	chromium, err := browser.Launch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(chromium.Close)
	tab := chromium.Open(t, browser.Options{})
	tab.Forge("https://challenges.cloudflare.com/**", 200, `
		globalThis.turnstile = {render(place, o) { place.innerHTML = '<b>check</b>'; setTimeout(() => o.callback('good-' + o.sitekey), 50); }};
		globalThis[new URL(document.currentScript.src).searchParams.get('onload')]();`)
	tab.Goto(s.URL + "/book")
	var number string
	gateway.Until(t, "the browser to wait in the line", 60*time.Second, func() bool {
		return tab.Try(`(document.querySelector('[data-waitroom="ticket_number"]') || {}).textContent || ''`, &number) == nil && number == "1"
	})
	s.line(t, 1)
}
