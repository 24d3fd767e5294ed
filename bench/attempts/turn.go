package attempts

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// turnLimit is how long a turn, or a change by the operator, may take to come.
const turnLimit = 30 * time.Second

// open lets people in until the attempt ends.
func (s *Stage) open() {
	s.Helper()
	s.Cleanup(s.shut)
	s.operate(s, `{"paused":false}`)
}

// shut lets nobody in any more.
func (s *Stage) shut() { s.operate(s, `{"paused":true}`) }

// local says whether the site is on this machine.
func (o *Site) local() bool {
	name := o.target.Hostname()
	a, err := netip.ParseAddr(name)
	return err == nil && a.IsLoopback() || name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// through is an address of the site, by way of a relay on this machine.
func (s *Stage) through(network *gateway.Relay, uri string) string {
	name, _, _ := strings.Cut(s.Host, ":")
	return fmt.Sprintf("http://%s%s%s", name, network.Addr[strings.LastIndex(network.Addr, ":"):], uri)
}

// visit opens a tab on a protected address that carries a mark.
func (s *Stage) visit(o browser.Options) *window {
	s.Helper()
	o.NoPolicy = true
	mark := s.Mark()
	w := &window{Tab: s.chromium().Open(s, o), s: s, mark: mark, uri: s.marked(mark)}
	w.arrive(s.origin() + w.uri)
	return w
}

// elsewhere is visit by way of a relay.
func (s *Stage) elsewhere(network *gateway.Relay) *window {
	s.Helper()
	mark := s.Mark()
	w := &window{Tab: s.chromium().Open(s, browser.Options{NoPolicy: true}), s: s, mark: mark, uri: s.marked(mark)}
	w.arrive(s.through(network, w.uri))
	return w
}

func (w *window) arrive(at string) {
	w.s.Helper()
	if a := w.Goto(at); a.Failed != "" {
		w.s.Fatalf("%s did not come: %s", at, a.Failed)
	}
}

// inside says whether the tab shows a page of the backend.
func (w *window) inside() bool {
	var html string
	return w.Try("document.documentElement.outerHTML", &html) == nil && w.s.strange(200, "text/html", unquoted(html)) != ""
}

// unquoted is a document of a browser's as the canary had written it.
func unquoted(html string) string { return strings.ReplaceAll(html, `id="inside"`, "id=inside") }

// leftovers visits with a pass, and looks what is left of the visit without it.
func leftovers(s *Stage) {
	s.open()
	w := s.visit(browser.Options{})
	if !gateway.Eventually(turnLimit, w.inside) {
		s.Fatalf("the browser was not let in: %+v", w.standing())
	}
	s.shut()
	w.Forget()
	w.mark = s.Mark()
	w.uri = s.marked(w.mark)
	data := `Promise.allSettled(['/api/slots.json?attempt=MARK', 'PAGE'].flatMap(at => ['default', 'force-cache', 'no-store'].map(cache => fetch(at, {cache})))).then(() => null)`
	w.script(data, nil)
	w.Goto("about:blank")
	w.Back()
	w.script(data, nil)
	var workersHere []string
	w.script(workers, &workersHere)
	w.judge(&play{name: "data asked for from a kept page, without a pass"}, gateway.Standing{})
	s.Tried()
	if len(workersHere) > 0 {
		s.Through(Finding{Variant: "a service worker", Why: fmt.Sprintf("the browser took it from %s", workersHere)})
	}
}

// fetchedAhead has the browser fetch an address ahead when its visitor's turn has come.
func fetchedAhead(s *Stage) {
	w := s.visit(browser.Options{})
	// A document of the site without script of its own, which would go in.
	w.arrive(s.origin() + "/.waitroom/jwks.json")
	s.open()
	if !gateway.Eventually(turnLimit, func() bool { return w.standing().State == "called" }) {
		s.Fatal("the turn did not come")
	}
	w.script(prefetch, nil)
	gateway.Pass(believed)
	s.watch(w.mark, Finding{Variant: "fetched ahead when called"})
	s.Tried()
	for _, c := range w.Cookies() {
		if strings.Contains(c.Name, "waitroom-pass-") {
			s.Through(Finding{Variant: "fetched ahead when called", Why: "the browser was given a pass by a prefetch"})
		}
	}
	if now := w.standing(); now.State != "called" {
		s.Through(Finding{Variant: "fetched ahead when called", Why: "the turn was used up: the state is " + now.State})
	}
	s.sweep(s.seen()) // before the visitor comes in earnest, by the same address
	s.unwatch(w.mark)
	w.Goto(s.origin() + s.Page)
	if !gateway.Eventually(turnLimit, w.inside) {
		s.Wronged(Finding{Variant: "the turn after a prefetch", Why: "the visitor whose turn it was did not come in"})
	}
}
