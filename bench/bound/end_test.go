package bound_test

import (
	"strings"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

func TestASessionEndsWithItsPass(t *testing.T) {
	t.Parallel()
	s := begin(t, "prefer")
	p := s.enter(t)
	thief := p.copied()
	delete(thief.Cookies, boundCookie)
	entered := gateway.Tickets(s.Journal(t), "enter")
	if len(entered) != 1 {
		t.Fatalf("%d entries", len(entered))
	}
	if out, err := s.Command("revoke", gateway.Room, entered[0].Pass).CombinedOutput(); err != nil {
		t.Fatalf("revoke: %v\n%s", err, out)
	}
	var a gateway.Answer
	gateway.Until(t, "the pass to be refused", 5*time.Second, func() bool {
		a = p.refresh(t)
		if a.Status == 200 && strings.Contains(a.Body, `"refresh_url"`) {
			p.learn(t, a)
		}
		return strings.Contains(a.Body, `"continue":false`)
	})
	if a.Status != 200 || p.Cookies[boundCookie] != "" || p.Cookies[passCookie] != "" {
		t.Errorf("the end: %d %s %v", a.Status, a.Body, p.Cookies)
	}
	// Who proved the key may come again, with the device that they had; the copy may not.
	s.out(t, "the copy", thief.Visitor)
	gateway.Until(t, "a new visit", 10*time.Second, func() bool { return isInside(p.Navigate(t, "/book")) })
	if n := len(gateway.Tickets(s.Journal(t), "enter")); n != 2 {
		t.Errorf("%d entries, not 2", n)
	}
}

func TestWhoLeavesTakesTheSessionAlong(t *testing.T) {
	t.Parallel()
	s := begin(t, "prefer")
	p := s.enter(t)
	thief := p.copied()
	delete(thief.Cookies, boundCookie)
	if a := p.Call(t, "leave"); a.Status != 204 {
		t.Fatalf("leave: %d %s", a.Status, a.Body)
	}
	for _, name := range []string{boundCookie, passCookie, deviceCookie} {
		if p.Cookies[name] != "" {
			t.Errorf("%s is still there", name)
		}
	}
	// Leaving frees no copy from what it has to show.
	if a := thief.Call(t, "leave"); a.Status != 204 {
		t.Errorf("a copy leaves: %d", a.Status)
	}
	if thief.Cookies[deviceCookie] != "" || thief.Cookies[passCookie] != "" {
		t.Error("a copy that left keeps something")
	}
}

func TestOfTwoRegistrationsTheLaterCountsAndTheOtherEnds(t *testing.T) {
	t.Parallel()
	s := begin(t, "require")
	first := &player{Visitor: s.visitor(), key: newKey(t)}
	path, challenge := offered(t, first.Visitor)
	second := first.copied() // two tabs that load at once: the calls go out with the same cookies
	second.key = newKey(t)
	_, again := offered(t, second.Visitor)
	register := func(p *player, challenge string) {
		t.Helper()
		a := p.post(t, path, map[string]string{"Secure-Session-Response": p.sign(t, challenge, true)})
		if a.Status != 200 {
			t.Fatalf("register: %d %s", a.Status, a.Body)
		}
		p.learn(t, a)
	}
	register(first, challenge)
	register(second, again)
	first.Cookies = second.Cookies // of one browser, which keeps the later ones
	if a := first.refresh(t); a.Status != 200 || !strings.Contains(a.Body, `"continue":false`) || second.Cookies[boundCookie] == "" {
		t.Errorf("the earlier session: %d %s", a.Status, a.Body)
	}
	if a := second.Navigate(t, "/book"); !isInside(a) {
		t.Errorf("the later session: %d", a.Status)
	}
	second.learn(t, second.refresh(t))
}

func TestOthersAreAskedForNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"off", "prefer", "require"} {
		s := begin(t, mode)
		v := s.visitor()
		a := v.Navigate(t, "/book")
		if offer := a.Header.Get("Secure-Session-Registration"); !isInside(a) || (offer != "") != (mode != "off") {
			t.Errorf("%s: %d, offer %q", mode, a.Status, offer)
		}
		a = v.Navigate(t, "/my/bookings")
		if offer := a.Header.Get("Secure-Session-Registration"); !isInside(a) || (offer != "") != (mode == "require") {
			t.Errorf("%s: a browser that does not register: %d, offer %q", mode, a.Status, offer)
		}
		if a = v.Call(t, "leave"); a.Status != 204 || v.Cookies[passCookie] == "" {
			t.Errorf("%s: leaving without a session: %d %v", mode, a.Status, v.Cookies)
		}
		for name := range v.Cookies {
			if strings.Contains(name, "bound") {
				t.Errorf("%s: %s", mode, name)
			}
		}
	}
}
