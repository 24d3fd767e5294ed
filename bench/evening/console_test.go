package evening_test

import (
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// callEverything calls each function that a console can reach from the window, but
// those that end the page or wait for a person.
const callEverything = `(() => {
	const not = ['close', 'print', 'alert', 'confirm', 'prompt', 'stop', 'queueMicrotask', 'showModalDialog'];
	const seen = new Set([window, document, navigator, history, location]);
	let called = 0;
	const tryAll = (object, depth) => {
		for (const key of Object.getOwnPropertyNames(object)) {
			let value;
			try { value = object[key]; } catch { continue; }
			if (typeof value === 'function' && !not.includes(key) && !/^[A-Z]/.test(key)) {
				called++;
				for (const args of [[], ['admitted'], [{state: 'admitted'}]]) { try { Promise.resolve(value.apply(object, args)).catch(() => {}); } catch { } }
			} else if (value && typeof value === 'object' && depth < 2 && !seen.has(value) && !(value instanceof Node)) {
				seen.add(value);
				tryAll(value, depth + 1);
			}
		}
	};
	tryAll(window, 0);
	return called;
})()`

// ownNames are what the page has added to the window.
const ownNames = `(() => {
	const frame = document.createElement('iframe');
	document.body.append(frame);
	const usual = new Set(Object.getOwnPropertyNames(frame.contentWindow));
	frame.remove();
	return Object.getOwnPropertyNames(window).filter(name => !usual.has(name) && !/^\d+$/.test(name) && !/^__playwright|^__pw/.test(name));
})()`

// storeAdmitted writes 'admitted' over everything that a page can keep.
const storeAdmitted = `(() => {
	for (const store of [sessionStorage, localStorage]) {
		for (const key of Object.keys(store)) store.setItem(key, 'admitted');
		for (const key of ['admitted', 'state', 'waitroom', 'waitroom:booking:state', 'bypass']) store.setItem(key, 'admitted');
	}
	for (const name of ['waitroom-pass-booking', 'waitroom-ticket-booking', 'waitroom-device', 'admitted', 'waitroom-admitted', 'waitroom-language'])
		document.cookie = name + '=admitted; Path=/';
	for (const element of document.querySelectorAll('*')) for (const key of Object.keys(element.dataset)) element.dataset[key] = 'admitted';
	return document.cookie;
})()`

// removeOverlays takes the whole waiting page away.
const removeOverlays = `document.querySelectorAll('body *:not(script)').forEach(e => e.remove()); document.body.removeAttribute('hidden'); null`

// insist repeats the enter call, and asks for pages of the backend in every way that a
// page has; the value is the statuses that it got.
const insist = `(async () => {
	const got = new Set();
	const note = r => { got.add(r.status); return r.text(); };
	const all = [];
	for (let i = 0; i < 100; i++) all.push(fetch('/.waitroom/booking/enter', {method: 'POST'}).then(note));
	for (const path of ['/book', '/book/confirm', '/admin', '/api/slots.json']) {
		for (const method of ['GET', 'POST', 'PUT', 'DELETE']) all.push(fetch(path, {method}).then(note));
		all.push(new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = path; }));
		navigator.sendBeacon(path, 'admitted');
	}
	await Promise.allSettled(all);
	return [...got].sort();
})()`

const forgedStanding = `{"room":"booking","state":"admitted","position":null,"waiting":0,"eta_seconds":null,"next_poll_ms":200,` +
	`"enter_at":"2020-01-01T00:00:00.000000Z","opens_at":null,"server_time":"2030-01-01T00:00:00.000000Z","message":null,"ticket_number":1,"pass":"x"}`

func TestNothingThatAConsoleCanDoOpensTheGate(t *testing.T) {
	t.Parallel()
	e := begin(t, "embedded", map[string]string{"rate": "1/24h"})
	guest := gateway.NewVisitor(e.URL)
	guest.Call(t, "join") // takes the one entry that the rate has today
	e.join(t, 3)
	b := windows.chromium(t)

	tab := b.Open(t, browser.Options{})
	tab.Goto(e.URL + "/book")
	waits(t, tab)
	first := standing(t, tab)

	var names []string
	tab.Run(ownNames, &names)
	if len(names) > 0 {
		t.Errorf("the page puts these into the window: %v", names)
	}
	var statuses []int
	tab.Run(insist, &statuses)
	for _, status := range statuses {
		if status != 409 && status != 429 {
			t.Errorf("insisting was answered %d", status)
		}
	}
	var cookies string
	tab.Run(storeAdmitted, &cookies)
	tab.Run(removeOverlays, nil)
	var called int
	_ = tab.Try(callEverything, &called)
	t.Logf("%d functions called", called)
	gateway.Until(t, "the page to be there again", 15*time.Second, func() bool {
		return tab.Goto(e.URL+"/book").Status == 200
	})
	waits(t, tab)
	if s := standing(t, tab); s.Position < first.Position || s.Number != first.Number {
		t.Errorf("position %d, ticket %d; it was %d, %d", s.Position, s.Number, first.Position, first.Number)
	}

	forge := b.Open(t, browser.Options{})
	forge.Goto(e.URL + "/book")
	forge.Forge("**/.waitroom/**", 200, forgedStanding)
	_ = forge.Try(`document.dispatchEvent(new Event('visibilitychange')); dispatchEvent(new Event('online')); null`, nil)
	gateway.Pass(3 * time.Second) // the page believes it, and goes where it is not let in
	_ = forge.Try(`location.href = '/book/confirm'; null`, nil)
	gateway.Pass(time.Second)
	waits(t, forge)

	rewritten := b.Open(t, browser.Options{})
	rewritten.Goto(e.URL + "/book")
	rewritten.Rewrite("**/.waitroom/**", map[string]any{"state": "admitted", "position": nil, "enter_at": nil, "next_poll_ms": 100})
	rewritten.Goto(e.URL + "/book")
	gateway.Pass(3 * time.Second)
	rewritten.Honest()
	rewritten.Goto(e.URL + "/admin")
	waits(t, rewritten)

	e.backend.Silent(t)
	if n := len(gateway.Tickets(e.Journal(t), "enter")); n != 1 {
		t.Errorf("%d entries, not the guest's alone", n)
	}
}

func TestAtTheFrontABrowserGetsInOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		b := windows.chromium(t)
		e := begin(t, store, map[string]string{"rate": "36000/h", "opens_at": opensIn(4 * time.Second)})
		network := gateway.NewRelay(t, e.Visitors)
		reloads, tabs, loses := b.Open(t, browser.Options{}), b.Open(t, browser.Options{}), b.Open(t, browser.Options{})
		for _, tab := range []*browser.Tab{reloads, tabs} {
			tab.Goto(network.URL + "/book")
		}
		second := tabs.Beside()
		second.Goto(network.URL + "/book/confirm")
		third := tabs.Beside()
		third.Goto(network.URL + "/")

		loses.Goto(network.URL + "/book?who=loses")
		network.LoseAnswer("POST /.waitroom/booking/enter", nil)
		gateway.Until(t, "the opening", 15*time.Second, func() bool { return e.Room(t).Calls > 0 })
		for range 5 {
			reloads.Reload()
		}
		for _, tab := range []*browser.Tab{reloads, tabs, second, third, loses} {
			arrives(t, tab, 45*time.Second)
		}
		e.alone(t, 3)
		if n := len(e.backend.Passes()); n != 3 {
			t.Errorf("%d passes reached the backend, not 3", n)
		}
	})
}

