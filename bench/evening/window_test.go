package evening_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// browsers are started when a test first needs them, and ended after all tests.
type browsers struct {
	mu  sync.Mutex
	all map[string]*browser.Browser
}

// chromium is the browser with an environment, such as another clock.
func (b *browsers) chromium(t *testing.T, env ...string) *browser.Browser {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	key := strings.Join(env, " ")
	if b.all[key] == nil {
		made, err := browser.Launch(env...)
		if err != nil {
			t.Fatal(err)
		}
		b.all[key] = made
	}
	return b.all[key]
}

func (b *browsers) close() {
	for _, one := range b.all {
		one.Close()
	}
}

var windows = &browsers{all: map[string]*browser.Browser{}}

// standing is what the gateway tells a page that asks for it.
func standing(t *testing.T, tab *browser.Tab) gateway.Standing {
	t.Helper()
	var s gateway.Standing
	gateway.Until(t, "an answer in the page", 15*time.Second, func() bool {
		return tab.Try(`fetch('/.waitroom/booking/status', {cache: 'no-store'}).then(r => r.json())`, &s) == nil && s.State != ""
	})
	return s
}

// arrives waits until the tab shows a page of the backend.
func arrives(t *testing.T, tab *browser.Tab, limit time.Duration) {
	t.Helper()
	gateway.Until(t, "the browser to be inside", limit, func() bool { return shown(tab) })
}

func shown(tab *browser.Tab) bool {
	var text string
	return tab.Try(`(document.getElementById('inside') || {}).textContent || ''`, &text) == nil && text != ""
}

// waits fails unless the tab shows the waiting page.
func waits(t *testing.T, tab *browser.Tab) {
	t.Helper()
	gateway.Until(t, "the waiting page", 15*time.Second, func() bool {
		var has bool
		return tab.Try(`document.body.matches('[data-waitroom="page"]') || !!document.querySelector('[data-waitroom]')`, &has) == nil && has
	})
	if shown(tab) {
		t.Error("the browser is inside")
	}
}

// clock makes the page's clock go hours ahead of the right one, or behind.
func clock(hours int) string {
	return fmt.Sprintf(`(() => {
		const off = %d * 3600000, Real = Date;
		globalThis.Date = class extends Real {
			constructor(...a) { if (a.length) super(...a); else super(Real.now() + off); }
			static now() { return Real.now() + off; }
		};
	})()`, hours)
}

// clocks are visitors' clocks: set in the page, and set for the whole browser.
func clocks(t *testing.T) map[string]func() *browser.Tab {
	t.Helper()
	return map[string]func() *browser.Tab{
		"right":                   func() *browser.Tab { return windows.chromium(t).Open(t, browser.Options{}) },
		"page two hours ahead":    func() *browser.Tab { return windows.chromium(t).Open(t, browser.Options{Init: clock(2)}) },
		"page two hours late":     func() *browser.Tab { return windows.chromium(t).Open(t, browser.Options{Init: clock(-2)}) },
		"machine two hours ahead": func() *browser.Tab { return windows.shifted(t, 2*time.Hour).Open(t, browser.Options{}) },
		"machine two hours late":  func() *browser.Tab { return windows.shifted(t, -2*time.Hour).Open(t, browser.Options{}) },
	}
}

// shifted is a browser all of whose processes have another time of day.
func (b *browsers) shifted(t *testing.T, by time.Duration) *browser.Browser {
	t.Helper()
	env, err := browser.Shifted(filepath.Dir(binary), by)
	if err != nil {
		t.Fatal(err)
	}
	return b.chromium(t, env)
}

