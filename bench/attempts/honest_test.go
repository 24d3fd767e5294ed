package attempts_test

import (
	"flag"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/bench/attempts"
	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// honest is how many honest visitors there are; docs/measured.md has the figures of 1,000.
var honest = flag.Int("honest", 20, "honest visitors in TestHonestBrowsersAreNotRefused")

// tally counts tries and refusals by what had happened.
type tally struct {
	mu           sync.Mutex
	tries, wrong map[string]int
	last         map[string]string
	// late says that an answer, to whomever, took so long that browsers may have gone on with another generation meanwhile, or that
	// gateways' reports may have overtaken each other by as much: then they may be asked for their keys (docs/pass-rotation.md).
	late atomic.Bool
}

func (c *tally) note(what string, right bool, evidence string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries[what]++
	if !right {
		c.wrong[what]++
		c.last[what] = evidence
	}
}

// report logs the table, and fails the test where anybody was refused.
func (c *tally) report(t *testing.T) {
	t.Helper()
	for what, n := range c.tries {
		t.Logf("%-28s %7d tries, %d refused", what, n, c.wrong[what])
		if c.wrong[what] > 0 {
			t.Errorf("%s: %d of %d refused, the last one: %.600s", what, c.wrong[what], n, c.last[what])
		}
	}
}

func newTally() *tally {
	return &tally{tries: map[string]int{}, wrong: map[string]int{}, last: map[string]string{}}
}

// rounds is how often each visitor goes through everything; the pass rotates between them.
func rounds() int {
	if *honest < 100 {
		return 2
	}
	return 5
}

// visitor is one honest visitor inside, with what happens to browsers.
type visitor struct {
	*gateway.Visitor
	site  *attempts.Site
	count *tally
	n     int
}

// goes asks for a page, and keeps what cookies come.
func (v *visitor) goes(what string) {
	v.n++
	v.URL = v.site.Gateways[v.n%len(v.site.Gateways)].URL
	a, err := v.TryNavigate(fmt.Sprintf("/book?n=%d", v.n))
	v.count.note(what, err == nil && strings.Contains(a.Body, "id=inside"), fmt.Sprint(err, a.Status, a.Header, a.Body))
}

// moves comes from another address.
func (v *visitor) moves(round int) {
	moved := v.Twin()
	moved.From, moved.Host = fmt.Sprintf("127.0.0.%d", 2+round), v.Host
	v.Visitor = moved
	v.goes("another address")
}

// updates is another version of the same browser.
func (v *visitor) updates(round int) {
	v.Agent = strings.Replace(gateway.Agent, "156.0.0.0", fmt.Sprintf("%d.0.%d.0", 157+round, round), 1)
	v.goes("another version")
}

// loses has an answer lost, with the cookies in it: the request was done.
func (v *visitor) loses() {
	for range 2 {
		lost := v.Twin()
		_, _ = lost.TryNavigate("/book?lost")
	}
	v.goes("after two lost answers")
}

// opens has several tabs load at once; whichever cookies come last stay.
func (v *visitor) opens() {
	tabs := make([]*visitor, 4)
	var loading sync.WaitGroup
	for i := range tabs {
		tabs[i] = &visitor{v.Twin(), v.site, v.count, v.n + i}
		loading.Go(func() { tabs[i].goes("one of four tabs at once") })
	}
	loading.Wait()
	for _, tab := range tabs {
		maps.Copy(v.Cookies, tab.Cookies)
	}
	v.goes("after four tabs at once")
}

// come lets visitors in, and through everything.
func come(t *testing.T, site *attempts.Site, count *tally) {
	t.Helper()
	all := make([]*visitor, *honest)
	busy := make(chan struct{}, 32)
	each := func(act func(v *visitor)) {
		var acting sync.WaitGroup
		for _, v := range all {
			busy <- struct{}{}
			acting.Go(func() {
				defer func() { <-busy }()
				act(v)
			})
		}
		acting.Wait()
	}
	for i := range all {
		all[i] = &visitor{site.Stranger(), site, count, i}
		all[i].Call(t, "join")
	}
	each(func(v *visitor) {
		if !gateway.Eventually(30*time.Second, func() bool { a, err := v.Try("enter"); return err == nil && a.Standing.State == "admitted" }) {
			t.Error("an honest visitor was not let in")
		}
	})
	first := map[string]bool{}
	for _, v := range all {
		first[v.Cookies["waitroom-pass-"+gateway.Room]] = true
	}
	defer func() {
		for _, v := range all {
			if first[v.Cookies["waitroom-pass-"+gateway.Room]] {
				t.Error("the pass did not rotate: the test tests less than it says")
			}
		}
	}()
	for round := range rounds() {
		gateway.Pass(1100 * time.Millisecond) // so that the pass rotates
		each(func(v *visitor) { v.goes("nothing has happened") })
		each(func(v *visitor) { v.moves(round) })
		each(func(v *visitor) { v.updates(round) })
		gateway.Pass(1100 * time.Millisecond)
		each((*visitor).loses)
		gateway.Pass(1100 * time.Millisecond)
		each((*visitor).opens)
	}
}

// TestHonestBrowsersAreNotRefused counts false refusals of those inside, with passes that
// rotate each second.
func TestHonestBrowsersAreNotRefused(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]attempts.Own{
		"embedded":                  {},
		"two gateways on one store": {Redis: true, Gateways: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own.Binary, own.Room = binary, map[string]string{"pass": "{ttl: 1h, idle: 30m, rotate: 1s}"}
			count := newTally()
			come(t, attempts.Start(t, own), count)
			count.report(t)
		})
	}
}

// TestAnHonestChromiumIsNotRefused is the same with a real browser, a few times.
func TestAnHonestChromiumIsNotRefused(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	site := attempts.Start(t, attempts.Own{Binary: binary, Room: map[string]string{"pass": "{ttl: 1h, idle: 30m, rotate: 1s}"}})
	network := gateway.NewRelay(t, site.Gateways[0].Visitors)
	at := "http://" + attempts.Host + network.Addr[strings.LastIndex(network.Addr, ":"):]
	count := newTally()
	tab := b.Open(t, browser.Options{})
	inside := func(tab *browser.Tab) bool {
		var in bool
		return gateway.Eventually(20*time.Second, func() bool {
			return tab.Try(`!!document.getElementById('inside')`, &in) == nil && in
		})
	}
	tab.Goto(at + "/book")
	count.note("let in", inside(tab), tab.Content())
	for round := range rounds() {
		gateway.Pass(1100 * time.Millisecond)
		tab.Goto(fmt.Sprintf("%s/book?round=%d", at, round))
		count.note("nothing has happened", inside(tab), tab.Content())
		network.From(fmt.Sprintf("127.0.0.%d", 2+round))
		tab.Reload()
		count.note("another address", inside(tab), tab.Content())
		gateway.Pass(1100 * time.Millisecond)
		network.LoseAnswer(fmt.Sprintf("/book?lost=%d", round), nil)
		tab.Goto(fmt.Sprintf("%s/book?lost=%d", at, round))
		tab.Goto(at + "/my/bookings")
		count.note("after a lost answer", inside(tab), tab.Content())
		second := tab.Beside()
		tab.Run(`Promise.all([1, 2, 3, 4].map(n => fetch('/api/slots.json?n=' + n))).then(() => null)`, nil)
		second.Goto(at + "/book/confirm")
		count.note("another tab", inside(second), second.Content())
	}
	count.report(t)
}
