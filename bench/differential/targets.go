package differential

import "strings"

// targets is B4: spellings of one address.
func targets() []Case {
	all := []Case{
		{Family: "B4", Why: "a plain address", Text: get(targetMark, ""), Clean: true},
		{Family: "B4", Why: "a query with every sign", Text: get(targetMark+"?a=b%2Fc&x=../..//y;z&u=http://x?y", ""), Clean: true},
		{Family: "B4", Why: "an empty query", Text: get(targetMark+"?", ""), Clean: true},
		{Family: "B4", Why: "a slash at the end", Text: get(targetMark+"/", ""), Clean: true},
	}
	all = append(all, each("B4", "target %s", func(v string) string { return get(targetMark+v, "") },
		"/%61dmin", "/%7Euser", "/a%2db", "/a%20b", "/a%3ab", "/caf\xc3\xa9", "/%ec%98%88", "/a|b", "/a[b]", "/<x>", "/a..b", "/a.", "/100%25", "/a!$&'()*+,=:@b", "?\xea\xb0\x80",
		"//", "//x", "/a//b", "/./", "/.", "/..", "/../x", "/a/./b", "/a/../b", "/a/..", "/...", "/%2e", "/%2e%2e/x", "/.%2e/x", "/a%2fb", "/a%2Fb", "/a%5cb", "/a\\b", "/..\\x", "/..\\..\\x", "/a;b",
		";jsessionid=1", "/..;/x", "/a/..;/b", "/a%3bb", "/a%00", "/a%0d%0ab", "/a%0ax", "/a%09b", "/a%7f", "/a%", "/a%4", "/a%zz", "/%2561", "/%252e%252e/x", "/a#b", "#", "?b#c", "?b%", "?%zz",
		"?%00", "/%c0%ae%c0%ae/x", "/%c1%9c", "/%e0%80%af", "/%ff", "/\xff", "/%ed%a0%80", "/%ef%bc%8e%ef%bc%8e/x", "/\uff0e\uff0e/x", "/a%ef%bc%8fb", "/%c2%85", "/a/..%20/b", "/%20", "/a\x01b", "/a\x7fb",
		"/a\tb", "/..%c0%af", "/a%u002fb", "/%%32%66", "/a?x=%0d%0aX-Case:%201", "%20", "%2f", ".", "..", "/..%2f..%2fsmuggled", "/../../smuggled", "/%2e%2e/%2e%2e/smuggled", "/..%2f..%2f..%2fsmuggled",
		"/../../../../../../smuggled", "/"+strings.Repeat("a/", 100)+"b", "?"+strings.Repeat("q", 7000), "?"+strings.Repeat("q", 9000))...)
	return append(all, each("B4", "request target %s", func(v string) string { return get(v, "") },
		"", "*", "?", "/", "//evil.test/x", "///x", "\\x", "x", "x/y", "#", "/smuggled?", "/SMUGGLED", "/%73muggled", "/./smuggled", "//smuggled", "/smuggled/.", "/smuggled%00", "http:x", "a.test:80")...)
}

// hosts is B8: whose site is asked.
func hosts() []Case {
	line := func(v string) string { return "GET " + targetMark + " HTTP/1.1\r\n" + v + identityMark + "\r\n" }
	all := each("B8", "lines %s", line,
		"Host: A.TEST\r\n", "Host: a.test.\r\n", "Host: a.test:80\r\n", "Host:a.test\r\n", "Host:  a.test  \r\n", "", "Host:\r\n", "Host: u@a.test\r\n", "Host: u:p@a.test\r\n", "Host: a.test@evil.test\r\n",
		"Host: a.test:\r\n", "Host: a.test:0\r\n", "Host: a.test:65536\r\n", "Host: a.test:80:80\r\n", "Host: a.test:x\r\n", "Host: a.test/x\r\n", "Host: a.test?x\r\n", "Host: a.test#x\r\n",
		"Host: a.test, evil.test\r\n", "Host: a.test evil.test\r\n", "Host: a..test\r\n", "Host: .a.test\r\n", "Host: a.test..\r\n", "Host: [::1\r\n", "Host: [::1]x\r\n", "Host: a%2etest\r\n", "Host: a\\test\r\n",
		"Host: http://a.test\r\n", "Host: *\r\n", "Host: a.test\x00evil\r\n", "Host: a.test\tx\r\n", "Host: evil.test\r\n", "Host: a.test\r\nHost: a.test\r\n", "Host: a.test\r\nHost: evil.test\r\n",
		"Host: evil.test\r\nHost: a.test\r\n", "Host : a.test\r\n", " Host: a.test\r\n", "Host: a.test\r\n Host: evil.test\r\n", "X: y\r\n Host: evil.test\r\nHost: a.test\r\n", "Host: a.test\r\nX-Forwarded-Host: evil.test\r\n")
	return append(all, each("B8", "absolute target %s", func(v string) string { return get(v, "") },
		"http://a.test"+targetMark, "http://evil.test"+targetMark, "https://a.test"+targetMark, "ftp://a.test"+targetMark, "http://a.test:80"+targetMark, "http://u@a.test"+targetMark,
		"http://a.test@evil.test"+targetMark, "http://", "http:///x", "HTTP://a.test"+targetMark, "http:/a.test"+targetMark, "//a.test"+targetMark, "http://a.test", "http://a.test?x")...)
}