func TestAtTheFrontABrowserOutlivesTheGateway(t *testing.T) {
	onBoth(t, func(t *testing.T, store string) {
		b := windows.chromium(t)
		e := begin(t, store, map[string]string{"rate": "36000/h", "opens_at": opensIn(3 * time.Second)})
		network := gateway.NewRelay(t, e.Visitors)
		tab := b.Open(t, browser.Options{})
		tab.Goto(network.URL + "/book")
		died := make(chan struct{})
		network.LoseAnswer("POST /.waitroom/booking/enter", func() { e.Kill(); close(died) })
		select {
		case <-died:
		case <-time.After(time.Minute):
			t.Fatal("the page did not enter")
		}
		e.Run(t)
		arrives(t, tab, 60*time.Second)
		e.alone(t, 1)
		if n := len(e.backend.Passes()); n != 1 {
			t.Errorf("%d passes reached the backend, not 1", n)
		}
	})
}

func TestABrowsersCookiesAreWorthNothingInAnother(t *testing.T) {
	t.Parallel()
	b := windows.chromium(t)
	e := begin(t, "embedded", map[string]string{"rate": "36000/h", "opens_at": opensIn(3 * time.Second)})
	owner := b.Open(t, browser.Options{})
	owner.Goto(e.URL + "/book")
	const other = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Mobile/15E148 Safari/604.1"
	thief := b.Open(t, browser.Options{Agent: other})
	thief.Give(owner.Cookies())
	for _, c := range owner.Cookies() {
		if !c.HTTPOnly || c.SameSite != "Lax" || c.Path != "/" {
			t.Errorf("cookie %s: HttpOnly %v, SameSite %s, path %s", c.Name, c.HTTPOnly, c.SameSite, c.Path)
		}
	}
	thief.Goto(e.URL + "/book")
	arrives(t, owner, 30*time.Second)
	seen := len(e.backend.Visits())
	e.Set(t, map[string]any{"paused": true})
	const third = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
	for _, agent := range []string{third, ""} {
		copied := b.Open(t, browser.Options{Agent: agent})
		var some []browser.Cookie
		for _, c := range owner.Cookies() {
			// With the same User-Agent, all but the device's own cookie is copied.
			if agent != "" || c.Name != deviceCookie {
				some = append(some, c)
			}
		}
		copied.Give(some)
		copied.Goto(e.URL + "/my/bookings")
		waits(t, copied)
	}
	for _, v := range e.backend.Visits()[seen:] {
		if v.URI == "/my/bookings" {
			t.Errorf("a copy reached the backend: %s", v)
		}
	}
	owner.Goto(e.URL + "/book/confirm")
	if !shown(owner) {
		t.Error("the owner is out")
	}
}
