package attempts

import (
	"fmt"
	"html"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// otherSite are the attempts of family G that a visitor's browser is made to help with.
func otherSite() []Attempt {
	return []Attempt{
		{
			ID: "G1", Title: "Another site's page gives the visitor's place up, or takes the turn: by form, fetch, image, frame and link (CSRF).",
			Steps: "on a page of another site put <form method=post action={url}/.waitroom/{room}/leave>, <img src=…/leave>, " +
				"and fetch('…/leave', {method: 'POST', mode: 'no-cors', credentials: 'include'}); visit it with a place in the line",
			Expect: "403 for what another site's page asks for, 405 for GET; the place is kept",
			Refs:   []string{"CWE-352", "WSTG-SESS-05", "ASVS 3.5.1", "ASVS 3.5.2", "ASVS 3.5.3"},
			Driver: Browser, Needs: NeedChromium | NeedClosed, Run: otherSitesCalls,
		},
		{
			ID: "G3", Title: "The waiting page in another site's frame, for clicks that its visitor does not mean.",
			Steps:  "on a page of another site put <iframe src={url}{page}>",
			Expect: "the browser shows nothing: frame-ancestors 'none'",
			Refs:   []string{"CWE-1021", "WSTG-CLNT-09", "ASVS 3.4.6"},
			Driver: Browser, Needs: NeedChromium | NeedClosed, Run: inFrames,
		},
		{
			ID: "G6", Title: "Script in the operator's message, and in what the page shows of its own address.",
			Steps:  "waitroom announce {room} '<img src=x onerror=alert(1)>', and open {page}?\"><script>alert(1)</script>",
			Expect: "text stays text, on the page as it comes and as its script renews it",
			Refs:   []string{"CWE-79", "WSTG-CLNT-01", "ASVS 3.4.3"},
			Driver: Browser, Needs: NeedChromium | NeedOperator | NeedClosed, Run: injected,
		},
	}
}

// evil is another site, with one page for each of its ways.
func (s *Stage) evil(pages map[string]string) (origin string) {
	s.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<!doctype html><title>another site</title><body>%s", pages[strings.TrimPrefix(r.URL.Path, "/")])
	})}
	go func() { _ = server.Serve(l) }()
	s.Cleanup(func() { _ = server.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	// To browsers every name below localhost is a site of its own.
	return "http://another-site.localhost:" + port
}

func otherSitesCalls(s *Stage) {
	pages := map[string]string{}
	for _, call := range []string{"leave", "enter", "join"} {
		at := s.origin() + "/.waitroom/" + s.Room + "/" + call
		// All of a page's own means on one page, and those that leave it on pages of their own.
		pages["within"] += fmt.Sprintf(`<iframe name=f-%[2]s></iframe><form id=%[2]s method=post target=f-%[2]s action="%[1]s"></form><img src="%[1]s">`+
			`<script>document.forms['%[2]s'].submit(); navigator.sendBeacon('%[1]s', ''); fetch('%[1]s', {method: 'POST', mode: 'no-cors', credentials: 'include'})</script>`, at, call)
		if call != "join" {
			pages["form-"+call] = fmt.Sprintf(`<form method=post action="%s"></form><script>document.forms[0].submit()</script>`, at)
			pages["link-"+call] = fmt.Sprintf(`<script>location.href = "%s"</script>`, at)
		}
	}
	origin := s.evil(pages)
	w := s.visit(browser.Options{})
	defer w.Close()
	before := w.standing()
	for name := range pages {
		other := w.Beside()
		if a := other.Goto(origin + "/" + name); a.Failed != "" && !strings.Contains(a.Failed, "interrupted") && !strings.Contains(a.Failed, "ERR_ABORTED") {
			s.Errorf("%s: %s", name, a.Failed)
		}
		gateway.Pass(200 * time.Millisecond)
		s.Tried()
	}
	gateway.Pass(believed)
	after := w.standing()
	if before.Number == 0 || after.Number != before.Number || after.State == "admitted" {
		s.Through(Finding{
			Variant: "a page of another site", Sent: strings.Join(sortedValues(pages), "\n"),
			Why: fmt.Sprintf("it was obeyed: ticket %d, %s, became ticket %d, %s", before.Number, before.State, after.Number, after.State),
		})
	}
}

func inFrames(s *Stage) {
	for _, uri := range []string{s.marked(s.Mark()), "/"} {
		origin := s.evil(map[string]string{"": fmt.Sprintf(`<iframe src="%s"></iframe><object data="%s"></object>`, html.EscapeString(s.origin()+uri), html.EscapeString(s.origin()+uri))})
		w := s.chromium().Open(s, browser.Options{})
		w.Goto(origin + "/")
		gateway.Pass(believed)
		s.Tried()
		for _, frame := range w.Frames()[1:] {
			if strings.HasPrefix(frame, s.origin()) {
				s.Through(Finding{Variant: uri, Sent: "<iframe src=" + uri + "> on another site", Why: "the browser shows it in another site's frame: " + frame})
			}
		}
	}
}

func injected(s *Stage) {
	const probe = "the-operators-message"
	payloads := []string{
		`<img src=x onerror="window.injected=1">`, `<svg onload="window.injected=1">`, `</p><script>window.injected=1</script>`,
		`"><img src=x onerror=window.injected=1>`, `'-(window.injected=1)-'`, `</script><script>window.injected=1</script>`, `{{constructor.constructor("window.injected=1")()}}`,
	}
	s.Cleanup(func() { s.operate(s, `{"message":""}`) })
	w := s.visit(browser.Options{})
	defer w.Close()
	for _, payload := range payloads {
		s.operate(s, fmt.Sprintf(`{"message":%q}`, probe+" "+payload))
		w.clean(payload+" in the message, as its script renews the page", probe)
		w.Goto(s.origin() + w.uri)
		w.clean(payload+" in the message, as the page comes", probe)
		w.Goto(s.origin() + w.uri + "&" + url.QueryEscape(payload) + "=" + url.QueryEscape(payload) + "#" + payload)
		w.clean(payload+" in the address", "")
	}
}

// clean waits for a text on the page, and fails the variant if anything of it has run.
func (w *window) clean(variant, text string) {
	w.s.Helper()
	var ran, shown bool
	gateway.Eventually(turnLimit/3, func() bool {
		return w.Try(fmt.Sprintf("document.documentElement.innerHTML.includes(%q)", text), &shown) == nil && shown
	})
	if !shown {
		w.s.Errorf("%s: the message did not come", variant)
	}
	gateway.Pass(100 * time.Millisecond)
	_ = w.Try(`window.injected === 1 || !!document.querySelector('img[src="x"], svg[onload]')`, &ran)
	w.s.Tried()
	if ran {
		w.s.Through(Finding{Variant: variant, Answer: w.html(), Why: "it became part of the page"})
	}
}

func sortedValues(all map[string]string) []string { return slices.Sorted(maps.Values(all)) }
