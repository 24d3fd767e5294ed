package conns_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/conns"
	"waitroom/proxy/strict"
)

func TestAnIdleConnectionEndsWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	f := func(after, idle time.Duration) {
		t.Helper()
		conns.Both(t, func(t *testing.T, secure bool) {
			s := open(t, setting{after: after, idle: idle, secure: secure})
			c := s.dial()
			start := time.Now()
			c.get("/")
			c.ends()
			if took := time.Since(start); took < idle {
				t.Errorf("ended after %v, may be idle for %v", took, idle)
			}
			s.until("nobody is counted", func() bool { return s.l.Open() == 0 && s.l.Parked() == 0 })
		})
	}
	f(5*time.Millisecond, 100*time.Millisecond)
	f(time.Hour, 50*time.Millisecond) // never parked
}

func TestAVisitorWhoLeavesWhileParkedIsNoticed(t *testing.T) {
	f := func(how string, secure bool, leave func(*client)) {
		t.Run(how, func(t *testing.T) {
			s := open(t, setting{secure: secure})
			c, stays := s.dial(), s.dial()
			c.get("/")
			stays.get("/")
			s.parked(2)
			leave(c)
			s.until("one is left", func() bool { return s.l.Open() == 1 && s.l.Parked() == 1 })
			stays.get("/again")
			if got := s.refusals(); got != "" {
				t.Errorf("refused: %s", got)
			}
		})
	}
	f("closed", false, func(c *client) { _ = c.Close() })
	f("reset", false, func(c *client) { _ = c.tcp.SetLinger(0); _ = c.Close() })
	f("half closed", false, func(c *client) { _ = c.tcp.CloseWrite(); c.ends() })
	f("close_notify", true, func(c *client) { _ = c.Conn.(*tls.Conn).CloseWrite(); c.ends() })
	f("tls closed", true, func(c *client) { _ = c.Close() })
	f("tls cut off", true, func(c *client) { _ = c.tcp.Close() })
}

func TestParkedConnectionsCountForTheBound(t *testing.T) {
	s := open(t, setting{max: 3})
	var all []*client
	for range 3 {
		c := s.dial()
		c.get("/")
		all = append(all, c)
	}
	s.parked(3)
	s.dial().ends() // unanswered
	all[0].get("/again")
	all[1].get("/again")
	s.dial().ends()
	_ = all[2].Close()
	s.until("there is room", func() bool { return s.l.Open() == 2 })
	s.dial().get("/new")
}

func TestCloseEndsWhoIsParkedAndWaitsForIt(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		const visitors = 50
		s := open(t, setting{secure: secure})
		var all []*client
		for range visitors {
			c := s.dial()
			c.get("/")
			all = append(all, c)
		}
		s.parked(visitors)
		if err := s.l.Close(); err != nil {
			t.Error(err)
		}
		if s.l.Parked() != 0 || s.l.Open() != 0 {
			t.Errorf("%d parked, %d counted after Close", s.l.Parked(), s.l.Open())
		}
		for _, c := range all {
			c.ends()
		}
		if err := <-s.served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if _, err := s.l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepting after Close: %v", err)
		}
		_ = s.l.Close() // again
	})
}

func TestShutdownEndsWhoIsIdleAndFinishesWhoIsNot(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		busy, release := make(chan struct{}), make(chan struct{})
		var s *site
		s = open(t, setting{secure: secure, handler: func(ctx *fasthttp.RequestCtx) {
			if string(ctx.Path()) == "/busy" {
				close(busy)
				<-release
			}
			s.answer(ctx)
		}})
		works := s.dial()
		works.get("/first")
		var idle []*client
		for range 5 {
			c := s.dial()
			c.get("/")
			idle = append(idle, c)
		}
		s.parked(6)
		works.send(request("/busy"))
		<-busy
		down := make(chan error)
		go func() { down <- s.server.Shutdown() }()
		for _, c := range idle {
			c.ends()
		}
		s.until("one is left", func() bool { return s.l.Open() == 1 })
		close(release)
		if a, body := works.read(); body != "/busy " || !a.Close {
			t.Errorf("got %q, closing %v", body, a.Close)
		}
		works.ends()
		if err := <-down; err != nil {
			t.Error(err)
		}
		if err := <-s.served; err != nil {
			t.Error(err)
		}
		s.until("nobody is left", func() bool { return s.l.Open() == 0 })
	})
}

func TestWhoSpeaksAfterParkingHasToFinishARequest(t *testing.T) {
	t.Parallel()
	conns.Both(t, func(t *testing.T, secure bool) {
		s := open(t, setting{secure: secure, limits: strict.Limits{ReadTimeout: time.Second}})
		c := s.dial()
		c.get("/")
		s.parked(1)
		start := time.Now()
		c.send("G")
		if a, _ := c.read(); a.StatusCode != 408 || !a.Close {
			t.Errorf("got %d, closing %v", a.StatusCode, a.Close)
		}
		if took := time.Since(start); took < time.Second {
			t.Errorf("refused after %v", took)
		}
		c.ends()
		s.until("nobody is left", func() bool { return s.l.Open() == 0 })
		if got := s.refusals(); got != "slow" {
			t.Errorf("refused: %q", got)
		}
	})
}

