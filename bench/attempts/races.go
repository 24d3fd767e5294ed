package attempts

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"waitroom/bench/gateway"
)

// races are the attempts of family F that are made by many at once.
func races() []Attempt {
	return []Attempt{
		{
			ID: "F1", Title: "One turn is used many times: hundreds of enter calls at once, at all gateways.",
			Steps:  "when it is your turn, send POST /.waitroom/{room}/enter five hundred times at once, and compare the passes",
			Expect: "one entry, and the same pass in every answer",
			Refs:   []string{"CWE-362", "CWE-367", "CWE-837", "ASVS 15.4.2", "ASVS 2.3.4"},
			Driver: Actors, Needs: NeedOperator, Alone: true, Run: redeemedTwice,
		},
		{
			ID: "F2", Title: "Early entry: entering before the turn and before the opening, and asking without end.",
			Steps:  "take a place before the opening, and send POST /.waitroom/{room}/enter in a loop until it opens",
			Expect: "409 with the standing, at any rate of asking; the first entry is not before the opening",
			Refs:   []string{"CWE-841", "WSTG-BUSL-04"},
			Driver: Actors, Needs: NeedClosed, Run: tooEarly,
		},
		{
			ID: "F3", Title: "The rate is changed up and down while people enter, to get more in than any of the rates allows.",
			Steps:  "change the rate fifty times in some seconds while hundreds enter, and count the entries in the journal",
			Expect: "in every window no more entries than the rates of its moments together, and the burst; entries that were promised stay promised",
			Refs:   []string{"CWE-362", "ASVS 8.3.2"},
			Driver: Actors, Needs: NeedOwn, Run: rateChanged,
		},
	}
}

func redeemedTwice(s *Stage) {
	const calls = 500
	v := s.called()
	twins := make([]*gateway.Visitor, calls)
	for i := range twins {
		twins[i] = s.at(i, v.Twin())
	}
	var mu sync.Mutex
	var passes, bodies []string
	s.each(calls, func(i int) {
		if a, err := twins[i].Try("enter"); err == nil && a.Status == http.StatusOK {
			mu.Lock()
			defer mu.Unlock()
			passes, bodies = append(passes, s.passID(twins[i])), append(bodies, a.Body)
		}
	})
	s.Tried()
	sent := fmt.Sprintf("POST /.waitroom/%s/enter, %d at once", s.Room, calls)
	if len(passes) == 0 {
		s.Fatal("nobody was let in: the turn was over before it was tried")
	}
	if n := different(passes); n > 1 {
		s.Through(Finding{Variant: "at once", Sent: sent, Answer: bodies[0], Why: fmt.Sprintf("one turn gave %d passes", n)})
	}
	// What was kept of the turn is shown again when it has been used.
	again := s.thief(v, v.Agent)
	if a, err := again.Try("enter"); err == nil && a.Status == http.StatusOK {
		passes = append(passes, s.passID(again))
	}
	s.Tried()
	if n := different(passes); n > 1 {
		s.Through(Finding{Variant: "afterwards, with the old cookies", Sent: sent, Why: fmt.Sprintf("one turn gave %d passes", n)})
	}
	s.ones(passes)
}

// ones asks the journal, where there is one, whether a turn is in it once.
func (s *Stage) ones(passes []string) {
	if len(s.Gateways) == 0 {
		return
	}
	ids := map[string][]gateway.Ticket{}
	for _, x := range gateway.Tickets(s.Gateways[0].Journal(s), "enter") {
		ids[x.ID] = append(ids[x.ID], x)
	}
	s.Tried()
	for id, entries := range ids {
		if len(entries) > 1 && slices.ContainsFunc(entries, func(x gateway.Ticket) bool { return slices.Contains(passes, x.Pass) }) {
			s.Through(Finding{Variant: "in the journal", Why: fmt.Sprintf("ticket %s entered %d times", id, len(entries))})
		}
	}
}

