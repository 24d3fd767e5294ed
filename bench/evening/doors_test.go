package evening_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

// methods are those of RFC 9110 and of WebDAV, those of caches, and some of nobody's.
var methods = []string{
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT",
	"PURGE", "LINK", "UNLINK", "QUERY", "DEBUG", "TRACK", "get", "Get", "G3T", "XGET", "GETX",
}

// paths are spellings of addresses that one server or another takes for /book, for
// something open, or for the gateway's own.
var paths = []string{
	"/book", "/book/", "/BOOK", "/Book", "//book", "///book", "/./book", "/x/../book", "/static/../book", "/static/./../book",
	"/static/..%2fbook", "/static/%2e%2e/book", "/static/%2e%2e%2fbook", "/static/..%5cbook", "/static/..\\book", "/static%2f..%2fbook",
	"/static/..;/book", "/static/;/../book", "/static;/../book", "/book;jsessionid=1", "/;/book", "/book%20", "/book%09", "/book.",
	"/book..", "/book/.", "/book/..", "/book%00", "/book%00.css", "/book%0d%0aX:1", "/book%23", "/book#frag", "/book?x=1#frag",
	"/%62ook", "/%62%6f%6f%6b", "/%2562ook", "/static/%252e%252e/book", "/static/..%252fbook", "/static/..%c0%afbook",
	"/static/%c0%ae%c0%ae/book", "/static/%e0%80%ae%e0%80%ae/book", "/static/..%u2215book", "/static/\xef\xbc\x8e\xef\xbc\x8e/book",
	"/static/%ef%bc%8e%ef%bc%8e/book", "/static/..\xe2\x88\x95book", "/book%zz", "/book%", "/book%2", "/book%5c", "/book\\", "\\book",
	"book", "*", "?", "", "http://evil.example/book", "http://evil.example:80/book", "https://evil.example/book", "ftp://x/book", "http:///book", "http:book",
	"//evil.example/book", "/.waitroom/../book", "/.waitroom/%2e%2e/book", "/.waitroom/..%2fbook", "/.waitroom//book",
	"/.waitroom/booking/../../book", "/.Waitroom/booking/status/../../../book", "/static", "/statics/book", "/static%20/../book",
	"/book?admitted=true&bypass=1", "/book?waitroom=0", "/book&x", "/book|", "/book^", "/book\"", "/book<", "/book\x01", "/book\x7f", "/book\xff",
	"/.well-known/../book", "/book/%2e", "/book/%2e%2e/admin", "/book/./slots", "/api/v1/../../book", "/" + strings.Repeat("a/", 200) + "book",
}

// hosts are Host fields, whole lines; the right one is only the last.
var hosts = []string{
	"", "Host:", "Host: evil.example", "Host: localhost", "Host: 127.0.0.1", "Host: 127.0.0.1:9000", "Host: evil.example@www.example.kr",
	"Host: www.example.kr:99999", "Host: www.example.kr:80:80", "Host: www.example.kr, evil.example", "Host: www.example.kr\r\nHost: evil.example",
	"Host: evil.example\r\nHost: www.example.kr", "Host: www.example.kr/book", "Host: www.example.kr#x", "Host: www.example.kr?x", "Host: [::1]",
	"Host: [::1", "Host: .", "Host: ..", "Host: www.example.kr..", "Host: WWW.EXAMPLE.KR", "Host: www.example.kr.", "Host: www.example.kr ",
	"Host : www.example.kr", " Host: www.example.kr", "Host: www.example.kr\tx", "Host: xn--www.example.kr", "Host: *", "Host: www.example.kr:0", "Host: a.www.example.kr",
	"X-Forwarded-Host: www.example.kr", "Host: evil.example\r\nX-Forwarded-Host: www.example.kr", "Host: www.example.kr",
}

// extras are fields that some servers let decide.
var extras = []string{
	"X-Original-URL: /static/x", "X-Rewrite-URL: /static/x", "X-Original-URL: /book", "X-Forwarded-Prefix: /static", "X-Forwarded-For: 127.0.0.1",
	"X-Real-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1", "X-HTTP-Method-Override: OPTIONS", "X-Method-Override: HEAD",
	"Waitroom-Room: booking", "Waitroom-Pass: x", "Waitroom-Subject: x", "Waitroom-Ticket: x", "Connection: Waitroom-Pass", "Connection: cookie",
	"Cookie: admitted=true; waitroom-pass-booking=1", "Cookie: waitroom-pass-booking=a; waitroom-pass-booking=b", "Authorization: Bearer " + gateway.Token,
	"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	"Upgrade: h2c\r\nConnection: upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__", "Sec-Purpose: prefetch", "Purpose: prefetch",
	"Transfer-Encoding: chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: 0\r\nContent-Length: 44", "Expect: 100-continue",
	"Content-Length: 33\r\nX: y", "Early-Data: 1", "Accept: application/json", "Sec-Fetch-Dest: empty",
}

