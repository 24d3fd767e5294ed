package forward

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"waitroom/proxy/strict"
)

func TestARequestReachesTheBackendWrittenAnew(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	resp, body := g.do("GET", "GET /b%6Fok?x=%2F HTTP/1.1\r\nhOST: A.Test.:8080\r\nAccept:  text/html \r\nX-Mine: 1\r\nX-Mine: 2\r\nCookie: a=1; wr_p=secret; b=2\r\n\r\n")
	if resp.StatusCode != 200 || body != "hello" || resp.Header.Get("Content-Type") != "text/plain" {
		t.Fatalf("got %v %q", resp, body)
	}
	want := "GET /book?x=%2F HTTP/1.1\r\nHost: a.test:8080\r\nAccept: text/html\r\nX-Mine: 1\r\nX-Mine: 2\r\nCookie: a=1; b=2\r\n" +
		"Waitroom-Room: booking\r\nWaitroom-Pass: the.pass.jwt\r\nWaitroom-Subject: abc\r\n" +
		"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test:8080\r\n"
	if got := rec.take(); len(got) != 1 || got[0].head != want {
		t.Errorf("backend saw\n%+v\nwant\n%s", got, want)
	}
}

func TestFieldsThatOnlyTheGatewaySetsAreReplacedOrRemoved(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	gone := func(name string) {
		t.Helper()
		g.do("GET", "GET / HTTP/1.1\r\nHost: a.test\r\n"+name+": spoofed\r\n\r\n")
		for _, s := range rec.take() {
			if strings.Contains(s.head, "spoofed") {
				t.Errorf("%s reached the backend: %q", name, s.head)
			}
		}
	}
	for _, name := range []string{
		"Waitroom-Room", "waitroom-pass", "WAITROOM-SUBJECT", "Waitroom-Anything-At-All", "Waitroom-Ticket", "Waitroom-Proof", "Waitroom-Command",
		"X-Original-URL", "X-Original-Method", "X-Original-Host", "X-Original-URI", "X-Rewrite-URL", "X-HTTP-DestinationURL",
		"Request-Uri", "Redirect-Url", "X-Override-URL", "X-Script-Name", "X-Matched-Path", "X-Forwarded", "Forwarded-For", "X-SSL-Client-Verify",
		"X-Accel-Redirect", "X-Accel-Internal", "X-Sendfile", "X-Forwarded-Prefix", "X-Forwarded-Path", "X-Forwarded-Uri",
		"X-Forwarded-Server", "X-Forwarded-Port", "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-By",
		"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Forwarded-For", "X-Forwarded-Host",
		"X-Forwarded-Proto", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "Client-IP", "X-Client-IP",
		"X-Cluster-Client-IP", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-Host", "Proxy", "Proxy-Authorization",
		"Fastly-Client-IP", "X-WR-Person", "Via", "TE", "Trailer", "Keep-Alive", "Proxy-Connection", "Upgrade", "HTTP2-Settings",
		"Sec-WebSocket-Key", "X-Waitroom-Pass", "Front-End-Https", "X-Url-Scheme",
	} {
		gone(name)
	}
}

