package proxy_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"waitroom/token"
)

// volatile is what differs between two answers that say the same.
var volatile = regexp.MustCompile(`"(next_poll_ms|retry_after|opens_in|server_time|ticket_number|position|waiting|eta_seconds|ticket|low|high)":("[^"]*"|null|-?\d+|\{[^}]*\})`)

func (a answer) told() string { return volatile.ReplaceAllString(a.body, `"$1":_`) }

// retyped is a token with another header, and its signature left.
func retyped(raw, alg, typ, kid string) string {
	_, rest, _ := strings.Cut(raw, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`","typ":"`+typ+`","kid":"`+kid+`"}`)) + "." + rest
}

// forge makes tokens that a bad visitor may show, for the device of p.
type forge struct {
	device token.Device
	now    int64
}

func (r *rig) forge(p *person) forge {
	d, _ := token.DeviceOf([]byte(p.device()), []byte(chrome), []byte(`"Android"`))
	return forge{d, r.clock.Load()}
}

func (f forge) ticket(keys *token.Ring, change func(*token.Ticket)) string {
	x := token.Ticket{Room: room, ID: [12]byte{1}, Place: 1, Epoch: "e", Device: f.device, Issued: f.now, Expires: f.now + hour}
	change(&x)
	return string(keys.Keys().AppendTicket(nil, &x))
}

func (f forge) pass(keys *token.Ring, change func(*token.Pass)) string {
	x := token.Pass{Room: room, ID: [16]byte{1}, Device: f.device, Entry: f.now, Issued: f.now, Expires: f.now + hour, End: f.now + hour}
	change(&x)
	return string(keys.Keys().AppendPass(nil, &x))
}

func TestBadTicketsAreAnsweredAsNone(t *testing.T) {
	r := opened(t, settings{})
	other := openKeys(t) // another deployment's keys
	p, in := r.browser(), r.inside()
	p.get("/book")
	r.crowd(2)
	f, now, kept := r.forge(p), r.clock.Load(), p.ticket()
	none, noneOfApp := r.browser().call("status"), r.app().call("status")
	if none.StatusCode != 404 {
		t.Fatalf("no ticket: %d", none.StatusCode)
	}
	for why, raw := range map[string]string{
		"empty": "", "garbage": "garbage", "dots": "..", "long": strings.Repeat("A", 3000),
		"foreign key":   f.ticket(other, func(*token.Ticket) {}),
		"another room":  f.ticket(r.keys, func(x *token.Ticket) { x.Room = "other" }),
		"expired":       f.ticket(r.keys, func(x *token.Ticket) { x.Issued, x.Expires = now-hour, now-1 }),
		"not yet":       f.ticket(r.keys, func(x *token.Ticket) { x.Issued, x.Expires = now+hour, now+2*hour }),
		"a pass":        in.passed(),
		"a byte off":    kept[:len(kept)-2] + "AA",
		"padded":        kept + "=",
		"alg none":      retyped(kept, "none", "wr-ticket+jwt", ""),
		"no signature":  kept[:strings.LastIndexByte(kept, '.')+1],
		"alg of a pass": retyped(kept, "EdDSA", "wr-ticket+jwt", "0000000000000000"),
		"kid a path":    retyped(kept, "HS256", "wr-ticket+jwt", "../../etc/pass"),
	} {
		a := with(p, "waitroom-ticket-"+room, raw).call("status")
		if a.StatusCode != none.StatusCode || a.told() != none.told() {
			t.Errorf("%s: status answers %d %s, and none %s", why, a.StatusCode, a.body, none.body)
		}
		app := r.app()
		if b := app.appCall("status", raw, ""); b.StatusCode != 404 || b.told() != noneOfApp.told() {
			t.Errorf("%s: to an app status answers %d %s", why, b.StatusCode, b.body)
		}
		if b := app.appCall("enter", raw, ""); b.StatusCode != 404 || len(b.Header["Set-Cookie"]) != 0 {
			t.Errorf("%s: enter answers %d %s", why, b.StatusCode, b.body)
		}
	}
}

