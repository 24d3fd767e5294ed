package attempts

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/bench/provider"
)

// verified is a gateway of the attempt's own that lets in verified people only, and who verifies them.
type verified struct {
	*gateway.Gateway
	s      *Stage
	demo   *provider.Provider
	origin string
}

// verifies starts one. Everybody may enter at once who is verified.
func (s *Stage) verifies() *verified {
	s.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	issuer := "http://" + l.Addr().String()
	v := &verified{s: s, origin: "https://booking.example.kr", demo: provider.New(provider.Config{
		Issuer: issuer, Korean: "데모", English: "Demo", ClientID: "waitroom", ClientSecret: "a-secret-of-the-attempts",
	})}
	v.demo.Rotate(false) // so that there is a key that is no longer published
	server := &http.Server{Handler: v.demo, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	s.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	v.Gateway = gateway.Start(s, gateway.Options{
		Binary: s.Binary, Backend: canary.Start(s).URL,
		Top: map[string]string{"identity": "{origin: '" + v.origin + "', person: [ci], providers: [{name: demo, type: oidc, issuer: '" + issuer +
			"', client_id: waitroom, client_secret: a-secret-of-the-attempts, algorithms: [ES256]}]}"},
		Room: map[string]string{"identity": "required", "rate": "0"},
	})
	return v
}

// visitor is a browser that has not said who it is.
func (v *verified) visitor() *gateway.Visitor {
	one := gateway.NewVisitor(v.URL)
	one.Host = strings.TrimPrefix(v.origin, "https://")
	return one
}

// login has a visitor choose the provider and a person there, and gives the address that they are sent back to.
func (v *verified) login(who *gateway.Visitor, person int) string {
	v.s.Helper()
	q, err := http.NewRequest(http.MethodPost, who.URL+"/.waitroom/"+gateway.Room+"/login/demo", strings.NewReader(url.Values{"return": {"/book"}}.Encode()))
	if err != nil {
		v.s.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
		"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	} {
		q.Header.Set(name, value)
	}
	a, err := who.Do(q)
	if err != nil || a.Status != http.StatusSeeOther {
		v.s.Fatalf("login: %v, %d %s", err, a.Status, a.Body)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Get(a.Header.Get("Location") + fmt.Sprintf("&person=%d", person))
	if err != nil {
		v.s.Fatal(err)
	}
	_ = r.Body.Close()
	back, err := r.Location()
	if err != nil {
		v.s.Fatalf("the provider answered %s without an address", r.Status)
	}
	return back.RequestURI()
}

// placed says why a visitor who came back has got a place, "" where not.
func (v *verified) placed(who *gateway.Visitor, back string) (gateway.Answer, string) {
	v.s.Helper()
	a := who.Navigate(v.s, back)
	if who.Cookies["waitroom-ticket-"+gateway.Room] != "" || who.Cookies["waitroom-pass-"+gateway.Room] != "" {
		return a, "a ticket was given"
	}
	return a, ""
}

// states tries answers of the provider that belong to no login of this browser.
func states(s *Stage) {
	v := s.verifies()
	owner := v.visitor()
	back := v.login(owner, 1)
	u, err := url.Parse(back)
	if err != nil {
		s.Fatal(err)
	}
	change := func(name, value string) string {
		q, other := u.Query(), *u
		if q.Set(name, value); value == "" {
			q.Del(name)
		}
		other.RawQuery = q.Encode()
		return other.RequestURI()
	}
	foreign, err := url.Parse(v.login(v.visitor(), 2))
	if err != nil {
		s.Fatal(err)
	}
	for name, x := range map[string]struct {
		who  *gateway.Visitor
		back string
	}{
		"in another browser":             {v.visitor(), back},
		"without state":                  {owner.Twin(), change("state", "")},
		"a made-up state":                {owner.Twin(), change("state", "AAAAAAAAAAAAAAAAAAAAAA")},
		"the state of another login":     {owner.Twin(), change("state", foreign.Query().Get("state"))},
		"the code of another login":      {owner.Twin(), change("code", foreign.Query().Get("code"))},
		"the answer to another login":    {owner.Twin(), foreign.RequestURI()},
		"a made-up code":                 {owner.Twin(), change("code", "AAAA")},
		"without a code":                 {owner.Twin(), change("code", "")},
		"an issuer that is another's":    {owner.Twin(), change("iss", "https://evil.example")},
		"at another provider's callback": {owner.Twin(), strings.Replace(back, "/login/demo/", "/login/other/", 1)},
	} {
		a, why := v.placed(x.who, x.back)
		s.Check(name, "GET "+x.back, a, why)
	}
	// The right one is taken once: these have not used the code up.
	again := v.visitor()
	right := v.login(again, 3)
	copied := again.Twin()
	if a, why := v.placed(again, right); why == "" {
		s.Fatalf("the right answer gives no place: %d %.300s", a.Status, a.Body)
	}
	a, why := v.placed(copied, right)
	s.Check("the same answer a second time", "GET "+right, a, why)
}

// oneDevice has the same person verified in many browsers at the same moment.
func oneDevice(s *Stage) {
	const browsers = 200
	v := s.verifies()
	var all [browsers]*gateway.Visitor
	var backs [browsers]string
	for i := range all {
		all[i] = v.visitor()
		backs[i] = v.login(all[i], 1)
	}
	var racing sync.WaitGroup
	var placed atomic.Int32
	for i := range all {
		racing.Go(func() {
			if _, why := v.placed(all[i], backs[i]); why != "" {
				placed.Add(1)
			}
		})
	}
	racing.Wait()
	s.Tried()
	if n := placed.Load(); n > 1 {
		s.Through(Finding{Variant: "many logins at once", Why: fmt.Sprintf("%d of %d browsers got a place for the same person", n, browsers)})
	} else if n == 0 {
		s.Wronged(Finding{Variant: "many logins at once", Why: "nobody got the place"})
	}
	late := v.visitor()
	a, why := v.placed(late, v.login(late, 1))
	s.Check("and one after them", "GET callback", a, why)
}

// forged tries what a provider can say wrongly; nothing named is everything.
func forged(all ...provider.Forgery) func(*Stage) {
	if len(all) == 0 {
		all = provider.Forgeries
	}
	return func(s *Stage) { forgedIdentities(s, all) }
}

func forgedIdentities(s *Stage, all []provider.Forgery) {
	v := s.verifies()
	if a, why := v.placed(v.visitor(), v.login(v.visitor(), 1)); why != "" {
		s.Fatalf("a login of another browser: %d", a.Status)
	}
	for i, f := range all {
		v.demo.Turn(func(k *provider.Knobs) { k.Forge = f })
		who := v.visitor()
		back := v.login(who, 10+i)
		a, why := v.placed(who, back)
		s.Check(f.What(), "GET "+back, a, why)
	}
	v.demo.Turn(func(k *provider.Knobs) { k.Forge = "" })
	who := v.visitor()
	if a, why := v.placed(who, v.login(who, 9)); why == "" {
		s.Fatalf("without a forgery there is no place: %d %.300s", a.Status, a.Body)
	}
}