func TestFieldsNamedByConnectionAreDropped(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	g.do("GET", "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, X-A ,x-b\r\nConnection: Waitroom-Pass, host, X-Forwarded-For, X_C\r\nX-A: 1\r\nX-B: 2\r\nX-Kept: 3\r\nCookie: a=1\r\n\r\n")
	s := rec.take()[0]
	for _, name := range []string{"X-A", "X-B", "Connection"} {
		if s.field(name) != "" {
			t.Errorf("%s reached the backend: %q", name, s.head)
		}
	}
	for name, want := range map[string]string{
		"X-Kept": "3", "Waitroom-Pass": "the.pass.jwt", "Host": "a.test", "X-Forwarded-For": "127.0.0.1", "Cookie": "a=1",
	} {
		if got := s.field(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestATrustedProxysWordIsAddedTo(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}, Via: "waitroom"}, strict.Limits{})
	g.set(Extra{FromProxy: true, Peer: netip.MustParseAddr("10.0.0.1"), Scheme: "http"})
	g.do("GET", "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: HTTPS\r\nX-Forwarded-Host: www.test\r\nForwarded: for=1.2.3.4\r\nVia: 1.1 lb\r\n\r\n")
	s := rec.take()[0]
	for name, want := range map[string]string{
		"X-Forwarded-For": "1.2.3.4, 5.6.7.8, 10.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.test",
		"Forwarded": `for=1.2.3.4, for=10.0.0.1;host="www.test";proto=https`, "Via": "1.1 lb, 1.1 waitroom", "Waitroom-Pass": "",
	} {
		if got := s.field(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestARequestThatComesRoundAgainIsRefused(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}, Via: "waitroom"}, strict.Limits{})
	resp, _ := g.do("GET", "GET / HTTP/1.1\r\nHost: a.test\r\nVia: 1.1 waitroom, 1.0 other\r\n\r\n")
	if resp.StatusCode != 508 || len(rec.take()) != 0 {
		t.Errorf("got %v", resp)
	}
}

func TestBodiesAreFramedAnew(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}, MaxBody: 1 << 20}, strict.Limits{})
	big := strings.Repeat("0123456789abcdef", 20_000) // 320,000 bytes: more than is held
	f := func(head, sent, body, framing string) {
		t.Helper()
		resp, _ := g.do("POST", "POST /x HTTP/1.1\r\nHost: a.test\r\n"+head+"\r\n"+sent)
		got := rec.take()
		if resp.StatusCode != 200 || len(got) != 1 || got[0].body != body {
			t.Fatalf("%s: status %d, %d requests, or another body", head, resp.StatusCode, len(got))
		}
		if now := got[0].field("Content-Length") + "/" + got[0].field("Transfer-Encoding"); now != framing {
			t.Errorf("%s: framed as %s, want %s", head, now, framing)
		}
	}
	f("Content-Length: 3\r\n", "abc", "abc", "3/")
	f("", "", "", "0/")
	f("Content-Length: 0\r\n", "", "", "0/")
	f("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: t\r\n\r\n", "abcde", "5/")
	f("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "", "0/")
	f(fmt.Sprintf("Content-Length: %d\r\n", len(big)), big, big, "320000/")
	f("Transfer-Encoding: chunked\r\n", chunks(big, 5000)+"0\r\n\r\n", big, "/chunked")
}

func chunks(s string, size int) string {
	var b strings.Builder
	for len(s) > 0 {
		n := min(size, len(s))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, s[:n])
		s = s[n:]
	}
	return b.String()
}

func TestBodiesAboveTheBoundAreRefused(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}, MaxBody: 100_000}, strict.Limits{})
	f := func(head, body string) {
		t.Helper()
		c := g.dial()
		go func() { _, _ = io.WriteString(c, "POST /x HTTP/1.1\r\nHost: a.test\r\n"+head+"\r\n"+body) }()
		resp, _ := c.read("POST")
		if resp.StatusCode != 413 || !resp.Close {
			t.Errorf("%s: got %d, close %v", head, resp.StatusCode, resp.Close)
		}
		if got := rec.take(); len(got) != 0 {
			t.Errorf("%s: backend saw a whole request", head)
		}
	}
	f("Content-Length: 100001\r\n", "x")
	f("Content-Length: 99999999999999\r\n", "x")
	f("Transfer-Encoding: chunked\r\n", chunks(strings.Repeat("x", 100_001), 4096)+"0\r\n\r\n")
}

