package strict

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// rewrite is the canonical request as bytes.
func rewrite(r *Request) []byte {
	var b bytes.Buffer
	b.WriteString(r.Method + " ")
	b.Write(r.Path)
	if r.Query != nil {
		b.WriteByte('?')
		b.Write(r.Query)
	}
	b.WriteString(" HTTP/1.1\r\nHost: ")
	b.Write(r.Authority)
	b.WriteString("\r\n")
	for _, f := range r.Fields {
		if f.Kind == Plain {
			b.Write(f.Name)
			b.WriteString(": ")
			b.Write(f.Value)
			b.WriteString("\r\n")
		}
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// FuzzCheck holds every accepted request to this: another parser reads what is
// forwarded as the same one request, and the filter itself leaves it as it is.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{
		get("/", ""), get("/%61?x=%2f", "A: b\r\n"), get("/a/../b", ""), get("/%ea%b0%80", "X-Y:z\r\n"), get("//", ""), get("/a?\xff", ""),
		"POST / HTTP/1.1\r\nHost: A.b.:80\r\nContent-Length: 3\r\n\r\nabc", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: [::1]\r\nConnection: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		get("/a|b[c]", "Cookie: a=1; b=2\r\n"), get("/..;/x", ""), get("/%25%32%65", ""), get("/100%25", ""), "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", get("/", "A: b\n c\r\n"),
	} {
		f.Add([]byte(text))
	}
	filter := &Filter{}
	f.Fuzz(func(t *testing.T, text []byte) {
		ctx := &fasthttp.RequestCtx{}
		if ctx.Request.Header.Read(bufio.NewReaderSize(bytes.NewReader(text), 16<<10)) != nil {
			return
		}
		var r Request
		if filter.Check(ctx, &r).Refused() {
			return
		}
		sent := rewrite(&r)
		br := bufio.NewReader(bytes.NewReader(sent))
		req, err := http.ReadRequest(br)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", sent, err)
		}
		if req.Method != r.Method || req.Host != string(r.Authority) || req.URL.EscapedPath() != string(r.Path) || req.URL.RawQuery != string(r.Query) {
			t.Fatalf("net/http reads %q as %s %s %s", sent, req.Method, req.Host, req.URL)
		}
		if br.Buffered() != 0 {
			t.Fatalf("net/http reads more than one request in %q", sent)
		}
		for s := range strings.SplitSeq(req.URL.Path[1:], "/") {
			if s == "." || s == ".." || strings.ContainsAny(s, "\\\x00;") {
				t.Fatalf("path %q has segment %q", req.URL.Path, s)
			}
		}
		again := &fasthttp.RequestCtx{}
		if err := again.Request.Header.Read(bufio.NewReaderSize(bytes.NewReader(sent), 32<<10)); err != nil {
			t.Fatalf("fasthttp refuses %q: %v", sent, err)
		}
		var second Request
		if no := (&Filter{MaxTarget: 32 << 10}).Check(again, &second); no.Refused() {
			t.Fatalf("%q is refused at second sight: %+v", sent, no)
		}
		if !bytes.Equal(second.Path, r.Path) || !bytes.Equal(second.Query, r.Query) || !bytes.Equal(second.Authority, r.Authority) {
			t.Fatalf("%q is not canonical: %s", sent, second.Path)
		}
	})
}

// FuzzCookies holds the reader of cookies to net/http's: what is left for the backend has none of the gateway's, and
// all of the others; and one of the gateway's that stands twice is refused.
func FuzzCookies(f *testing.F) {
	for _, text := range []string{
		"a=1; wr_p=2; b=3", "wr_p=1;WR_P=2", "wr_p", "=wr_p; ;;a", " wr_t = x ;b", "a=\"b; wr_p=1\"", "__Host-wr_p=1; x", "wr_p=a=b;wr_t=;", "\twr_p=1",
	} {
		f.Add([]byte(text))
	}
	names := CookieNames{"wr_*", "__Host-wr_p"}
	f.Fuzz(func(t *testing.T, value []byte) {
		if HasControl(value) {
			return
		}
		left := names.AppendOthers(nil, value)
		if names.Any(left) {
			t.Fatalf("%q leaves %q", value, left)
		}
		if again := names.AppendOthers(nil, left); !bytes.Equal(again, left) {
			t.Fatalf("%q leaves %q, and that %q", value, left, again)
		}
		theirs := func(text []byte) (others []string, twice bool) {
			own := map[string]bool{}
			for _, c := range (&http.Request{Header: http.Header{"Cookie": {string(text)}}}).Cookies() {
				if low := strings.ToLower(c.Name); names.Match([]byte(c.Name)) {
					twice = twice || own[low]
					own[low] = true
				} else {
					others = append(others, c.Name+"="+c.Value)
				}
			}
			return others, twice
		}
		before, twice := theirs(value)
		after, _ := theirs(left)
		if strings.Join(before, ";") != strings.Join(after, ";") {
			t.Fatalf("of %q net/http reads %q, and of what is left %q", value, before, after)
		}
		r := &Request{}
		r.fixed[Cookie] = value
		if no := (&Filter{Cookies: names}).cookies(r); twice && !no.Refused() {
			t.Fatalf("%q has one of the gateway's twice", value)
		}
	})
}

// FuzzClient: whatever X-Forwarded-For says, the client is an address, and no trusted one that vouches for itself.
func FuzzClient(f *testing.F) {
	for _, text := range []string{"203.0.113.7", "203.0.113.7, 10.0.0.2", "x, 10.0.0.2", "[2001:db8::1]:80", "::ffff:203.0.113.7", "10.0.0.1,,", "1.2.3.4:99999", "fe80::1%eth0"} {
		f.Add(text)
	}
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, forwarded string) {
		ctx := &fasthttp.RequestCtx{}
		ctx.Init(&fasthttp.Request{}, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1}, nil)
		ctx.Request.Header.Set(fasthttp.HeaderXForwardedFor, forwarded)
		at := ClientAddr(ctx, trusted)
		last := strings.TrimSpace(forwarded[strings.LastIndexByte(forwarded, ',')+1:])
		switch {
		case !at.IsValid() || at.Zone() != "" || at.Is4In6():
			t.Fatalf("%q is %v", forwarded, at)
		case !Trusted(at, trusted) && !strings.Contains(forwarded, at.String()) && at.Is4() && !strings.Contains(forwarded, ":"):
			t.Fatalf("%q does not name %v", forwarded, at)
		}
		if a, err := netip.ParseAddr(last); err == nil && a.Zone() == "" && !Trusted(a.Unmap(), trusted) && at != a.Unmap() {
			t.Fatalf("%q was handed on by %v, and is %v", forwarded, a, at)
		}
		if at = ClientAddr(ctx, nil); at.String() != "10.0.0.1" {
			t.Fatalf("with nobody trusted %q is %v", forwarded, at)
		}
	})
}
