package proxy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"waitroom/proxy/waiting"
	"waitroom/token"
)

// key is a device's key, as WebCrypto makes one.
type key struct{ *ecdsa.PrivateKey }

func newKey(t testing.TB) key {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key{k}
}

var base64url = base64.RawURLEncoding

// proof signs a call with a nonce, and a ticket or pass.
func (k key) proof(t testing.TB, call, nonce, shown string) string {
	t.Helper()
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]string{"htm": "POST", "htu": "http://" + host + "/.waitroom/" + room + "/" + call, "nonce": nonce}
	if shown != "" && call != "device" && call != "join" {
		ath := token.Ath([]byte(shown))
		claims["ath"] = string(ath[:])
	}
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64url.EncodeToString(b)
	}
	signed := text(map[string]any{"typ": "waitroom-proof+jwt", "alg": "ES256", "jwk": map[string]string{
		"kty": "EC", "crv": "P-256", "x": base64url.EncodeToString(point[1:33]), "y": base64url.EncodeToString(point[33:]),
	}}) + "." + text(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.PrivateKey, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64url.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// nonce asks for a fresh one, as a page does whose last one is over.
func (p *person) nonce(fields ...string) string {
	p.r.t.Helper()
	a := p.call("device", fields...)
	if a.StatusCode != 401 || a.Header.Get("Waitroom-Nonce") == "" {
		p.r.t.Fatalf("no nonce: %d %v %s", a.StatusCode, a.Header, a.body)
	}
	return a.Header.Get("Waitroom-Nonce")
}

// signed makes a call with a proof for the ticket that the person has.
func (p *person) signed(k key, call string) answer {
	p.r.t.Helper()
	return p.call(call, "Waitroom-Proof", k.proof(p.r.t, call, p.nonce(), p.ticket()))
}

// keyed is a browser that waits, with a key.
func (r *rig) keyed() (*person, key) {
	r.t.Helper()
	p, k := r.browser(), newKey(r.t)
	p.get("/book").wantPage(r.t, 200, "waiting")
	was := p.device()
	p.signed(k, "device").want(r.t, 200, "waiting")
	if p.device() == was || strings.Contains(p.device(), was) {
		r.t.Fatalf("the device cookie is %q, and was %q", p.device(), was)
	}
	return p, k
}

func refused(t *testing.T, a answer, kind string) {
	t.Helper()
	if a.StatusCode != 401 || a.said(t).Type != "urn:waitroom:problem:"+kind {
		t.Fatalf("%d %s, want 401 and %s", a.StatusCode, a.body, kind)
	}
	if a.Header.Get("Waitroom-Nonce") == "" || a.Header.Get("Www-Authenticate") != "Waitroom-Proof" {
		t.Fatalf("a refusal without what mends it: %v", a.Header)
	}
	for _, c := range a.Cookies() {
		if c.Value != "" {
			t.Fatalf("a refusal with a cookie: %v", c)
		}
	}
}

func TestADeviceWithAKeyEntersByProvingIt(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	p, k := r.keyed()
	number := *p.call("status").want(t, 200, "waiting").Number
	r.turn()
	// A navigation does not enter in place; the page that comes has what its script needs.
	page := p.get("/book")
	page.wantPage(t, 200, "called")
	ath := token.Ath([]byte(p.ticket()))
	for _, want := range []string{`data-key="prefer"`, `data-ath="` + string(ath[:]) + `"`, `data-challenge="`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if s := p.call("status"); s.Header.Get("Waitroom-Nonce") == "" || s.Header.Get("Waitroom-Ath") != string(ath[:]) {
		t.Errorf("a called visitor's poll has no nonce: %v", s.Header)
	}
	refused(t, p.call("enter"), "use-nonce")
	in := p.signed(k, "enter").want(t, 200, "admitted")
	if *in.Number != number {
		t.Errorf("number %d, was %d", *in.Number, number)
	}
	p.get("/book").wantInside(t, "/book")
	// Asking again gives the same pass, to who signs again.
	pass := p.passed()
	if p.signed(k, "enter").want(t, 200, "admitted"); p.passed() != pass {
		t.Error("entering twice gave two passes")
	}
}

func TestACopyOfAllCookiesIsWorthNothing(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	p, k := r.keyed()
	waits := p.copied(nil)
	waits.call("status").want(t, 200, "waiting") // it may look on
	r.turn()
	twin, other := p.copied(nil), newKey(t)
	refused(t, twin.call("enter"), "use-nonce")
	refused(t, twin.signed(other, "enter"), "use-nonce")
	refused(t, twin.call("leave"), "use-nonce")
	refused(t, twin.signed(other, "leave"), "use-nonce")
	twin.get("/book").wantPage(t, 200, "called")
	// Nor without the ticket, nor with the device alone.
	alone := without(p, "waitroom-ticket-"+room)
	alone.get("/book").wantPage(t, 200, "called")
	alone = without(p, "waitroom-ticket-"+room)
	alone.call("join").want(t, 200, "called")
	refused(t, alone.call("enter"), "use-nonce")
	// As a program it gets its ticket in a body: that needs the key, too.
	program := without(p)
	for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"} {
		delete(program.fields, name)
	}
	body := program.call("join").want(t, 200, "called")
	refused(t, program.appCall("enter", body.Ticket, ""), "use-nonce")
	refused(t, r.person(program.fields).appCall("enter", body.Ticket, ""), "use-nonce")
	if n := r.count("enter"); n != 1 {
		t.Fatalf("%d have entered, want the first of all only", n)
	}
	// The first one goes on.
	p.signed(k, "enter").want(t, 200, "admitted")
	// What the copy gets once it has entered is as little.
	late := without(p, "waitroom-pass-"+room)
	late.get("/book").wantPage(t, 200, "called")
	refused(t, late.call("enter"), "use-nonce")
	without(p, "waitroom-pass-"+room, "waitroom-ticket-"+room).get("/book").wantPage(t, 200, "called")
	if a := without(p, "waitroom-pass-"+room, "waitroom-ticket-"+room).call("join"); strings.Contains(a.body, `"pass"`) || len(a.Cookies()) != 1 {
		t.Fatalf("a copy joined into the pass: %s %v", a.body, a.Cookies())
	}
	p.get("/book").wantInside(t, "/book")
}

func TestWhoRegistersAnotherKeyIsSomebodyNew(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	p, k := r.keyed()
	r.crowd(3)
	twin, other := p.copied(nil), newKey(t)
	s := twin.signed(other, "device").want(t, 200, "waiting")
	if s.position() != 5 || twin.device() == p.device() {
		t.Errorf("position %d, want behind the crowd; device %q and %q", s.position(), twin.device(), p.device())
	}
	gone := p.copied(nil)
	if s := gone.call("device", "Waitroom-Proof", "none").want(t, 200, "waiting"); s.position() != 6 || len(gone.device()) != 22 {
		t.Errorf("position %d, device %q", s.position(), gone.device())
	}
	if s := p.signed(k, "device").want(t, 200, "waiting"); s.position() != 1 {
		t.Errorf("position %d of who holds the key", s.position())
	}
}

func TestAProofIsForOneCallOneTicketAndOneTime(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	p, k := r.keyed()
	r.turn()
	f := func(proof string) {
		t.Helper()
		refused(t, p.call("enter", "Waitroom-Proof", proof), "use-nonce")
	}
	nonce := p.nonce()
	f("nonsense")
	f(k.proof(t, "leave", nonce, p.ticket()))
	f(k.proof(t, "enter", nonce, ""))
	f(k.proof(t, "enter", nonce, "another ticket"))
	f(k.proof(t, "enter", "", p.ticket()))
	r.pass(minute)
	f(k.proof(t, "enter", nonce, p.ticket()))
	proof := k.proof(t, "enter", p.nonce(), p.ticket())
	p.call("enter", "Waitroom-Proof", proof).want(t, 200, "admitted")
	f(proof)
	f("none")
	if a := p.call("enter", "Waitroom-Proof", proof, "waitroom-proof", proof); a.StatusCode == 200 {
		t.Errorf("a proof twice: %d", a.StatusCode)
	}
	for reason, want := range map[string]float64{"bad_proof": 6, "stale_proof": 1, "used_proof": 2} {
		if got := r.counted("waitroom_refusals_total", reason); got != want {
			t.Errorf("%s: %v, want %v", reason, got, want)
		}
	}
}

func TestALostTicketIsFoundAgainByTheDeviceWithAKey(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	p, k := r.keyed()
	number := *p.call("status").want(t, 200, "waiting").Number
	delete(p.cookies, "waitroom-ticket-"+room)
	p.get("/book").wantPage(t, 200, "waiting")
	if s := p.call("status").want(t, 200, "waiting"); *s.Number != number || s.position() != 1 {
		t.Errorf("number %d, was %d; position %d", *s.Number, number, s.position())
	}
	r.turn()
	p.signed(k, "enter").want(t, 200, "admitted")
}

func TestTheTicketFromBeforeTheKeyIsTaken(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	p, k := r.browser(), newKey(t)
	p.get("/book").wantPage(t, 200, "waiting")
	old, before := p.ticket(), p.device()
	p.signed(k, "device").want(t, 200, "waiting")
	keyed := p.ticket()
	p.cookies["waitroom-ticket-"+room] = old // the answer that brought the new one was lost on the way
	p.call("status").want(t, 200, "waiting")
	r.turn()
	refused(t, p.call("enter"), "use-nonce")
	// The cookie from before the key holds no ticket with the key.
	p.cookies["waitroom-device"], p.cookies["waitroom-ticket-"+room] = before, keyed
	if s := p.call("status"); s.StatusCode != 403 {
		t.Errorf("status %d for a device without the key", s.StatusCode)
	}
}

func TestAnAppHoldsItsKeyByItself(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	app, k := r.app(), newKey(t)
	joined := app.call("join", "Waitroom-Proof", k.proof(t, "join", app.nonce(), "")).want(t, 200, "waiting")
	app.cookies = map[string]string{}
	s := app.appCall("status", joined.Ticket, "").want(t, 200, "waiting")
	r.turn()
	refused(t, app.appCall("enter", joined.Ticket, ""), "use-nonce")
	enter := func(ticket string) answer {
		return app.call("enter", "Waitroom-Ticket", ticket, "Waitroom-Proof", k.proof(t, "enter", app.nonce(), ticket))
	}
	in := enter(joined.Ticket).want(t, 200, "admitted")
	app.get("/book", "Waitroom-Pass", in.Pass).wantInside(t, "/book")
	if s.Ticket != "" {
		t.Error("a poll renewed a fresh ticket")
	}
	// One that shows no proof is without a key, as ever.
	plain := r.app()
	ticket := plain.call("join").want(t, 200, "waiting").Ticket
	plain.cookies = map[string]string{}
	r.turn()
	plain.appCall("enter", ticket, "").want(t, 200, "admitted")
}

func TestAQuietRoomAsksAKnownDeviceToSign(t *testing.T) {
	r := begin(t, settings{key: waiting.KeyPrefer})
	first := r.browser()
	first.get("/book").wantInside(t, "/book") // nobody waits: no page, and no key
	p, k := r.keyed()
	other := p.copied(nil)
	r.pass(hour) // all is over, and the room is quiet again
	r.tick()
	other.get("/book").wantPage(t, 200, "called")
	if a := other.call("enter"); a.StatusCode != 401 {
		t.Fatalf("a copy entered the quiet room: %d", a.StatusCode)
	}
	p.get("/book").wantPage(t, 200, "called")
	p.signed(k, "enter").want(t, 200, "admitted")
	p.get("/book").wantInside(t, "/book")
}

func TestWhereAKeyIsRequiredNobodyEntersWithout(t *testing.T) {
	r := begin(t, settings{key: waiting.KeyRequire})
	p, k := r.browser(), newKey(t)
	a := p.get("/book") // even where nobody waits
	a.wantPage(t, 200, "waiting")
	if !strings.Contains(a.body, "<noscript><p") || !strings.Contains(a.body, `data-key="require"`) {
		t.Error("the page does not say what is needed")
	}
	r.turn()
	refused(t, p.call("enter"), "key-required")
	p.get("/book").wantPage(t, 200, "called")
	p.call("join").want(t, 200, "called")
	app := r.app()
	ticket := app.call("join").want(t, 200, "waiting").Ticket
	r.turn()
	refused(t, app.appCall("enter", ticket, ""), "key-required")
	if n := r.count("enter"); n != 0 {
		t.Fatalf("%d have entered", n)
	}
	p.signed(k, "device").want(t, 200, "called")
	p.signed(k, "enter").want(t, 200, "admitted")
	p.get("/book").wantInside(t, "/book")
	if a := app.appCall("leave", ticket, ""); a.StatusCode != 204 {
		t.Errorf("leave without a key: %d", a.StatusCode)
	}
}

func TestWhereTheKeyIsOffNobodyIsAsked(t *testing.T) {
	r := opened(t, settings{})
	p := r.browser()
	if a := p.get("/book"); strings.Contains(a.body, "data-key=") {
		t.Error("the page makes a key")
	}
	for _, call := range []string{"device", "prove"} {
		if a := p.call(call); a.StatusCode != 404 {
			t.Errorf("%s: %d", call, a.StatusCode)
		}
	}
	r.turn()
	if a := p.call("enter"); a.StatusCode != 200 || a.Header.Get("Waitroom-Nonce") != "" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	// A device that has got its key in another room is still known by it, and not asked.
	q := r.browser()
	q.cookies["waitroom-device"] = string(r.keys.Keys().AppendDevice(nil, token.Device{ID: [16]byte{1}, Key: [32]byte{2}}))
	q.get("/book").wantPage(t, 200, "waiting")
	plain := q.copied(nil)
	plain.cookies["waitroom-device"] = p.device()
	if a := plain.call("status"); a.StatusCode != 403 {
		t.Errorf("another device holds the ticket: %d", a.StatusCode)
	}
	r.turn()
	q.call("enter").want(t, 200, "admitted")
	q.get("/book").wantInside(t, "/book")
}

func TestAPassIsMadeOutAnewForWhoProves(t *testing.T) {
	r := opened(t, settings{key: waiting.KeyPrefer})
	p, k := r.keyed()
	r.turn()
	p.signed(k, "enter").want(t, 200, "admitted")
	was := p.passed()
	r.pass(2 * minute)
	refused(t, p.call("prove"), "use-nonce")
	refused(t, p.call("prove", "Waitroom-Proof", k.proof(t, "prove", p.nonce(), p.ticket())), "use-nonce")
	refused(t, p.call("prove", "Waitroom-Proof", newKey(t).proof(t, "prove", p.nonce(), was)), "use-nonce")
	if p.call("prove", "Waitroom-Proof", k.proof(t, "prove", p.nonce(), was)).want(t, 200, "admitted"); p.passed() == was {
		t.Error("the pass is the same")
	}
	p.get("/book").wantInside(t, "/book")
	if a := r.browser().call("prove"); a.StatusCode != 404 {
		t.Errorf("prove without a pass: %d", a.StatusCode)
	}
}
