package differential

import "strings"

const chunked = "Transfer-Encoding: chunked\r\n"

// framing is C1 to C3 and C9: where the body ends, said twice, badly, or not at all.
func framing() []Case {
	all := []Case{
		{Family: "C3", Why: "a plain length", Text: post("Content-Length: 3\r\n", "abc"), Clean: true},
		{Family: "C3", Why: "a length of nought", Text: post("Content-Length: 0\r\n", ""), Clean: true},
		{Family: "C3", Why: "no length", Text: post("", ""), Clean: true},
		{Family: "C1", Why: "length 4, then chunked", Text: post("Content-Length: 4\r\n"+chunked, "0\r\n\r\n"+smuggled)},
		{Family: "C1", Why: "length over all, then chunked (CL.TE)", Text: post("Content-Length: 45\r\n"+chunked, "0\r\n\r\n"+smuggled)},
		{Family: "C1", Why: "chunked, then length 4 (TE.CL)", Text: post(chunked+"Content-Length: 4\r\n", "28\r\n"+smuggled+"\r\n0\r\n\r\n")},
		{Family: "C1", Why: "length 0, then chunked", Text: post("Content-Length: 0\r\n"+chunked, "28\r\n"+smuggled+"\r\n0\r\n\r\n")},
		{Family: "C1", Why: "body on GET (0.CL)", Text: get(targetMark, "Content-Length: 40\r\n") + smuggled},
		{Family: "C1", Why: "chunked body on GET", Text: get(targetMark, chunked) + "28\r\n" + smuggled + "\r\n0\r\n\r\n"},
		{Family: "C1", Why: "body on HEAD", Text: request("HEAD", targetMark, "Content-Length: 40\r\n") + smuggled},
		{Family: "C1", Why: "body on DELETE", Text: request("DELETE", targetMark, "Content-Length: 40\r\n") + smuggled},
		{Family: "C1", Why: "body on OPTIONS", Text: request("OPTIONS", targetMark, "Content-Length: 40\r\n") + smuggled},
		{Family: "C9", Why: "more bytes than the multipart body needs", Text: post("Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 47\r\n", "--x--\r\n"+smuggled), Clean: true},
		{Family: "C9", Why: "a form longer than its length", Text: post("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n", "a=b"+smuggled), Clean: true},
	}
	all = append(all, each("C2", "Transfer-Encoding: %s", func(v string) string {
		return post("Transfer-Encoding: "+v+"\r\n", "0\r\n\r\n"+smuggled)
	}, "xchunked", "chunked, chunked", "chunked, identity", "identity, chunked", "gzip, chunked", "gzip", "identity", "chunked;q=1", `"chunked"`, "'chunked'",
		"chunked,", ",chunked", "\vchunked", "chunked\v", "chunk ed", "chunked x", "\x00chunked", "chunked\x00", "\u00a0chunked", "CHUNKED\u017f", "chunk\u0435d", "cow",
		"", "[chunked]", "chunked\r", "x\rchunked", "deflate\tchunked", "\tchunked\t", "chunked \r\n")...)
	all = append(all, each("C2", "Transfer-Encoding: %s with a length of 4", func(v string) string {
		return post("Content-Length: 4\r\nTransfer-Encoding: "+v+"\r\n", "0\r\n\r\n"+smuggled)
	}, "xchunked", "identity", "chunked, identity", "\vchunked", "chunked\x00", "", "\"chunked\"", "chunked;x", "CHUNKED")...)
	all = append(all, each("C2", "line %s", func(v string) string { return post(v, "0\r\n\r\n"+smuggled) },
		"Transfer-Encoding : chunked\r\n", " Transfer-Encoding: chunked\r\n", "Transfer-Encoding\t: chunked\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n",
		"Transfer-Encoding:\r\n chunked\r\n", chunked+chunked, chunked+"Transfer-Encoding: identity\r\n", "Transfer_Encoding: chunked\r\n", "Transfer-Encoding\r\n",
		chunked+"transfer-encoding: x\r\n", "Foo: bar\nTransfer-Encoding: chunked\r\n", "Foo: bar\rTransfer-Encoding: chunked\r\n", "Transfer Encoding: chunked\r\n",
		"\x00Transfer-Encoding: chunked\r\n")...)
	all = append(all, each("C3", "Content-Length: %s", func(v string) string {
		return post("Content-Length: "+v+"\r\n", "abc"+smuggled)
	}, "+3", "-3", "0x3", "3,3", "3, 3", "3 3", "3;", "3.0", "3e0", "", "abc", "99999999999999999999", "18446744073709551619", "4294967299", "3\x00", "3\v", "\v3",
		"\u0663", "3\r", "3a", "'3'", `"3"`, "03 04", "1_0", "003", "00000000000000000003")...)
	return append(all, each("C3", "line %s", func(v string) string { return post(v, "abc"+smuggled) },
		"Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 0\r\n", "Content-Length: 0\r\nContent-Length: 45\r\n", "Content-Length:\r\n 3\r\n",
		"Content-Length : 3\r\n", " Content-Length: 3\r\n", "Content_Length: 3\r\n", "Content-Length: 3\ncontent-length: 0\r\n", "X: y\r\n\tContent-Length: 3\r\n",
		"Content-Length\x00: 3\r\n", "Content-Length:3\r\nContent-Length:\r\n")...)
}

