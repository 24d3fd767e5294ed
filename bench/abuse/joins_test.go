package abuse_test

import (
	"fmt"
	"strings"
	"testing"

	"waitroom/bench/gateway"
)

func TestALoopOfCurlFillsTheLineWithoutALimitAndNotWithOne(t *testing.T) {
	t.Parallel()
	const requests = 500
	f := func(limits string, places int) {
		t.Helper()
		s := begin(t, nil, map[string]string{"limits": limits})
		seen := s.loop(t, requests, curl("/"))
		if seen[200] != places || seen[429] != requests-places {
			t.Errorf("limits %s: answers %v, want %d places", limits, seen, places)
		}
		s.line(t, int64(places))
		if got, want := s.counted(t, `waitroom_refusals_total{reason="limited",room="booking"}`), fmt.Sprint(requests-places); got != want {
			t.Errorf("limits %s: %s counted as limited, want %s", limits, got, want)
		}
		s.backend.Silent(t)
	}
	f("{}", requests)
	f("{joins_per_address: 20/24h}", 20)
	f("{joins_per_network: 30/24h}", 30)
}

func TestWhoeverHasATicketOrAPassGoesOnFromALimitedAddress(t *testing.T) {
	t.Parallel()
	s := begin(t, map[string]string{"limits": "{bad_requests_per_address: 3/24h}"}, map[string]string{
		"rate": "3600/h", "burst": "1", "limits": "{joins_per_address: 2/24h}"})
	inside, waits, late := gateway.NewVisitor(s.URL), gateway.NewVisitor(s.URL), gateway.NewVisitor(s.URL)
	if a := inside.Navigate(t, "/book"); a.Status != 200 || len(s.backend.Visits()) != 1 {
		t.Fatalf("the first one did not enter: %d", a.Status)
	}
	s.Set(t, map[string]any{"rate": "0"})
	waits.Navigate(t, "/book")
	refused := late.Navigate(t, "/book?day=1")
	if refused.Status != 429 || !strings.Contains(refused.Body, `data-state="limited"`) ||
		!strings.HasPrefix(refused.Header.Get("Content-Type"), "text/html") || len(late.Cookies) != 0 {
		t.Errorf("the third one got %d %s, cookies %v", refused.Status, refused.Header, late.Cookies)
	}
	// And nothing that is no good changes it.
	s.loop(t, 20, curl("/book", "Waitroom-Pass: forged"))
	for range 5 {
		if a := inside.Navigate(t, "/my/bookings"); a.Status != 200 || a.Header.Get("Waitroom-Room") != "" {
			t.Errorf("a pass from a limited address: %d", a.Status)
		}
		if a := waits.Call(t, "status"); a.Status != 200 || a.Standing.Position != 1 {
			t.Errorf("a ticket from a limited address: %d %s", a.Status, a.Body)
		}
		if a := waits.Call(t, "join"); a.Status != 200 || a.Standing.Position != 1 {
			t.Errorf("joining again with a ticket: %d %s", a.Status, a.Body)
		}
	}
	if n := len(s.backend.Visits()); n != 6 {
		t.Errorf("%d requests reached the backend, want 6", n)
	}
}

func TestARefusalSaysWhatWasExceededAndWhenToComeAgain(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, map[string]string{"limits": "{joins_per_address: 1/24h}"})
	gateway.NewVisitor(s.URL).Call(t, "join")
	a := gateway.NewVisitor(s.URL).Call(t, "join")
	if a.Status != 429 || a.Header.Get("Content-Type") != "application/problem+json" || a.Standing.Type != "urn:waitroom:problem:too-many-requests" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	var wait int
	if _, err := fmt.Sscan(a.Header.Get("Retry-After"), &wait); err != nil || wait < 86_000 || wait > 86_400 {
		t.Errorf("Retry-After: %s", a.Header.Get("Retry-After"))
	}
	if !strings.Contains(a.Body, fmt.Sprintf(`"retry_after":%d}`, wait)) {
		t.Errorf("the body does not say when to come again: %s", a.Body)
	}
	if got := a.Header.Get("RateLimit-Policy"); got != `"address";q=1;w=86400` {
		t.Errorf("RateLimit-Policy: %s", got)
	}
	if got := a.Header.Get("RateLimit"); got != fmt.Sprintf(`"address";r=0;t=%d`, wait) {
		t.Errorf("RateLimit: %s", got)
	}
	if a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("fields %v", a.Header)
	}
}

func TestOneDeviceJoinsAsOftenAsItsLimitSays(t *testing.T) {
	t.Parallel()
	s := begin(t, nil, map[string]string{"limits": "{joins_per_device: 4/24h}"})
	v := gateway.NewVisitor(s.URL)
	v.Call(t, "join") // without a device: none counts yet
	ok := 0
	for range 10 {
		for name := range v.Cookies {
			if strings.Contains(name, "ticket") {
				delete(v.Cookies, name)
			}
		}
		switch a := v.Call(t, "join"); a.Status {
		case 200:
			ok++
		case 429:
		default:
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if ok != 4 {
		t.Errorf("%d joins of one device", ok)
	}
	s.line(t, 1)
}

func TestAnAddressIsWhatATrustedProxySaysAndNobodyElse(t *testing.T) {
	t.Parallel()
	limit := map[string]string{"limits": "{joins_per_address: 1/24h}"}
	trusting := begin(t, behind(nil), limit)
	for i := range 20 {
		if a := trusting.from(fmt.Sprintf("203.0.113.%d", i)).Call(t, "join"); a.Status != 200 {
			t.Errorf("visitor %d behind the proxy: %d", i, a.Status)
		}
		// What stands before the address that the proxy saw is the visitor's own invention.
		if a := trusting.from(fmt.Sprintf("198.51.100.%d, 203.0.113.0", i)).Call(t, "join"); a.Status != 429 {
			t.Errorf("visitor %d with an address before its own: %d", i, a.Status)
		}
	}
	alone := begin(t, nil, limit)
	places := 0
	for i := range 20 {
		v := alone.from(fmt.Sprintf("203.0.113.%d", i)).With("Forwarded", fmt.Sprintf("for=203.0.113.%d", i)).
			With("X-Real-IP", fmt.Sprintf("203.0.113.%d", i))
		if v.Call(t, "join").Status == 200 {
			places++
		}
	}
	if places != 1 {
		t.Errorf("%d places for invented addresses, want 1", places)
	}
}

func TestHonestTelephonesBehindACarriersAddressesAreNeverRefusedByTheDefaults(t *testing.T) {
	t.Parallel()
	s := begin(t, behind(nil), nil)
	const phones = 400
	refused := 0
	for i := range phones {
		// Half of them behind one address, the others in its network.
		addr := "203.0.113.7"
		if i%2 == 1 {
			addr = fmt.Sprintf("203.0.113.%d", i/2%256)
		}
		v := s.from(addr)
		if v.Navigate(t, "/book").Status != 200 || v.Call(t, "status").Status != 200 || v.Call(t, "join").Status != 200 {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d of %d refused", refused, phones)
	}
	s.line(t, phones)
}
