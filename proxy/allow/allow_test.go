package allow

import (
	"bufio"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"waitroom/proxy/strict"
)

func request(t *testing.T, line string, fields ...string) *strict.Request {
	t.Helper()
	ctx := &fasthttp.RequestCtx{}
	raw := line + " HTTP/1.1\r\nHost: a.kr\r\n" + strings.Join(append(fields, "X-Last: 1"), "\r\n") + "\r\n\r\n"
	if err := ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(raw))); err != nil {
		t.Fatal(err)
	}
	q := &strict.Request{}
	if no := (&strict.Filter{}).Check(ctx, q); no.Refused() {
		t.Fatalf("%q is refused: %+v", raw, no)
	}
	return q
}

const secret = "a-secret-of-the-monitor"

func rules() []Rule {
	return []Rule{
		{Name: "all", Paths: []string{"/health"}, Methods: []string{"GET"}, Header: "X-Key", Secret: secret,
			Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		{Name: "address", Paths: []string{"/notice/"}, Methods: []string{"GET", "HEAD"}, Addresses: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}},
		{Name: "header", Paths: []string{"/api/"}, Methods: []string{"POST"}, Header: "X-Other", Secret: secret},
		{Name: "nobody", Paths: []string{"/"}, Methods: []string{"GET"}},
		{Name: "no-secret", Paths: []string{"/empty"}, Methods: []string{"GET"}, Header: "X-Empty"},
	}
}

func TestAllThatARuleNamesHasToHold(t *testing.T) {
	l := New(Options{Rules: rules(), Log: zap.NewNop()})
	f := func(want, from, line string, fields ...string) {
		t.Helper()
		got := ""
		u := l.Match(request(t, line, fields...), func() netip.Addr { return netip.MustParseAddr(from) })
		if u.Given() {
			got = u.rule.Name
		}
		if got != want {
			t.Errorf("%s from %s with %v: %q, want %q", line, from, fields, got, want)
		}
	}
	f("all", "192.0.2.7", "GET /health", "X-Key: "+secret)
	f("all", "::ffff:192.0.2.7", "GET /health", "x-KEY:  "+secret+" ")
	f("", "192.0.3.7", "GET /health", "X-Key: "+secret)
	f("", "192.0.2.7", "GET /health", "X-Key: "+secret+"x")
	f("", "192.0.2.7", "GET /health", "X-Key: "+secret[1:])
	f("", "192.0.2.7", "GET /health", "X-Key:")
	f("", "192.0.2.7", "GET /health")
	f("", "192.0.2.7", "GET /health", "X-Key: wrong", "X-Key: "+secret)
	f("", "192.0.2.7", "HEAD /health", "X-Key: "+secret)
	f("", "192.0.2.7", "GET /health/x", "X-Key: "+secret)
	f("", "192.0.2.7", "GET /healthy", "X-Key: "+secret)
	f("", "192.0.2.7", "GET /", "X-Key: "+secret)
	f("address", "2001:db8:1::1", "HEAD /notice/1?day=1")
	f("", "2001:db9::1", "GET /notice/1")
	f("", "2001:db8::1", "GET /notices")
	f("", "2001:db8::1", "POST /notice/1", "Content-Length: 0")
	f("header", "203.0.113.1", "POST /api/x", "X-Other: "+secret, "Content-Length: 0")
	f("", "203.0.113.1", "POST /api/x", "X-Key: "+secret, "Content-Length: 0")
	f("", "203.0.113.1", "GET /empty", "X-Empty:")
	f("", "203.0.113.1", "GET /empty")
}

func TestNoListLetsNothingThrough(t *testing.T) {
	l := New(Options{Log: zap.NewNop()})
	q := request(t, "GET /", "X-Key: "+secret)
	if l != nil || l.Match(q, func() netip.Addr { return netip.MustParseAddr("192.0.2.1") }).Given() {
		t.Error("an empty list lets something through")
	}
	l.Strip(q)
}

func TestTheSecretGoesNowhereWhoeverSendsIt(t *testing.T) {
	l := New(Options{Rules: rules(), Log: zap.NewNop()})
	q := request(t, "GET /elsewhere", "x-key: "+secret, "X-Keys: a", "X-OTHER: b", "x-key: c")
	l.Strip(q)
	for _, f := range q.Fields {
		secretly := strings.EqualFold(string(f.Name), "X-Key") || strings.EqualFold(string(f.Name), "X-Other")
		if secretly != (f.Kind == strict.Override) {
			t.Errorf("%s is of kind %d", f.Name, f.Kind)
		}
	}
}

func TestUsesAreToldInBoundsAndNeverWithTheSecret(t *testing.T) {
	core, lines := observer.New(zapcore.InfoLevel)
	l := New(Options{Room: "booking", Rules: rules(), Log: zap.New(core)})
	q := request(t, "GET /health?token=hidden", "X-Key: "+secret)
	from := netip.MustParseAddr("192.0.2.7")
	u := l.Match(q, func() netip.Addr { return from })
	at := time.Unix(1_628_766_000, 0)
	for range 50 {
		l.Tell(u, q, from, at)
	}
	l.Tell(u, q, from, at.Add(time.Second))
	all := lines.All()
	if len(all) != perSecond+1 {
		t.Fatalf("%d lines, want %d", len(all), perSecond+1)
	}
	want := map[string]any{"room": "booking", "allow": "all", "address": "192.0.2.7", "method": "GET", "path": "/health", "left_out": uint64(40)}
	got := all[perSecond].ContextMap()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the line is %v", got)
	}
}
