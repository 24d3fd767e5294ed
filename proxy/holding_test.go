package proxy_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"waitroom/token"
)

func TestAStreamEndsWhenAnotherDeviceTakesThePerson(t *testing.T) {
	f := func(why, lines string) {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			r := beginIdentified(t, settings{}, func(i *waitingIdentity) { i.Lock = minute })
			p := r.browser().verified(r.desks[0], "person=1")
			p.get("/book").wantInside(t, "/book")
			l := p.listen(t, lines)
			r.pass(minute)
			l.hears("still")
			r.browser().verified(r.desks[0], "person=1")
			l.ends()
		})
	}
	f("an event stream", events)
	f("a WebSocket", socket)
}

func TestAPersonUnderAKeyThatIsMissingHereIsAskedAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	keys, err := token.OpenOrMakeKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := filepath.Glob(filepath.Join(dir, "subject-*"))
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	if _, err = token.RotateSubject(dir, time.Now(), time.Hour); err != nil {
		t.Fatal(err)
	}
	ring := token.NewRing(dir, keys)
	if err := ring.Reload(); err != nil {
		t.Fatal(err)
	}
	r := beginIdentified(t, settings{keys: ring}, nil)
	r.browser().verified(r.desks[0], "person=1")
	both, err := filepath.Glob(filepath.Join(dir, "subject-*"))
	if err != nil || len(both) != 2 {
		t.Fatal(both, err)
	}
	newest := both[0]
	if newest == first[0] {
		newest = both[1]
	}
	aside := newest + ".aside"
	if err := os.Rename(newest, aside); err != nil {
		t.Fatal(err)
	}
	if err := ring.Reload(); err != nil {
		t.Fatal(err)
	}
	r.pass(10 * minute)
	p := r.browser()
	p.verify(r.desks[0], "person=1", "/book").wantKind(t, 200, "failed")
	if p.ticket() != "" {
		t.Error("a ticket was given under a name that nobody knows here")
	}
	if err := os.Rename(aside, newest); err != nil {
		t.Fatal(err)
	}
	p.verify(r.desks[0], "person=1", "/book").wantKind(t, 200, "failed") // which reads the folder
	p.verified(r.desks[0], "person=1").get("/book").wantInside(t, "/book")
}
