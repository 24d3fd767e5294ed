package attempts_test

import (
	"crypto/ecdsa"
	"flag"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/attempts"
	"waitroom/bench/gateway"
)

// holder is an honest browser with a key of its own, in a network of its own that can lose answers.
type holder struct {
	*gateway.Visitor
	site    *attempts.Site
	network *gateway.Relay
	key     *ecdsa.PrivateKey
	count   *tally
	n       int
}

// generation is how long the passes of keyed browsers are in use before they rotate. A pass says in whole seconds when it was
// given, so that it may be up to a second less.
var generation = flag.Duration("generation", 2*time.Second, "pass.rotate in TestHonestBrowsersWithKeysAreNotRefused")

// rotated waits until every pass is due.
func rotated() { gateway.Pass(*generation + 100*time.Millisecond) }

func newHolder(t *testing.T, site *attempts.Site, count *tally, n int) *holder {
	t.Helper()
	key, err := gateway.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	h := &holder{Visitor: site.Stranger(), site: site, network: gateway.NewRelay(t, site.Gateways[0].Visitors), key: key, count: count, n: n}
	h.URL, h.Host = h.network.URL, attempts.Host
	h.next()
	return h
}

// next sends what comes now to the next gateway.
func (h *holder) next() {
	h.n++
	h.network.To(h.site.Gateways[h.n%len(h.site.Gateways)].Visitors)
}

// waits takes a place as the page does: it comes, and registers its key; the first answer to that is lost.
func (h *holder) waits() {
	h.next()
	if _, err := h.TryNavigate("/book"); err != nil {
		h.count.note("the page", false, err.Error())
	}
	asked, err := h.Try("device")
	h.network.LoseAnswer("/device", nil)
	_, _ = h.TryProof("device", h.key, asked)
	h.next()
	a, again := h.TryProving("device", h.key)
	h.count.note("registered its key, after a lost answer", err == nil && again == nil && a.Status == 200 && strings.Count(h.Cookies["waitroom-device"], ".") == 2,
		fmt.Sprint(err, again, a.Status, a.Body))
}

// enters proves the key when it is called; the first answer is lost.
func (h *holder) enters() {
	var a gateway.Answer
	called := gateway.Eventually(60*time.Second, func() bool {
		h.next()
		a, _ = h.Try("status")
		return a.Standing.State == "called"
	})
	asked, err := h.Try("enter")
	h.network.LoseAnswer("/enter", nil)
	_, _ = h.TryProof("enter", h.key, asked)
	in := gateway.Eventually(30*time.Second, func() bool {
		h.next()
		a, err = h.TryProving("enter", h.key)
		return err == nil && a.Standing.State == "admitted" && !time.Now().Before(*a.Standing.EnterAt)
	})
	h.count.note("entered, after a lost answer", called && in, fmt.Sprint(err, a.Status, a.Body))
}

// goes asks for a page. Who is asked for a proof makes it and comes again, as the page's script does.
func (h *holder) goes(what string) {
	a, err := h.gets(fmt.Sprintf("/book?n=%d", h.n))
	if asked := err == nil && a.Status == 403; asked {
		h.count.note("asked for the key, after no answer that was late", h.count.late.Load(), what+": "+a.Body)
		if a, err = h.TryProving("prove", h.key); err == nil && a.Status == 200 {
			a, err = h.gets("/book?proved")
		}
	}
	h.count.note(what, err == nil && strings.Contains(a.Body, "id=inside"), fmt.Sprint(err, a.Status, a.Header, a.Body))
}

// gets asks for a page, and takes note of how long it took.
func (h *holder) gets(uri string) (gateway.Answer, error) {
	h.next()
	began := time.Now()
	a, err := h.TryNavigate(uri)
	if time.Since(began) > *generation-time.Second {
		h.count.late.Store(true)
	}
	return a, err
}

// proves comes from another network where passes are bound to it: it is asked for its key, the first answer to the proof is lost, and the page is there again.
func (h *holder) proves(round int) {
	h.network.From(fmt.Sprintf("127.0.%d.1", 1+round))
	h.next()
	a, err := h.TryNavigate("/book?moved")
	h.count.note("in another network: asked for the key", err == nil && strings.Contains(a.Body, `data-waitroom="page"`), fmt.Sprint(err, a.Status, a.Body))
	asked, err := h.Try("enter")
	h.network.LoseAnswer("/enter", nil)
	_, _ = h.TryProof("enter", h.key, asked)
	h.next()
	a, again := h.TryProving("enter", h.key)
	h.count.note("in another network: proved it, after a lost answer", err == nil && again == nil && a.Standing.State == "admitted", fmt.Sprint(err, again, a.Status, a.Body))
	h.goes("in another network, after the proof")
}