func TestBadPassesAreAnsweredAsNone(t *testing.T) {
	r := opened(t, settings{})
	other := openKeys(t)
	p, in := r.browser(), r.inside()
	p.get("/book")
	r.crowd(2)
	f, now := r.forge(p), r.clock.Load()
	seen := r.backend.seen()
	want := p.do("GET", "/book", script()...)
	for why, raw := range map[string]string{
		"garbage": "x.y.z", "foreign key": f.pass(other, func(*token.Pass) {}),
		"another room":   f.pass(r.keys, func(x *token.Pass) { x.Room = "other" }),
		"expired":        f.pass(r.keys, func(x *token.Pass) { x.Issued, x.Expires = now-hour, now-1 }),
		"issued later":   f.pass(r.keys, func(x *token.Pass) { x.Issued = now + minute }),
		"a ticket":       p.ticket(),
		"alg none":       retyped(in.passed(), "none", "wr-pass+jwt", ""),
		"alg of tickets": retyped(in.passed(), "HS256", "wr-pass+jwt", "0000000000000000"),
		"another device": in.passed(),
		"an app's":       f.pass(r.keys, func(x *token.Pass) { x.Device.ID = [16]byte{} }),
	} {
		x := with(p, "waitroom-pass-"+room, raw)
		if a := x.do("GET", "/book", script()...); a.StatusCode != want.StatusCode || a.told() != want.told() {
			t.Errorf("%s: %d %s, and none %s", why, a.StatusCode, a.body, want.body)
		}
		x.get("/book").wantPage(t, 200, "waiting")
		if a := x.call("enter"); a.StatusCode != 409 {
			t.Errorf("%s: enter %d", why, a.StatusCode)
		}
	}
	if n := r.backend.seen(); n != seen {
		t.Errorf("the backend saw %d requests more", n-seen)
	}
}

func TestATicketIsWorthNothingElsewhere(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	app := r.app()
	ticket, device := p.ticket(), p.device()
	appTicket := app.call("join").said(t).Ticket
	for _, c := range []struct {
		why    string
		who    *person
		fields []string
		status int
	}{
		{"all cookies in another browser", p.copied(map[string]string{"User-Agent": safari, "Sec-Ch-Ua-Platform": ""}), nil, 403},
		{"all cookies on another platform", p.copied(map[string]string{"Sec-Ch-Ua-Platform": `"Windows"`}), nil, 403},
		{"without the device cookie", without(p, "waitroom-device"), nil, 403},
		{"with another device's cookie", with(p, "waitroom-device", newDevice()), nil, 403},
		{"with a device cookie that is none", with(p, "waitroom-device", "short"), nil, 403},
		{"in a field, without the device cookie", without(p, "waitroom-device", "waitroom-ticket-"+room), []string{"Waitroom-Ticket", ticket}, 403},
		{"in a field, with it: the same device", without(p, "waitroom-ticket-"+room), []string{"Waitroom-Ticket", ticket}, 200},
		{"an app's as a cookie", with(r.browser(), "waitroom-ticket-"+room, appTicket), nil, 403},
		{"an app's as a cookie of the same app", with(r.app(), "waitroom-ticket-"+room, appTicket), nil, 403},
		{"an app's in a field of another program", r.person(map[string]string{"User-Agent": "curl/8"}), []string{"Waitroom-Ticket", appTicket}, 403},
		{"an app's in its own field", r.app(), []string{"Waitroom-Ticket", appTicket}, 200},
		{"an updated browser", p.copied(map[string]string{"User-Agent": strings.ReplaceAll(chrome, "92.0.4515.131", "93.0.4577.62")}), nil, 200},
		{"without the platform hint", p.copied(map[string]string{"Sec-Ch-Ua-Platform": ""}), nil, 200},
	} {
		a := c.who.call("status", c.fields...)
		if a.StatusCode != c.status {
			t.Errorf("%s: %d, want %d: %s", c.why, a.StatusCode, c.status, a.body)
			continue
		}
		if c.status != 403 {
			continue
		}
		if s := a.said(t); s.State != "other_device" || s.Type != "urn:waitroom:problem:other-device" || s.Position != nil {
			t.Errorf("%s: %s", c.why, a.body)
		}
		if a := c.who.call("enter", c.fields...); a.StatusCode != 403 || len(a.Header["Set-Cookie"]) != 0 {
			t.Errorf("%s: enter %d", c.why, a.StatusCode)
		}
	}
	if n := r.count("enter"); n != 1 {
		t.Errorf("%d entries", n)
	}
	if p.ticket() != ticket || p.device() != device {
		t.Error("the holder's own cookies were changed")
	}
	if a := p.get("/book"); a.StatusCode != 303 {
		t.Errorf("the holder: %d", a.StatusCode)
	}
}

