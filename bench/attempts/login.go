package attempts

import (
	"fmt"
	"net/url"
	"strings"

	"waitroom/bench/gateway"
	"waitroom/bench/provider"
)

// changed is an address with one parameter changed, or left out.
func changed(address, name, value string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	if q.Set(name, value); value == "" {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// param is a parameter of an address.
func param(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get(name)
}

// states tries answers of the provider that belong to no login of this browser.
func states(s *Stage) {
	v := s.verifies(verifying{parties: []string{"demo", "other"}})
	owner := v.visitor()
	back := v.login(owner, "demo", 1)
	foreign := v.login(v.visitor(), "demo", 2)
	for name, x := range map[string]struct {
		who  *gateway.Visitor
		back string
	}{
		"in another browser":             {v.visitor(), back},
		"without state":                  {owner.Twin(), changed(back, "state", "")},
		"a made-up state":                {owner.Twin(), changed(back, "state", "AAAAAAAAAAAAAAAAAAAAAA")},
		"the state of another login":     {owner.Twin(), changed(back, "state", param(foreign, "state"))},
		"the code of another login":      {owner.Twin(), changed(back, "code", param(foreign, "code"))},
		"the answer to another login":    {owner.Twin(), foreign},
		"a made-up code":                 {owner.Twin(), changed(back, "code", "AAAA")},
		"without a code":                 {owner.Twin(), changed(back, "code", "")},
		"an issuer that is another's":    {owner.Twin(), changed(back, "iss", "https://evil.example")},
		"at another provider's callback": {owner.Twin(), strings.Replace(back, "/login/demo/", "/login/other/", 1)},
	} {
		a, why := v.placed(x.who, x.back)
		s.Check(name, "GET "+x.back, a, why)
	}
	// The right one is taken once: these have not used the code up.
	again := v.visitor()
	right := v.login(again, "demo", 3)
	copied := again.Twin()
	if a, why := v.placed(again, right); why == "" {
		s.Fatalf("the right answer gives no place: %d %.300s", a.Status, a.Body)
	}
	a, why := v.placed(copied, right)
	s.Check("the same answer a second time", "GET "+right, a, why)
}

// codes tries codes that were issued to somebody else, at providers that look at PKCE and at those that do not.
func codes(s *Stage) {
	v := s.verifies(verifying{})
	demo := v.parties["demo"]
	seen := map[string]bool{}
	for person := range 3 {
		page, a := v.begin(v.visitor(), "demo", nil)
		if page == "" {
			s.Fatalf("login: %d %.300s", a.Status, a.Body)
		}
		why := ""
		switch challenge := param(page, "code_challenge"); {
		case param(page, "code_challenge_method") != "S256" || len(challenge) != 43:
			why = "the code is not bound with S256"
		case seen[challenge]:
			why = "two logins have the same verifier"
		default:
			seen[challenge] = true
		}
		s.Check(fmt.Sprintf("what binds the code of login %d", person+1), "POST login, which leads to "+page, a, why)
	}
	for name, ignored := range map[string]bool{"": false, ", where the provider does not look at PKCE": true} {
		demo.Turn(func(k *provider.Knobs) { k.IgnoreVerifier = ignored })
		victim, thief := v.visitor(), v.visitor()
		stolen, own := v.login(victim, "demo", 1), v.login(thief, "demo", 2)
		injected := changed(own, "code", param(stolen, "code"))
		a, why := v.placed(thief, injected)
		s.Check("a stolen code in a login of one's own"+name, "GET "+injected, a, why)
		// The other way round: the thief's account, in a login of somebody else.
		stolen, own = v.login(victim, "demo", 1), v.login(v.visitor(), "demo", 2)
		injected = changed(stolen, "code", param(own, "code"))
		a, why = v.placed(victim, injected)
		s.Check("somebody else's code, put into a login"+name, "GET "+injected, a, why)
	}
	for name, change := range map[string][2]string{"no challenge": {"code_challenge", ""}, "plain": {"code_challenge_method", "plain"}, "no method": {"code_challenge_method", ""}} {
		who := v.visitor()
		page, _ := v.begin(who, "demo", nil)
		back := v.choose(changed(page, change[0], change[1]), 4)
		a, why := v.placed(who, back)
		s.Check(name+" in the address of the provider's page", "GET "+back, a, why)
	}
	demo.Turn(func(k *provider.Knobs) { k.IgnoreVerifier = false })
	v.seat("demo", 5)
}

// injectedTokens tries ID tokens of other logins.
func injectedTokens(s *Stage) {
	v := s.verifies(verifying{})
	demo := v.parties["demo"]
	var kept any
	demo.says(func(path string, says map[string]any) {
		if path == "/token" {
			kept = says["id_token"]
		}
	})
	v.seat("demo", 1)
	if kept == nil {
		s.Fatal("the provider was asked for no ID token")
	}
	// Its own person comes again, and another one with an access token of their own.
	for name, person := range map[string]int{"the ID token of the same person's last login": 1, "the ID token of another person's login": 2} {
		demo.says(func(path string, says map[string]any) {
			if path == "/token" {
				says["id_token"] = kept
			}
		})
		who := v.visitor()
		back := v.login(who, "demo", person)
		a, why := v.placed(who, back)
		s.Check(name, "GET "+back, a, why)
	}
	demo.says(nil)
	v.forgeries(provider.Nonce, provider.NoNonce, provider.OtherPerson)
}

// forged tries what a provider can say wrongly; nothing named is everything.
func forged(all ...provider.Forgery) func(*Stage) {
	if len(all) == 0 {
		all = provider.Forgeries
	}
	return func(s *Stage) {
		s.verifies(verifying{}).forgeries(all...)
	}
}

// forgeries has a provider forge what it says of people, each time of another one, and then tell the truth.
func (v *verified) forgeries(all ...provider.Forgery) {
	demo := v.parties["demo"]
	for i, f := range all {
		demo.Turn(func(k *provider.Knobs) { k.Forge = f })
		who := v.visitor()
		back := v.login(who, "demo", 10+i)
		a, why := v.placed(who, back)
		v.s.Check(f.What(), "GET "+back, a, why)
	}
	demo.Turn(func(k *provider.Knobs) { k.Forge = "" })
	v.seat("demo", 9)
}
