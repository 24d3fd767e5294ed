package attempts

import (
	"fmt"
	"sync"
	"time"

	"waitroom/bench/clock"
	"waitroom/bench/gateway"
)

// steps are where the store's clock is set, one after the other.
var steps = []time.Duration{time.Hour, 0, -time.Hour, 0}

func steppedClock(s *Stage) {
	const people, rate, burst, ahead = 500, 10, 5, 5
	s.wants("gcc") // which builds a clock that can be set
	dir := s.TempDir()
	hand, err := clock.New(dir)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = hand.Close() })
	r := s.rigWith(hand.Env(), map[string]string{"rate": fmt.Sprintf("%d/s", rate), "burst": fmt.Sprint(burst), "hold": "4h", "pass": "{ttl: 6h, idle: 3h}"})
	r.Set(s, map[string]any{"paused": true})
	all := r.join(people)
	stop := make(chan struct{})
	var asking sync.WaitGroup
	began := time.Now()
	r.Set(s, map[string]any{"paused": false})
	for i := range 8 {
		asking.Go(func() {
			for n := i; ; n += 8 {
				select {
				case <-stop:
					return
				default:
					_, _ = all[n%people].Try("enter")
				}
			}
		})
	}
	for _, by := range steps {
		gateway.Pass(time.Second)
		if err := hand.Set(by); err != nil {
			s.Fatal(err)
		}
	}
	gateway.Pass(time.Second)
	close(stop)
	asking.Wait()
	entries := reckoned(r.Journal(s), began)
	s.Logf("%d entries in %s", len(entries), time.Since(began).Round(time.Millisecond))
	s.Tried()
	if len(entries) < rate {
		s.Fatalf("only %d entered: nothing was tried", len(entries))
	}
	// Each step may give a burst, and a step ahead lets those in at once who were promised
	// an entry within the next seconds.
	if why := Over(entries, []Change{{began.Add(-time.Hour), rate}}, (burst+rate*ahead)*(len(steps)+1)); why != "" {
		s.Through(Finding{Variant: "an hour ahead, back, an hour behind, right again", Why: why})
	}
	r.once("whose turn came meanwhile", all...)
	last := int64(0)
	for _, x := range gateway.Tickets(r.Journal(s), "call") {
		s.Tried()
		if x.Place <= last {
			s.Wronged(Finding{Variant: "the order", Why: "a later place was called before an earlier one"})
		}
		last = x.Place
	}
}

// reckoned are the entries of a journal with the steps of its clock taken out: the clock
// was whole hours wrong, and everything happened within minutes after it began.
func reckoned(journal []gateway.Record, began time.Time) (all []Entry) {
	for _, r := range journal {
		wrong := r.At.Sub(began).Round(time.Hour)
		for _, x := range r.Tickets {
			if r.Kind == "enter" {
				all = append(all, Entry{r.At.Add(-wrong), time.UnixMicro(x.Entry).Add(-wrong)})
			}
		}
	}
	return all
}