func tooEarly(s *Stage) {
	waiting := make([]*gateway.Visitor, 10)
	for i := range waiting {
		waiting[i] = s.Waiter()
	}
	s.each(20*len(waiting), func(i int) {
		v := s.at(i, waiting[i%len(waiting)].Twin())
		if a, err := v.Try("enter"); err == nil {
			s.Check("enter while nobody is called", "POST /.waitroom/"+s.Room+"/enter", a, s.entered(v, &a))
		}
	})
	mark := s.Mark()
	for _, v := range waiting {
		a, err := v.TryNavigate(s.marked(mark))
		if err != nil {
			s.Fatal(err)
		}
		s.Held("going there while nobody is called", mark, "GET "+s.marked(mark), a)
	}
	if len(s.Gateways) > 0 {
		s.beforeOpening()
	}
}

// beforeOpening has visitors ask without end until a room of their own opens.
func (s *Stage) beforeOpening() {
	const people = 10
	opens := time.Now().Add(4 * time.Second)
	own := s.another(Own{Room: map[string]string{"rate": "100/s", "burst": "5", "opens_at": opens.UTC().Format(time.RFC3339Nano)}})
	var asking sync.WaitGroup
	for range people {
		v := own.Stranger()
		v.Call(s, "join")
		asking.Go(func() {
			gateway.Eventually(turnLimit, func() bool {
				a, err := v.Try("enter")
				return err == nil && a.Standing.State == "admitted"
			})
		})
	}
	asking.Wait()
	entries := gateway.Tickets(own.Gateways[0].Journal(s), "enter")
	s.Tried()
	for _, x := range entries {
		if x.Entry < opens.UnixMicro() {
			s.Through(Finding{Variant: "asking until the opening", Why: fmt.Sprintf("an entry %s before the opening", opens.Sub(time.UnixMicro(x.Entry)))})
		}
	}
	if len(entries) != people {
		s.Wronged(Finding{Variant: "asking until the opening", Why: fmt.Sprintf("%d of %d who asked got in", len(entries), people)})
	}
}

func rateChanged(s *Stage) {
	const burst, low, high, rounds = 5, 10, 100, 50
	own := s.another(Own{Room: map[string]string{"rate": fmt.Sprintf("%d/s", low), "burst": fmt.Sprint(burst)}})
	begin := time.Now().Add(-time.Minute)
	stop := make(chan struct{})
	var crowd sync.WaitGroup
	for i := range 8 {
		crowd.Go(func() { s.enterUntil(own, i, stop) })
	}
	changes := []Change{{begin, low}}
	for i := range rounds {
		rate, before := low, high
		if i%2 == 0 {
			rate, before = high, low
		}
		// Between the question and the answer either rate may hold: the higher one is allowed.
		changes = append(changes, Change{time.Now(), float64(max(rate, before))})
		own.Gateways[i%len(own.Gateways)].Set(s, map[string]any{"rate": fmt.Sprintf("%d/s", rate)})
		changes = append(changes, Change{time.Now(), float64(rate)})
		gateway.Pass(60 * time.Millisecond)
	}
	close(stop)
	crowd.Wait()
	var entries []Entry
	for _, r := range own.Gateways[0].Journal(s) {
		for _, x := range r.Tickets {
			if r.Kind == "enter" {
				entries = append(entries, Entry{r.At, time.UnixMicro(x.Entry)})
			}
		}
	}
	s.Logf("%d entries while the rate was changed %d times between %d/s and %d/s", len(entries), rounds, low, high)
	s.Tried()
	if len(entries) < rounds/2 {
		s.Fatalf("only %d entered: nothing was tried", len(entries))
	}
	if why := Over(entries, changes, burst); why != "" {
		s.Through(Finding{Variant: "under load", Why: why})
	}
}

// enterUntil lets visitors come and enter one after the other until it is told to stop.
func (s *Stage) enterUntil(own *Site, i int, stop <-chan struct{}) {
	for n := i; ; n++ {
		select {
		case <-stop:
			return
		case <-s.Context().Done():
			return
		default:
		}
		v := own.Stranger()
		v.URL = own.Gateways[n%len(own.Gateways)].URL
		if _, err := v.Try("join"); err != nil {
			continue
		}
		gateway.Eventually(time.Second, func() bool {
			a, err := v.Try("enter")
			return err == nil && a.Standing.State == "admitted"
		})
	}
}

// another starts gateways of the attempt's own, as many and on the same kind of store as
// the site has.
func (s *Stage) another(o Own) *Site {
	s.Helper()
	o.Binary, o.Starts, o.Redis, o.Gateways = s.Binary, s.Starts, s.Redis != nil, len(s.Gateways)
	return Start(s, o)
}