func TestWhoNeverSpeaksIsLeftWithoutAWord(t *testing.T) {
	t.Parallel()
	conns.Both(t, func(t *testing.T, secure bool) {
		s := open(t, setting{secure: secure, limits: strict.Limits{ReadTimeout: 50 * time.Millisecond}})
		c := s.dial()
		c.ends()
		s.until("nobody is left", func() bool { return s.l.Open() == 0 })
		if got := s.refusals(); got != "" {
			t.Errorf("refused: %q", got)
		}
	})
}

func TestAConnectionWithAllItsRequestsEndsAndIsNotParked(t *testing.T) {
	var nth atomic.Uint64
	var s *site
	s = open(t, setting{after: time.Minute, idle: time.Hour, limits: strict.Limits{MaxRequests: 3}, handler: func(ctx *fasthttp.RequestCtx) {
		nth.Store(ctx.ConnRequestNum())
		s.answer(ctx)
	}})
	c := s.dial()
	c.send(request("/1") + request("/2") + request("/3") + request("/4"))
	for _, path := range []string{"/1", "/2", "/3"} {
		c.answers(path, "")
	}
	_, _ = io.Copy(io.Discard, c.br) // it ends, by a reset since it was not read to its end
	s.until("it is gone", func() bool { return s.l.Open() == 0 && s.l.Parked() == 0 })
	s.counts(map[string]int{"/1": 1, "/2": 1, "/3": 1})
	if nth.Load() != 3 {
		t.Errorf("the last request was number %d", nth.Load())
	}
}

// What the server writes before it sets a deadline for its answer must not meet the one
// of the answer before.
func TestNoDeadlineIsLeftFromBeforeParking(t *testing.T) {
	t.Parallel()
	conns.Both(t, func(t *testing.T, secure bool) {
		const limit = time.Second
		s := open(t, setting{secure: secure, limits: strict.Limits{WriteTimeout: limit}})
		c := s.dial()
		c.get("/")
		answered := time.Now()
		s.parked(1)
		s.until("the deadline has passed", func() bool { return time.Since(answered) > limit })
		c.send("POST /body HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
		if a, _ := c.read(); a.StatusCode != 100 {
			t.Fatalf("got %d", a.StatusCode)
		}
		c.send("body")
		c.answers("/body", "body")
	})
}

// failing is a listener whose first answers are errors.
type failing struct {
	net.Listener
	errs chan error
}

func (l *failing) Accept() (net.Conn, error) {
	select {
	case err := <-l.errs:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
	default:
		return l.Listener.Accept()
	}
}

func TestAcceptingGoesOnAfterAPassingError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln = &failing{Listener: ln, errs: make(chan error, 2)}
	ln.(*failing).errs <- os.NewSyscallError("accept4", syscall.EMFILE)
	ln.(*failing).errs <- os.NewSyscallError("accept4", syscall.ENFILE)
	s := open(t, setting{listener: ln})
	s.dial().get("/")
	s.parked(1)
}

func TestAcceptingEndsWithAnErrorThatStays(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bad := &failing{Listener: ln, errs: make(chan error, 1)}
	s := open(t, setting{listener: bad})
	parked := s.dial()
	parked.get("/")
	s.parked(1)
	bad.errs <- os.NewSyscallError("accept4", syscall.EBADF)
	last := s.dial() // what is accepted before the error is looked at
	parked.ends()
	if err := <-s.served; !errors.Is(err, syscall.EBADF) {
		t.Errorf("the server ended with %v", err)
	}
	for range 2 {
		if _, err := s.l.Accept(); !errors.Is(err, syscall.EBADF) {
			t.Errorf("accepting again: %v", err)
		}
	}
	_ = last.Close()
}

func TestCloseDoesNotWaitForAnErrorToPass(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := conns.Listen(always{ln}, conns.Options{After: time.Second, Idle: time.Minute, Max: 1})
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// always has no file left.
type always struct{ net.Listener }

func (always) Accept() (net.Conn, error) {
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}

func TestNobodyIsParkedAfterClose(t *testing.T) {
	busy, release := make(chan struct{}), make(chan struct{})
	var s *site
	s = open(t, setting{handler: func(ctx *fasthttp.RequestCtx) {
		close(busy)
		<-release
		s.answer(ctx)
	}})
	c := s.dial()
	c.send(request("/"))
	<-busy
	s.l.Close()
	close(release)
	c.answers("/", "")
	c.ends()
	s.until("it is gone", func() bool { return s.l.Open() == 0 })
	if n := s.l.Parked(); n != 0 {
		t.Errorf("%d are parked", n)
	}
}