// updates is another version of the same browser.
func (h *holder) updates(round int) {
	h.Agent = strings.Replace(gateway.Agent, "156.0.0.0", fmt.Sprintf("%d.0.%d.0", 157+round, round), 1)
	h.goes("the browser has another version")
}

// moves changes its address within what may be one network.
func (h *holder) moves(round int) {
	h.network.From(fmt.Sprintf("127.0.0.%d", 2+round))
	h.goes("another address")
}

// loses has two answers lost, with the cookies in them.
func (h *holder) loses() {
	for range 2 {
		h.next()
		h.network.LoseAnswer("/book?lost", nil)
		_, _ = h.TryNavigate("/book?lost")
	}
	h.goes("two answers in a row were lost")
}

// opens has four tabs load at once, each a page and then two more things of it, with the cookies that all of them share: so siblings
// of a generation are shown one after another. With lost, the first answer to one of them does not come.
func (h *holder) opens(lost bool, what string) {
	if lost {
		h.network.LoseAnswer("/book?lost", nil)
	}
	var jar sync.Mutex
	var loading sync.WaitGroup
	for i := range 4 {
		tab := *h
		tab.Visitor, tab.n = h.Twin(), h.n+i
		loading.Go(func() {
			for n := range 3 {
				jar.Lock()
				tab.Cookies = maps.Clone(h.Cookies)
				jar.Unlock()
				if lost && i+n == 0 {
					_, _ = tab.TryNavigate("/book?lost")
					continue
				}
				before := maps.Clone(tab.Cookies)
				tab.goes(what + ": each request of them")
				jar.Lock()
				for name, value := range tab.Cookies {
					if before[name] != value {
						h.Cookies[name] = value
					}
				}
				jar.Unlock()
			}
		})
	}
	loading.Wait()
	h.goes(what + ": the request after them")
}

// keyed lets browsers with keys in, and through everything.
func keyed(t *testing.T, own attempts.Own, bound bool) {
	t.Helper()
	site, count := attempts.Start(t, own), newTally()
	all := make([]*holder, *honest)
	busy := make(chan struct{}, 32)
	each := func(act func(h *holder)) {
		var acting sync.WaitGroup
		for _, h := range all {
			busy <- struct{}{}
			acting.Go(func() {
				defer func() { <-busy }()
				act(h)
			})
		}
		acting.Wait()
	}
	for i := range all {
		all[i] = newHolder(t, site, count, i)
	}
	site.Gateways[0].Set(t, map[string]any{"paused": true})
	each((*holder).waits)
	site.Gateways[0].Set(t, map[string]any{"paused": false})
	each((*holder).enters)
	const pass = "waitroom-pass-" + gateway.Room
	first := map[string]bool{}
	for _, h := range all {
		first[h.Cookies[pass]] = true
	}
	times := 1
	if *honest >= 100 {
		times = 5
	}
	for round := range times {
		rotated()
		each(func(h *holder) { h.goes("nothing") })
		if bound {
			each(func(h *holder) { h.proves(round) })
			continue
		}
		each(func(h *holder) { h.moves(round) })
		each(func(h *holder) { h.updates(round) })
		rotated()
		each((*holder).loses)
		rotated()
		each(func(h *holder) {
			h.opens(false, "four tabs at once")
		})
		rotated()
		each(func(h *holder) {
			h.moves(round + 100)
			h.opens(true, "another address, four tabs, one answer lost")
		})
	}
	for _, h := range all {
		if first[h.Cookies[pass]] {
			t.Error("the pass did not rotate: the test tests less than it says")
		}
	}
	count.report(t)
}

// TestHonestBrowsersWithKeysAreNotRefused counts false refusals of browsers that hold a key, and of those that are asked to prove it
// without need, with passes that rotate every other second.
func TestHonestBrowsersWithKeysAreNotRefused(t *testing.T) {
	t.Parallel()
	for name, setting := range map[string]string{
		"prefer":               "{key: prefer}",
		"bound to the network": "{key: prefer, bind_address: prefix}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := attempts.Own{Binary: binary, Redis: true, Gateways: 2}
			own.Room = map[string]string{"pass": "{ttl: 1h, idle: 30m, rotate: " + generation.String() + "}", "device": setting}
			keyed(t, own, strings.Contains(setting, "prefix"))
		})
	}
}