func TestAPassIsWorthNothingElsewhere(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	app := r.app()
	ticket := app.call("join").said(t).Ticket
	r.turn()
	appPass := app.appCall("enter", ticket, "").want(t, 200, "admitted").Pass
	r.crowd(2)
	pass := p.passed()
	for _, c := range []struct {
		why    string
		who    *person
		fields []string
		in     bool
	}{
		{"all cookies in another browser", p.copied(map[string]string{"User-Agent": safari, "Sec-Ch-Ua-Platform": ""}), nil, false},
		{"the pass alone", with(r.browser(), "waitroom-pass-"+room, pass), nil, false},
		{"the pass with another device", with(p, "waitroom-device", newDevice()), nil, false},
		{"the pass without a device", without(p, "waitroom-device"), nil, false},
		{"in a field, without the device", r.browser(), []string{"Waitroom-Pass", pass}, false},
		{"in a field, with it", with(r.browser(), "waitroom-device", p.device()), []string{"Waitroom-Pass", pass}, true},
		{"as the ticket", with(r.browser(), "waitroom-ticket-"+room, pass), nil, false},
		{"an app's as a cookie", with(r.app(), "waitroom-pass-"+room, appPass), nil, false},
		{"an app's in another program", r.browser(), []string{"Waitroom-Pass", appPass}, false},
		{"an app's in a query", r.app(), []string{"Cookie", "bypass=true"}, false},
		{"an app's in its own field", r.app(), []string{"Waitroom-Pass", appPass}, true},
		{"the holder's own", p, nil, true},
	} {
		before := r.backend.seen()
		a := c.who.get("/book?pass="+appPass, c.fields...)
		if in := r.backend.seen() == before+1; in != c.in {
			t.Errorf("%s: in: %t, want %t (%d)", c.why, in, c.in, a.StatusCode)
		}
	}
}

func TestNoFieldCookieOrQueryOpensTheGate(t *testing.T) {
	r := opened(t, settings{})
	for _, name := range []string{"bypass", "debug", "test", "preview", "admin", "TS_BYPASS", "waitroom", "queueittoken", "admitted", "enter", "X-Waitroom-Pass", "waitroom-bypass"} {
		p := r.browser()
		p.cookies[name] = "true"
		if a := p.get("/book?"+name+"=true", "X-"+name, "true"); strings.HasPrefix(a.body, "inside") {
			t.Errorf("%s opens the gate", name)
		}
	}
	for _, method := range []string{"HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST", "get", "TRACE", "G3T"} {
		if a, err := r.browser().try(method, "/book"); err == nil && strings.HasPrefix(a.body, "inside") {
			t.Errorf("%s opens the gate", method)
		}
	}
	if n := r.backend.seen(); n != 1 {
		t.Errorf("the backend saw %d requests", n)
	}
}

func TestTwoTicketsOrPassesInOneRequestAreRefused(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	for _, cookie := range []string{
		"waitroom-pass-booking=" + p.passed() + "; waitroom-pass-booking=x; waitroom-device=" + p.device(),
		"waitroom-device=" + p.device() + "; waitroom-device=" + newDevice() + "; waitroom-pass-booking=" + p.passed(),
	} {
		if a := p.get("/book", "Cookie", cookie); a.StatusCode != 400 {
			t.Errorf("%d", a.StatusCode)
		}
	}
}

func with(p *person, name, value string) *person {
	c := p.copied(nil)
	c.cookies[name] = value
	return c
}

func without(p *person, names ...string) *person {
	c := p.copied(nil)
	for _, n := range names {
		delete(c.cookies, n)
	}
	return c
}

func newDevice() string {
	cookie := token.NewDeviceID()
	return string(cookie[:])
}
