package attempts

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"waitroom/bench/gateway"
	"waitroom/bench/provider"
)

// bait is a service of the operator's own network, which nobody but the operator is to reach. It gives what asked for it.
func (s *Stage) bait() (address string, asked func() []string) {
	s.Helper()
	var mu sync.Mutex
	var all []string
	address = s.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, r.Method+" "+r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("{}"))
	}))
	return address, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), all...)
	}
}

// inward has providers whose addresses, and whose redirects, lead to the bait.
func inward(s *Stage) {
	bait, asked := s.bait()
	_, port, _ := net.SplitHostPort(bait)
	descriptions := map[string]map[string]any{
		"token":     {"token_endpoint": "http://" + bait + "/of-token"},
		"keys":      {"jwks_uri": "http://" + bait + "/of-keys"},
		"profile":   {"userinfo_endpoint": "http://" + bait + "/of-profile"},
		"userinfo":  {"token_endpoint": "http://localhost:1@" + bait + "/of-userinfo"},
		"short":     {"token_endpoint": "http://127.1:" + port + "/of-short"},
		"hex":       {"token_endpoint": "http://0x7f000001:" + port + "/of-hex"},
		"decimal":   {"jwks_uri": "http://2130706433:" + port + "/of-decimal"},
		"sixed":     {"jwks_uri": "http://[::ffff:127.0.0.1]:" + port + "/of-sixed"},
		"otherwise": {"token_endpoint": "gopher://" + bait + "/of-otherwise"},
	}
	redirects := map[string]string{
		"to-description": "/.well-known/openid-configuration", "to-keys": "/jwks", "to-token": "/token", "to-profile": "/userinfo",
	}
	var names []string
	for name := range descriptions {
		names = append(names, name)
	}
	for name := range redirects {
		names = append(names, name)
	}
	v := s.verifies(verifying{parties: append(names, "well")})
	for name, says := range descriptions {
		v.parties[name].says(func(path string, all map[string]any) {
			if path == "/.well-known/openid-configuration" {
				for field, value := range says {
					all[field] = value
				}
			}
		})
	}
	for name, path := range redirects {
		v.parties[name].leads(path, "http://"+bait+"/"+name)
	}
	for i, name := range names {
		who := v.visitor()
		before := len(asked())
		page, a := v.begin(who, name, nil)
		if page != "" {
			a, _ = v.placed(who, v.choose(page, i+1))
		}
		why := given(who)
		if now := asked(); len(now) > before {
			why = fmt.Sprintf("the operator's own network was asked: %s", now[before:])
		}
		s.Check(name, fmt.Sprintf("a provider whose description says %v, and which redirects %q", descriptions[name], redirects[name]), a, why)
	}
	v.seat("well", 100)
}

// outages are what is wrong with a provider, by its name.
var outages = map[string]func(*provider.Knobs){
	"down": func(k *provider.Knobs) { k.Down = true }, "failing": func(k *provider.Knobs) { k.Fail = 1 },
	"silent": func(k *provider.Knobs) { k.Delay = time.Minute }, "endless": func(k *provider.Knobs) { k.Flood = true },
	"trickling": func(k *provider.Knobs) { k.Trickle = true }, "a-page": func(k *provider.Knobs) { k.Text = true },
	"redirecting": func(k *provider.Knobs) { k.Redirect = true },
}

// providersAway has people come back from providers that do not answer, while others are verified elsewhere.
func providersAway(s *Stage) {
	const each = 6
	parties, settings := []string{"well"}, map[string]string{"well": ", timeout: 30s"}
	for name := range outages {
		parties, settings[name] = append(parties, name), ", timeout: 1500ms, max_concurrent: 4"
	}
	v := s.verifies(verifying{parties: parties, party: settings})
	inside := v.seat("well", 1)
	v.inside(inside)
	v.Set(s, map[string]any{"paused": true})
	waiting := v.seat("well", 2)
	a := waiting.Call(s, "status")
	number := s.place(waiting, &a)
	type back struct {
		party, uri string
		who        *gateway.Visitor
	}
	var all []back
	for name, breaks := range outages {
		for range each {
			who := v.visitor()
			all = append(all, back{name, v.login(who, name, 100+len(all)), who})
		}
		v.parties[name].Turn(breaks)
	}
	v.Set(s, map[string]any{"paused": false}) // whoever is taken for verified would be let in
	var coming sync.WaitGroup
	for _, b := range all {
		coming.Go(func() {
			a, why := v.placed(b.who, b.uri)
			s.Check("a provider that is "+b.party, "GET "+b.uri, a, why)
			a, err := b.who.TryNavigate("/book")
			if err != nil {
				s.Fatal(err)
			}
			s.Check("a provider that is "+b.party+", and then the page", "GET /book", a, s.strange(a.Status, a.Header.Get("Content-Type"), a.Body))
		})
	}
	meanwhile := v.seat("well", 3)
	coming.Wait()
	v.inside(meanwhile)
	if !v.opens(inside) {
		s.Wronged(Finding{Variant: "while providers are away", Why: "who is inside does not get on"})
	}
	if a := waiting.Call(s, "status"); s.place(waiting, &a) != number {
		s.Wronged(Finding{Variant: "while providers are away", Answer: said(a), Why: "who waited has another place"})
	}
}

// lockedAccount locks an account at the provider after its owner has entered, and goes on for a day.
func lockedAccount(s *Stage) {
	const ttl, day = 10 * time.Minute, 24 * time.Hour
	c := s.settable()
	v := s.verifies(verifying{store: c.store, clock: c.now, room: map[string]string{"pass": fmt.Sprintf("{ttl: %[1]s, idle: %[1]s}", ttl), "device_lock": "1m", "hold": "6h"}})
	began := c.now()
	who := v.seat("demo", 1)
	v.inside(who)
	outside := func(variant string, browser *gateway.Visitor) {
		gateway.Eventually(believed, func() bool { return v.opens(browser) })
		a := browser.Navigate(s, "/book")
		s.Check(variant, "GET /book", a, s.strange(a.Status, a.Header.Get("Content-Type"), a.Body))
	}
	v.Set(s, map[string]any{"paused": true}) // who comes again waits again
	c.set(v, began.Add(ttl+margin))
	outside("the pass after its ttl", who)
	stranger := v.visitor()
	if page, _ := v.begin(stranger, "demo", nil); page != "" {
		a, why := v.placed(stranger, v.choose(page+"&cancel=1", 1)) // access_denied, as of an account that is locked
		s.Check("verified again, in another browser", "GET callback, with access_denied", a, why)
	}
	for at := 5 * time.Hour; at < day; at += 5 * time.Hour { // its browser keeps the place that it has now
		c.set(v, began.Add(at))
		who.Navigate(s, "/book")
		who.Call(s, "status")
	}
	v.Set(s, map[string]any{"paused": false})
	v.inside(who)
	c.set(v, began.Add(day+margin))
	outside("in the browser that was verified a day ago", who)
}
