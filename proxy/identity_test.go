package proxy_test

import (
	"net/url"
	"strings"
	"testing"

	"waitroom/token"
	"waitroom/token/identity/light"
)

func TestAVerifiedPersonWaitsAndEntersUnderANameThatIsNoName(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	p := r.browser()
	p.get("/book?day=1").wantKind(t, 200, "identify")
	if p.ticket() != "" {
		t.Error("a ticket was given to nobody")
	}
	p.verify(r.desks[0], "person=1", "/book?day=1").want303(t, "/book?day=1")
	p.get("/book?day=1").wantInside(t, "/book?day=1")
	if subject := r.backend.last().Header.Get("Waitroom-Subject"); len(subject) != 22 {
		t.Errorf("the backend is told of %q", subject)
	}
	q := r.browser().verified(r.desks[0], "person=2")
	q.get("/book").wantPage(t, 200, "waiting")
	if s := q.call("status").want(t, 200, "waiting"); s.position() != 1 {
		t.Errorf("the second is at %d", s.position())
	}
	r.turn()
	q.get("/book").want303(t, "/book")
	q.get("/book").wantInside(t, "/book")
}

func TestWithoutAVerifiedPersonThereIsNoPlace(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	p := r.browser()
	p.get("/book").wantKind(t, 200, "identify")
	p.call("join").want(t, 403, "identify")
	p.call("status").want(t, 404, "identify")
	p.call("enter").want(t, 404, "identify")
	p.get("/book", script()...).want(t, 429, "identify")
	r.app().call("join").want(t, 403, "identify")
	if n := r.line.View().Waiting; n != 0 || r.backend.seen() != 0 {
		t.Errorf("%d wait, %d reached the backend", n, r.backend.seen())
	}
}

func TestOnePersonHasOnePlaceHoweverOftenTheyComeAgain(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	r.browser().verified(r.desks[0], "person=9").get("/book").wantInside(t, "/book")
	p := r.browser().verified(r.desks[0], "person=1")
	id := func() [12]byte {
		t.Helper()
		ticket, err := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
		if err != nil {
			t.Fatal(err)
		}
		return ticket.ID
	}
	first := id()
	r.crowd(3)
	again := func(why string) {
		t.Helper()
		p.verify(r.desks[0], "person=1", "/book").want303(t, "/book")
		if s := p.call("status").want(t, 200, "waiting"); s.position() != 1 || id() != first {
			t.Errorf("%s: at %d, %x", why, s.position(), id())
		}
	}
	// Who has a valid ticket is sent on, and nobody is asked.
	p.post("/.waitroom/"+room+"/login/one", url.Values{"return": {"/book"}}).want303(t, "/book")
	delete(p.cookies, "waitroom-ticket-"+room)
	p.get("/book").wantKind(t, 200, "identify")
	again("the ticket was lost")
	r.pass(31 * minute)
	p.call("join").want(t, 403, "identify")
	again("the ticket was silent for too long")
	if a := p.call("leave"); a.StatusCode != 204 {
		t.Fatal(a.StatusCode)
	}
	p.call("join").want(t, 403, "identify")
	p.verify(r.desks[0], "person=1", "/book").want303(t, "/book")
	if s := p.call("join").want(t, 200, "waiting"); s.position() != 4 || id() != first {
		t.Errorf("left, and come again: at %d", s.position())
	}
	// Another person on the same device is another one.
	delete(p.cookies, "waitroom-ticket-"+room)
	p.verify(r.desks[0], "person=3", "/book").want303(t, "/book")
	if id() == first {
		t.Error("two persons on one device are one")
	}
}

