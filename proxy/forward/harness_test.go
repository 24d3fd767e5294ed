package forward

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

// seen is one request as the backend read it.
type seen struct {
	head string // request line and fields, each with CRLF, without the blank line
	body string
	line string
}

// field returns the values of a field, joined by |.
func (s seen) field(name string) string {
	var all []string
	for l := range strings.SplitSeq(s.head, "\r\n") {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(k, name) {
			all = append(all, strings.TrimSpace(v))
		}
	}
	return strings.Join(all, "|")
}

// recorder is a backend that keeps what it reads and answers by a function.
type recorder struct {
	t      testing.TB
	ln     net.Listener
	answer func(c net.Conn, s seen) (keep bool)

	mu    sync.Mutex
	all   []seen
	conns map[net.Conn]bool
	ended *sync.Cond // on mu: a connection has left conns
	done  sync.WaitGroup
}

const helloAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"

func hello(c net.Conn, s seen) bool {
	text := helloAnswer
	if strings.HasPrefix(s.line, "HEAD ") {
		text = strings.TrimSuffix(text, "hello")
	}
	_, err := io.WriteString(c, text)
	return err == nil
}

// raw answers every request with these bytes.
func raw(text string, keep bool) func(net.Conn, seen) bool {
	return func(c net.Conn, _ seen) bool {
		_, err := io.WriteString(c, text)
		return err == nil && keep
	}
}

func record(t testing.TB, answer func(net.Conn, seen) bool) *recorder {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return recordOn(t, ln, answer)
}

func recordOn(t testing.TB, ln net.Listener, answer func(net.Conn, seen) bool) *recorder {
	rec := &recorder{t: t, ln: ln, answer: answer, conns: map[net.Conn]bool{}}
	rec.ended = sync.NewCond(&rec.mu)
	rec.done.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			rec.mu.Lock()
			rec.conns[c] = true
			rec.mu.Unlock()
			rec.done.Go(func() { rec.serve(c) })
		}
	})
	t.Cleanup(rec.stop)
	return rec
}

func (rec *recorder) stop() {
	_ = rec.ln.Close()
	rec.mu.Lock()
	for c := range rec.conns {
		_ = c.Close()
	}
	rec.mu.Unlock()
	rec.done.Wait()
}

// hungUp waits until the backend has closed every connection that it accepted.
func (rec *recorder) hungUp() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for len(rec.conns) > 0 {
		rec.ended.Wait()
	}
}

func (rec *recorder) url() string { return "http://" + rec.ln.Addr().String() }

func (rec *recorder) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		rec.mu.Lock()
		delete(rec.conns, c)
		rec.ended.Broadcast()
		rec.mu.Unlock()
	}()
	br := bufio.NewReader(c)
	for {
		var head strings.Builder
		for {
			l, err := br.ReadString('\n')
			if err != nil {
				return
			}
			if l == "\r\n" {
				break
			}
			head.WriteString(l)
		}
		s := seen{head: head.String()}
		s.line, _, _ = strings.Cut(s.head, "\r\n")
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(s.head + "\r\n")))
		if err != nil {
			rec.t.Errorf("backend cannot read %q: %v", s.head, err)
			return
		}
		var body []byte
		if len(req.TransferEncoding) > 0 {
			body, err = io.ReadAll(newChunked(br))
		} else if req.ContentLength > 0 {
			body = make([]byte, req.ContentLength)
			_, err = io.ReadFull(br, body)
		}
		if err != nil {
			return
		}
		s.body = string(body)
		rec.mu.Lock()
		rec.all = append(rec.all, s)
		rec.mu.Unlock()
		if !rec.answer(c, s) {
			return
		}
	}
}

// newChunked decodes with net/http's reader, an oracle that is not ours.
func newChunked(br *bufio.Reader) io.Reader {
	req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), oneByte{br})))
	if err != nil {
		return iotestErr{err}
	}
	return req.Body
}

// oneByte hands out no more than is asked for, so that nothing is read beyond the body.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

type iotestErr struct{ err error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.err }

func (rec *recorder) take() []seen {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	all := rec.all
	rec.all = nil
	return all
}

// ended is a Watcher that says what a function says.
type ended func() bool

func (e ended) Watch() func() bool { return e }

// gate is a server that lets everybody in, with a filter before it.
type gate struct {
	t       testing.TB
	addr    string
	backend *Backend
	mu      sync.Mutex
	extra   Extra
	last    error
	answer  Answer
}

func (g *gate) set(x Extra) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.extra = x
}

func (g *gate) got() (Answer, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.answer, g.last
}

var testFilter = &strict.Filter{Cookies: strict.CookieNames{"wr_*", "__Host-wr_*"}}

func gated(t testing.TB, o Options, limits strict.Limits) *gate {
	t.Helper()
	if o.Cookies == nil {
		o.Cookies = testFilter.Cookies
	}
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t: t, backend: b, extra: Extra{Room: "booking", Pass: []byte("the.pass.jwt"), Subject: "abc", Scheme: "http"}}
	s := strict.Server(limits, strict.Hooks{Handler: g.handle, Filter: testFilter})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	t.Cleanup(func() {
		b.Close()
		_ = ln.Close()
		<-done
	})
	g.addr = ln.Addr().String()
	return g
}

func (g *gate) handle(ctx *fasthttp.RequestCtx) {
	var r strict.Request
	if no := testFilter.Check(ctx, &r); no.Refused() {
		strict.Refuse(ctx, no)
		return
	}
	g.mu.Lock()
	x := g.extra
	g.mu.Unlock()
	if !x.Peer.IsValid() {
		x.Peer = strict.Peer(ctx)
	}
	answer, err := g.backend.Forward(ctx, &r, &x)
	g.mu.Lock()
	g.answer, g.last = answer, err
	g.mu.Unlock()
	if err != nil {
		ctx.SetStatusCode(statusOf(err))
	}
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrSlow):
		return 504
	case errors.Is(err, ErrTooLarge):
		return 413
	case errors.Is(err, ErrClient):
		return 400
	case errors.Is(err, ErrLoop):
		return 508
	case errors.Is(err, ErrDown):
		return 503
	}
	return 502
}

// client is a raw connection to the gate.
type client struct {
	t testing.TB
	net.Conn
	br *bufio.Reader
}

func (g *gate) dial() *client {
	g.t.Helper()
	c, err := net.Dial("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	g.t.Cleanup(func() { _ = c.Close() })
	return &client{t: g.t, Conn: c, br: bufio.NewReader(c)}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// read reads one whole answer.
func (c *client) read(method string) (*http.Response, string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.br, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("read answer: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("read body: %v", err)
	}
	return resp, string(body)
}

// ends fails the test unless the connection is closed and says nothing more.
func (c *client) ends() {
	c.t.Helper()
	rest, err := io.ReadAll(c.br)
	if len(rest) > 0 {
		c.t.Errorf("after the answer came %q", rest)
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		c.t.Error("connection stays open")
	}
}

func (g *gate) do(method, text string) (*http.Response, string) {
	g.t.Helper()
	c := g.dial()
	defer func() { _ = c.Close() }()
	c.send(text)
	return c.read(method)
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a.test\r\n\r\n" }
