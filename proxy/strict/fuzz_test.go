package strict

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
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
		get("/a|b[c]", "Cookie: a=1; b=2\r\n"), get("/..;/x", ""), "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", get("/", "A: b\n c\r\n"),
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