// versions is C8, and the request line's own syntax.
func versions() []Case {
	line := func(v string) string { return v + "\r\nHost: a.test\r\n" + identityMark + "\r\n" }
	all := each("C8", "version %s", func(v string) string { return line("GET " + targetMark + v) },
		" HTTP/1.0", "", " HTTP/0.9", " HTTP/1.2", " HTTP/2.0", " HTTP/3.0", " HTTP/1.11", " HTTP/11", " HTTP/1", " HTTP/1.", " HTTP/01.1", " HTTPS/1.1", " HTTP/+1.1", " HTTP/1.1x", " HTTP 1.1",
		" XTTP/1.1", " http/1.1", " HTTP/1.1 ", "  HTTP/1.1", "\tHTTP/1.1", " HTTP/1.1\r", " x HTTP/1.1", " HTTP/1.1 HTTP/1.1")
	all = append(all, each("C8", "request line %s", line,
		" GET "+targetMark+" HTTP/1.1", "GET  "+targetMark+" HTTP/1.1", "GET\t"+targetMark+"\tHTTP/1.1", targetMark+" HTTP/1.1", "GET", "GET "+targetMark+"\x00 HTTP/1.1", "\x00GET "+targetMark+" HTTP/1.1",
		"GET "+targetMark+"\rX HTTP/1.1")...)
	return append(all,
		Case{Family: "C8", Why: "chunks with HTTP/1.0", Text: strings.Replace(post(chunked, "28\r\n"+smuggled+"\r\n0\r\n\r\n"), "HTTP/1.1", "HTTP/1.0", 1)},
		Case{Family: "C8", Why: "HTTP/1.0 that keeps its connection", Text: strings.Replace(get(targetMark, "Connection: keep-alive\r\n"), "HTTP/1.1", "HTTP/1.0", 1) + smuggled},
		Case{Family: "B12", Why: "the preface of HTTP/2", Text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled},
		Case{Family: "C8", Why: "the bare request of HTTP/0.9", Text: "GET " + targetMark + "\r\n"},
	)
}

// methods is B7 and B13.
func methods() []Case {
	var all []Case
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		all = append(all, Case{Family: "B7", Why: "method " + m, Text: request(m, targetMark, ""), Clean: true})
	}
	all = append(all, each("B7", "method %s", func(v string) string { return request(v, targetMark, "") },
		"get", "Get", "G3T", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "SEARCH", "REPORT", "PURGE", "DEBUG", "LINK", "QUERY", "GETX", "M-SEARCH", "GET,POST", "G\x00ET", "G(T", "")...)
	return append(all,
		Case{Family: "B13", Why: "TRACE", Text: request("TRACE", targetMark, "")},
		Case{Family: "B13", Why: "TRACK", Text: request("TRACK", targetMark, "")},
		Case{Family: "B13", Why: "CONNECT with an authority", Text: request("CONNECT", "a.test:443", "") + smuggled},
		Case{Family: "B13", Why: "CONNECT with a path", Text: request("CONNECT", targetMark, "") + smuggled},
		Case{Family: "B13", Why: "OPTIONS of everything", Text: request("OPTIONS", "*", "")},
	)
}
