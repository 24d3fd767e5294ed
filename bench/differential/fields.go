package differential

import "strings"

// fields is C4, C14, B10 and B12: lines that two servers split, name or believe differently.
func fields() []Case {
	all := []Case{
		{Family: "C4", Why: "characters of a token", Text: get(targetMark, "X-!#$%&'*+-.^`|~9: v\r\n")},
		{Family: "C4", Why: "no value", Text: get(targetMark, "X-Case:\r\n"), Clean: true},
		{Family: "C4", Why: "blanks around a value", Text: get(targetMark, "X-Case:  \t v \t \r\n"), Clean: true},
		{Family: "C4", Why: "a field twice", Text: get(targetMark, "X-Case: a\r\nx-case: b\r\n"), Clean: true},
		{Family: "C4", Why: "bytes above 0x7F in a value", Text: get(targetMark, "X-Case: caf\xe9 \xec\x98\x88\r\n")},
		{Family: "C4", Why: "LF ends every line", Text: strings.ReplaceAll(get(targetMark, "X-Case: a\r\n"), "\r\n", "\n")},
		{Family: "C4", Why: "LF ends the head", Text: strings.TrimSuffix(get(targetMark, "X-Case: a\r\n"), "\r\n") + "\n"},
		{Family: "C4", Why: "LF ends the request line", Text: strings.Replace(get(targetMark, ""), "\r\n", "\n", 1)},
		{Family: "C4", Why: "blank lines first", Text: "\r\n\r\n" + get(targetMark, "")},
		{Family: "C14", Why: "99 fields", Text: get(targetMark, strings.Repeat("X-Case: y\r\n", 90))},
		{Family: "C14", Why: "2,000 fields", Text: get(targetMark, strings.Repeat("X: y\r\n", 2000))},
		{Family: "C14", Why: "a field of 20 KB", Text: get(targetMark, "X: "+strings.Repeat("y", 20<<10)+"\r\n")},
		{Family: "B12", Why: "HTTP/2 in plain", Text: get(targetMark, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n")},
		{Family: "B12", Why: "TLS inside HTTP", Text: get(targetMark, "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n")},
		{Family: "B11", Why: "a socket of version 777 with a request behind it", Text: get(targetMark, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") + smuggled},
		{Family: "B11", Why: "a socket without its key, with a request behind it", Text: get(targetMark, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n") + smuggled},
	}
	all = append(all, each("C4", "line %s", func(v string) string { return get(targetMark, v) },
		"X-Case: 1\nX-Other: 2\r\n", "X-Case: 1\r\n folded\r\n", "X-Case: 1\r\n\tfolded\r\n", "X-Case : 1\r\n", "X-Case\t: 1\r\n", "X_Case: 1\r\n", "X Case: 1\r\n", ": 1\r\n", "no colon\r\n",
		"X-Case\x00: 1\r\n", "X-Case: a\x00b\r\n", "X-Case: a\x01b\r\n", "X-Case: a\rb\r\n", "X-Case: a\x7fb\r\n", "X-Case: a\vb\r\n", "X(: 1\r\n", "X\xe9: 1\r\n", "X;: 1\r\n", "X@: 1\r\n",
		"X/Y: 1\r\n", " X-Case: 1\r\n", "X-Case: 1\r\r\n", "X-Case: 1\n\r\n", "X-Case: 1\r\n\r", "Content-Type: a\r\nContent-Type: b\r\n", "Authorization: a\r\nAuthorization: b\r\n",
		"Cookie: x=1\r\nCookie: y=2\r\n", "Expect: 100-continue\r\nExpect: 100-continue\r\n")...)
	return append(all, each("B10", "line %s", func(v string) string { return get(targetMark, v) },
		"Waitroom-Room: other\r\n", "Waitroom-Subject: admin\r\n", "waitroom-pass: x\r\n", "Waitroom_Subject: x\r\n", "Waitroom-Subject : x\r\n", "Connection: Waitroom-Pass\r\n",
		"Connection: Waitroom-Room, close\r\n", "Connection: X-Case\r\nX-Case: 1\r\n", "Connection: cookie\r\n", "Connection: host\r\n", "Connection: content-length\r\n",
		"X-Original-URL: /smuggled\r\n", "X-Rewrite-URL: /smuggled\r\n", "X-Forwarded-Host: evil.test\r\n", "X-Forwarded-For: 10.0.0.1\r\n", "X-HTTP-Method-Override: DELETE\r\n",
		"X-Forwarded-Proto: https\r\n", "Forwarded: for=10.0.0.1;host=evil.test\r\n", "X-Real-IP: 10.0.0.1\r\n", "X_Forwarded_For: 10.0.0.1\r\n", "TE: trailers\r\n", "Proxy: http://evil.test\r\n",
		"Keep-Alive: timeout=1\r\n", "Proxy-Connection: keep-alive\r\n", "Trailer: Waitroom-Pass\r\n", "Max-Forwards: 0\r\n", "Range: bytes=0-0\r\n")...)
}

// expectations is C7: who invites a body, and whether it is read.
func expectations() []Case {
	body := func(v string) string { return post(v+"Content-Length: 3\r\n", "abc"+smuggled) }
	all := each("C7", "line %s with the body sent at once", body,
		"Expect: 100-continue\r\n", "Expect: 100-Continue\r\n", "Expect: y 100-continue\r\n", "Expect: 100-continue, x\r\n", "Expect: 200-maybe\r\n", "Expect:\r\n", "Expect: \r\n 100-continue\r\n",
		"Expect : 100-continue\r\n", "Expect: 100-continue\x00\r\n", "Expect: \"100-continue\"\r\n")
	return append(all,
		Case{Family: "C7", Why: "an expectation on GET with a length", Text: get(targetMark, "Expect: 100-continue\r\nContent-Length: 40\r\n") + smuggled},
		Case{Family: "C7", Why: "an expectation on HTTP/1.0", Text: strings.Replace(body("Expect: 100-continue\r\n"), "HTTP/1.1", "HTTP/1.0", 1)},
		Case{Family: "C7", Why: "an expectation with chunks", Text: post("Expect: 100-continue\r\n"+chunked, "3\r\nabc\r\n0\r\n\r\n")},
	)
}

// pipelines is C12 and C6: several requests on one connection, of whom not all may pass.
func pipelines() []Case {
	one := func(n string) string { return get(targetMark+n, "") }
	return []Case{
		{Family: "C12", Why: "two that may pass", Text: one("/1") + one("/2"), Clean: true, Most: 2},
		{Family: "C12", Why: "one that may not between two that may", Text: one("/1") + smuggled + one("/2"), Clean: true, Most: 2},
		{Family: "C12", Why: "one that may not behind a body", Text: post("Content-Length: 3\r\n", "abc") + smuggled, Clean: true},
		{Family: "C12", Why: "one that may not behind chunks", Text: post(chunked, "3\r\nabc\r\n0\r\n\r\n") + smuggled, Clean: true},
		{Family: "C12", Why: "thirty in a row", Text: strings.Repeat(one("/1"), 30), Clean: true, Most: 30},
		{Family: "C12", Why: "one that may pass behind a bad one", Text: get("/a\\b", "") + one("/2")},
		{Family: "C12", Why: "one behind a last one", Text: get(targetMark, "Connection: close\r\n") + smuggled, Clean: true},
		{Family: "C6", Why: "a body for an address that may not be reached", Text: "POST /closed HTTP/1.1\r\nHost: a.test\r\nContent-Length: 40\r\n\r\n" + smuggled},
		{Family: "C6", Why: "chunks for an address that may not be reached", Text: "POST /closed HTTP/1.1\r\nHost: a.test\r\n" + chunked + "\r\n28\r\n" + smuggled + "\r\n0\r\n\r\n"},
		{Family: "C6", Why: "a method that nobody knows, with a body", Text: request("G3T", targetMark, "Content-Length: 40\r\n") + smuggled},
	}
}
