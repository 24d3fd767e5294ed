package strict

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// server starts a server for h and returns how to reach it.
func server(t testing.TB, l Limits, h Hooks) string {
	t.Helper()
	s := Server(l, h)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = ln.Close(); <-done })
	return ln.Addr().String()
}

// talk sends text and returns all that comes until the connection ends, or
// until n answers are read.
func talk(t testing.TB, addr, text string, n int) []*http.Response {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(c)
	var all []*http.Response
	for n == 0 || len(all) < n {
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			break
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		all = append(all, resp)
	}
	return all
}

// parse reads a request as the server would.
func parse(t testing.TB, text string) *fasthttp.RequestCtx {
	t.Helper()
	ctx := &fasthttp.RequestCtx{}
	if err := ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(text))); err != nil {
		t.Fatalf("read %q: %v", text, err)
	}
	return ctx
}

func get(target, lines string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n"
}

func TestTheCanonicalRequestIsTheShortestSpelling(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var r Request
		if no := (&Filter{}).Check(parse(t, text), &r); no.Refused() {
			t.Fatalf("%q: refused: %+v", text, no)
		}
		if got := r.Method + " " + string(r.Host) + " " + string(r.Authority) + " " + string(r.Path) + " " + string(r.Query); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	f("GET /%61%2Db/%ea%b0%80?q=%2f HTTP/1.1\r\nHost: WWW.Test.:80\r\n\r\n", "GET www.test www.test:80 /a-b/%EA%B0%80 q=%2f")
	f("DELETE / HTTP/1.0\r\nHost: [::1]:8080\r\n\r\n", "DELETE [::1] [::1]:8080 / ")
	f("PUT /a HTTP/1.1\r\nHost: a\r\n\r\n", "PUT a a /a ")
}

