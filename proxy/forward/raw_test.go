package forward

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/proxy/strict"
)

// rawCase is bytes on a connection and what has to come of them. An accepted
// request leaves the connection in step: a second one on it is answered, and the backend
// saw those two. A refused one is answered with one of the statuses, then the
// connection ends, and the backend saw nothing.
type rawCase struct {
	why    string
	bytes  string
	status []int  // nil: accepted
	line   string // the request line that the backend sees; "" is not compared
	closes bool   // accepted, and the connection ends all the same
}

func bad(why, bytes string) rawCase { return rawCase{why: why, bytes: bytes, status: []int{400}} }

func good(why, bytes, line string) rawCase { return rawCase{why: why, bytes: bytes, line: line} }

// with is a GET with further lines, each ended by the caller.
func with(lines string) string { return "GET / HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n" }

func post(lines, body string) string {
	return "POST / HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n" + body
}

// smuggled is what must never reach the backend.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"

func framingCases() []rawCase {
	all := []rawCase{
		good("plain length", post("Content-Length: 3\r\n", "abc"), "POST / HTTP/1.1"),
		good("plain chunks", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"), "POST / HTTP/1.1"),
		good("coding names have no case", post("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"), ""),
		good("chunk extension", post("Transfer-Encoding: chunked\r\n", "3;a=b\r\nabc\r\n0\r\n\r\n"), ""),
		good("a harmless trailer, which is dropped", post("Transfer-Encoding: chunked\r\n", "0\r\nX-T: 1\r\n\r\n"), ""),
		good("no length at all", post("", ""), ""),
		good("a length of nought on GET", with("Content-Length: 0\r\n"), "GET / HTTP/1.1"),
		bad("CL.TE", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"+smuggled)),
		bad("TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "5c\r\n"+smuggled)),
		bad("CL nought with TE", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
		bad("TE on HTTP/1.0", "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		bad("body on GET (0.CL)", "GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 42\r\n\r\n"+smuggled),
		bad("body on HEAD", "HEAD / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"),
		bad("body on OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"),
		bad("body on DELETE", "DELETE / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"),
		bad("chunks on GET", with("Transfer-Encoding: chunked\r\n")+"0\r\n\r\n"),
		{why: "more than the length says is the next request, and is malformed", bytes: post("Content-Length: 1\r\n", "aX\r\n\r\n"), status: []int{200, 400}},
	}
	for _, te := range []string{
		"xchunked", "chunked, chunked", "chunked, identity", "identity, chunked", "gzip, chunked", "gzip", "identity",
		"chunked;q=1", "\"chunked\"", "'chunked'", "chunked,", ",chunked", "\vchunked", "chunked\v", "chunk ed", "chunked x",
		"\x00chunked", "chunked\x00", "\u00a0chunked", "CHUNKED\u017f", "chunk\u0435d", "cow", "", "[chunked]", "chunked\r", "x\rchunked", "deflate\tchunked",
	} {
		all = append(all, bad(fmt.Sprintf("TE obfuscated as %q", te), post("Transfer-Encoding: "+te+"\r\n", "0\r\n\r\n"+smuggled)))
	}
	for _, line := range []string{
		"Transfer-Encoding : chunked\r\n", " Transfer-Encoding: chunked\r\n", "Transfer-Encoding\t: chunked\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n",
		"Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer_Encoding: chunked\r\n", "Transfer-Encoding\r\n",
		"Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n", "Foo: bar\nTransfer-Encoding: chunked\r\n", "Foo: bar\rTransfer-Encoding: chunked\r\n",
		"Transfer Encoding: chunked\r\n", "\x00Transfer-Encoding: chunked\r\n",
	} {
		all = append(all, bad(fmt.Sprintf("TE line as %q", line), post(line, "0\r\n\r\n"+smuggled)))
	}
	for _, cl := range []string{
		"+3", "-3", "0x3", "3,3", "3, 3", "3 3", "3;", "3.0", "3e0", "", "abc", "99999999999999999999", "18446744073709551619", "4294967296000000000000",
		"3\x00", "3\v", "\v3", "\u0663", "3\r", "3a", "'3'", "\"3\"", "03 04", "1_0",
	} {
		all = append(all, bad(fmt.Sprintf("CL as %q", cl), post("Content-Length: "+cl+"\r\n", "abc"+smuggled)))
	}
	for _, line := range []string{
		"Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 0\r\n", "Content-Length:\r\n 3\r\n", "Content-Length : 3\r\n",
		" Content-Length: 3\r\n", "Content_Length: 3\r\n", "Content-Length: 3\ncontent-length: 0\r\n", "X: y\r\n\tContent-Length: 3\r\n",
	} {
		all = append(all, bad(fmt.Sprintf("CL line as %q", line), post(line, "abc"+smuggled)))
	}
	return all
}

func chunkCases() []rawCase {
	var all []rawCase
	for _, body := range []string{
		"0x3\r\nabc\r\n0\r\n\r\n", "+3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n", "3\r\nabc0\r\n\r\n",
		"3\r\nabcd\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n", "3;a\nb\r\nabc\r\n0\r\n\r\n", "g\r\nabc\r\n0\r\n\r\n",
		"3\rabc\r\n0\r\n\r\n", "\r\n3\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r0\r\n\r\n",
		"0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nHost: evil\r\n\r\n", "0\r\nAuthorization: x\r\n\r\n",
		"3 3\r\nabc\r\n0\r\n\r\n", "3,3\r\nabc\r\n0\r\n\r\n", "3\x00\r\nabc\r\n0\r\n\r\n", "0\r\nbad trailer\r\n\r\n",
	} {
		all = append(all, bad(fmt.Sprintf("chunks %q", body), post("Transfer-Encoding: chunked\r\n", body+smuggled)))
	}
	return all
}

func fieldCases() []rawCase {
	all := []rawCase{
		good("token characters", with("X-!#$%&'*+.^`|~9: v\r\n"), ""),
		good("no value", with("X-Empty:\r\n"), ""),
		good("blanks around a value", with("X:  \t v \t \r\n"), ""),
		good("bytes above 0x7F in a value", with("X: caf\xe9 \xec\x98\x88\r\n"), ""),
		good("blank line before the request (RFC 9112, section 2.2)", "\r\n"+get("/"), ""),
		good("an unknown upgrade is ignored", with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), ""),
		good("100 fields", with(strings.Repeat("X: y\r\n", 99)), ""),
		bad("no fields at all", "GET / HTTP/1.1\r\n\r\n"),
		{why: "101 fields", bytes: with(strings.Repeat("X: y\r\n", 100)), status: []int{431}},
		{why: "a bomb of fields", bytes: with(strings.Repeat("X: y\r\n", 2000)), status: []int{431}},
		{why: "a head above the limit", bytes: with("X: " + strings.Repeat("y", 17<<10) + "\r\n"), status: []int{431}},
		{why: "a target above the limit", bytes: get("/" + strings.Repeat("y", 9<<10)), status: []int{414}},
		{why: "an expectation that nobody knows", bytes: post("Expect: 200-maybe\r\nContent-Length: 1\r\n", "x"), status: []int{417}},
		{why: "an obfuscated expectation", bytes: post("Expect: y 100-continue\r\nContent-Length: 1\r\n", "x"), status: []int{417}},
		{why: "a continue that is asked for and given", bytes: post("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc"), status: []int{100, 200}},
	}
	for _, line := range []string{
		"X-A: 1\nX-B: 2\r\n", "X-A: 1\r\n folded\r\n", "X-A: 1\r\n\tfolded\r\n", "X-A : 1\r\n", "X-A\t: 1\r\n", "X_Under: 1\r\n", "X A: 1\r\n", ": 1\r\n",
		"no colon\r\n", "X\x00: 1\r\n", "X: a\x00b\r\n", "X: a\x01b\r\n", "X: a\rb\r\n", "X: a\x7fb\r\n", "X: a\vb\r\n", "X(: 1\r\n", "X\xe9: 1\r\n", "X;: 1\r\n",
		"X@: 1\r\n", "X[]: 1\r\n", "\"X\": 1\r\n", "X/Y: 1\r\n", "X-Forwarded_For: 1.1.1.1\r\n", "Waitroom_Pass: x\r\n", "Content-Type: a\r\nContent-Type: b\r\n",
		"Authorization: a\r\nAuthorization: b\r\n", "Origin: a\r\nOrigin: b\r\n", "Cookie: a=1\r\nCookie: b=2\r\n", "Cookie: wr_p=1; wr_p=2\r\n",
		"Cookie: a=1; wr_t=1;WR_t=2\r\n", "Cookie: __Host-wr_p=1; x=y; __Host-wr_p=1\r\n", "Waitroom-Pass: a\r\nWaitroom-Pass: b\r\n",
		"Waitroom-Ticket: a\r\nWaitroom-Ticket: b\r\n", "Upgrade: websocket\r\nUpgrade: h2c\r\n", "Connection: X-A(\r\n", "Expect: 100-continue\r\nExpect: 100-continue\r\n",
		"Sec-Fetch-Dest: document\r\nSec-Fetch-Dest: empty\r\n", "User-Agent: a\r\nUser-Agent: b\r\n",
	} {
		all = append(all, bad(fmt.Sprintf("field line %q", line), with(line)))
	}
	return all
}

func hostCases() []rawCase {
	all := []rawCase{}
	for host, seen := range map[string]string{
		"a.test": "a.test", "A.TEST": "a.test", "a.test.": "a.test", "a.test:80": "a.test:80", "A.test.:8080": "a.test:8080", "localhost": "localhost",
		"127.0.0.1:1": "127.0.0.1:1", "[::1]:8080": "[::1]:8080", "[2001:DB8::1]": "[2001:db8::1]", "my_app.test": "my_app.test", " a.test ": "a.test",
	} {
		all = append(all, rawCase{why: "host " + host, bytes: "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", line: "Host: " + seen})
	}
	for _, host := range []string{
		"", "u@a.test", "u:p@a.test", "a.test@evil", "a.test:", "a.test:0", "a.test:65536", "a.test:99999", "a.test:80:80", "a.test:x", "a.test:+80", "a.test:-1",
		"a.test/x", "a.test?x", "a.test#x", "a.test, b.test", "a.test b.test", "a..test", ".a.test", "a.test..", ".", "[::1", "::1", "[::1]x", "[::1%25eth0]", "[::g]",
		"[127.0.0.1]", "[]", "a%2etest", "a\\test", "http://a.test", "*", "a.test\x00", "예약.test", "a.test;x", "(a)", strings.Repeat("a", 64) + ".test", strings.Repeat("a.", 130) + "t",
	} {
		all = append(all, bad(fmt.Sprintf("host %q", host), "GET / HTTP/1.1\r\nHost: "+host+"\r\n\r\n"))
	}
	return append(all,
		bad("two hosts", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n"),
		bad("no host on HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"),
		bad("absolute form", "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("absolute form of another host", "GET http://evil.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("absolute form by https", "GET https://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("absolute form of another scheme", "GET ftp://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
	)
}

func lineCases() []rawCase {
	all := []rawCase{
		bad("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		bad("HTTP/0.9 without a version", "GET /\r\n\r\n"),
		bad("asterisk of GET", "GET * HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("two blanks", "GET  / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("two blanks before the version", "GET /  HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("tab between", "GET\t/\tHTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("blank first", " GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("blank at the end", "GET / HTTP/1.1 \r\nHost: a.test\r\n\r\n"),
		bad("CR before the CRLF", "GET / HTTP/1.1\r\r\nHost: a.test\r\n\r\n"),
		bad("lower-case version", "GET / http/1.1\r\nHost: a.test\r\n\r\n"),
		bad("no method", "/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		bad("a blank in the target", "GET /a b HTTP/1.1\r\nHost: a.test\r\n\r\n"),
		{why: "asterisk of OPTIONS", bytes: "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", status: []int{405}},
		{why: "tunnel", bytes: "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", status: []int{400, 501}},
		{why: "trace", bytes: "TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n", status: []int{501}},
		{why: "HTTP/1.0 closes", bytes: "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n", line: "GET / HTTP/1.1", closes: true},
	}
	for _, v := range []string{"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"} {
		all = append(all, rawCase{why: v, bytes: "GET / " + v + "\r\nHost: a.test\r\n\r\n", status: []int{505}})
	}
	for _, v := range []string{"HTTP/1.11", "HTTP/11", "HTTP/1", "HTTP/1.", "HTTPS/1.1", "HTTP/+1.1", "HTTP/1.1x", "HTTP 1.1", "XTTP/1.1"} {
		all = append(all, bad(v, "GET / "+v+"\r\nHost: a.test\r\n\r\n"))
	}
	for _, m := range []string{
		"get", "Get", "G3T", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "PURGE", "BAN", "DEBUG", "TRACK",
		"LINK", "UNLINK", "VIEW", "QUERY", "BREW", "GETX", "HEADS", "POSTAL", "ACL", "BIND", "PATCHY", "X-GET", "get-",
	} {
		all = append(all, rawCase{why: "method " + m, bytes: m + " / HTTP/1.1\r\nHost: a.test\r\n\r\n", status: []int{405}})
	}
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		all = append(all, good("method "+m, m+" /m HTTP/1.1\r\nHost: a.test\r\n\r\n", m+" /m HTTP/1.1"))
	}
	return all
}

func targetCases() []rawCase {
	var all []rawCase
	for sent, seen := range map[string]string{
		"/": "/", "/a/b/": "/a/b/", "/%61dmin": "/admin", "/%7Euser": "/~user", "/a%2db": "/a-b", "/a%20b": "/a%20b", "/a%3ab": "/a%3Ab", "/caf\xc3\xa9": "/caf%C3%A9",
		"/%ec%98%88%ec%95%bd": "/%EC%98%88%EC%95%BD", "/a|b": "/a%7Cb", "/a[b]": "/a%5Bb%5D", "/<x>": "/%3Cx%3E", "/a?": "/a?", "/a?b=c%2fd": "/a?b=c%2fd", "/a?%B0%A1": "/a?%B0%A1",
		"/a?x=../..//y;z": "/a?x=../..//y;z", "/a?b?c": "/a?b?c", "/file.txt": "/file.txt", "/.well-known/x": "/.well-known/x", "/a..b": "/a..b", "/a.": "/a.", "/100%25": "/100%25",
		"/a?x={y}|z": "/a?x={y}|z", "/a?http://x": "/a?http://x", "/a!$&'()*+,=:@b": "/a!$&'()*+,=:@b", "/a?\xea\xb0\x80": "/a?%EA%B0%80",
	} {
		all = append(all, good("target "+sent, get(sent), "GET "+seen+" HTTP/1.1"))
	}
	for _, sent := range []string{
		"//", "//evil.test/x", "/a//b", "/a/", "/./", "/.", "/..", "/../x", "/a/./b", "/a/../b", "/a/..", "/a/.", "/...", "/%2e", "/%2e%2e/x", "/.%2e/x", "/a%2fb", "/a%2Fb", "/a%5cb",
		"/a\\b", "/..\\x", "/a;b", "/a;jsessionid=1", "/..;/x", "/a/..;/b", "/a%3bb", "/a%00", "/a%0d%0ab", "/a%09b", "/a%7f", "/a%", "/a%4", "/a%zz", "/%2561", "/%252e%252e/", "/a#b", "/#",
		"/a?b#c", "/a?b%", "/a?%zz", "/a?%00", "/%c0%ae%c0%ae/", "/%c1%9c", "/%e0%80%af", "/%f8%80%80%80%af", "/%ff", "/\xff", "/%ed%a0%80", "/%ef%bc%8e%ef%bc%8e/", "/\uff0e\uff0e/x",
		"/a%ef%bc%8fb", "/a\uff3cb", "/%e2%80%a5/x", "/%c2%85", "/a/..%20/b", "/a/%20./b", "/%20", "/a\x01b", "/a\x7fb", "/a\tb", "a/b", "?x", "/..%c0%af", "/a%u002fb", "/%%32%66",
	} {
		if sent == "/a/" {
			continue
		}
		all = append(all, bad(fmt.Sprintf("target %q", sent), get(sent)))
	}
	return all
}

func TestRawRequestsHaveOneReadingOrNone(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{ReadTimeout: 5 * time.Second})
	count := 0
	for name, cases := range map[string][]rawCase{
		"framing": framingCases(), "chunks": chunkCases(), "fields": fieldCases(), "hosts": hostCases(), "lines": lineCases(), "targets": targetCases(),
	} {
		t.Run(name, func(t *testing.T) {
			for _, rc := range cases {
				count++
				rc.run(t, g, rec)
			}
		})
	}
	if count < 300 {
		t.Errorf("only %d cases", count)
	}
}

func (rc *rawCase) run(t *testing.T, g *gate, rec *recorder) {
	t.Helper()
	g.t = t
	c := g.dial()
	defer func() { _ = c.Close() }()
	c.send(rc.bytes)
	method, _, _ := strings.Cut(strings.TrimSpace(rc.bytes), " ")
	statuses := rc.statuses(t, c, method)
	accepted := rc.status == nil || statuses[len(statuses)-1] == 200
	if accepted && !rc.closes {
		c.send(get("/second"))
		if resp, body := c.read("GET"); resp.StatusCode != 200 || body != "hello" {
			t.Errorf("%s: out of step: %v", rc.why, resp)
		}
	} else {
		c.ends()
	}
	rc.checkBackend(t, rec.take(), accepted)
}

// statuses reads answers until one that is not 1xx, or, where several are
// wanted, until they are there; it compares them.
func (rc *rawCase) statuses(t *testing.T, c *client, method string) []int {
	t.Helper()
	want := rc.status
	if want == nil {
		want = []int{200}
	}
	resp, err := http.ReadResponse(c.br, &http.Request{Method: method})
	if err != nil {
		t.Errorf("%s: no answer: %v", rc.why, err)
		return []int{0}
	}
	_, _ = bufio.NewReader(resp.Body).WriteTo(discard{})
	got := []int{resp.StatusCode}
	inSequence := len(want) > 1 && want[0] < 300 && resp.StatusCode == want[0]
	if inSequence {
		if resp, err = http.ReadResponse(c.br, &http.Request{Method: method}); err != nil {
			t.Errorf("%s: no second answer: %v", rc.why, err)
			return got
		}
		_, _ = bufio.NewReader(resp.Body).WriteTo(discard{})
		got = append(got, resp.StatusCode)
	}
	last := got[len(got)-1]
	for _, w := range want {
		if last == w {
			return got
		}
	}
	t.Errorf("%s: status %v, want %v", rc.why, got, want)
	return got
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func (rc *rawCase) checkBackend(t *testing.T, got []seen, accepted bool) {
	t.Helper()
	for _, s := range got {
		if strings.Contains(s.head, "smuggled") {
			t.Errorf("%s: smuggled: %q", rc.why, s.head)
		}
	}
	want := 0
	switch {
	case accepted && rc.closes:
		want = 1
	case accepted:
		want = 2
	case len(rc.status) > 1 && rc.status[0] == 200:
		want = 1
	}
	if len(got) != want {
		t.Errorf("%s: backend saw %d requests, want %d: %+v", rc.why, len(got), want, got)
		return
	}
	if want > 0 && rc.line != "" && !strings.Contains(got[0].head, rc.line+"\r\n") {
		t.Errorf("%s: backend saw %q, want %q in it", rc.why, got[0].head, rc.line)
	}
}

func TestHeadsThatNeverEndAreClosedInTime(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{ReadTimeout: 150 * time.Millisecond})
	for _, text := range []string{
		"GET / HTTP/1.1\r\nHost: a.test\r\n",           // slow
		"GET / HTTP/1.1\nHost: a.test\n\n",             // ends in LF only: not an end
		"GET / HTTP/1.1\r\nHost: a.test\n\n",           // the same after a proper line
		"GET / HTTP/1.1\r\nHost: a.test\r\nX: y\n\r\n", // mixed
		"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nabc",
	} {
		c := g.dial()
		c.send(text)
		resp, _ := c.read("GET")
		if resp.StatusCode != 408 && resp.StatusCode != 400 {
			t.Errorf("%q: got %d", text, resp.StatusCode)
		}
		c.ends()
		if got := rec.take(); len(got) != 0 {
			t.Errorf("%q: backend saw %+v", text, got)
		}
	}
}

func TestEachRequestOfAPipelineIsCheckedAnew(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	c := g.dial()
	c.send(get("/1") + get("/2") + get("/a/../b") + get("/4"))
	for _, want := range []int{200, 200, 400} {
		if resp, _ := c.read("GET"); resp.StatusCode != want {
			t.Fatalf("got %d, want %d", resp.StatusCode, want)
		}
	}
	c.ends()
	if got := rec.take(); len(got) != 2 {
		t.Errorf("backend saw %+v", got)
	}
}
