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

func TestOthersAreAskedForNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"off", "prefer", "require"} {
		s := begin(t, mode)
		v := s.visitor()
		a := v.Navigate(t, "/book")
		if offer := a.Header.Get("Secure-Session-Registration"); !isInside(a) || (offer != "") != (mode != "off") {
			t.Errorf("%s: %d, offer %q", mode, a.Status, offer)
		}
		if a = v.Navigate(t, "/my/bookings"); !isInside(a) {
			t.Errorf("%s: a browser that does not register: %d", mode, a.Status)
		}
		for name := range v.Cookies {
			if strings.Contains(name, "bound") {
				t.Errorf("%s: %s", mode, name)
			}
		}
	}
}
