package attempts

import "waitroom/bench/provider"

// identity are the attempts on a room that asks who one is: each has a gateway of its own, with providers that it can have say anything.
func identity() []Attempt {
	all := []Attempt{
		{
			ID: "E2", Title: "A second device of the same person within ten minutes.",
			Steps:  "log in on a telephone and, before ten minutes are over, on a PC; again after them",
			Expect: "409 other_device for the second until the lock is over; then it has the place, and the first is out",
			Refs:   []string{"CWE-837", "WSTG-SESS-11"}, Run: secondDevice,
		},
		{
			ID: "E3", Title: "A race for the place of a person: 200 logins at once.",
			Steps:  "log in with the same account from many browsers at the same moment",
			Expect: "exactly one gets the place",
			Refs:   []string{"CWE-362", "ASVS 15.4.2"}, Run: oneDevice,
		},
		{
			ID: "E4", Title: "The same person by several providers.",
			Steps:  "with person: [ci], log in by Google, then by Kakao and Naver",
			Expect: "one place, where the providers give a verified identifier; else one provider per room",
			Refs:   []string{"CWE-837", "ASVS 10.5.2"}, Run: manyProviders,
		},
		{
			ID: "E5", Title: "A person is known by an e-mail address or nickname, which another one can get.",
			Steps:  "change the account's e-mail address, or give it to another account",
			Expect: "the issuer and its subject count, or a verified identifier, and nothing that can be given to another",
			Refs:   []string{"CWE-290", "ASVS 10.3.3", "ASVS 10.5.2"}, Run: nicknames,
		},
		{
			ID: "E6", Title: "A farm of real accounts.",
			Steps:  "with limits: {joins_per_address: 5/h}, log in with many accounts from one address",
			Expect: "places are bounded by address and network, where the operator has said so; who comes from elsewhere gets in",
			Refs:   []string{"OAT-005", "OAT-006", "OAT-013", "OAT-019", "ASVS 2.4.1"}, Run: farm,
		},
		{
			ID: "E10", Title: "A forged date of birth: self-declared, year 0000, an edited profile.",
			Steps:  "log in with an account whose date of birth is none, or of the lunar calendar, or with one's own in the form, the address and the fields",
			Expect: "only what the provider has verified counts; unknown is not eligible",
			Refs:   []string{"CWE-345", "CWE-807"}, Run: forgedBirthdays,
		},
		{
			ID: "E11", Title: "The edges of rotation: 29 February, the 30th and 31st, midnight, another time zone.",
			Steps:  "try to take a place half a minute before and after one's day begins",
			Expect: "the room's time zone, on the server's clock",
			Refs:   []string{"WSTG-BUSL-04"}, Run: edges,
		},
	}
	all = append(all, logins()...)
	for i := range all {
		all[i].Driver, all[i].Needs = Actors, NeedOwn
	}
	return append(all, Attempt{
		ID: "G2", Title: "Login CSRF: somebody is made to wait, or to enter, as somebody else.",
		Steps:  "log in at the provider, keep the address that it sends back to, and have another browser go there: by a link, an image, a form",
		Expect: "state, nonce and PKCE are bound to the browser that began",
		Refs:   []string{"CWE-352", "ASVS 10.1.2", "ASVS 10.2.1"}, Driver: Browser, Needs: NeedChromium | NeedOwn, Run: otherSitesLogins,
	})
}

// logins are family H.
func logins() []Attempt {
	return []Attempt{
		{
			ID: "H1", Title: "state is replayed, missing, or somebody else's.",
			Steps:  "use the address that the provider sends back to a second time, in another browser, and without state",
			Expect: "each state once, for the browser that it was made for, for ten minutes",
			Refs:   []string{"CWE-352", "CWE-294", "WSTG-ATHZ-05.2", "ASVS 10.1.2"}, Run: states,
		},
		{
			ID: "H2", Title: "nonce is replayed, or an ID token injected.",
			Steps:  "answer the login with an ID token of another login",
			Expect: "the nonce of this login counts, once",
			Refs:   []string{"CWE-294", "ASVS 10.5.1"}, Run: injectedTokens,
		},
		{
			ID: "H3", Title: "A code is injected or intercepted; PKCE is left out, or plain.",
			Steps:  "use a code of another login; take code_challenge out of the address of the provider's page",
			Expect: "S256 always, a verifier for each login; a code of another login is worth nothing",
			Refs:   []string{"CWE-345", "RFC 7636", "RFC 9700", "ASVS 10.2.1"}, Run: codes,
		},
		{
			ID: "H4", Title: "Providers are mixed up; iss is missing or wrong.",
			Steps:  "answer a login at one provider with the code of another",
			Expect: "an address of its own for each provider, and iss (RFC 9207)",
			Refs:   []string{"ASVS 10.2.2", "ASVS 10.5.3"}, Run: forged(provider.Issuer, provider.BackIssuer, provider.BackNoOne),
		},
		{
			ID: "H5", Title: "An ID token with alg none or HS256, for another audience, expired, from the future, with an old key.",
			Steps:  "answer the login with such a token, from a provider of your own",
			Expect: "refused: algorithms come from the configuration, not from the token",
			Refs:   []string{"CWE-347", "ASVS 10.5.4", "ASVS 9.1.2"}, Run: forged(),
		},
		{
			ID: "H6", Title: "The provider's addresses lead into the operator's own network.",
			Steps:  "give token, key and profile addresses of loopback in the provider's description, in all spellings, or redirect there",
			Expect: "https, or the issuer's own host; no redirects; nothing inside is asked",
			Refs:   []string{"CWE-918", "ASVS 13.2.4", "ASVS 15.3.2"}, Run: inward,
		},
		{
			ID: "H7", Title: "The provider is slow or away: does the room open, or pile up?",
			Steps:  "stop the provider while people log in",
			Expect: "who has a place keeps it, other providers go on; nobody is let in unidentified",
			Refs:   []string{"CWE-636", "ASVS 16.5.2"}, Run: providersAway,
		},
		{
			ID: "H8", Title: "An account is locked, or logged out at the provider, and still inside.",
			Steps:  "lock the account after entering, and go on: when the pass is over, in another browser, and a day later",
			Expect: "the pass ends by its ttl, or when an operator ends it; then a new place at the end of the line, for a day, in the same browser alone",
			Refs:   []string{"ASVS 10.5.5", "ASVS 7.4.2"}, Run: lockedAccount,
		},
	}
}