// smuggled is a second request that follows each first one on its connection.
const smuggled = "GET /book/smuggled HTTP/1.1\r\nHost: www.example.kr\r\n\r\n"

// raw writes bytes on a connection of its own and gives what comes back, until the
// gateway closes, or says nothing for a while.
func raw(addr, text string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	go func() {
		_, _ = io.WriteString(c, text)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	answer, err := io.ReadAll(io.LimitReader(c, 1<<20))
	if len(answer) > 0 {
		err = nil // a reset after an answer is how an early refusal ends
	}
	return string(answer), err
}

// attempt is one request that must not reach the backend.
type attempt struct{ what, text string }

func attempts() []attempt {
	var all []attempt
	add := func(what, method, path, host, more string) {
		text := method + " " + path + " HTTP/1.1\r\n"
		if host != "" {
			text += host + "\r\n"
		}
		if more != "" {
			text += more + "\r\n"
		}
		all = append(all, attempt{what, text + "\r\n" + smuggled})
	}
	const host = "Host: www.example.kr"
	for _, m := range methods {
		for _, p := range canary.Pages {
			add("method "+m+" "+p, m, p, host, "")
		}
		add("method "+m+" with a body", m, "/book", host, "Content-Length: 0")
	}
	for _, p := range paths {
		add(fmt.Sprintf("path %q", p), "GET", p, host, "")
		add(fmt.Sprintf("POST to path %q", p), "POST", p, host, "Content-Length: 0")
	}
	for _, h := range hosts {
		add(fmt.Sprintf("%q", h), "GET", "/book", h, "")
	}
	for _, x := range extras {
		add(fmt.Sprintf("field %q", x), "GET", "/book", host, x)
		add(fmt.Sprintf("POST, field %q", x), "POST", "/book", host, x)
	}
	for _, v := range []string{"", " HTTP/0.9", " HTTP/1.0", " HTTP/1.2", " HTTP/2.0", " http/1.1", " HTTP/1.1 x"} {
		all = append(all, attempt{fmt.Sprintf("version %q", v), "GET /book" + v + "\r\n" + host + "\r\n\r\n" + smuggled})
	}
	return append(all, attempt{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled}, attempt{"a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + smuggled})
}

func TestNoAddressOfTheBackendIsReachedWithoutAPass(t *testing.T) {
	t.Parallel()
	e := begin(t, "embedded", map[string]string{"rate": "0", "hosts": "[www.example.kr]", "open_paths": "[" + canary.Open + "]"})
	all := attempts()
	todo := make(chan attempt, len(all))
	for _, a := range all {
		todo <- a
	}
	close(todo)
	var workers sync.WaitGroup
	for range 16 {
		workers.Go(func() {
			for a := range todo {
				answer, err := raw(e.Visitors, a.text)
				switch {
				case err != nil:
					t.Errorf("%s: no answer: %v", a.what, err)
				case contains(answer, "id=inside"):
					t.Errorf("%s: the backend answered", a.what)
				}
			}
		})
	}
	workers.Wait()
	for _, v := range e.backend.Visits() {
		// What is really below the open folder, spelt without any doubt, is open.
		if !strings.HasPrefix(v.URI, canary.Open) || strings.ContainsAny(v.URI, "%\\;") || contains(v.URI, "..") || v.Host != "www.example.kr" {
			t.Errorf("the backend saw %s", v)
		}
	}
	t.Logf("%d requests, each followed by a second one on its connection; the backend saw %d, all in the open folder", len(all), len(e.backend.Visits()))
	answer, err := raw(e.Visitors, "GET /book HTTP/1.1\r\nHost: www.example.kr\r\n\r\n"+smuggled)
	if err != nil || strings.Count(answer, "HTTP/1.1 200") != 2 {
		t.Errorf("the plain address with another behind it does not show two waiting pages: %v\n%.300s", err, answer)
	}
	before := len(e.backend.Visits())
	if _, err := raw(e.Visitors, "GET /static/x HTTP/1.1\r\nHost: WWW.example.kr.\r\n\r\n"); err != nil || len(e.backend.Visits()) != before+1 {
		t.Errorf("an open address did not reach the backend: %v", err)
	}
	if status, _ := e.Ready(); status != 200 {
		t.Errorf("after all that the gateway is not ready: %d", status)
	}
}

// TestTheOpenFolderAndAPassAreOpen is what keeps the test above honest.
func TestTheOpenFolderAndAPassAreOpen(t *testing.T) {
	t.Parallel()
	e := begin(t, "embedded", map[string]string{"rate": "36000/h", "open_paths": "[" + canary.Open + "]"})
	v := gateway.NewVisitor(e.URL)
	if a := v.Navigate(t, "/static/site.css"); !isInside(a) {
		t.Errorf("an open address: %d", a.Status)
	}
	v.Call(t, "join")
	enter(t, v, 5*time.Second)
	for _, page := range canary.Pages {
		e.inside(t, v, page)
	}
	if got := e.backend.Passes(); len(got) != 1 {
		t.Errorf("passes at the backend: %v", got)
	}
}
