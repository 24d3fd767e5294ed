package attempts

import (
	"fmt"
	"html"
	"strings"
	"sync"

	"waitroom/bench/browser"
	"waitroom/bench/gateway"
)

// otherSitesLogins has a page of another site finish an attacker's login in a visitor's browser, and begin one.
func otherSitesLogins(s *Stage) {
	v := s.verifies(verifying{})
	pages := map[string]string{}
	backs := make([]string, 4)
	var attacker *gateway.Visitor
	for i := range backs {
		attacker = v.visitor()
		backs[i] = v.URL + v.login(attacker, "demo", i+1)
	}
	quoted := func(i int) string { return html.EscapeString(backs[i]) }
	pages["link"] = fmt.Sprintf(`<script>location.href = %q</script>`, backs[0])
	pages["parts"] = fmt.Sprintf(`<img src="%[1]s"><iframe src="%[1]s"></iframe><script>fetch(%[2]q, {mode: 'no-cors', credentials: 'include'})</script>`, quoted(1), backs[1])
	pages["form"] = fmt.Sprintf(`<form method=post action="%s"></form><script>document.forms[0].submit()</script>`, quoted(2))
	pages["begin"] = fmt.Sprintf(`<form method=post action="%s/.waitroom/%s/login/demo"><input name=return value=/book></form><script>document.forms[0].submit()</script>`, v.URL, gateway.Room)
	origin := s.evil(pages)
	var group sync.WaitGroup
	for name, page := range pages {
		w := &window{Tab: s.chromium().Open(s, browser.Options{NoPolicy: true}), s: s}
		group.Go(func() { v.lured(w, origin+"/"+name, page) })
	}
	group.Wait()
	// Planted by whoever can set cookies: the attacker's login itself.
	victim := v.visitor()
	victim.Navigate(s, "/book")
	for name, value := range attacker.Cookies {
		if strings.Contains(name, "login") {
			victim.Cookies[name] = value
		}
	}
	back := strings.TrimPrefix(backs[len(backs)-1], v.URL)
	a, why := v.placed(victim, back)
	s.Check("the attacker's login cookie in another browser", "GET "+back, a, why)
	if a, why := v.placed(attacker, back); why == "" {
		s.Fatalf("the answer opens nothing for whom it was made, either: %d %.300s", a.Status, a.Body)
	}
}

// lured has a visitor who has seen the choice of providers open a page of another site.
func (v *verified) lured(w *window, at, page string) {
	s := v.s
	defer w.Close()
	w.arrive(v.URL + "/book")
	other := w.Beside()
	defer other.Close()
	if a := other.Goto(at); a.Failed != "" && !strings.Contains(a.Failed, "interrupted") && !strings.Contains(a.Failed, "ERR_ABORTED") {
		s.Errorf("%s: %s", at, a.Failed)
	}
	why := ""
	gateway.Eventually(believed, func() bool {
		for _, c := range w.Cookies() {
			if strings.HasPrefix(c.Name, "waitroom-ticket-") || strings.HasPrefix(c.Name, "waitroom-pass-") {
				why = "the visitor's browser was given the attacker's place"
			}
		}
		var here string
		if other.Try("location.href", &here) == nil && strings.HasPrefix(here, v.parties["demo"].issuer) {
			why = "the browser was sent to the provider for another site's page"
		}
		return why != ""
	})
	s.Check("a page of another site: "+at[strings.LastIndexByte(at, '/')+1:], page, gateway.Answer{}, why)
}
