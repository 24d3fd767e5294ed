package attempts

// tokens is family D: passes and tickets, but for copies of them.
var tokens = []Attempt{
	{
		ID: "D1", Title: "A pass or ticket without a signature: algorithm none in all spellings, an empty signature, JSON instead of the compact form.",
		Steps:  "take your pass from the browser's cookies, put {\"alg\":\"none\"} before its first dot (base64url), leave out what is behind the second, and send it as cookie and as Waitroom-Pass",
		Expect: "it is no pass: the waiting page; one algorithm for each kind of token, fixed in the program",
		Refs:   []string{"CWE-347", "WSTG-SESS-10", "ASVS 9.1.1", "ASVS 9.1.2"},
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: tokensOf(unsigned),
	},
	{
		ID: "D2", Title: "A pass signed with the public key as if it were a shared secret, and with other algorithms.",
		Steps:  "take x from {url}/.waitroom/jwks.json and sign your pass's claims by HS256 with it, as text, as bytes, and as PEM",
		Expect: "it is no pass: the waiting page",
		Refs:   []string{"CWE-347", "ASVS 9.1.2"},
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: tokensOf(confused),
	},
	{
		ID: "D3", Title: "A header that names or brings its own key: kid as a path or as SQL, jwk, jku, x5u, x5c, crit, b64, zip.",
		Steps:  "sign your pass's claims with a key of your own, and name it in the header: \"kid\":\"../../../../dev/null\", \"jwk\":{…}, \"jku\":\"https://evil.example/jwks.json\"",
		Expect: "it is no pass; no file is opened, no address is asked",
		Refs:   []string{"CWE-22", "CWE-89", "CWE-918", "ASVS 9.1.3"},
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: tokensOf(selfKeyed),
	},
	{
		ID: "D4", Title: "Claims that were changed, a pass of another room, a ticket as a pass, a pass as a ticket.",
		Steps:  "send your ticket as the cookie of the pass and as Waitroom-Pass; change aud, exp, dev in your pass and keep its signature",
		Expect: "it is no pass, and no ticket: each kind says in typ what it is, and for which room",
		Refs:   []string{"CWE-345", "ASVS 9.2.2", "ASVS 9.2.3", "ASVS 9.2.4"},
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: changedClaims,
	},
	{
		ID: "D5", Title: "Times that play games: no exp, exp as text, as a fraction, as a huge number, twice; nbf and iat ahead.",
		Steps:  "with a signing key of the gateway's own sign passes whose times are odd",
		Expect: "they are no passes, though their signature is right",
		Refs:   []string{"CWE-613", "ASVS 9.2.1"},
		Driver: Raw, Needs: NeedOwn | NeedClosed, Passes: 1, Run: oddTimes,
	},
	{
		ID: "D6", Title: "Another spelling of a pass that was ended: padding, unused bits, other alphabets, blanks.",
		Steps:  "waitroom revoke {room} PASS-ID; then send the pass with = behind it, with its last letter changed to the next, with + for -",
		Expect: "there is one spelling of each pass; what is ended is ended by its id",
		Refs:   []string{"CWE-347", "CWE-180"},
		Driver: Raw, Needs: NeedClosed | NeedOperator, Passes: 1, Run: otherSpellings,
	},
	{
		ID: "D11", Title: "The gaps of a key rotation: an unknown key, a key that was taken away, a pass of the key before.",
		Steps:  "waitroom keys rotate while somebody is inside; send a pass whose kid is unknown; take the old key's file away",
		Expect: "who is inside stays inside while the old key is there; an unknown or removed key opens nothing",
		Refs:   []string{"ASVS 13.3.4", "ASVS 11.1.1"},
		Driver: HTTP, Needs: NeedOwn, Run: rotatedKeys,
	},
	{
		ID: "D12", Title: "A twin of the pass, the ticket or the device, as a sister host could plant it.",
		Steps:  "document.cookie = 'waitroom-pass-{room}=x; domain=.example.kr' on a sister host; send both cookies in either order",
		Expect: "over TLS the name has the prefix __Host-, which no other host can set; two of one name are 400",
		Refs:   []string{"CWE-384", "CWE-565", "ASVS 3.3.3"},
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: twins,
	},
	{
		ID: "D14", Title: "A pass in an address, a referrer or a log.",
		Steps:  "curl -i '{url}{page}?waitroom-pass-{room}=REAL'; send broken requests with your cookies, and search the gateway's log for them",
		Expect: "an address never carries a pass; the pages send no referrer to other sites; the log holds none of it",
		Refs:   []string{"CWE-598", "CWE-532", "ASVS 16.2.5"},
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: leaks,
	},
	{
		ID: "D15", Title: "Guessed tickets, devices and addresses of other people's places.",
		Steps:  "curl -i {url}/.waitroom/{room}/status?ticket=1, /ticket/1, /status/1; change letters of your ticket",
		Expect: "404: ids are random, 128 bits long, and signed; nobody is told of another's place",
		Refs:   []string{"CWE-330", "CWE-639", "ASVS 7.2.3", "ASVS 8.2.2"},
		Driver: HTTP, Run: guesses,
	},
	{
		ID: "D16", Title: "A pass that is renewed for ever by using it.",
		Steps:  "with pass: {ttl: 2s, idle: 1s} reload an address of the site without a pause",
		Expect: "the pass ends at its ttl from the entry, however much it is used",
		Refs:   []string{"CWE-613", "ASVS 7.3.2"},
		Driver: HTTP, Needs: NeedOwn, Run: renewed,
	},
	{
		ID: "D17", Title: "Joined fields that make the same bytes for different meanings, in what is signed.",
		Steps:  "token/ticket_test.go and token/draw_test.go: every field that is signed has its length, or a fixed form",
		Expect: "no two meanings have the same bytes",
		Refs:   []string{"CWE-347"}, Driver: Static,
	},
}
