package proxy_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"waitroom/queue"
	"waitroom/token"
)

// jti is the identity of the pass in a cookie, now.
func (r *rig) jti(raw string) string {
	r.t.Helper()
	p, err := r.keys.ReadPass([]byte(raw), room, r.clock.Load())
	if err != nil {
		r.t.Fatalf("the pass %q: %v", raw, err)
	}
	return token.FormatPassID(p.ID)
}

func TestAPassIsRenewedByUseAtHalfOfItsIdleTimeUpToItsEnd(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	pass, id := p.passed(), r.jti(p.passed())
	began := r.clock.Load()
	end := began + 10*minute
	r.pass(149 * second)
	if a := p.get("/book"); len(a.Header["Set-Cookie"]) != 0 {
		t.Errorf("renewed before half of it was gone: %v", a.Header["Set-Cookie"])
	}
	r.pass(3 * second)
	a := p.get("/book")
	if p.passed() == pass || r.jti(p.passed()) != id || a.Header.Get("Cache-Control") != "private" {
		t.Errorf("not renewed at half, or as another pass: %v", a.Header)
	}
	for r.clock.Load() < end-2*second {
		if a := p.get("/book"); a.StatusCode != 200 || !strings.HasPrefix(a.body, "inside") {
			t.Fatalf("after %d s: %d", (r.clock.Load()-began)/second, a.StatusCode)
		}
		if n := r.line.View().Active; n < 1 {
			t.Fatalf("after %d s %d count as inside", (r.clock.Load()-began)/second, n)
		}
		r.pass(20 * second)
	}
	r.clock.Store(end)
	p.get("/book").wantInside(t, "/book") // a quiet room: at once a new entry, with a new pass
	if r.jti(p.passed()) == id || r.count("enter") != 3 {
		t.Errorf("the pass outlived its end, or %d entries", r.count("enter"))
	}
}

func TestAPassThatRanOutMeansANewPlace(t *testing.T) {
	for _, c := range []struct {
		why   string
		after int64
	}{
		{"idle for too long", 5 * minute},
		{"idle for long", 6 * minute},
		{"at its end, to the second", 10*minute - second/2},
		{"behind its end", 11 * minute},
	} {
		r := opened(t, settings{})
		p := r.inside()
		r.crowd(3)
		r.pass(c.after)
		seen := r.backend.seen()
		p.get("/book").wantPage(t, 200, "waiting")
		if s := p.call("status").want(t, 200, "waiting"); s.position() != 4 {
			t.Errorf("%s: position %d", c.why, s.position())
		}
		if r.backend.seen() != seen {
			t.Errorf("%s: the backend saw it", c.why)
		}
	}
}

func TestAnAppWhosePassRanOutIsToldSo(t *testing.T) {
	r := opened(t, settings{})
	a := r.app()
	ticket := a.call("join").said(t).Ticket
	r.turn()
	pass := a.appCall("enter", ticket, "").want(t, 200, "admitted").Pass
	a.get("/book", "Waitroom-Pass", pass).wantInside(t, "/book")
	r.pass(3 * minute)
	renewed := a.get("/book", "Waitroom-Pass", pass)
	if got := renewed.Header.Get("Waitroom-Pass"); got == "" || got == pass || len(renewed.Header["Set-Cookie"]) != 0 {
		t.Errorf("renewed: %v", renewed.Header)
	}
	r.crowd(2)
	r.pass(6 * minute)
	a.cookies = map[string]string{}
	if s := a.get("/book", "Waitroom-Pass", pass, "Waitroom-Ticket", ticket); s.StatusCode != 429 {
		t.Errorf("over: %d %s", s.StatusCode, s.body)
	}
	if s := a.appCall("enter", ticket, pass); s.StatusCode != 410 {
		t.Errorf("enter: %d %s", s.StatusCode, s.body)
	}
	if s := a.appCall("join", ticket, pass).want(t, 200, "waiting"); s.Ticket == "" {
		t.Errorf("joined anew: %+v", s)
	}
}

func TestWhoNeverGotThePassGetsItWhileItLasts(t *testing.T) {
	r := opened(t, settings{})
	p := r.called()
	p.get("/book")
	id := r.jti(p.passed())
	delete(p.cookies, "waitroom-pass-"+room) // the answer was lost
	r.crowd(3)
	r.pass(5*minute - second/10) // to the last moment, in which the pass as first written is over
	if a := p.get("/book"); a.StatusCode != 303 {
		t.Fatalf("on return: %d", a.StatusCode)
	}
	if r.jti(p.passed()) != id || r.count("enter") != 2 {
		t.Errorf("another pass, or %d entries", r.count("enter"))
	}
	r.pass(4 * minute) // it was given anew, with its whole idle time
	p.get("/book").wantInside(t, "/book")
}

