package identity

import (
	"testing"
	"time"
)

func TestTheBreakerOpensAfterSoManyFailuresInARow(t *testing.T) {
	b := breaker{limit: 3, pause: 10 * time.Second}
	now := evening
	ask := func(o outcome) {
		t.Helper()
		if !b.ask(now) {
			t.Fatal("it may not be asked")
		}
		b.tell(now, o)
	}
	for range 5 { // two failures, and then an answer
		ask(failed)
		ask(failed)
		ask(answered)
	}
	ask(failed)
	ask(abandoned) // says nothing
	ask(failed)
	if b.broken(now) {
		t.Error("broken after two")
	}
	ask(failed)
	if b.ask(now) || !b.broken(now) {
		t.Error("it is asked after three")
	}
	if now = now.Add(10*time.Second - time.Microsecond); b.ask(now) || !b.broken(now) {
		t.Error("it is asked before the pause is over")
	}
	now = now.Add(time.Microsecond)
	if b.broken(now) || !b.ask(now) {
		t.Error("it is not asked when the pause is over")
	}
	if b.ask(now) {
		t.Error("two probes")
	}
	b.tell(now, abandoned)
	if !b.ask(now) {
		t.Error("a probe that was broken off is the last one")
	}
	b.tell(now, failed)
	if b.ask(now) || !b.broken(now) {
		t.Error("it is asked after a probe that failed")
	}
	now = now.Add(10 * time.Second)
	ask(answered)
	if broken, _ := b.state(now); broken {
		t.Error("still broken after an answer")
	}
	ask(failed)
	if broken, _ := b.state(now); broken {
		t.Error("one failure is enough after it was broken once")
	}
}
