package attempts

// web is family G: abuse of the gateway's own addresses, as far as no browser is needed.
var web = []Attempt{
	{
		ID: "G4", Title: "Open redirects: an address, a return or a next that leads to another site.",
		Steps:  "with a called ticket go to {url}//evil.example, {url}/%5cevil.example, {url}{page}?return=//evil.example; look at Location, and at the link of the waiting page",
		Expect: "redirects and links lead to a path of the same host, whatever is asked",
		Refs:   []string{"CWE-601", "WSTG-CLNT-04", "ASVS 3.7.2"}, Driver: HTTP, Needs: NeedOwn | NeedClosed, Run: redirects,
	},
	{
		ID: "G5", Title: "Cache poisoning and deception: one visitor's page or ticket kept for all, fields reflected that are no part of the key.",
		Steps:  "curl -i {url}{page}/x.css, {url}{page}?cb=1 -H 'X-Forwarded-Host: evil.example'; look for Cache-Control, and for evil.example in the answer",
		Expect: "no-store on everything that is a visitor's own; nothing of a field is reflected",
		Refs:   []string{"CWE-349", "CWE-524", "CWE-525", "WSTG-INPV-17", "WSTG-ATHN-06"}, Driver: HTTP, Needs: NeedClosed, Run: caches,
	},
	{
		ID: "G7", Title: "CORS: another site's script reads the standing, or a ticket.",
		Steps:  "curl -i {url}/.waitroom/{room}/status -H 'Origin: https://evil.example', with null, and with names that end in yours",
		Expect: "no Access-Control-Allow field at all",
		Refs:   []string{"CWE-942", "WSTG-CLNT-07", "ASVS 3.4.2"}, Driver: HTTP, Needs: NeedClosed, Run: origins,
	},
	{
		ID: "G8", Title: "The operator's API at the visitors' door, without a token, and with well-known ones.",
		Steps:  "curl -i {url}/api/rooms; curl -i -X PATCH OPERATOR/api/rooms/{room} -d '{\"rate\":\"1000000/s\"}', with no token, with admin, with password",
		Expect: "the visitors' listener has no such address; the operators' answers 401",
		Refs:   []string{"CWE-306", "ASVS 8.4.2", "ASVS 13.2.3"}, Driver: HTTP, Needs: NeedClosed, Run: operatorDoors,
	},
	{
		ID: "G9", Title: "Metrics, profiles and health at the visitors' door; line ends smuggled into the log.",
		Steps:  "curl -i {url}/metrics, /debug/pprof/, /debug/vars, /healthz; send fields with escape codes, and read the log",
		Expect: "the visitors' listener has none of them; the log has one line for each event",
		Refs:   []string{"CWE-117", "CWE-200", "ASVS 13.4.5", "ASVS 16.4.1"}, Driver: HTTP, Needs: NeedClosed, Run: innards,
	},
	{
		ID: "G10", Title: "An error that tells more than it should: which of forged, expired, another's or unknown a ticket is.",
		Steps:  "ask for the standing with no ticket, a broken one, one with a changed signature, one of another key; compare the answers",
		Expect: "one answer for all of them",
		Refs:   []string{"CWE-203", "CWE-209", "WSTG-ERRH-01", "ASVS 16.5.1"}, Driver: HTTP, Run: oracles,
	},
	{
		ID: "G11", Title: "TLS early data, replayed through a load balancer: an enter or a leave is done twice.",
		Steps:  "curl -X POST {url}/.waitroom/{room}/join -H 'Early-Data: 1', twice with the same cookies",
		Expect: "doing it twice is doing it once: the same place, the same pass; or 425",
		Refs:   []string{"CWE-294", "RFC 8470"}, Driver: HTTP, Run: replays,
	},
	{
		ID: "G12", Title: "A compression oracle (BREACH): a secret and a visitor's own input in one compressed page.",
		Steps:  "with the cookies of a place ask for {page}?x, as a browser that takes gzip, and look for the ticket and the device in the page",
		Expect: "there is no secret in a page, compressed or not", Refs: []string{"CWE-310"}, Driver: HTTP, Needs: NeedClosed, Run: squeezed,
	},
}