func TestHeadNoContentAndNotModifiedHaveNoBody(t *testing.T) {
	answer := ""
	rec := record(t, func(c net.Conn, _ seen) bool { _, err := io.WriteString(c, answer); return err == nil })
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	f := func(method, backend string, status int, length string) {
		t.Helper()
		answer = backend
		c := g.dial()
		for range 2 { // the second shows that both connections are in step
			c.send(method + " / HTTP/1.1\r\nHost: a.test\r\n\r\n")
			resp, body := c.read(method)
			if resp.StatusCode != status || body != "" || resp.Header.Get("Content-Length") != length {
				t.Errorf("%s %q: got %v", method, backend, resp)
			}
		}
	}
	f("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", 200, "1234")
	f("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "")
	f("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "")
	f("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, "")
	f("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: \"x\"\r\n\r\n", 304, "99")
	f("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "0")
}

func TestCommandsOfTheBackendAreTakenAndNotPassedOn(t *testing.T) {
	f := func(field string, want Command) {
		t.Helper()
		rec := record(t, raw("HTTP/1.1 200 OK\r\n"+field+"\r\nX-Kept: 1\r\nContent-Length: 0\r\n\r\n", true))
		g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
		resp, _ := g.do("GET", get("/"))
		answer, err := g.got()
		if err != nil || answer.Command != want || answer.Status != 200 {
			t.Errorf("%s: got %+v, %v", field, answer, err)
		}
		for name := range resp.Header {
			if strings.HasPrefix(name, "Waitroom") || strings.HasPrefix(name, "Cf-") {
				t.Errorf("%s reached the visitor", name)
			}
		}
		if resp.Header.Get("X-Kept") != "1" {
			t.Error("other fields are lost")
		}
	}
	f("Waitroom-Command: release", CommandRelease)
	f("waitroom-command:revoke", CommandRevoke)
	f("Waitroom-Command: sold-out", CommandSoldOut)
	f("Cf-Waiting-Room-Command: revoke", CommandRevoke)
	f("Cf-Waiting-Room-Command: release", CommandNone)
	f("Waitroom-Command: nonsense", CommandNone)
	f("Waitroom-Pass: forged", CommandNone)
}

func TestCookiesOfTheBackendPassSaveTheGatewaysNames(t *testing.T) {
	rec := record(t, raw("HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: wr_p=evil; Path=/\r\nSet-Cookie: __host-WR_t=evil\r\nSet-Cookie: a=2; Path=/x\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-Accel-Redirect: /secret\r\nAlt-Svc: h3=\":443\"\r\nContent-Length: 0\r\n\r\n", true))
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	resp, _ := g.do("GET", get("/"))
	if got := strings.Join(resp.Header.Values("Set-Cookie"), "|"); got != "a=1; Path=/; HttpOnly|a=2; Path=/x" {
		t.Errorf("cookies are %q", got)
	}
	for _, name := range []string{"X-Hop", "Keep-Alive", "X-Accel-Redirect", "Alt-Svc", "Connection"} {
		if resp.Header.Get(name) != "" {
			t.Errorf("%s reached the visitor", name)
		}
	}
}

func TestRequestsOfOneConnectionAreServedInOrder(t *testing.T) {
	rec := record(t, func(c net.Conn, s seen) bool {
		_, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(s.line), s.line)
		return err == nil
	})
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	c := g.dial()
	var all bytes.Buffer
	for i := range 100 {
		fmt.Fprintf(&all, "GET /%d HTTP/1.1\r\nHost: a.test\r\n\r\n", i)
	}
	go func() { _, _ = c.Write(all.Bytes()) }()
	for i := range 100 {
		if _, body := c.read("GET"); body != fmt.Sprintf("GET /%d HTTP/1.1", i) {
			t.Fatalf("answer %d is %q", i, body)
		}
	}
}

func TestAnOldClientGetsNoChunks(t *testing.T) {
	rec := record(t, raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", true))
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	c := g.dial()
	c.send("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n")
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(all), "\r\n\r\n")
	if body != "abcdef" || strings.Contains(strings.ToLower(head), "chunked") {
		t.Errorf("got %q", all)
	}
}
