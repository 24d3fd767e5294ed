package evening_test

import (
	"testing"
	"time"

	"waitroom/bench/gateway"
)

func TestACopyOfATicketOrAPassIsRefusedElsewhere(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		e := begin(t, store, map[string]string{"rate": "36000/h", "opens_at": opensIn(1500 * time.Millisecond)})
		owner := e.join(t, 1)[0]
		// What is taken is all cookies, or one of them; it is shown by another browser,
		// or by one that calls itself the same and lacks the device's cookie.
		thief := func(agent string, names ...string) *gateway.Visitor {
			v := gateway.NewVisitor(e.URL)
			v.Agent = agent
			for _, name := range names {
				v.Cookies[name] = owner.Cookies[name]
			}
			return v
		}
		const other = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Version/17.2 Mobile/15E148 Safari/604.1"
		gateway.Until(t, "the call", 10*time.Second, func() bool { return owner.Call(t, "status").Standing.State == "called" })
		for what, v := range map[string]*gateway.Visitor{
			"all cookies in another browser": thief(other, ticketCookie, deviceCookie),
			"the ticket in another browser":  thief(other, ticketCookie),
			"the ticket alone":               thief(gateway.Agent, ticketCookie),
			"the ticket and no User-Agent":   thief("", ticketCookie, deviceCookie),
			"the ticket with another device": func() *gateway.Visitor {
				v := e.join(t, 1)[0]
				v.Cookies[ticketCookie] = owner.Cookies[ticketCookie]
				return v
			}(),
		} {
			for _, call := range []string{"status", "enter"} {
				if a := v.Call(t, call); a.Status != 403 || a.Standing.State != "other_device" {
					t.Errorf("%s, %s: %d %s", what, call, a.Status, a.Body)
				}
			}
		}
		// An app's header is no way around the cookie.
		app := gateway.NewVisitor(e.URL)
		if a := app.With("Waitroom-Ticket", owner.Cookies[ticketCookie]).Call(t, "enter"); a.Status != 403 {
			t.Errorf("a browser's ticket from an app: %d", a.Status)
		}
		e.backend.Silent(t)

		enter(t, owner, 5*time.Second)
		e.inside(t, owner, "/book")
		seen := len(e.backend.Visits())
		pass := owner.Cookies[passCookie]
		e.Set(t, map[string]any{"paused": true}) // so that nobody else can come in
		for what, v := range map[string]*gateway.Visitor{
			"all cookies in another browser":      thief(other, passCookie, ticketCookie, deviceCookie),
			"the pass and device elsewhere":       thief(other, passCookie, deviceCookie),
			"the pass in another browser":         thief(other, passCookie),
			"the pass alone":                      thief(gateway.Agent, passCookie),
			"the pass and the ticket":             thief(gateway.Agent, passCookie, ticketCookie),
			"the pass as an app's":                gateway.NewVisitor(e.URL).With("Waitroom-Pass", pass),
			"the pass as an app's, same cookies?": thief(other, deviceCookie).With("Waitroom-Pass", pass),
		} {
			if a := v.Navigate(t, "/book"); isInside(a) || a.Status >= 300 && a.Status < 400 {
				t.Errorf("%s: %d", what, a.Status)
			}
		}
		if now := len(e.backend.Visits()); now != seen {
			t.Errorf("the backend saw %d requests of copies", now-seen)
		}
		e.inside(t, owner, "/my/bookings")
	})
}

func TestAnotherAddressChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		e := begin(t, store, map[string]string{"rate": "0"})
		e.join(t, 5)
		v := e.join(t, 1)[0]
		e.join(t, 5)
		before := settled(t, e, v, 6)
		for _, from := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.2"} {
			moved := v.Twin()
			moved.From = from
			for _, call := range []string{"status", "join", "status"} {
				a := moved.Call(t, call)
				if a.Standing.Position != before.Position || a.Standing.Number != before.Number {
					t.Errorf("%s from %s: position %d, ticket %d; it was %d, %d", call, from, a.Standing.Position, a.Standing.Number, before.Position, before.Number)
				}
			}
			if a := moved.Navigate(t, "/book"); a.Status != 200 || isInside(a) {
				t.Errorf("the page from %s: %d", from, a.Status)
			}
		}
		gateway.Until(t, "the view to count everybody once", 5*time.Second, func() bool { return e.Room(t).Arrivals == 11 })
		if n := e.Room(t).Waiting; n != 11 {
			t.Errorf("%d wait, not 11", n)
		}
	})
}

// settled is the visitor's standing once the view has caught up with the line.
func settled(t *testing.T, e *evening, v *gateway.Visitor, position int64) gateway.Standing {
	t.Helper()
	var s gateway.Standing
	gateway.Until(t, "the view to show everybody", 5*time.Second, func() bool {
		s = v.Call(t, "status").Standing
		return s.Position == position
	})
	return s
}