func TestTheBackendCommands(t *testing.T) {
	for _, c := range []struct {
		header, value string
		ends, sold    bool
	}{
		{"Waitroom-Command", "release", true, false},
		{"Waitroom-Command", "revoke", true, false},
		{"Cf-Waiting-Room-Command", "revoke", true, false},
		{"Waitroom-Command", "sold-out", false, true},
		{"Waitroom-Command", "open-the-gate", false, false},
	} {
		r := opened(t, settings{})
		p := r.inside()
		pass := p.passed()
		r.crowd(2)
		r.backend.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(c.header, c.value) })
		a := p.get("/done")
		r.backend.answers(nil)
		if a.StatusCode != 200 || a.Header.Get(c.header) != "" {
			t.Errorf("%s: %d, %v", c.value, a.StatusCode, a.Header)
		}
		if (p.passed() == "") != c.ends {
			t.Errorf("%s: the pass cookie is %q", c.value, p.passed())
		}
		if got := r.line.View().Control.SoldOut; got != c.sold {
			t.Errorf("%s: sold out is %t", c.value, got)
		}
		seen := r.backend.seen()
		p.cookies["waitroom-pass-"+room] = pass
		a = p.get("/book")
		switch {
		case c.ends:
			a.wantPage(t, 200, "waiting")
			if r.backend.seen() != seen {
				t.Errorf("%s: the pass still opens", c.value)
			}
		default:
			a.wantInside(t, "/book")
		}
		if c.sold {
			r.browser().get("/book").wantPage(t, 200, "sold_out")
			r.browser().call("join").want(t, 200, "sold_out")
		}
	}
}

func TestACommandThatTheStoreDoesNotTakeDelaysNothingForLong(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	r.backend.answers(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Waitroom-Command", "release") })
	r.out(failed)
	if a := p.get("/done"); a.StatusCode != 200 {
		t.Errorf("answer %d", a.StatusCode)
	}
}

func TestARevokedPassOpensNothing(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	r.crowd(1)
	id, err := token.ParsePassID(r.jti(p.passed()))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.line.End(context.Background(), queue.PassID(id), queue.WhyRevoked, "operator"); err != nil {
		t.Fatal(err)
	}
	p.get("/book").wantPage(t, 200, "waiting")
	p.call("enter").want(t, 409, "waiting")
}

func TestThoseInsideNoticeNothingWhenTheStoreIsAway(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	r.out(away)
	for range 3 {
		p.get("/book").wantInside(t, "/book")
		r.pass(3 * minute)
	}
}

func TestACookieIsWrittenForThisHostAndNoScript(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := begin(t, settings{tls: secure})
		r.crowd(1)
		a := r.browser().get("/book")
		if len(a.Header["Set-Cookie"]) != 2 {
			t.Fatalf("cookies %v", a.Header["Set-Cookie"])
		}
		for _, line := range a.Header["Set-Cookie"] {
			ok := strings.Contains(line, "; Path=/;") && strings.Contains(line, "; HttpOnly; SameSite=Lax") && !strings.Contains(line, "Domain")
			ok = ok && strings.HasSuffix(line, "; Secure") == secure && strings.HasPrefix(line, "__Host-waitroom-") == secure
			if !ok {
				t.Errorf("secure %t: %s", secure, line)
			}
		}
	}
}

// A pass is written in whole seconds, and the store counts in microseconds: in the last
// part of a second the seat is there, and no pass can be written for it.
func TestTheLastMomentOfAPassIsNoEndOfRedirects(t *testing.T) {
	r := opened(t, settings{idle: 10 * minute})
	r.pass(second * 7 / 10)
	p := r.inside()
	end := r.clock.Load() + 10*minute
	for r.clock.Load() < end-20*second {
		p.get("/book").wantInside(t, "/book")
		r.pass(10 * second)
	}
	r.crowd(1)
	r.clock.Store(end - second*3/10)
	p.get("/book").wantPage(t, 200, "waiting")
	p.call("status").want(t, 200, "waiting")
}