func TestTheVisitorsClockChangesNothing(t *testing.T) {
	t.Parallel()
	tabs := map[string]*browser.Tab{}
	for name, open := range clocks(t) {
		tabs[name] = open()
	}
	e := begin(t, "embedded", map[string]string{"rate": "10/s", "opens_at": opensIn(time.Hour - 5*time.Second)})
	order, numbers := []string{}, map[string]int64{}
	for name, tab := range tabs {
		e.join(t, 1)
		if a := tab.Goto(e.URL + "/book"); a.Status != 200 {
			t.Fatalf("%s: %+v", name, a)
		}
		order = append(order, name)
		numbers[name] = standing(t, tab).Number
		if want := int64(2 * len(order)); numbers[name] != want {
			t.Errorf("clock %s: ticket %d, not %d", name, numbers[name], want)
		}
		var off int64
		tab.Run("Date.now()", &off)
		want := time.Duration(0)
		switch {
		case strings.HasSuffix(name, "ahead"):
			want = 2 * time.Hour
		case strings.HasSuffix(name, "late"):
			want = -2 * time.Hour
		}
		if ahead := time.Until(time.UnixMilli(off)).Round(time.Hour); ahead != want {
			t.Errorf("clock %s is %s ahead: the test tests nothing", name, ahead)
		}
	}
	for name, tab := range tabs {
		s := standing(t, tab)
		var countdown string
		tab.Run(`document.querySelector('[data-waitroom="countdown"]').textContent`, &countdown)
		if s.State != "early" || !strings.HasPrefix(countdown, "59:") {
			t.Errorf("clock %s: state %s, countdown %q", name, s.State, countdown)
		}
		var status int
		tab.Run(`fetch('/.waitroom/booking/enter', {method: 'POST'}).then(r => r.status)`, &status)
		tab.Goto(e.URL + "/book/confirm")
		waits(t, tab)
		if status != 409 {
			t.Errorf("clock %s: entering before the opening: %d", name, status)
		}
	}
	e.backend.Silent(t)
	opens := time.Now().Add(2 * time.Second)
	e.Configure(t, map[string]string{"opens_at": opens.UTC().Format(time.RFC3339Nano)})
	gateway.Until(t, "the opening", 10*time.Second, func() bool { return e.Room(t).State != "early" })
	for _, tab := range tabs {
		tab.Reload()
	}
	for _, tab := range tabs {
		arrives(t, tab, 30*time.Second)
	}
	journal := e.Journal(t)
	for _, x := range gateway.Tickets(journal, "enter") {
		if x.Entry < opens.UnixMicro() {
			t.Errorf("an entry %s before the opening", opens.Sub(time.UnixMicro(x.Entry)))
		}
	}
	e.order(t)
	e.alone(t, len(tabs))
}

func TestAeroplaneModeAndWiFiKeepThePlace(t *testing.T) {
	t.Parallel()
	e := begin(t, "embedded", map[string]string{"rate": "0"})
	network := gateway.NewRelay(t, e.Visitors)
	e.join(t, 5)
	tab := windows.chromium(t).Open(t, browser.Options{})
	tab.Goto(network.URL + "/book")
	e.join(t, 5)
	gateway.Until(t, "the view to show everybody", 5*time.Second, func() bool { return standing(t, tab).Position == 6 })
	first := standing(t, tab)
	same := func(when string) {
		t.Helper()
		if s := standing(t, tab); s.Position != first.Position || s.Number != first.Number {
			t.Errorf("%s: position %d, ticket %d; it was %d, %d", when, s.Position, s.Number, first.Position, first.Number)
		}
		waits(t, tab)
	}

	tab.Offline(true)
	gateway.Pass(3 * time.Second)
	tab.Offline(false)
	tab.Reload()
	same("after aeroplane mode and a reload")

	tab.Offline(true)
	if a := tab.Reload(); a.Failed == "" {
		t.Errorf("a reload without a network: %+v", a)
	}
	gateway.Pass(3 * time.Second)
	tab.Offline(false)
	tab.Goto(network.URL + "/book")
	same("after a reload in aeroplane mode")

	for i := range 10 {
		network.Down()
		tab.Offline(true)
		network.From(fmt.Sprintf("127.0.0.%d", 2+i%2))
		tab.Offline(false)
		network.Up()
		same(fmt.Sprintf("Wi-Fi, the %d. time", i+1))
	}
	tab.Reload()
	same("in the end")
	if r := e.Room(t); r.Arrivals != 11 || r.Waiting != 11 {
		t.Errorf("%d places were given, %d wait; not 11", r.Arrivals, r.Waiting)
	}
	e.backend.Silent(t)
}