func TestAnotherDeviceIsRefusedUntilTheLockIsOverAndThenTakesOver(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	r.browser().verified(r.desks[0], "person=9").get("/book").wantInside(t, "/book")
	p, q := r.browser().verified(r.desks[0], "person=1"), r.person(map[string]string{"User-Agent": safari, "Accept": "text/html", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
	r.crowd(2)
	r.pass(10*minute - 1)
	a := q.verify(r.desks[0], "person=1", "/book")
	a.wantKind(t, 409, "held")
	if q.ticket() != "" || !strings.Contains(a.body, "Chrome") || a.Header.Get("Retry-After") != "1" {
		t.Fatalf("%v: %.200s", a.Header, a.body)
	}
	p.call("status").want(t, 200, "waiting")
	r.pass(1)
	q.verified(r.desks[0], "person=1")
	if s := q.call("status").want(t, 200, "waiting"); s.position() != 1 {
		t.Errorf("the place after the takeover is %d", s.position())
	}
	p.call("status").want(t, 409, "other_device")
	p.call("join").want(t, 409, "other_device")
	p.call("enter").want(t, 409, "other_device")
	p.get("/book").wantKind(t, 409, "held")
	// Nor does it get the person back before the lock of the other one is over.
	if a := p.verify(r.desks[0], "person=1", "/book"); a.StatusCode != 409 {
		t.Errorf("%d", a.StatusCode)
	}
	q.call("status").want(t, 200, "waiting")
}

func TestATakeoverInsideEndsTheFormerDevicesPass(t *testing.T) {
	r := beginIdentified(t, settings{rules: nil, rotate: minute}, func(i *waitingIdentity) { i.Lock = 3 * minute })
	p := r.browser().verified(r.desks[0], "person=1")
	p.get("/book").wantInside(t, "/book")
	first := r.read(p.passed())
	for range 3 {
		r.pass(minute)
		p.get("/book").wantInside(t, "/book")
	}
	q := r.browser().verified(r.desks[0], "person=1")
	q.get("/book").wantInside(t, "/book")
	taken := r.read(q.passed())
	if taken.Entry != first.Entry || taken.End != first.End || taken.ID != first.ID || taken.Gen.Number <= r.read(p.passed()).Gen.Number {
		t.Errorf("%+v became %+v", first, taken)
	}
	before := r.backend.seen()
	if a := p.get("/book"); a.StatusCode != 409 {
		t.Errorf("the former device: %d", a.StatusCode)
	}
	if n := r.counted("waitroom_refusals_total", "taken_pass"); n != 1 {
		t.Errorf("%v passes of former devices were counted", n)
	}
	if r.backend.seen() != before {
		t.Error("the former device got through")
	}
	for range 4 {
		r.pass(minute)
		q.get("/book").wantInside(t, "/book")
	}
	if n := r.count("fork"); n != 0 {
		t.Errorf("%d copies were found where there is none", n)
	}
	if n := r.count("enter"); n != 1 {
		t.Errorf("%d entries of one person", n)
	}
}

func TestWhatIsPassedOnIsWorthNothingElsewhere(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	d := r.desks[0]
	p, thief := r.browser(), r.browser()
	back := d.logIn(t, p.start(d, "/book"), "person=1")
	refusedAs := func(why string, a answer) {
		t.Helper()
		if a.StatusCode == 303 && a.Header.Get("Location") == "/" || a.StatusCode == 200 && (a.kind() == "identify" || a.kind() == "failed") {
			return
		}
		t.Errorf("%s: %d to %q, %.200s", why, a.StatusCode, a.Header.Get("Location"), a.body)
	}
	refusedAs("the callback address", thief.returns(back))
	thief.start(d, "/")
	refusedAs("the callback address, with a verification of its own", thief.returns(back))
	thief.cookies["waitroom-login-"+d.name] = p.cookies["waitroom-login-"+d.name]
	refusedAs("and the cookie of the verification", thief.returns(back))
	thief.cookies["waitroom-login-"+d.name] = p.cookies["waitroom-login-"+d.name][1:]
	refusedAs("a changed cookie", thief.returns(back))
	if thief.ticket() != "" || thief.passed() != "" {
		t.Error("something was got")
	}
	if n := d.demo.Counts().Exchanged; n != 0 {
		t.Errorf("the provider was asked %d times for thieves", n)
	}
	p.returns(back).want303(t, "/book")
	// The ticket is worth nothing in another browser, either.
	thief.cookies["waitroom-ticket-"+room] = p.ticket()
	thief.call("status").want(t, 403, "other_device")
}

func TestAReloadOrALostAnswerIsHarmless(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	d := r.desks[0]
	p := r.browser()
	back := d.logIn(t, p.start(d, "/book?a=1"), "person=1")
	p.returns(back).want303(t, "/book?a=1")
	p.returns(back).want303(t, "/book?a=1") // the back button
	lost := r.browser()
	back = d.logIn(t, lost.start(d, "/book"), "person=2")
	cookies := map[string]string{}
	for k, v := range lost.cookies {
		cookies[k] = v
	}
	lost.returns(back).want303(t, "/book")
	lost.cookies = cookies // the answer never came
	if a := lost.returns(back); a.StatusCode != 200 || a.kind() != "failed" {
		t.Errorf("%d %s", a.StatusCode, a.state())
	}
	lost.verify(d, "person=2", "/book").want303(t, "/book")
	lost.call("status").want(t, 200, "waiting")
}

func TestForgedAnswersComeToNothing(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	one, two := r.desks[0], r.desks[1]
	f := func(why string, change func(url.Values), at string) {
		t.Helper()
		p := r.browser()
		u, _ := url.Parse(one.logIn(t, p.start(one, "/book"), "person=1"))
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		u.Path = strings.Replace(u.Path, "/one/", "/"+at+"/", 1)
		a := p.returns(u.String())
		if p.ticket() != "" || a.StatusCode != 200 && a.StatusCode != 303 || a.StatusCode == 303 && a.Header.Get("Location") != "/" {
			t.Errorf("%s: %d %.200s", why, a.StatusCode, a.body)
		}
	}
	f("another state", func(q url.Values) { q.Set("state", "AAAAAAAAAAAAAAAAAAAAAA") }, "one")
	f("no state", func(q url.Values) { q.Del("state") }, "one")
	f("another issuer", func(q url.Values) { q.Set("iss", two.issuer) }, "one")
	f("another code", func(q url.Values) { q.Set("code", "x") }, "one")
	f("two codes", func(q url.Values) { q.Add("code", q.Get("code")) }, "one")
	f("another provider's address", func(url.Values) {}, "two")
	f("an unknown provider's address", func(url.Values) {}, "three")
	f("broken off", func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") }, "one")
	if n := r.line.View().Waiting; n != 0 {
		t.Errorf("%d wait", n)
	}
}

func TestVerifiedPeopleDoNotLoseTheirVerificationWhileTheStoreIsAway(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	d := r.desks[0]
	for _, o := range []outage{away, failed, lost} {
		p := r.browser()
		back := d.logIn(t, p.start(d, "/book"), "person=1")
		exchanged := d.demo.Counts().Exchanged
		r.out(o)
		if a := p.returns(back); a.StatusCode != 503 || a.state() != "away" || p.ticket() != "" {
			t.Errorf("outage %d: %d %s", o, a.StatusCode, a.state())
		}
		// Nobody else can make use of it.
		thief := r.browser()
		thief.start(d, "/")
		thief.cookies["waitroom-login-"+d.name] = p.cookies["waitroom-login-"+d.name]
		thief.returns(back)
		r.out(none)
		thief.returns(back)
		if thief.ticket() != "" {
			t.Fatal("a proof was of use elsewhere")
		}
		p.returns(back).want303(t, "/book")
		p.call("leave")
		if n := d.demo.Counts().Exchanged - exchanged; n != 1 {
			t.Errorf("outage %d: the provider was asked %d times", o, n)
		}
		r.pass(11 * minute)
	}
}

func TestAProviderThatIsDownIsNoWayInAndTheOthersAre(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	d := r.desks[0]
	p := r.browser()
	back := d.logIn(t, p.start(d, "/book"), "person=1")
	d.turn(func(k *knobs) { k.Down = true })
	p.returns(back).wantKind(t, 200, "failed")
	p.verify(r.desks[1], "person=1", "/book").want303(t, "/book")
}

func TestALoginIsTheVisitorsOwnAndPosted(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	p := r.browser()
	uri := "/.waitroom/" + room + "/login/one"
	f := func(want int, a answer) {
		t.Helper()
		if a.StatusCode != want || p.cookies["waitroom-login-one"] != "" {
			t.Errorf("%d, want %d: %.200s", a.StatusCode, want, a.body)
		}
	}
	f(405, p.get(uri))
	f(403, p.post(uri, nil, "Sec-Fetch-Site", "cross-site"))
	f(403, p.post(uri, nil, "Origin", "https://evil.example"))
	f(425, p.post(uri, nil, "Early-Data", "1"))
	f(503, p.post(uri, nil, "Sec-Purpose", "prefetch"))
	f(404, p.post("/.waitroom/"+room+"/login/three", nil))
	f(404, p.post("/.waitroom/"+room+"/login/one/more", nil))
	f(400, p.post(uri, url.Values{"return": {strings.Repeat("x", 9<<10)}}))
	f(405, p.post("/.waitroom/"+room+"/login", nil))
	back := r.desks[0].logIn(t, p.start(r.desks[0], "/book"), "person=1")
	u, _ := url.Parse(back)
	for want, field := range map[int][]string{425: {"Early-Data", "1"}, 503: {"Sec-Purpose", "prefetch"}} {
		if a := p.get(u.RequestURI(), field...); a.StatusCode != want || p.ticket() != "" {
			t.Errorf("callback: %d, want %d", a.StatusCode, want)
		}
	}
	p.returns(back).want303(t, "/book")
}

func TestAVisitorIsSentBackToThisSiteOnly(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	for i, back := range []string{"//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "", "/a\nb", "/.waitroom/" + room + "/leave", "/" + strings.Repeat("x", 600)} {
		p := r.browser()
		p.verify(r.desks[0], "person="+string(rune('1'+i)), back).want303(t, "/")
	}
}

func TestALoginAtAnotherHostGoesToTheOriginFirst(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	p := r.browser()
	p.host = "www.example.kr"
	p.post("/.waitroom/"+room+"/login/one", url.Values{"return": {"/book?x=1"}}).want303(t, "https://"+host+"/book?x=1")
}

func TestAnAppVerifiesItsPersonByJSON(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	d := r.desks[0]
	r.browser().verified(d, "person=9").get("/book").wantInside(t, "/book")
	p, other := r.app(), r.app()
	uri := "/.waitroom/" + room + "/login/" + d.name
	begun := p.ask(uri, map[string]string{"redirect": "kr.example.app:/login"}).begun(t)
	if begun.Flow == "" || begun.Device == "" {
		t.Fatalf("%+v", begun)
	}
	p.cookies, other.cookies = map[string]string{}, map[string]string{} // it keeps none
	back, _ := url.Parse(d.logIn(t, begun.URL, "person=1"))
	if back.Scheme != "kr.example.app" {
		t.Fatalf("back to %s", back)
	}
	q := back.Query()
	answer := map[string]string{"flow": begun.Flow, "code": q.Get("code"), "state": q.Get("state"), "iss": q.Get("iss")}
	other.ask(uri+"/callback", answer).want(t, 403, "identify")
	other.ask(uri+"/callback", answer, "Waitroom-Device", string(anyDevice())).want(t, 403, "identify")
	s := p.ask(uri+"/callback", answer, "Waitroom-Device", begun.Device).want(t, 200, "waiting")
	if s.Ticket == "" || s.position() != 1 {
		t.Fatalf("%+v", s)
	}
	p.call("status", "Waitroom-Ticket", s.Ticket, "Waitroom-Device", begun.Device).want(t, 200, "waiting")
	other.call("status", "Waitroom-Ticket", s.Ticket).want(t, 403, "other_device")
	other.call("status", "Waitroom-Ticket", s.Ticket, "Waitroom-Device", string(anyDevice())).want(t, 403, "other_device")
	// Brought again, it is the same place.
	if again := p.ask(uri+"/callback", answer, "Waitroom-Device", begun.Device, "Waitroom-Ticket", s.Ticket).want(t, 200, "waiting"); again.position() != 1 {
		t.Errorf("at %d", again.position())
	}
	r.turn()
	in := p.call("enter", "Waitroom-Ticket", s.Ticket, "Waitroom-Device", begun.Device).want(t, 200, "admitted")
	p.get("/book", "Waitroom-Pass", in.Pass, "Waitroom-Device", begun.Device).wantInside(t, "/book")
	if a := other.get("/book", "Waitroom-Pass", in.Pass); a.StatusCode != 429 {
		t.Errorf("the pass of another app: %d", a.StatusCode)
	}
	// An address that is not the app's is none.
	if s := p.ask(uri, map[string]string{"redirect": "kr.evil.app:/login"}, "Waitroom-Device", string(anyDevice())).want(t, 403, "identify"); s.Type != "urn:waitroom:problem:identity-redirect" {
		t.Errorf("it is told %s", s.Type)
	}
}

func anyDevice() []byte {
	d := token.NewDeviceID()
	return d[:]
}

func TestABrowserThatShowsItselfOtherwiseIsVerifiedAgainAndFindsItsPlace(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	r.browser().verified(r.desks[0], "person=9").get("/book").wantInside(t, "/book")
	p := r.browser().verified(r.desks[0], "person=1")
	r.crowd(2)
	q := r.person(map[string]string{"User-Agent": safari, "Accept": "text/html", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
	q.cookies = p.cookies // as when a telephone asks for the site as computers see it
	q.call("status").want(t, 403, "other_device")
	q.get("/book").wantKind(t, 200, "identify")
	q.verified(r.desks[0], "person=1")
	if s := q.call("status").want(t, 200, "waiting"); s.position() != 1 {
		t.Errorf("at %d", s.position())
	}
}

func TestNoPageTellsTheSiteWhatAProviderSentBack(t *testing.T) {
	r := scheduled(t, false)
	d := r.desks[0]
	r.browser().verified(d, "person=2")
	f := func(why string, a answer) {
		t.Helper()
		if got := a.Header.Get("Referrer-Policy"); got != "strict-origin" {
			t.Errorf("%s: %d, %q: the address of this page has a code in it, or a signed token", why, a.StatusCode, got)
		}
	}
	f("held elsewhere", r.browser().verify(d, "person=2", "/book"))
	f("not their day", r.browser().verify(d, "person=13", "/book"))
	p := r.browser()
	f("failed", p.returns(d.logIn(t, p.start(d, "/book"), "person=2")+"&code=x"))
	f("verified", r.browser().verify(d, "person=12", "/book"))
	r.out(away)
	f("while the store is away", r.browser().verify(d, "person=22", "/book"))
}

func TestNobodyTurnsALightByWhatTheySayThatAPageSaid(t *testing.T) {
	board, clock, _ := boarded(t)
	r := beginIdentified(t, settings{}, func(i *waitingIdentity) { i.Lights = board })
	p := r.browser()
	u, err := url.Parse(r.desks[0].logIn(t, p.start(r.desks[0], "/book"), "person=1"))
	if err != nil {
		t.Fatal(err)
	}
	said := url.Values{"error": {"server_error"}, "state": {u.Query().Get("state")}, "iss": {u.Query().Get("iss")}}
	u.RawQuery = said.Encode()
	for range 30 {
		p.returns(u.String()).wantKind(t, 200, "failed")
	}
	for range 3 {
		board.Exchange(t.Context())
		clock.Add(10 * second)
	}
	for _, shown := range board.Lights().Providers {
		if shown.Light != light.Smooth {
			t.Errorf("%s is %s, because one visitor says so", shown.Name, shown.Light)
		}
	}
}

func TestAVerificationThatWaitsForTheStoreIsForPeopleToClaim(t *testing.T) {
	r := beginIdentified(t, settings{}, nil)
	r.browser().verified(r.desks[0], "person=9").get("/book").wantInside(t, "/book")
	p := r.browser()
	r.out(away)
	if a := p.verify(r.desks[0], "person=1", "/book"); a.StatusCode != 503 {
		t.Fatal(a.StatusCode)
	}
	r.out(none)
	p.get("/api/days", script()...).want(t, 429, "identify")
	p.get("/book").want303(t, "/book")
	p.call("status").want(t, 200, "waiting")
}
