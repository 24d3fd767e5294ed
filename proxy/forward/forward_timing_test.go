package forward

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

const browserLines = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: ko-KR,ko;q=0.9\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Connection: keep-alive\r\nCookie: session=0123456789abcdef; wr_p=eyJhbGciOiJFZERTQSJ9.eyJhdWQiOiJib29raW5nIn0.c2lnbmF0dXJl\r\n"

// cpu is the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bare is the proxy that is compared with: fasthttp's client, the request as it came.
func bare(b testing.TB, backend string) string {
	hc := &fasthttp.HostClient{Addr: strings.TrimPrefix(backend, "http://"), MaxConns: 1024, DisablePathNormalizing: true}
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		if err := hc.Do(&ctx.Request, &ctx.Response); err != nil {
			ctx.SetStatusCode(502)
		}
	}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = s.Serve(ln) }()
	b.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().String()
}

// BenchmarkForward reports the processor time of client, proxy and backend
// together, so that the two ways differ by the proxy alone; "none" is without one.
func BenchmarkForward(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		body := strings.Repeat("x", size)
		answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: backend\r\nSet-Cookie: a=b\r\nContent-Length: %d\r\n\r\n%s", size, body)
		backend := startRaw(b, answer)
		b.Run(fmt.Sprintf("none/%d", size), func(b *testing.B) { drive(b, strings.TrimPrefix(backend, "http://"), len(answer)) })
		b.Run(fmt.Sprintf("bare/%d", size), func(b *testing.B) { drive(b, bare(b, backend), 0) })
		b.Run(fmt.Sprintf("ours/%d", size), func(b *testing.B) { drive(b, benchGate(b, backend), 0) })
	}
}

// benchGate is a gate as it is meant to be written: its values are pooled.
func benchGate(b testing.TB, backend string) string {
	up, err := New(Options{Backends: []string{backend}, Cookies: testFilter.Cookies})
	if err != nil {
		b.Fatal(err)
	}
	type state struct {
		r strict.Request
		x Extra
	}
	pool := sync.Pool{New: func() any { return new(state) }}
	pass := []byte("eyJhbGciOiJFZERTQSJ9.eyJhdWQiOiJib29raW5nIn0.c2lnbmF0dXJl")
	s := strict.Server(strict.Limits{MaxRequests: 1 << 40}, strict.Hooks{Handler: func(ctx *fasthttp.RequestCtx) {
		st := pool.Get().(*state)
		defer pool.Put(st)
		if no := testFilter.Check(ctx, &st.r); no.Refused() {
			strict.Refuse(ctx, no)
			return
		}
		peer := strict.Peer(ctx)
		st.x = Extra{Room: "booking", Pass: pass, ClientAddr: peer, Peer: peer, Until: ctx.Time().Add(time.Hour)}
		if _, err := up.Forward(ctx, &st.r, &st.x); err != nil {
			ctx.SetStatusCode(502)
		}
	}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = s.Serve(ln) }()
	b.Cleanup(func() { up.Close(); _ = ln.Close() })
	return ln.Addr().String()
}

// startRaw is a backend that does as little as it can: an answer for each
// read that ends in a blank line.
func startRaw(b testing.TB, answer string) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				buf, out := make([]byte, 8<<10), []byte(answer)
				for {
					n, err := c.Read(buf)
					if err != nil {
						_ = c.Close()
						return
					}
					if n > 4 && string(buf[n-4:n]) == "\r\n\r\n" {
						_, _ = c.Write(out)
					}
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String()
}

// drive sends requests over 16 connections. The length of an answer is learned
// from the first, where it is not given.
func drive(b *testing.B, addr string, length int) {
	request := []byte("GET /booking/slots?day=12 HTTP/1.1\r\nHost: a.test\r\n" + browserLines + "\r\n")
	const conns = 16
	b.ReportAllocs()
	var wg sync.WaitGroup
	b.ResetTimer()
	before := cpu()
	for i := range conns {
		n := b.N / conns
		if i == 0 {
			n += b.N % conns
		}
		wg.Go(func() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			buf := make([]byte, 128<<10)
			want := length
			for range n {
				if _, err := c.Write(request); err != nil {
					b.Error(err)
					return
				}
				for got := 0; got == 0 || got < want; {
					m, err := c.Read(buf[got:])
					if err != nil {
						b.Error(err)
						return
					}
					got += m
					if want == 0 {
						want = answerLength(buf[:got])
					}
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
}

// answerLength is the whole length of an answer whose head is in buf.
func answerLength(buf []byte) int {
	head, _, ok := strings.Cut(string(buf), "\r\n\r\n")
	if !ok {
		return 1 << 30
	}
	n := 0
	_, after, _ := strings.Cut(head, "Content-Length: ")
	_, _ = fmt.Sscan(after, &n)
	return len(head) + 4 + n
}