func TestEachRefusalHasItsReason(t *testing.T) {
	f := func(text string, status int, reason string) {
		t.Helper()
		var r Request
		filter := Filter{Cookies: CookieNames{"wr_*"}, MaxFields: 5, MaxTarget: 50}
		no := filter.Check(parse(t, text), &r)
		if no.Status != status || no.Reason != reason || !no.Close {
			t.Errorf("%q: got %+v", text, no)
		}
	}
	f("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "version")
	f("get / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method")
	f("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method")
	f("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405, "target-asterisk")
	f("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target-form")
	f(get("/"+strings.Repeat("x", 50), ""), 414, "target-length")
	f(get("/", strings.Repeat("X: y\r\n", 5)), 431, "fields")
	f(get("/", "A: b\nC: d\r\n"), 400, "line-end")
	f(get("/", "A: b\r\n c\r\n"), 400, "folded-line")
	f(get("/", "A_B: c\r\n"), 400, "underscore")
	f(get("/", "A B: c\r\n"), 400, "field-name")
	f(get("/", "Cookie: wr_p=1; wr_p=2\r\n"), 400, "duplicate-cookie")
	f(get("/", "Cookie: a=1\r\nCookie: a=1\r\n"), 400, "duplicate-cookie-line")
	f(get("/", "Origin: a\r\nOrigin: a\r\n"), 400, "duplicate-origin")
	f(get("/", "Connection: a b\r\n"), 400, "connection")
	f(get("/", "Content-Length: 5\r\n"), 400, "body-not-expected")
	f(get("/", "Expect: x\r\n"), 417, "expect")
	f("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "length-and-chunked")
	f("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400, "transfer-encoding")
	f("GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", 400, "port")
	f("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "host")
	f(get("//", ""), 400, "empty-segment")
	f(get("/../", ""), 400, "dot-segment")
	f(get("/a;b", ""), 400, "semicolon")
	f(get("/%2e", ""), 400, "encoded-byte")
	f(get("/%zz", ""), 400, "percent")
	f(get("/%2541", ""), 400, "double-encoding")
	f(get("/%25%32%65", ""), 400, "double-encoding")
	f(get("/%25%32e%252%65/b", ""), 400, "double-encoding")
	f(get("/%25u002e", ""), 400, "double-encoding")
	f(get("/%25%7500%32e", ""), 400, "double-encoding")
	f(get("/%c0%ae", ""), 400, "utf-8")
	for _, alike := range []string{
		"%ef%bc%8f", "%ef%b8%b0", "\xef\xb8\xb0", "%e2%84%80", "a%e2%82%a9..%e2%82%a9b", "%c2%a5", "%ef%bf%a6", "%ef%bf%a5", "%ef%b9%aa2e", "%d9%aa2e",
		"..%cd%be", "..%ef%bc%9b", "..%ef%b9%94", "..%ef%b8%94",
	} {
		f(get("/"+alike, ""), 400, "look-alike")
	}
	for _, blank := range []string{"..%20", "..%c2%a0", "%e2%80%8b..", "..%e3%80%80", "%ef%bb%bf.%c2%ad.", ".%e2%81%a0"} {
		f(get("/"+blank+"/b", ""), 400, "dot-segment")
	}
	f(get("/a#b", ""), 400, "target-byte")
}

func TestChoicesOfTheFilter(t *testing.T) {
	f := func(filter Filter, text string, status int) {
		t.Helper()
		var r Request
		if no := filter.Check(parse(t, text), &r); no.Status != status {
			t.Errorf("%+v, %q: got %+v", filter, text, no)
		}
	}
	f(Filter{NoChunked: true}, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 411)
	f(Filter{PathParameters: true}, get("/a;jsessionid=1/b", ""), 0)
	f(Filter{PathParameters: true}, get("/..;/b", ""), 400)
	f(Filter{PathParameters: true}, get("/.;x/b", ""), 400)
	f(Filter{PathParameters: true}, get("/;x", ""), 400)
	f(Filter{PathParameters: true}, get("/..%20;x/b", ""), 400)
	f(Filter{PathParameters: true}, get("/a%20;x/b", ""), 0)
	f(Filter{PathParameters: true}, get("/a%3bb", ""), 400)
	f(Filter{Cookies: CookieNames{"wr_*"}}, get("/", "Cookie: a=1; a=2; wr_p=1; wr_t=2\r\n"), 0)
	f(Filter{Cookies: CookieNames{"wr_p"}}, get("/", "Cookie: wr_px=1; wr_px=2\r\n"), 0)
}

func TestWaitingInManyRoomsOfOneHostLocksNobodyOut(t *testing.T) {
	f := func(own int, more string, status int, reason string) {
		t.Helper()
		var r Request
		filter := Filter{Cookies: CookieNames{"wr_*"}}
		line := "Cookie: "
		for i := range own {
			line += "wr_ticket-clinic" + strconv.Itoa(i) + "=1; "
		}
		ctx := parse(t, get("/", line+more+"\r\n"))
		if no := filter.Check(ctx, &r); no.Status != status || no.Reason != reason {
			t.Errorf("%d rooms and %q: got %+v", own, more, no)
		}
		if n := testing.AllocsPerRun(10, func() { filter.Check(ctx, &r) }); n != 0 {
			t.Errorf("%d rooms: %v allocations", own, n)
		}
	}
	f(17, "a=1; a=1", 0, "")
	f(64, "a=1", 0, "")
	f(65, "a=1", 431, "too-many-cookies")
	f(63, "WR_ticket-clinic62=2", 400, "duplicate-cookie") // the last one is compared, too
	f(64, "wr_ticket-clinic0=2", 400, "duplicate-cookie")
}

func TestAWebSocketHandshakeIsToldFromOtherUpgrades(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		var r Request
		if no := (&Filter{}).Check(parse(t, text), &r); no.Refused() || r.Upgrade != want {
			t.Errorf("%q: got %v, %+v", text, r.Upgrade, no)
		}
	}
	f(get("/", "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"), true)
	f(get("/", "Connection: keep-alive\r\nUpgrade: websocket\r\n"), false)
	f(get("/", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), false)
	f(get("/", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"), false)
	f("POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false)
	f("GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false)
}

func TestFieldsAndCookiesAreFound(t *testing.T) {
	var r Request
	ctx := parse(t, get("/", "cookie: a=1; b=2;c=3; bb=4\r\nX-Y: z\r\nWaitroom-Pass: p\r\nConnection: x-y\r\n"))
	if no := (&Filter{}).Check(ctx, &r); no.Refused() {
		t.Fatal(no)
	}
	for name, want := range map[string]string{"a": "1", "b": "2", "c": "3", "bb": "4", "d": "", "A": ""} {
		if got := string(r.Cookie(name)); got != want {
			t.Errorf("cookie %s is %q, want %q", name, got, want)
		}
	}
	if string(r.Get("x-y")) != "z" || r.Get("x-z") != nil || string(r.Value(Pass)) != "p" || r.Value(Ticket) != nil {
		t.Error("fields are not found")
	}
	if !r.IsNominated([]byte("X-Y")) || r.IsNominated([]byte("X")) {
		t.Error("nominated fields are not known")
	}
}

func TestOnlyTheGatewaysCookiesAreTakenOut(t *testing.T) {
	names := CookieNames{"wr_*", "exact"}
	f := func(value, want string) {
		t.Helper()
		if got := string(names.AppendOthers(nil, []byte(value))); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
		if got := names.Any([]byte(value)); got != (strings.Contains(strings.ToLower(value), "wr_") || strings.Contains(value, "exact=")) {
			t.Errorf("%q: any is %v", value, got)
		}
	}
	f("a=1; b=2", "a=1; b=2")
	f("a=1; wr_p=x; b=2", "a=1; b=2")
	f("wr_p=x; a=1", "a=1")
	f("a=1;WR_P=x;b=2", "a=1;b=2")
	f("a=1; wr_p=x", "a=1")
	f("wr_p=x;wr_t=y", "")
	f("exact=1; exactly=2", "exactly=2")
	f(`a="x y";  b=ü=; wr_a; exact=`, `a="x y";  b=ü=`)
}

func TestTheVisitorsAddressIsTheRightMostThatNoProxyOfOursHas(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	f := func(peer, lines, want string) {
		t.Helper()
		ctx := parse(t, get("/", lines))
		ctx.SetRemoteAddr(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(peer)))
		if got := ClientAddr(ctx, trusted); got != netip.MustParseAddr(want) {
			t.Errorf("%s %q: got %v, want %s", peer, lines, got, want)
		}
	}
	const xff = "X-Forwarded-For: "
	f("1.2.3.4:5", "", "1.2.3.4")
	f("1.2.3.4:5", xff+"9.9.9.9\r\n", "1.2.3.4") // not a proxy of ours: not believed
	f("10.0.0.1:5", "", "10.0.0.1")
	f("10.0.0.1:5", xff+"9.9.9.9\r\n", "9.9.9.9")
	f("[::ffff:10.0.0.1]:5", xff+"9.9.9.9\r\n", "9.9.9.9")
	f("10.0.0.1:5", xff+"6.6.6.6, 9.9.9.9, 10.0.0.2\r\n", "9.9.9.9")
	f("10.0.0.1:5", xff+"6.6.6.6\r\n"+xff+"9.9.9.9\r\n", "9.9.9.9")
	f("10.0.0.1:5", xff+"10.0.0.3, 10.0.0.2\r\n", "10.0.0.3")
	f("10.0.0.1:5", xff+"6.6.6.6, nonsense, 10.0.0.2\r\n", "10.0.0.2")
	f("10.0.0.1:5", xff+"6.6.6.6,\r\n", "10.0.0.1")
	f("10.0.0.1:5", xff+"9.9.9.9:1234\r\n", "9.9.9.9")
	f("10.0.0.1:5", xff+"[2001:db8::1]:1234\r\n", "2001:db8::1")
	f("[fd00::1]:5", xff+"2001:db8::1\r\n", "2001:db8::1")
	f("10.0.0.1:5", xff+strings.Repeat("10.0.0.9,", 100)+"10.0.0.8\r\n", "10.0.0.9")
}
