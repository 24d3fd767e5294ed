package proxy_test

import (
	"net/netip"
	"testing"

	"waitroom/proxy/waiting"
	"waitroom/token"
)

// bound is a rig behind a load balancer, whose room binds to the visitor's network.
func bound(t *testing.T) *rig {
	r := begin(t, settings{key: waiting.KeyPrefer, prefix: true})
	r.options.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	r.gate.Replace(r.options)
	r.browser().from("192.0.2.250").get("/first").wantInside(t, "/first")
	return r
}

// from moves the person to an address.
func (p *person) from(addr string) *person {
	p.fields["X-Forwarded-For"] = addr
	return p
}

func TestWithoutAKeyAnotherNetworkIsAnotherDevice(t *testing.T) {
	r := bound(t)
	p := r.browser().from("192.0.2.1")
	p.get("/book").wantPage(t, 200, "waiting")
	p.from("192.0.2.77").call("status").want(t, 200, "waiting")
	twin := p.copied(nil).from("198.51.100.1")
	if a := twin.call("status"); a.StatusCode != 403 || a.said(t).State != "other_device" {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	r.crowd(1)
	twin.get("/book").wantPage(t, 200, "waiting")
	if s := twin.call("status").want(t, 200, "waiting"); s.position() != 3 {
		t.Errorf("position %d, want behind everybody", s.position())
	}
	r.turn()
	p.call("enter").want(t, 200, "admitted")
	p.get("/book").wantInside(t, "/book")
	// The cookies of one who is inside are of no use elsewhere, with or without the ticket.
	p.copied(nil).from("198.51.100.2").get("/book").wantPage(t, 200, "waiting")
	without(p, "waitroom-ticket-"+room, "waitroom-pass-"+room).from("198.51.100.3").get("/book").wantPage(t, 200, "waiting")
	p.get("/book").wantInside(t, "/book")
}

func TestADeviceWithAKeySignsAgainInAnotherNetwork(t *testing.T) {
	r := bound(t)
	p, k := r.browser().from("192.0.2.1"), newKey(t)
	p.get("/book").wantPage(t, 200, "waiting")
	p.signed(k, "device").want(t, 200, "waiting")
	number := *p.from("198.51.100.1").call("status").want(t, 200, "waiting").Number
	r.turn()
	if s := p.from("203.0.113.9").signed(k, "enter").want(t, 200, "admitted"); *s.Number != number {
		t.Errorf("number %d, was %d", *s.Number, number)
	}
	p.get("/book").wantInside(t, "/book")
	// Inside, the next page load in another network asks for the key, by the waiting page.
	p.from("192.0.2.1").get("/book").wantPage(t, 200, "called")
	p.from("203.0.113.200").get("/book").wantInside(t, "/book")
	p.from("192.0.2.1")
	again := p.call("enter") // the page does not know that it is inside: it is told what to sign
	refused(t, again, "use-nonce")
	if ath := token.Ath([]byte(p.passed())); again.Header.Get("Waitroom-Ath") != string(ath[:]) {
		t.Errorf("to be signed is %q, not the pass", again.Header.Get("Waitroom-Ath"))
	}
	p.call("enter", "Waitroom-Proof", k.proof(t, "enter", again.Header.Get("Waitroom-Nonce"), p.passed())).want(t, 200, "admitted")
	p.get("/book").wantInside(t, "/book")
	p.from("198.51.100.1")
	p.call("prove", "Waitroom-Proof", k.proof(t, "prove", p.nonce(), p.passed())).want(t, 200, "admitted")
	p.get("/book").wantInside(t, "/book")
	if n := r.count("enter"); n != 2 {
		t.Errorf("%d entries, want those of two people", n)
	}
}

func TestAPassFromBeforeTheBindingIsGood(t *testing.T) {
	r := bound(t)
	r.gate.Replace(r.gateOptions(settings{key: waiting.KeyPrefer, idle: 5 * minute}))
	p, q := r.browser().from("192.0.2.1"), r.browser().from("192.0.2.1")
	p.get("/book").wantPage(t, 200, "waiting")
	q.get("/book").wantPage(t, 200, "waiting")
	r.turn()
	p.call("enter").want(t, 200, "admitted")
	r.gate.Replace(r.options)
	p.from("198.51.100.1").get("/book").wantInside(t, "/book")
	q.from("198.51.100.1").call("status").want(t, 200, "waiting")
}
