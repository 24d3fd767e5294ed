package proxy_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"waitroom/proxy/waiting"
	"waitroom/queue"
	"waitroom/token"
)

// read is what the pass in a cookie or field says, now.
func (r *rig) read(raw string) token.Pass {
	r.t.Helper()
	p, err := r.keys.ReadPass([]byte(raw), room, r.clock.Load())
	if err != nil {
		r.t.Fatalf("the pass %q: %v", raw, err)
	}
	return p
}

func TestAPassRotatesOnOrdinaryTrafficWithOneTripAMinute(t *testing.T) {
	r := opened(t, settings{rotate: minute})
	p := r.inside()
	first, trips := r.read(p.passed()), r.line.touches.Load()
	const minutes = 8
	for began := r.clock.Load(); r.clock.Load() < began+minutes*minute; r.pass(second) {
		before := p.passed()
		a := p.get("/book")
		a.wantInside(t, "/book")
		if rotated := len(a.Header["Set-Cookie"]) > 0; rotated != (p.passed() != before) || a.Header.Get("Cache-Control") != "private" {
			t.Fatalf("%v", a.Header)
		}
	}
	last := r.read(p.passed())
	if n := last.Gen.Number; n < minutes-1 || n > minutes+1 || last.ID != first.ID || last.End != first.End {
		t.Errorf("after %d minutes of %+v the pass is %+v", minutes, first, last)
	}
	if n := r.line.touches.Load() - trips; n > minutes+1 {
		t.Errorf("%d trips in %d minutes", n, minutes)
	}
	if r.count("fork") != 0 {
		t.Error("it is taken for a copy")
	}
}

func TestASuccessorThatGetsLostIsGivenAgain(t *testing.T) {
	r := opened(t, settings{rotate: minute})
	p := r.inside()
	for range 6 {
		r.pass(70 * second)
		old := p.passed()
		p.get("/book").wantInside(t, "/book")
		lost := p.passed()
		p.cookies["waitroom-pass-"+room] = old
		r.pass(20 * second)
		p.get("/book").wantInside(t, "/book")
		if a, b := r.read(lost).Gen, r.read(p.passed()).Gen; a.Number != b.Number || a.Tag == b.Tag || a.Parent != b.Parent {
			t.Fatalf("%+v was lost, and %+v given again", a, b)
		}
	}
	if r.count("fork") != 0 {
		t.Error("it is taken for a copy")
	}
}

func TestACopyWithoutAKeyIsToldOnceAndLocksNobodyOut(t *testing.T) {
	r := opened(t, settings{rotate: minute})
	p := r.inside()
	thief := p.copied(nil)
	for range 5 {
		r.pass(70 * second)
		for range 3 {
			p.get("/book").wantInside(t, "/book")
			thief.get("/book").wantInside(t, "/book")
		}
	}
	if n := r.count("fork"); n != 1 {
		t.Errorf("the journal tells of %d forks", n)
	}
}

func TestASlowAnswerBringsASuccessorOnlyWhereNothingElseKeepsThePassAlive(t *testing.T) {
	r := opened(t, settings{rotate: minute})
	p := r.inside()
	r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
		r.pass(40 * second)
		_, _ = w.Write([]byte("late"))
	})
	r.pass(70 * second)
	before := p.passed()
	p.get("/slow")
	if p.passed() != before {
		t.Error("a slow answer brought a successor, another may have brought one before")
	}
	r.pass(100 * second)
	p.get("/slow")
	if got := r.read(p.passed()); got.Gen.Number != 1 || got.Expires-r.clock.Load() < 4*minute {
		t.Errorf("the pass runs out: %+v", got)
	}
}

