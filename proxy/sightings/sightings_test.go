package sightings

import (
	"testing"

	"waitroom/queue"
	"waitroom/token"
)

const (
	second = int64(1_000_000)
	minute = 60 * second
	begin  = int64(1_628_766_000) * second
)

// watch is the sightings of a gateway under test, and the one pass that they are of.
type watch struct {
	t     *testing.T
	s     Sightings
	now   int64
	pass  token.Pass
	trips int
}

func newWatch(t *testing.T) *watch {
	p := token.Pass{ID: [16]byte{1}, Entry: begin, Issued: begin, Expires: begin + 5*minute, End: begin + 600*minute}
	return &watch{t: t, now: begin, pass: p}
}

func (w *watch) see(p token.Pass, want bool, why string) {
	w.t.Helper()
	until, report, older := w.s.See(Pass{Pass: &p, Now: w.now, Every: minute, Idle: 5 * minute})
	if report != want {
		w.t.Errorf("%s, %d s on: reported %t, want %t", why, (w.now-begin)/second, report, want)
	}
	if older != (p.Gen.Number < w.pass.Gen.Number) {
		w.t.Errorf("%s: older is %t", why, older)
	}
	if report {
		w.trips++
		if until < p.Expires || until > w.now+5*minute {
			w.t.Errorf("%s: counts as inside for %d s, is good for %d", why, (until-w.now)/second, (p.Expires-w.now)/second)
		}
	}
}

// rotated is a successor that is given now.
func (w *watch) rotated(p token.Pass) token.Pass {
	p.Gen, p.Issued, p.Expires = p.Gen.Next(), w.now, w.now+5*minute
	return p
}

func TestAPassThatRotatesIsReportedOnceInAGeneration(t *testing.T) {
	w := newWatch(t)
	w.see(w.pass, false, "a new pass")
	const minutes = 60
	for range minutes {
		for range 70 {
			w.now += second
			if _, report, _ := w.s.See(Pass{Pass: &w.pass, Now: w.now, Every: minute, Idle: 5 * minute}); report {
				w.trips++
			}
			if w.now-w.pass.Issued >= minute+3*second {
				break
			}
		}
		w.pass = w.rotated(w.pass)
		if w.s.Extend(w.pass.ID, w.pass.Expires, 75*second) {
			w.trips++
		}
		w.see(w.pass, true, "a successor")
		for range 100 {
			w.see(w.pass, false, "it again")
		}
	}
	if w.trips != minutes+1 { // one more for the pass that the first minute began with
		t.Errorf("%d trips in %d minutes", w.trips, minutes)
	}
}

func TestAPassThatDoesNotRotateIsReportedNowAndThen(t *testing.T) {
	w := newWatch(t)
	w.see(w.pass, false, "a new pass")
	w.now += minute
	w.see(w.pass, true, "whose first generation is over")
	w.now += 2*minute - 1
	w.see(w.pass, false, "before two more are over")
	w.now++
	w.see(w.pass, true, "after two more")
}

func TestACopyIsReportedOnceInAGenerationAndAnHonestParentNever(t *testing.T) {
	w := newWatch(t)
	w.now += minute
	first := w.pass
	w.pass = w.rotated(first)
	sibling := w.rotated(first)
	w.see(w.pass, true, "a successor")
	w.see(sibling, false, "its sibling")
	w.now += queue.Grace
	w.see(first, false, "the parent, on its way")
	w.now++
	w.see(first, true, "the parent, long after")
	w.see(first, false, "the parent, again")
	w.now += minute
	w.pass = w.rotated(w.pass)
	w.see(w.pass, true, "a second successor")
	w.see(first, true, "the parent's parent, at once")
	w.now += minute
	w.see(first, true, "the parent, a minute later")
	other := w.rotated(w.rotated(w.pass))
	other.Gen.Number = w.pass.Gen.Number
	w.now += minute
	w.see(other, true, "another line")
	w.see(other, false, "another line, again")
}

func TestWhatIsExtendedByLittleIsNotTold(t *testing.T) {
	w := newWatch(t)
	w.now += minute
	w.see(w.pass, true, "the first generation is over") // good until five minutes from now
	for _, c := range []struct {
		until int64
		told  bool
	}{{w.now + 5*minute, false}, {w.now + 6*minute, false}, {w.now + 7*minute, true}, {w.now + 7*minute, false}} {
		if got := w.s.Extend(w.pass.ID, c.until, 75*second); got != c.told {
			t.Errorf("until %d s on: told %t", (c.until-w.now)/second, got)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var s Sightings
	for n := range 5 * perShard {
		p := token.Pass{ID: [16]byte{0, byte(n), byte(n >> 8), byte(n >> 16)}, Gen: token.Generation{Number: 1}, Expires: begin, End: begin}
		s.See(Pass{Pass: &p, Now: begin, Every: minute, Idle: minute})
	}
	if n := len(s.shards[0].now) + len(s.shards[0].old); n > 2*perShard || n < perShard {
		t.Errorf("%d are kept, %d may be", n, 2*perShard)
	}
}
