package attempts

const byHand = "send the bytes with printf … | {wire}: a POST to {page}, to an open address, and one with a pass; each with GET {page}?smuggled behind it"

var desync = []string{"CWE-444", "WSTG-INPV-16", "ASVS 4.2.1"}

// framing is family C: where one request ends and the next begins.
var framing = []Attempt{
	{
		ID: "C1", Title: "Both a Content-Length and a Transfer-Encoding: CL.TE and TE.CL.",
		Steps: byHand, Expect: "400 and a close, stricter than RFC 9112 asks", Refs: desync,
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: formsOf(lengthAndChunked),
	},
	{
		ID: "C2", Title: "A Transfer-Encoding that one server understands and the next does not.",
		Steps: byHand + "; forms in bench/attempts/forms.go", Expect: "400 and a close for all but exactly one 'chunked'", Refs: desync,
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: formsOf(codings),
	},
	{
		ID: "C3", Title: "A Content-Length that is no plain number, or stands twice.",
		Steps: byHand + "; forms in bench/attempts/forms.go", Expect: "400 and a close", Refs: desync,
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: formsOf(lengths),
	},
	{
		ID: "C4", Title: "Lines that two servers split in two ways: folded lines, bare CR or LF, blanks before the colon, NUL.",
		Steps: byHand + "; forms in bench/attempts/forms.go", Expect: "400 and a close", Refs: desync,
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: formsOf(brokenLines),
	},
	{
		ID: "C5", Title: "Chunks with odd sizes, extensions, ends and trailers.",
		Steps: byHand + "; forms in bench/attempts/forms.go", Expect: "400 and a close, or a body without doubt; trailers are never passed on", Refs: desync,
		Driver: Raw, Needs: NeedClosed, Passes: 1, Run: oddChunks,
	},
	{
		ID: "C6", Title: "A body that is refused unread, and then read as the next request.",
		Steps:  "B=$(printf 'GET {page}?smuggled HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n.'); B=${B%.}; printf 'POST {page} HTTP/1.1\\r\\nHost: {host}\\r\\nContent-Length: %d\\r\\n\\r\\n%s' ${#B} \"$B\" | {wire}",
		Expect: "one answer: the body is read to its end, or the connection is closed",
		Refs:   []string{"CWE-444"}, Driver: Raw, Needs: NeedClosed, Run: unreadBodies,
	},
	{
		ID: "C7", Title: "Expect: 100-continue, plain and odd, with a body that nobody asked for.",
		Steps:  "POST {page} with Expect: 100-continue and the body at once; again with Expect: 100-Continue, x and others",
		Expect: "417 or the final answer, never 100 without a pass; the body is never read as a request",
		Refs:   []string{"CWE-444"}, Driver: Raw, Needs: NeedClosed, Run: expectations,
	},
	{
		ID: "C8", Title: "Other versions of HTTP: 0.9, 1.0 with chunks, 2.0, and made-up ones.",
		Steps:  "printf 'GET {page} HTTP/0.9\\r\\n\\r\\n' | {wire}; GET {page} without a version",
		Expect: "400 or 505, and a close; HTTP/1.0 waits like 1.1",
		Refs:   []string{"CWE-436"}, Driver: Raw, Needs: NeedClosed, Run: versions,
	},
	{
		ID: "C9", Title: "A multipart body that is longer than its last boundary: what is left is read as a request.",
		Steps:  "POST {page} as multipart/form-data with a closing boundary, and GET {page}?smuggled behind it within the Content-Length",
		Expect: "one answer: a body is opaque, its bytes are never used again",
		Refs:   []string{"CWE-444"}, Driver: Raw, Needs: NeedClosed, Passes: 1, Run: multipart,
	},
	{
		ID: "C10", Title: "A backend whose answers split: two lengths, length and chunks, bodies where none may be, floods of 1xx.",
		Steps:  "let a backend answer with the bytes of bench/attempts/hostile.go, and ask twice on one connection",
		Expect: "502, and the connection to the backend is closed; the second answer is that of the second request",
		Refs:   []string{"CWE-444", "CWE-113", "ASVS 4.2.2"}, Driver: Raw, Needs: NeedOwn, Run: hostileBackend,
	},
	{
		ID: "C11", Title: "A load balancer in front that turns HTTP/2 or HTTP/3 into ambiguous HTTP/1.1 for several visitors on one connection.",
		Steps:  "proxy/strict/strict_test.go, since the gateway sees HTTP/1.1 only: what such a balancer can send is what families B and C send",
		Expect: "every request on a connection is judged by itself; what is ambiguous is refused",
		Refs:   []string{"CWE-444", "ASVS 4.2.3", "ASVS 4.2.4"}, Driver: Static,
	},
	{
		ID: "C12", Title: "A hundred requests on one connection, those without a pass behind one that has it.",
		Steps:  "send one request with a pass and 99 without behind it, at once, on one connection",
		Expect: "each is judged by itself: one goes through, 99 wait",
		Refs:   []string{"CWE-488", "WSTG-ATHZ-02"}, Driver: Raw, Needs: NeedClosed, Passes: 1, Run: pipelines,
	},
	{
		ID: "C13", Title: "Slow fields, slow bodies, many idle connections.",
		Steps:  "slowhttptest -c 200 -H -u {url}/",
		Expect: "others are served meanwhile; the slow are cut off after limits.read_timeout",
		Refs:   []string{"CWE-400", "CWE-770", "ASVS 15.2.2"}, Driver: Raw, Needs: NeedOwn, Run: slow,
	},
	{
		ID: "C14", Title: "Bombs of fields, cookies and addresses.",
		Steps:  "curl -i {url}{page} with 2,000 fields; with a cookie of 20 KB; with an address of 20 KB",
		Expect: "431 or 414, and a close; the backend hears nothing",
		Refs:   []string{"CWE-770"}, Driver: Raw, Needs: NeedClosed, Passes: 1, Run: bombs,
	},
}
