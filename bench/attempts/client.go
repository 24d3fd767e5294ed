package attempts

import (
	"fmt"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// client is family A: what the visitor's own browser is made to decide, as in 2021.
func client() []Attempt {
	const needs = NeedChromium | NeedClosed
	return []Attempt{
		{
			ID: "A1", Title: "The console: call the page's callbacks, remove the overlay, set its flags, fetch the address, go there.",
			Steps: "on the waiting page open the developer tools (F12) and run, in the console: each function of window; " +
				"document.querySelectorAll('body *').forEach(e => e.remove()); localStorage.admitted = 'true'; fetch('{page}'); location = '{page}'",
			Expect: "the page holds no authority: the waiting page again, and the backend hears nothing",
			Refs:   []string{"CWE-602", "CWE-841", "WSTG-BUSL-06", "ASVS 8.3.1", "ASVS 2.2.2", "ASVS 2.3.1", "OAT-006"},
			Driver: Browser, Needs: needs, Run: console,
		},
		{
			ID: "A2", Title: "A switch that turns the queue off: in the query, as a cookie, as a header field.",
			Steps:  "ask for {page}?bypass=true, with the cookie admitted=true, with the field X-Bypass: true; then with debug, test, preview, admin, skip …",
			Expect: "there is no such input: all of them are ignored",
			Refs:   []string{"CWE-489", "CWE-912", "ASVS 13.4.2", "ASVS 15.2.3"},
			Driver: Browser, Needs: needs, Run: switchedOff,
		},
		{
			ID: "A3", Title: "Another clock: the telephone's or PC's time of day is set ahead, or behind.",
			Steps:  "set the machine's clock two hours ahead, open {page}, and reload; or override Date in the console",
			Expect: "the server's time alone counts; the countdown is display",
			Refs:   []string{"CWE-807", "WSTG-BUSL-04"},
			Driver: Browser, Needs: needs, Run: otherClock,
		},
		{
			ID: "A4", Title: "A failing network: aeroplane mode, a blocked, failing, empty or endless status call.",
			Steps:  "on the waiting page switch aeroplane mode on, wait three seconds, switch it off, reload; block /.waitroom/ in the developer tools",
			Expect: "who waits goes on waiting, at the same place",
			Refs:   []string{"CWE-636", "ASVS 16.5.2", "ASVS 16.5.3", "WSTG-BUSL-06"},
			Driver: Browser, Needs: needs, Run: badNetwork,
		},
		{
			ID: "A5", Title: "Control: an honest visitor's address changes, as from Wi-Fi to a telephone's network.",
			Steps:  "take a place by Wi-Fi, switch to the telephone's network, reload",
			Expect: "the same ticket: a place is not bound to an address",
			Refs:   []string{"CWE-841"},
			Driver: Browser, Needs: needs, Run: otherAddress,
		},
		{
			ID: "A6", Title: "Edited answers: position 0, admitted, called.",
			Steps:  "override the answer of /.waitroom/{room}/status in the developer tools with state admitted, and reload",
			Expect: "the answer is for display: only a pass that the server signed opens the gate",
			Refs:   []string{"CWE-602", "CWE-345"},
			Driver: Browser, Needs: needs, Run: editedAnswers,
		},
		{
			ID: "A7", Title: "What is left of a visit: a kept page, the way back, a service worker, when the pass is gone.",
			Steps:  "visit {page} with a pass, delete the cookies, go back, and have the kept page fetch /api/ of the site; try to register a service worker",
			Expect: "data need a pass, each time; nothing of the gateway's can be made a service worker",
			Refs:   []string{"CWE-525", "WSTG-ATHN-06", "ASVS 14.3.2"},
			Driver: Browser, Needs: NeedChromium | NeedOperator, Alone: true, Run: leftovers,
		},
		{
			ID: "A8", Title: "Prefetch and prerender: a page that the browser fetches ahead uses a turn up, or gets in.",
			Steps:  "when it is your turn, have another page of the site prefetch {page} (<link rel=prefetch>, speculation rules)",
			Expect: "nothing changes by it, and the backend hears nothing",
			Refs:   []string{"CWE-837", "ASVS 3.5.3"},
			Driver: Browser, Needs: NeedChromium | NeedOperator, Alone: true, Run: fetchedAhead,
		},
	}
}

func console(s *Stage) {
	s.play(
		play{name: "calling every function of the page", do: func(w *window) { w.script(callEverything, nil) }},
		play{name: "removing the overlay, writing 'admitted' over all that is kept", do: func(w *window) {
			w.script(storeAdmitted, nil)
			w.script(removeOverlays, nil)
		}},
		play{name: "fetching the address by script, image, frame and beacon", do: func(w *window) { w.script(insist, nil) }},
		play{name: "going there by location and history", do: func(w *window) { w.script(goThere, nil) }},
		play{name: "posting a form there", do: func(w *window) { w.script(postThere, nil) }},
	)
}

func switchedOff(s *Stage) {
	s.play(
		play{name: "in the query", do: func(w *window) { w.script(switchQueries, nil) }},
		play{name: "as a cookie", do: func(w *window) { w.script(switchCookies, nil) }},
		play{name: "as a header field of a fetch", do: func(w *window) { w.script(switchFields, nil) }},
		play{name: "as a header field of a navigation", do: func(w *window) {
			w.Send(map[string]string{"X-Bypass": "true", "X-Debug": "1", "X-Admitted": "true", "X-Preview": "1", "X-Waitroom": "off"})
			w.Reload()
		}},
	)
}

// pageClock makes the page's clock go ahead of the right one, or behind.
func pageClock(by time.Duration) string {
	return fmt.Sprintf(`(() => {
		const off = %d, Real = Date, now = performance.now.bind(performance);
		globalThis.Date = class extends Real {
			constructor(...a) { if (a.length) super(...a); else super(Real.now() + off); }
			static now() { return Real.now() + off; }
		};
		performance.now = () => now() + Math.max(off, 0);
	})()`, by.Milliseconds())
}

func otherClock(s *Stage) {
	s.play(
		play{name: "the page's clock two hours ahead", with: browser.Options{Init: pageClock(2 * time.Hour)}, kept: true},
		play{name: "the page's clock two hours behind", with: browser.Options{Init: pageClock(-2 * time.Hour)}, kept: true},
		play{name: "the page's clock a day ahead", with: browser.Options{Init: pageClock(24 * time.Hour)}, kept: true},
		play{name: "the whole browser's clock two hours ahead", clock: 2 * time.Hour, kept: true},
	)
}

func badNetwork(s *Stage) {
	calls := "**/.waitroom/**"
	broken := func(name string, act func(w *window)) play {
		return play{name: name, kept: true, do: func(w *window) {
			act(w)
			w.script(wake, nil)
			gateway.Pass(believed)
		}}
	}
	s.play(
		play{name: "aeroplane mode for three seconds, and a reload", kept: true, do: func(w *window) {
			w.Offline(true)
			w.script(wake, nil)
			gateway.Pass(3 * time.Second)
			w.Offline(false)
			w.Reload()
		}},
		play{name: "a reload in aeroplane mode, then back", kept: true, do: func(w *window) {
			w.Offline(true)
			w.Reload()
			w.Offline(false)
		}},
		broken("the calls are blocked", func(w *window) { w.Block(calls) }),
		broken("the calls fail with 500", func(w *window) { w.Forge(calls, 500, "{}") }),
		broken("the calls give an empty answer", func(w *window) { w.Forge(calls, 200, "") }),
		broken("the calls give 204", func(w *window) { w.Forge(calls, 204, "") }),
		broken("the calls are never answered", func(w *window) { w.Stall(calls) }),
		broken("the calls say that there is no such ticket", func(w *window) { w.Forge(calls, 403, `{"type":"urn:waitroom:problem:no-ticket","status":403}`) }),
	)
}

func otherAddress(s *Stage) {
	if !s.local() {
		s.Skip("a visitor's address can be changed on this machine alone: the target is elsewhere")
	}
	network := gateway.NewRelay(s, s.address(0))
	w := s.elsewhere(network)
	first := w.standing()
	for _, from := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.1"} {
		network.From(from)
		w.Reload()
		s.Tried()
		if now := w.standing(); first.Number == 0 || now.Number != first.Number {
			s.Wronged(Finding{
				Variant: "from " + from, Why: fmt.Sprintf("the place was lost: ticket %d became ticket %d", first.Number, now.Number),
			})
		}
	}
}

func editedAnswers(s *Stage) {
	calls := "**/.waitroom/**"
	standing := func(state string) string {
		return `{"room":"` + s.Room + `","state":"` + state + `","position":0,"waiting":0,"eta_seconds":null,"next_poll_ms":200,"enter_at":"2020-01-01T00:00:00.000000Z",` +
			`"opens_at":null,"server_time":"2030-01-01T00:00:00.000000Z","message":null,"ticket_number":1,"pass":"x"}`
	}
	var all []play
	for _, state := range []string{"admitted", "called"} {
		all = append(all,
			play{name: "every answer says " + state, do: func(w *window) {
				w.Forge(calls, 200, standing(state))
				w.script(wake, nil)
				gateway.Pass(believed)
				w.script(goThere, nil)
			}},
			play{name: "the gateway's answers, edited to say " + state, do: func(w *window) {
				w.Rewrite(calls, map[string]any{"state": state, "position": 0, "enter_at": nil, "next_poll_ms": 100})
				w.Reload()
				w.script(wake, nil)
				gateway.Pass(believed)
			}},
		)
	}
	s.play(all...)
}
