package proxy_test

import (
	"testing"

	"waitroom/proxy/waiting"
)

func TestAVerifiedPersonsDeviceProvesItsKey(t *testing.T) {
	for _, policy := range []waiting.KeyPolicy{waiting.KeyPrefer, waiting.KeyRequire} {
		r := beginIdentified(t, settings{key: policy}, nil)
		r.crowd(1)
		p, k := r.browser().verified(r.desks[0], "person=1"), newKey(t)
		p.get("/book").wantPage(t, 200, "waiting")
		p.signed(k, "device").want(t, 200, "waiting")
		before, err := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
		if err != nil || before.Held == 0 || !before.Device.HasKey() {
			t.Fatalf("%+v, %v", before, err)
		}
		for range 3 {
			r.turn()
		}
		refused(t, p.call("enter"), "use-nonce")
		p.signed(k, "enter").want(t, 200, "admitted")
		if pass := r.read(p.passed()); pass.Subject == "" || pass.Held != before.Held || pass.Device.Key != before.Device.Key {
			t.Errorf("%+v", pass)
		}
		p.get("/book").wantInside(t, "/book")
		// Who has lost the key is a new device, on which somebody has to be verified anew: the former one holds the person.
		delete(p.cookies, "waitroom-pass-"+room)
		p.call("device", "Waitroom-Proof", "none").want(t, 403, "identify")
		delete(p.cookies, "waitroom-device")
		delete(p.cookies, "waitroom-ticket-"+room)
		r.pass(7*minute - 1) // of ten, three have passed
		p.verify(r.desks[0], "person=1", "/book").wantKind(t, 409, "held")
	}
}
