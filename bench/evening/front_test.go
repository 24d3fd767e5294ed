package evening_test

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

// atTheFront is an evening with one visitor whose turn it is, behind a network that
// can lose answers.
func atTheFront(t *testing.T, store string) (*evening, *gateway.Relay, *gateway.Visitor) {
	t.Helper()
	e := begin(t, store, map[string]string{"rate": "36000/h", "opens_at": opensIn(1500 * time.Millisecond)})
	r := gateway.NewRelay(t, e.Visitors)
	v := gateway.NewVisitor(r.URL)
	v.Call(t, "join")
	gateway.Until(t, "the call", 10*time.Second, func() bool { return v.Call(t, "status").Standing.State == "called" })
	return e, r, v
}

func TestAtTheFrontALostAnswerCostsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		e, network, v := atTheFront(t, store)
		for range 2 { // the second one loses the same answer again
			network.LoseAnswer("/enter", nil)
			if _, err := v.Try("enter"); err == nil {
				t.Fatal("the answer was not lost")
			}
		}
		e.alone(t, 1)
		first := enter(t, v, 5*time.Second)
		again := enter(t, v, 5*time.Second)
		if !first.Standing.EnterAt.Equal(*again.Standing.EnterAt) {
			t.Errorf("another entry at the next question: %s, %s", first.Standing.EnterAt, again.Standing.EnterAt)
		}
		e.inside(t, v, "/book")
		e.alone(t, 1)
	})
}

func TestAtTheFrontAReloadAndALostRedirectCostNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		e, network, v := atTheFront(t, store)
		network.LoseAnswer("GET /book", nil)
		if a, err := v.TryNavigate("/book"); err == nil {
			t.Fatalf("the answer was not lost: %d", a.Status)
		}
		e.alone(t, 1)
		for range 3 {
			if a := v.Navigate(t, "/book"); a.Status != 303 && !isInside(a) {
				t.Errorf("a reload at the front: %d", a.Status)
			}
		}
		e.inside(t, v, "/book")
		e.alone(t, 1)
	})
}

func TestAtTheFrontManyTabsAtOnceEnterOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		e, _, v := atTheFront(t, store)
		var tabs sync.WaitGroup
		entries := make([]time.Time, 12)
		for i := range entries {
			tab := v.Twin()
			tabs.Go(func() {
				if a, err := tab.Try("enter"); err == nil && a.Standing.EnterAt != nil {
					entries[i] = *a.Standing.EnterAt
				}
			})
		}
		tabs.Wait()
		for _, at := range entries {
			if at.IsZero() || !at.Equal(entries[0]) {
				t.Errorf("tabs were told different entries: %v", entries)
				break
			}
		}
		enter(t, v, 5*time.Second)
		e.inside(t, v, "/")
		e.alone(t, 1)
	})
}

func TestAtTheFrontTheGatewaysDeathCostsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		e, network, v := atTheFront(t, store)
		// It dies when its answer is on the way, and is never heard.
		network.LoseAnswer("/enter", func() { e.Signal(syscall.SIGKILL) })
		if _, err := v.Try("enter"); err == nil {
			t.Fatal("the answer was not lost")
		}
		<-e.Done()
		e.Run(t)
		enter(t, v, 10*time.Second)
		e.inside(t, v, "/book")
		e.alone(t, 1)
	})
}

func TestADeathWhileManyEnterLosesAndDoublesNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		const people = 60
		e := begin(t, store, map[string]string{"rate": "200/s", "burst": "5", "opens_at": opensIn(3 * time.Second)})
		all := e.join(t, people)
		gateway.Until(t, "the opening", 10*time.Second, func() bool { return e.Room(t).Calls > 0 })
		entries := make([]time.Time, people)
		var asking sync.WaitGroup
		for i, v := range all {
			asking.Go(func() {
				in := gateway.Eventually(30*time.Second, func() bool {
					a, err := v.Try("enter")
					if err != nil || a.Standing.EnterAt == nil {
						return false
					}
					entries[i] = *a.Standing.EnterAt
					return true
				})
				if !in {
					t.Errorf("visitor %d was not let in", i)
				}
			})
		}
		// In the middle of it; nobody knows whose answers are lost.
		e.Kill()
		e.Run(t)
		asking.Wait()
		e.alone(t, people)
		journal := map[int64]bool{}
		for _, x := range gateway.Tickets(e.Journal(t), "enter") {
			journal[x.Entry] = true
		}
		for i, at := range entries {
			if !journal[at.UnixMicro()] {
				t.Errorf("visitor %d was told an entry at %s, which is not in the journal", i, at)
			}
		}
	})
}