func TestWhoShowsAnOldPassBesideANewerOneGetsNoSuccessor(t *testing.T) {
	r := opened(t, settings{rotate: minute})
	p := r.inside()
	r.pass(70 * second)
	late := p.copied(nil)
	p.get("/book")
	p.get("/book")
	if a := late.get("/book"); a.StatusCode != 200 || len(a.Header["Set-Cookie"]) != 0 {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}

func TestWhoEntersAgainKeepsThePassThatRotated(t *testing.T) {
	r := opened(t, settings{rotate: minute})
	p := r.inside()
	r.pass(70 * second)
	p.get("/book")
	pass := p.passed()
	if r.read(pass).Gen.Number != 1 {
		t.Fatal("not rotated")
	}
	p.call("enter").want(t, 200, "admitted")
	if p.passed() != pass {
		t.Error("entering again put the first pass in the place of the newest")
	}
}

// evenings are one gateway on the embedded store, and two on one Redis.
func evenings(t *testing.T, test func(t *testing.T, at []*rig)) {
	t.Run("embedded", func(t *testing.T) {
		test(t, []*rig{opened(t, settings{rotate: minute, rules: long})})
	})
	t.Run("two gateways on Redis", func(t *testing.T) {
		g := beginPair(t, long)
		for _, r := range []*rig{g.one, g.two} {
			r.options.Rooms[0].Rotate = minute
			r.gate.Replace(r.options)
		}
		g.one.browser().get("/first")
		test(t, []*rig{g.one, g.two})
	})
}

// heard waits until the store has heard what all gateways have to tell: a copy of a pass
// of its own, told behind it, is known.
func heard(t *testing.T, at []*rig) {
	t.Helper()
	for _, r := range at {
		p := r.sentinel(t)
		before := r.line.Floor(p)
		for parent := range uint32(2) {
			r.line.Show(p, 0, queue.Shown{Gen: before + 5, Parent: parent + 1, Keyed: true})
		}
		for until := time.Now().Add(5 * time.Second); r.line.Floor(p) == before; r.line.View() {
			if time.Now().After(until) {
				t.Fatal("the store hears nothing")
			}
		}
	}
}

// sentinel is the pass of somebody who entered in a room of nobody else's interest.
func (r *rig) sentinel(t *testing.T) queue.PassID {
	t.Helper()
	records, err := r.line.Journal(context.Background(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range records {
		if x.Kind == queue.KindEnter {
			return queue.PassOf(x.Tickets[0].ID, x.Tickets[0].Entry)
		}
	}
	t.Fatal("nobody has entered")
	return queue.PassID{}
}

// forks is how often the journal tells of copies of the pass in a browser's cookies.
func (r *rig) forks(cookies map[string]string) (n int) {
	r.t.Helper()
	id := queue.PassID(r.read(cookies["waitroom-pass-"+room]).ID)
	records, err := r.line.Journal(context.Background(), "", 10_000)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, x := range records {
		if x.Kind == queue.KindFork && x.Tickets[0].ID == id.Ticket() {
			n++
		}
	}
	return n
}

func long(r *queue.Rules) { r.PassTTL = 10 * hour }

func TestAnHonestBrowserIsNeverTakenForACopy(t *testing.T) {
	evenings(t, func(t *testing.T, at []*rig) {
		j := at[0].inside().jar(.3, at...)
		for _, r := range at {
			r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
				if len(q.URL.Path)%2 == 0 {
					runtime.Gosched() // so that answers overtake each other
				}
				_, _ = w.Write([]byte("inside"))
			})
		}
		const minutes = 100
		for range minutes {
			at[0].pass(20*second + rand.Int64N(100*second)) // and now and then nothing for long
			for range 2 {
				j.load(t, 8)
			}
			heard(t, at)
		}
		if last := at[0].read(j.cookies["waitroom-pass-"+room]); last.Gen.Number < minutes/3 {
			t.Errorf("only %d rotations", last.Gen.Number)
		} else {
			t.Logf("%d requests, %d rotations", j.asked, last.Gen.Number)
		}
		if forks := at[0].forks(j.cookies); len(j.no) > 0 || forks > 0 {
			t.Errorf("of %d requests %d were refused, and the journal tells of %d copies: %v", j.asked, len(j.no), forks, j.no)
		}
	})
}

func TestOfTwoCopiesOnlyTheOneThatCanSignGoesOn(t *testing.T) {
	evenings(t, func(t *testing.T, at []*rig) {
		for _, r := range at {
			r.options.Rooms[0].Waiting.Key, r.options.Rooms[0].Waiting.Proofs = waiting.KeyPrefer, waiting.NewProofs()
			r.gate.Replace(r.options)
		}
		p, k := at[0].keyed()
		at[0].turn()
		p.signed(k, "enter").want(t, 200, "admitted")
		thief := p.copied(nil)
		for round := range 3 {
			for range 2 {
				p.at(at[0]).get("/book")
				thief.at(at[len(at)-1]).get("/book")
			}
			heard(t, at)
			at[0].pass(70 * second)
			if round == 0 && (p.get("/book").StatusCode != 200 || thief.get("/book").StatusCode != 200) {
				t.Fatal("refused before the two lines part")
			}
		}
		for _, x := range []*person{p, thief} {
			a := x.get("/book")
			if a.StatusCode != 403 || !strings.Contains(a.body, `data-enter="prove"`) {
				t.Fatalf("a copy is answered %d: %.300s", a.StatusCode, a.body)
			}
			if a := x.get("/data", script()...); a.StatusCode != 403 || a.said(t).Type != "urn:waitroom:problem:prove-device" {
				t.Fatalf("a program is answered %d %s", a.StatusCode, a.body)
			}
		}
		seen := at[0].backend.seen()
		other := newKey(t)
		for _, proof := range []string{
			"", other.proof(t, "prove", p.nonce(), thief.passed()), k.proof(t, "enter", p.nonce(), thief.passed()),
			k.proof(t, "prove", p.nonce(), thief.ticket()),
		} {
			if a := thief.call("prove", "Waitroom-Proof", proof); a.StatusCode != 401 {
				t.Fatalf("who cannot sign is answered %d %s", a.StatusCode, a.body)
			}
		}
		p.call("prove", "Waitroom-Proof", k.proof(t, "prove", p.nonce(), p.passed())).want(t, 200, "admitted")
		for range 5 {
			p.get("/book").wantInside(t, "/book")
			thief.get("/book")
			heard(t, at)
			at[0].pass(70 * second)
		}
		if n := at[0].backend.seen() - seen; n != 5 {
			t.Errorf("%d requests reached the backend, want those of the device", n)
		}
	})
}
