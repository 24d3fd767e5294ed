package bound_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestACopyOfAllCookiesIsOutWhenTheBoundCookieEnds(t *testing.T) {
	t.Parallel()
	s := begin(t, "prefer")
	owner := s.enter(t)
	copied := owner.copied()
	if a := copied.Navigate(t, "/book"); !isInside(a) {
		t.Errorf("a copy of a bound cookie that lasts is the cookie: %d", a.Status)
	}
	for _, more := range [][]string{nil, {passCookie}, {ticketCookie}, {passCookie, ticketCookie}} {
		thief := copied.copied()
		for _, name := range append(more, boundCookie) {
			delete(thief.Cookies, name)
		}
		s.out(t, "a copy without "+strings.Join(append(more, boundCookie), ", "), thief.Visitor)
		thief.Cookies[passCookie] = "forged"
		s.out(t, "a copy with a forged pass", thief.Visitor)
		thief.key = newKey(t)
		if a := thief.refresh(t); a.Status != 400 || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("renewed with another key: %d %s", a.Status, a.Header["Set-Cookie"])
		}
	}
	if n := s.count(t, "waitroom_refusals_total", `reason="unconfirmed"`); n == 0 {
		t.Error("the refusals were not counted")
	}
	for range 3 {
		delete(owner.Cookies, boundCookie) // which the browser does when it ends
		a := owner.refresh(t)
		if a.Status != 200 || owner.Cookies[boundCookie] == "" {
			t.Fatalf("renewal: %d %s", a.Status, a.Body)
		}
		owner.learn(t, a)
		if a := owner.Navigate(t, "/book"); !isInside(a) {
			t.Fatalf("after a renewal: %d", a.Status)
		}
	}
}

func TestTheBoundCookieIsAsTheSessionSays(t *testing.T) {
	t.Parallel()
	s := begin(t, "prefer")
	p := s.enter(t)
	a := p.refresh(t)
	attributes := `"name":"` + boundCookie + `","attributes":"Path=/; Secure; HttpOnly; SameSite=Lax"`
	if !strings.Contains(a.Body, attributes) || !strings.Contains(a.Body, `"include_site":false`) || !strings.Contains(a.Body, `"path":"/static/"`) {
		t.Errorf("the instruction: %s", a.Body)
	}
	found := false
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == boundCookie {
			found = true
			if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Partitioned || c.MaxAge < 120 {
				t.Errorf("the cookie: %s", c)
			}
		}
	}
	if !found || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Errorf("the answer: %v", a.Header)
	}
	for _, v := range s.backend.Visits() {
		if strings.Contains(v.Header.Get("Cookie"), "waitroom") {
			t.Errorf("the backend saw %s", v.Header.Get("Cookie"))
		}
	}
}

func TestAChallengeIsSignedOnce(t *testing.T) {
	t.Parallel()
	s := begin(t, "prefer")
	p := s.enter(t)
	first := p.challenge
	p.learn(t, p.refresh(t))
	for _, old := range []string{first, "AAAA", strings.Repeat("A", 38)} {
		fresh := p.challenge
		p.challenge = old
		a := p.refresh(t)
		if a.Status != 403 || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q: %d %s", old, a.Status, a.Header["Set-Cookie"])
		}
		p.heed(t, a)
		if p.challenge == old || p.challenge == fresh {
			t.Errorf("%q: no new challenge", old)
		}
	}
	// Whoever has none asks without a proof.
	a := p.post(t, p.refreshAt, map[string]string{"Sec-Secure-Session-Id": p.session})
	if a.Status != 403 {
		t.Errorf("without a proof: %d", a.Status)
	}
	p.heed(t, a)
	if a = p.refresh(t); a.Status != 200 {
		t.Errorf("the newest: %d %s", a.Status, a.Body)
	}
	other := s.enter(t)
	other.challenge, p.challenge = p.challenge, other.challenge
	if a = p.refresh(t); a.Status != 403 {
		t.Errorf("the challenge of another session: %d", a.Status)
	}
}

func TestRegistrationHappensOnceAndOnlyForThePassThatItWasOfferedFor(t *testing.T) {
	t.Parallel()
	s := begin(t, "prefer")
	v, other := &player{Visitor: s.visitor(), key: newKey(t)}, &player{Visitor: s.visitor(), key: newKey(t)}
	path, challenge := offered(t, v.Visitor)
	_, foreign := offered(t, other.Visitor)
	f := func(why string, p *player, proof string, want int) {
		t.Helper()
		a := p.post(t, path, map[string]string{"Secure-Session-Response": proof})
		if a.Status != want || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s, want %d", why, a.Status, a.Header["Set-Cookie"], want)
		}
	}
	good := v.sign(t, challenge, true)
	parts := strings.Split(good, ".")
	none := encode([]byte(`{"alg":"none","typ":"dbsc+jwt"}`)) + "." + parts[1] + "."
	nobody := &player{Visitor: s.visitor(), key: newKey(t)}
	f("no proof", v, "", 400)
	f("alg none", v, none, 400)
	f("without a key", v, v.sign(t, challenge, false), 400)
	f("the challenge of another pass", v, v.sign(t, foreign, true), 400)
	f("a challenge that we never gave", v, v.sign(t, "AAAA", true), 400)
	f("without cookies", nobody, good, 400)
	f("with another's cookies", other, good, 400)
	a := v.post(t, path, map[string]string{"Secure-Session-Response": `"` + good + `"`})
	if a.Status != 200 {
		t.Fatalf("as a string: %d %s", a.Status, a.Body)
	}
	f("again", v, good, 409)
	f("another key", v, other.sign(t, challenge, true), 409)
	v.learn(t, a)
	if a := v.Navigate(t, "/book"); !isInside(a) || a.Header.Get("Secure-Session-Registration") != "" {
		t.Errorf("offered again: %d", a.Status)
	}
	if n := s.count(t, "waitroom_refusals_total", `reason="bad_session"`); n == 0 {
		t.Error("the refusals were not counted")
	}
}

func TestTheCallsAreTheBrowsersOwn(t *testing.T) {
	t.Parallel()
	s := begin(t, "prefer")
	p := s.enter(t)
	f := func(why, method, path, name, value string, want int) {
		t.Helper()
		q, err := http.NewRequest(method, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Sec-Secure-Session-Id", p.session)
		q.Header.Set("Secure-Session-Response", p.sign(t, p.challenge, false))
		if name != "" {
			q.Header.Set(name, value)
		}
		a, err := p.Do(q)
		if err != nil || a.Status != want || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v %s, want %d", why, a.Status, err, a.Header["Set-Cookie"], want)
		}
	}
	f("by GET", "GET", p.refreshAt, "", "", 405)
	f("by PUT", "PUT", p.refreshAt, "", "", 405)
	f("from another site", "POST", p.refreshAt, "Sec-Fetch-Site", "cross-site", 400)
	f("from a sister host", "POST", p.refreshAt, "Sec-Fetch-Site", "same-site", 400)
	f("from another origin", "POST", p.refreshAt, "Origin", "https://evil.test", 400)
	f("another call", "POST", strings.TrimSuffix(p.refreshAt, "refresh")+"other", "", "", 404)
	f("the session of nobody", "POST", p.refreshAt, "Sec-Secure-Session-Id", "x", 400)
	f("the session of another device", "POST", p.refreshAt, "Sec-Secure-Session-Id", "AAAAAAAAAAAAAAAAAAAAAA"+p.session[22:], 400)
	if a := p.refresh(t); a.Status != 200 {
		t.Errorf("none of that has taken the challenge: %d %s", a.Status, a.Body)
	}
}
