package proxy_test

import (
	"net/http"
	"testing"

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