// chunks is C5: the syntax of chunked bodies.
func chunks() []Case {
	all := []Case{
		{Family: "C5", Why: "plain chunks", Text: post(chunked, "3\r\nabc\r\n0\r\n\r\n"), Clean: true},
		{Family: "C5", Why: "a size with upper-case digits and noughts", Text: post(chunked, "00A\r\n0123456789\r\n0\r\n\r\n"), Clean: true},
		{Family: "C5", Why: "many chunks", Text: post(chunked, strings.Repeat("1\r\nx\r\n", 500)+"0\r\n\r\n"), Clean: true},
		{Family: "C5", Why: "a chunk extension", Text: post(chunked, "3;a=b\r\nabc\r\n0\r\n\r\n")},
		{Family: "C5", Why: "a trailer", Text: post(chunked, "3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n")},
	}
	return append(all, each("C5", "chunks %s", func(v string) string { return post(chunked, v+smuggled) },
		"0x3\r\nabc\r\n0\r\n\r\n", "+3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n", "3\t\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n",
		"3\r\nabc0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n", "8000000000000000\r\nabc\r\n0\r\n\r\n", "10000000000000003\r\nabc\r\n0\r\n\r\n", "3;a\nb\r\nabc\r\n0\r\n\r\n",
		"3;a=\"\r\nabc\r\n0\r\n\r\n", "3;a=\"b\r\n\"\r\nabc\r\n0\r\n\r\n", "3;\x00\r\nabc\r\n0\r\n\r\n", "3;\rabc\r\n0\r\n\r\n", "3;\r\nabc\r\n0\r\n\r\n", "g\r\nabc\r\n0\r\n\r\n", "\r\n\r\n0\r\n\r\n",
		"3\rabc\r\n0\r\n\r\n", "\r\n3\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r0\r\n\r\n", "3\r\nabc\r\n0\n\n", "3\r\nabc\r\n0\r\n\n",
		"0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nHost: evil.test\r\n\r\n", "0\r\nWaitroom-Pass: x\r\n\r\n",
		"3 3\r\nabc\r\n0\r\n\r\n", "3,3\r\nabc\r\n0\r\n\r\n", "3\x00\r\nabc\r\n0\r\n\r\n", "0\r\nbad trailer\r\n\r\n", "0\r\nX: a\n\r\n", "0\r\nX: a\r\n b\r\n\r\n", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
		"3\r\nabc\r\n00\r\n\r\n", "3\r\nabc\r\n0;x\r\n\r\n", "3\r\nabc\r\n")...)
}
