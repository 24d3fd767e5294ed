package captcha

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// provider is a server that speaks the documented protocol of siteverify.
func provider(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *Verifier {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(answer))
	t.Cleanup(s.Close)
	v := New(s.URL, "site", "secret", 5*time.Second)
	t.Cleanup(v.Close)
	return v
}

func TestATokenIsGoodIfTheProviderSaysSo(t *testing.T) {
	v := provider(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
			w.WriteHeader(http.StatusMethodNotAllowed)
		case r.PostFormValue("secret") != "secret" || r.PostFormValue("sitekey") != "site" || r.PostFormValue("remoteip") != "192.0.2.7":
			_, _ = w.Write([]byte(`{"success":false,"error-codes":["invalid-input-secret"]}`))
		case r.PostFormValue("response") == "good & proper":
			_, _ = w.Write([]byte(`{"success":true,"challenge_ts":"2026-11-22T05:00:00Z","hostname":"booking.example.kr"}`))
		default:
			_, _ = w.Write([]byte(`{"success":false,"error-codes":["timeout-or-duplicate"]}`))
		}
	})
	from := netip.MustParseAddr("192.0.2.7")
	f := func(token string, want bool) {
		t.Helper()
		if good, err := v.Verify(t.Context(), token, from); good != want || err != nil {
			t.Errorf("%.20s: %t %v, want %t", token, good, err, want)
		}
	}
	f("good & proper", true)
	f("used before", false)
	f("", false)
	f(strings.Repeat("a", maxToken+1), false)
}

func TestAProviderThatDoesNotTellIsNotOneThatRefuses(t *testing.T) {
	f := func(why string, answer func(w http.ResponseWriter, r *http.Request)) {
		t.Helper()
		if good, err := provider(t, answer).Verify(t.Context(), "token", netip.Addr{}); good || err == nil {
			t.Errorf("%s: %t %v", why, good, err)
		}
	}
	say := func(status int, text string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		}
	}
	f("an error", say(500, `{"success":true}`))
	f("no JSON", say(200, "<html>"))
	f("JSON of something else", say(200, `{}`))
	f("an endless answer", say(200, `{"x":"`+strings.Repeat("a", maxAnswer)+`","success":true}`))
	f("our own mistake", say(200, `{"success":false,"error-codes":["invalid-input-secret"]}`))
	f("a redirect to who says yes", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/yes" {
			_, _ = w.Write([]byte(`{"success":true}`))
			return
		}
		http.Redirect(w, r, "/yes", http.StatusTemporaryRedirect)
	})
	f("a broken connection", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer s.Close()
	defer close(hang)
	v := New(s.URL, "", "", 50*time.Millisecond)
	if good, err := v.Verify(t.Context(), "token", netip.Addr{}); good || err == nil {
		t.Errorf("a provider that never answers: %t %v", good, err)
	}
	for range maxAsking {
		v.asking <- struct{}{}
	}
	if good, err := v.Verify(t.Context(), "token", netip.Addr{}); good || err != nil {
		t.Errorf("one question too many: %t %v", good, err)
	}
}
