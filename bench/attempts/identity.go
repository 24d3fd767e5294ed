package attempts

import "waitroom/bench/provider"

// identity are the attempts that need a room which asks who one is: what is right is
// written down, and how to try it by hand; they are not tried where nobody is asked.
func identity() []Attempt {
	rows := []struct {
		id, title, steps, expect string
		refs                     []string
	}{
		{"E2", "A second device of the same person within ten minutes.", "log in on a telephone and, before ten minutes are over, on a PC", "409 other_device for the second, at 9:59 and not at 10:01; the first one keeps the place", []string{"CWE-837", "WSTG-SESS-11"}},
		{"E3", "A race for the place of a person: 200 logins at once.", "log in with the same account from many browsers at the same moment", "exactly one gets the place", []string{"CWE-362", "ASVS 15.4.2"}},
		{"E4", "The same person by several providers.", "log in by Google, then by Kakao and Naver", "one place, where the providers give a verified identifier; else one provider per room", []string{"CWE-837", "ASVS 10.5.2"}},
		{"E5", "A person is known by an e-mail address or nickname, which another one can get.", "change the account's e-mail address, or give it to another account", "the issuer and its subject count, or a verified identifier, and nothing that can be given to another", []string{"CWE-290", "ASVS 10.3.3", "ASVS 10.5.2"}},
		{"E6", "A farm of real accounts.", "log in with many accounts from few addresses", "joins are bounded by address and network, where the operator has said so", []string{"OAT-005", "OAT-006", "OAT-013", "OAT-019", "ASVS 2.4.1"}},
		{"E10", "A forged date of birth: self-declared, year 0000, an edited profile.", "log in with an account whose date of birth is not verified", "only what the provider has verified counts; unknown is not eligible", []string{"CWE-345", "CWE-807"}},
		{"E11", "The edges of rotation: 29 February, the 30th and 31st, midnight, another time zone.", "try to take a place a minute before and after one's day begins", "the room's time zone, on the server's clock", []string{"WSTG-BUSL-04"}},
		{"H1", "state is replayed, missing, or somebody else's.", "use the address that the provider sends back to a second time, in another browser, and without state", "each state once, for the browser that it was made for, for ten minutes", []string{"CWE-352", "CWE-294", "WSTG-ATHZ-05.2", "ASVS 10.1.2"}},
		{"H2", "nonce is replayed, or an ID token injected.", "answer the login with an ID token of another login", "the nonce of this login counts, once", []string{"CWE-294", "ASVS 10.5.1"}},
		{"H3", "A code is injected or intercepted; PKCE is left out, or plain.", "use a code of another login, without the verifier", "S256 always", []string{"CWE-345", "RFC 7636", "RFC 9700", "ASVS 10.2.1"}},
		{"H4", "Providers are mixed up; iss is missing or wrong.", "answer a login at one provider with the code of another", "an address of its own for each provider, and iss (RFC 9207)", []string{"ASVS 10.2.2", "ASVS 10.5.3"}},
		{"H5", "An ID token with alg none or HS256, for another audience, expired, from the future, with an old key.", "answer the login with such a token, from a provider of your own", "refused: algorithms come from the configuration, not from the token", []string{"CWE-347", "ASVS 10.5.4", "ASVS 9.1.2"}},
		{"H6", "The provider's addresses lead into the operator's own network.", "give discovery or key addresses of loopback, or that redirect there", "https alone, no redirects, bounded in size and time", []string{"CWE-918", "ASVS 13.2.4", "ASVS 15.3.2"}},
		{"H7", "The provider is slow or away: does the room open, or pile up?", "stop the provider while people log in", "who has a place keeps it; nobody is let in unidentified", []string{"CWE-636", "ASVS 16.5.2"}},
		{"H8", "An account is locked, or logged out at the provider, and still inside.", "lock the account after entering", "the pass ends by its ttl, or by the provider's logout token", []string{"ASVS 10.5.5", "ASVS 7.4.2"}},
	}
	run := map[string]func(*Stage){
		"E3": oneDevice, "H1": states, "H2": forged(provider.Nonce, provider.NoNonce, provider.OtherPerson),
		"H4": forged(provider.Issuer, provider.BackIssuer, provider.BackNoOne), "H5": forged(),
	}
	var all []Attempt
	for _, r := range rows {
		a := Attempt{
			ID: r.id, Title: r.title, Steps: r.steps, Expect: r.expect, Refs: r.refs, Driver: Actors, Needs: NeedIdentity,
			Run: func(s *Stage) { s.Skip("bench/provider, token/identity and proxy/waiting try it in their tests") },
		}
		if run[r.id] != nil {
			a.Needs, a.Run = NeedOwn, run[r.id]
		}
		all = append(all, a)
	}
	return all
}
