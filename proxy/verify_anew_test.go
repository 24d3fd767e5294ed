package proxy_test

import (
	"net/url"
	"strings"
	"testing"

	"waitroom/queue"
)

// lapsed is a room in which waiting ends with the window, and somebody in it whose window is over: of the group, until 22:00.
func lapsed(t *testing.T) (*rig, *person) {
	t.Helper()
	r := scheduled(t, true)
	r.browser().verified(r.desks[0], "person=2").get("/book").wantInside(t, "/book")
	p := r.browser().verified(r.desks[0], "person=7")
	r.set(queue.Change{Paused: yes()})
	for range 5 {
		r.pass(24 * minute)
		p.call("status")
		r.tick()
	}
	r.set(queue.Change{Paused: no()})
	p.get("/book").wantKind(t, 403, "later")
	return r, p
}

func TestWhoseTicketIsOfNoUseNowMayVerifyAsSomebodyElse(t *testing.T) {
	r, p := lapsed(t)
	d, before := r.desks[0], r.line.View().Waiting
	old := p.ticket()
	p.verified(d, "person=12")
	p.call("status").want(t, 200, "waiting")
	// The place of the one before is theirs still, and not that of who came after; nor did anybody get two.
	was, _ := r.keys.ReadTicket([]byte(old), room, r.clock.Load())
	is, _ := r.keys.ReadTicket([]byte(p.ticket()), room, r.clock.Load())
	if was.ID == is.ID || was.Subject == is.Subject || r.line.View().Waiting != before+1 {
		t.Errorf("%x became %x, %d wait after %d", was.ID, is.ID, r.line.View().Waiting, before)
	}
	// A good ticket still keeps its owner from verifying again.
	p.post("/.waitroom/"+room+"/login/one", url.Values{"return": {"/book"}}).want303(t, "/book")
	// Both persons are held by this device.
	for _, who := range []string{"person=7", "person=12"} {
		a := r.browser().verify(d, who, "/book")
		if a.StatusCode != 409 && who == "person=12" || a.StatusCode == 303 {
			t.Errorf("%s on another device: %d", who, a.StatusCode)
		}
	}
}

func TestVerifyingAnewIsNoWayAroundTheWindowOrTheLock(t *testing.T) {
	r, p := lapsed(t)
	d := r.desks[0]
	other := r.browser().verified(d, "person=22") // waits on another device
	again := func(who string, status int, kind string) {
		t.Helper()
		p.verify(d, who, "/book").wantKind(t, status, kind)
		if p.ticket() != "" {
			t.Errorf("%s has a ticket", who)
		}
		p.get("/book").wantKind(t, status, kind)
	}
	again("person=7", 403, "later")
	again("person=22", 409, "held")
	again("person=13", 403, "later")
	other.call("status").want(t, 200, "waiting")
	if n := r.backend.seen(); n != 1 {
		t.Errorf("%d requests got in", n)
	}
}

func TestAReloadOfTheWayBackShowsWhereOneStandsAndAsksNobodyAgain(t *testing.T) {
	f := func(why, who string, status int, kind, lasting string) {
		t.Helper()
		r := scheduled(t, false)
		d := r.desks[0]
		r.browser().verified(d, "person=2")
		p := r.browser()
		back := d.logIn(t, p.start(d, "/book?day=1"), who)
		p.returns(back).wantKind(t, status, kind)
		asked := d.demo.Counts().Exchanged
		for range 2 {
			p.returns(back).want303(t, "/book?day=1") // a reload, the back button, a restored tab
			p.get("/book?day=1").wantKind(t, status, kind)
		}
		if n := d.demo.Counts().Exchanged; n != asked || p.ticket() != "" {
			t.Errorf("%s: the provider was asked %d times more", why, n-asked)
		}
		// With another state it is another's answer.
		p.returns(back+"&state=AAAAAAAAAAAAAAAAAAAAAA").wantKind(t, 200, "failed")
		p.returns(strings.Replace(back, "state=", "state=A", 1)).wantKind(t, 200, "failed")
		// In another browser it is worth nothing, also with the cookie.
		thief := r.browser()
		thief.start(d, "/")
		thief.cookies["waitroom-login-one"] = p.cookies["waitroom-login-one"]
		thief.get("/book").wantKind(t, 200, "identify")
		// It is told for as long as it is true, and ten minutes at most.
		r.pass(10*minute + second)
		p.get("/book").wantKind(t, 200, lasting)
	}
	f("held", "person=2", 409, "held", "identify")
	f("not their day", "person=13", 403, "later", "identify")
}

func TestWhatWasToldOfTheLastVerificationEndsWithIt(t *testing.T) {
	r := scheduled(t, false)
	d := r.desks[0]
	r.browser().verified(d, "person=2")
	r.pass(9 * minute)
	p := r.browser()
	p.verify(d, "person=2", "/book").wantKind(t, 409, "held")
	// The lock is over: who it is has to be found out anew.
	r.pass(minute)
	p.get("/book").wantKind(t, 200, "identify")
	if p.ticket() != "" {
		t.Error("a person was taken without being verified")
	}
	// The next verification counts, whichever provider it was with, and however it ended.
	p.verify(r.desks[1], "person=13", "/book").wantKind(t, 403, "later")
	p.get("/book").wantKind(t, 403, "later")
	back := d.logIn(t, p.start(d, "/book"), "person=12")
	p.returns(back).want303(t, "/book")
	p.get("/book").wantInside(t, "/book")
	for name := range p.cookies {
		if strings.Contains(name, "ticket") || strings.Contains(name, "pass") {
			delete(p.cookies, name)
		}
	}
	p.returns(back).want303(t, "/book") // used, and no place any more
	p.get("/book").wantKind(t, 200, "identify")
}

func TestThePageOfSomebodyWhoMayNotLeadsToTheChoice(t *testing.T) {
	r, p := lapsed(t)
	d := r.desks[0]
	leads := func(p *person, a answer) {
		t.Helper()
		if !strings.Contains(a.body, `action="/.waitroom/`+room+`/login"`) {
			t.Errorf("%s: nothing leads to the choice", a.kind())
		}
		b := p.get("/.waitroom/" + room + "/login?return=%2Fbook%3Fday%3D1")
		b.wantKind(t, 200, "identify")
		if !strings.Contains(b.body, `name="return" value="/book?day=1"`) {
			t.Error("the choice does not lead back")
		}
	}
	leads(p, p.get("/book"))
	q := r.browser().verified(d, "person=12")
	r.pass(minute)
	other := r.browser()
	leads(other, other.verify(d, "person=12", "/book"))
	late := r.browser()
	leads(late, late.verify(d, "person=13", "/book"))
	// Who has a good ticket is sent on, programs get JSON, and nothing leads to another site.
	q.get("/.waitroom/"+room+"/login?return=%2Fbook").want303(t, "/book")
	r.app().get("/.waitroom/"+room+"/login").want(t, 200, "identify")
	late.get("/.waitroom/"+room+"/login", script()...).want(t, 200, "identify")
	late.get("/.waitroom/"+room+"/login", "Sec-Fetch-Dest", "", "Accept", "*/*").want(t, 200, "identify")
	if a := late.get("/.waitroom/" + room + "/login?return=%2F%2Fevil.example"); strings.Contains(a.body, "evil") {
		t.Error("the choice leads to another site")
	}
}
