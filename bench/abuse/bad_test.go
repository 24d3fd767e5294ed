package abuse_test

import (
	"maps"
	"strings"
	"testing"

	"waitroom/bench/gateway"
)

func TestBadRequestsAreRefusedByThemselvesAboveTheirLimit(t *testing.T) {
	t.Parallel()
	f := func(why, request string, before int) {
		t.Helper()
		s := begin(t, map[string]string{"limits": "{bad_requests_per_address: 5/24h}"}, nil)
		want := map[int]int{before: 5}
		want[429] += 7
		if seen := s.loop(t, 12, request); !maps.Equal(seen, want) {
			t.Errorf("%s: answers %v, want %v", why, seen, want)
		}
		refused := s.counted(t, `waitroom_refusals_total{reason="limited",room="booking"}`)
		if elsewhere := s.counted(t, `waitroom_refusals_total{reason="limited",room=""}`); refused != "7" && elsewhere != "7" {
			t.Errorf("%s: %s and %s counted as limited, want 7", why, refused, elsewhere)
		}
		// A neighbour who has sent nothing bad is served as ever.
		if a := gateway.NewVisitor(s.URL).Navigate(t, "/"); a.Status != 200 {
			t.Errorf("%s: a visitor from the same address got %d", why, a.Status)
		}
		s.backend.Silent(t)
	}
	f("a forged pass", curl("/", "Waitroom-Pass: forged"), 429)
	f("a forged pass of a browser", curl("/", "Sec-Fetch-Dest: document", "Cookie: waitroom-pass-booking=forged"), 200)
	f("a forged ticket", curl("/.waitroom/booking/status", "Waitroom-Ticket: a.b.c"), 404)
	f("a call that there is not", curl("/.waitroom/booking/admin"), 404)
	f("a room that there is not", curl("/.waitroom/other/join"), 404)
	f("what is malformed", curl("/a/../b"), 400)
}

func TestWhatHonestVisitorsDoWrongIsNotBad(t *testing.T) {
	t.Parallel()
	s := begin(t, map[string]string{"limits": "{bad_requests_per_address: 1/24h}"}, nil)
	v := gateway.NewVisitor(s.URL)
	for range 10 {
		if a := v.Call(t, "status"); a.Status != 404 {
			t.Fatalf("asking without a ticket: %d", a.Status)
		}
	}
	v.Call(t, "join")
	for range 10 {
		if a := v.Call(t, "enter"); a.Status != 409 {
			t.Fatalf("entering before the call: %d", a.Status)
		}
	}
	twin := v.Twin()
	twin.Agent = "another browser"
	for range 10 {
		if a := twin.Call(t, "status"); a.Status != 403 {
			t.Fatalf("another device: %d", a.Status)
		}
	}
}

func TestAForgedPassBesideAValidTicketCostsTheTicketNothing(t *testing.T) {
	t.Parallel()
	s := begin(t, map[string]string{"limits": "{bad_requests_per_address: 2/24h}"}, nil)
	v := gateway.NewVisitor(s.URL)
	v.Navigate(t, "/")
	v.Cookies["waitroom-pass-booking"] = "forged"
	for range 10 {
		if a := v.Navigate(t, "/"); a.Status != 200 || !strings.Contains(a.Body, `data-state="paused"`) && !strings.Contains(a.Body, `data-state="waiting"`) {
			t.Fatalf("%d", a.Status)
		}
	}
}
