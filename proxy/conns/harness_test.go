package conns_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"

	"waitroom/proxy/conns"
	"waitroom/proxy/strict"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(crowdEnv); addr != "" {
		crowd(addr)
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// site is a gateway's way of serving: a listener of ours, and a server by strict.
type site struct {
	t      testing.TB
	l      *conns.Listener
	server *fasthttp.Server
	secure bool
	served chan error

	mu       sync.Mutex
	answered map[string]int // path → how often
	refused  []string
}

// setting is what a test wants of a site; what is zero has a default.
type setting struct {
	after, idle time.Duration
	max         int
	limits      strict.Limits
	secure      bool
	handler     fasthttp.RequestHandler // default: answers with the path
	listener    net.Listener            // default: TCP
}

func open(t testing.TB, o setting) *site {
	t.Helper()
	if o.after == 0 {
		o.after = 5 * time.Millisecond
	}
	if o.idle == 0 {
		o.idle = time.Minute
	}
	if o.max == 0 {
		o.max = 100_000
	}
	s := &site{t: t, secure: o.secure, served: make(chan error, 1), answered: map[string]int{}}
	if o.handler == nil {
		o.handler = s.answer
	}
	o.limits.IdleTimeout = o.idle
	s.server = strict.Server(o.limits, strict.Hooks{Handler: o.handler, Refused: s.refuse})
	s.server.MaxIdleWorkerDuration = 20 * time.Millisecond
	ln := o.listener
	if ln == nil {
		var err error
		if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	if o.secure {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{conns.Certificate(t)}, MinVersion: tls.VersionTLS13})
	}
	s.l = conns.Listen(ln, conns.Options{After: o.after, Idle: o.idle, Max: o.max})
	go func() { s.served <- s.server.Serve(s.l) }()
	t.Cleanup(func() {
		_ = s.server.Shutdown()
		s.l.Close()
		s.until("every connection is gone", func() bool { return s.l.Open() == 0 })
	})
	return s
}

func (s *site) answer(ctx *fasthttp.RequestCtx) {
	if ctx.IsTLS() != s.secure {
		s.t.Errorf("TLS is %v, want %v", ctx.IsTLS(), s.secure)
	}
	body, err := strict.Body(ctx, 1<<20)
	if err != nil {
		s.t.Errorf("reading a body: %v", err)
	}
	s.mu.Lock()
	s.answered[string(ctx.Path())]++
	s.mu.Unlock()
	_, _ = fmt.Fprintf(ctx, "%s %s", ctx.Path(), body)
}

func (s *site) refuse(reason string) {
	s.mu.Lock()
	s.refused = append(s.refused, reason)
	s.mu.Unlock()
}

// until waits for something that has to come about.
func (s *site) until(what string, is func() bool) { s.t.Helper(); until(s.t, what, is) }

func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(30 * time.Second); !is(); <-look.C {
		if time.Now().After(end) {
			t.Fatalf("never came about: %s", what)
		}
	}
}

func (s *site) parked(n int) {
	s.t.Helper()
	s.until(fmt.Sprintf("%d parked", n), func() bool { return s.l.Parked() == n })
}

// pauses lets pass what is several times enough for an idle connection to be parked:
// another visitor is parked that often. It ends with nobody parked of its own.
func (s *site) pauses() {
	s.t.Helper()
	before := s.l.Open()
	c := s.dial()
	for range 3 {
		c.get("/pause")
		s.until("the other visitor is parked", func() bool { return s.l.Parked() > 0 })
	}
	_ = c.Close()
	s.until("the other visitor is gone", func() bool { return s.l.Open() == before })
}

// client is one visitor's connection.
type client struct {
	net.Conn
	t   testing.TB
	tcp *net.TCPConn
	br  *bufio.Reader
}

func (s *site) dial() *client {
	s.t.Helper()
	c, err := net.Dial("tcp", s.l.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	tcp := c.(*net.TCPConn)
	if s.secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	own := newClient(s.t, c)
	own.tcp = tcp
	return own
}

func newClient(t testing.TB, c net.Conn) *client {
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	t.Cleanup(func() { _ = c.Close() })
	return &client{Conn: c, t: t, br: bufio.NewReader(c)}
}

// pipeListener accepts what it is given.
type pipeListener struct {
	give  chan net.Conn
	ended chan struct{}
	once  sync.Once
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{} }
func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.ended) }); return nil }
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.give:
		return c, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

func request(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a.test\r\n\r\n" }

// read reads one answer.
func (c *client) read() (*http.Response, string) {
	c.t.Helper()
	a, err := http.ReadResponse(c.br, nil)
	if err != nil {
		c.t.Fatalf("reading an answer: %v", err)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil {
		c.t.Fatalf("reading a body: %v", err)
	}
	return a, string(body)
}

func (c *client) get(path string) {
	c.t.Helper()
	c.send(request(path))
	c.answers(path, "")
}

func (c *client) answers(path, body string) {
	c.t.Helper()
	if a, got := c.read(); a.StatusCode != 200 || got != path+" "+body {
		c.t.Fatalf("got %d %q, want %s %s", a.StatusCode, got, path, body)
	}
}

// silent fails the test if anything comes within d, unasked.
func (c *client) silent(d time.Duration) {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(d))
	if b, err := c.br.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("unasked came %q, %v", b, err)
	}
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
}

// ends fails the test unless the other end closes, and says nothing before.
func (c *client) ends() {
	c.t.Helper()
	rest, err := io.ReadAll(c.br)
	if len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("before the end came %q, %v", rest, err)
	}
}

func (s *site) counts(want map[string]int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.answered, "/pause")
	if fmt.Sprint(s.answered) != fmt.Sprint(want) {
		s.t.Errorf("answered %v, want %v", s.answered, want)
	}
}

func (s *site) refusals() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.refused, " ")
}
