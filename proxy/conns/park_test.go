package conns_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/conns"
)

func TestAParkedConnectionIsAnsweredAgainAndAgain(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		s := open(t, setting{secure: secure})
		c := s.dial()
		want := map[string]int{}
		for i := range 20 {
			path := fmt.Sprintf("/%d", i)
			c.get(path)
			want[path] = 1
			s.parked(1)
			if n := s.l.Open(); n != 1 {
				t.Fatalf("%d are counted, want 1", n)
			}
			s.until("the server has let it go", func() bool { return s.server.GetOpenConnectionsCount() == 0 })
		}
		s.counts(want)
	})
}

func TestWhoeverAsksAgainAtOnceIsNotParked(t *testing.T) {
	var nth atomic.Uint64
	s := open(t, setting{after: time.Minute, idle: time.Hour, handler: func(ctx *fasthttp.RequestCtx) { nth.Store(ctx.ConnRequestNum()) }})
	c := s.dial()
	for i := range uint64(50) {
		c.send(request("/"))
		if c.read(); nth.Load() != i+1 {
			t.Fatalf("request %d was number %d of its connection", i+1, nth.Load())
		}
	}
}

func TestRequestsSentTogetherAreAnsweredInOrder(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		s := open(t, setting{secure: secure})
		c := s.dial()
		want := map[string]int{}
		for round := range 5 {
			var all strings.Builder
			for i := range 30 {
				all.WriteString(request(fmt.Sprintf("/%d/%d", round, i)))
				want[fmt.Sprintf("/%d/%d", round, i)] = 1
			}
			last := request(fmt.Sprintf("/%d/last", round))
			want[fmt.Sprintf("/%d/last", round)] = 1
			c.send(all.String() + last[:20])
			for i := range 30 {
				c.answers(fmt.Sprintf("/%d/%d", round, i), "")
			}
			if round == 0 {
				s.pauses()
				if s.l.Parked() != 0 {
					t.Fatal("parked with half a request read")
				}
			}
			c.send(last[20:])
			c.answers(fmt.Sprintf("/%d/last", round), "")
			s.parked(1)
		}
		s.counts(want)
	})
}

func TestARequestMayComeInPieces(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		s := open(t, setting{secure: secure})
		c := s.dial()
		c.get("/first")
		s.parked(1)
		text := "POST /second HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody"
		from := 0
		for _, to := range []int{1, 2, 30, len(text) - 5, len(text) - 2, len(text)} {
			c.send(text[from:to])
			from = to
			if to < len(text) {
				s.until("it is back with the server", func() bool { return s.l.Parked() == 0 })
				s.pauses()
			}
		}
		c.answers("/second", "body")
	})
}

// The moment at which a connection is parked is the one at which most can go wrong: so
// everybody speaks just then, and a little before and after.
func TestNothingIsLostThatComesWhileParking(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		const visitors, rounds, after = 8, 150, 2 * time.Millisecond
		s := open(t, setting{secure: secure, after: after})
		want := map[string]int{}
		var all sync.WaitGroup
		for v := range visitors {
			c := s.dial()
			for i := range rounds {
				want[fmt.Sprintf("/%d/%d", v, i)] = 1
			}
			all.Go(func() {
				for i := range rounds {
					path := fmt.Sprintf("/%d/%d", v, i)
					text := request(path)
					if i%3 == 0 { // the first byte alone, the rest at once or later
						c.send(text[:1])
						text = text[1:]
					}
					if i%6 == 0 {
						c.silent(rand.N(2 * after))
					}
					c.send(text)
					c.answers(path, "")
					c.silent(after/2 + rand.N(after))
				}
			})
		}
		all.Wait()
		s.counts(want)
		if t.Failed() {
			return
		}
		s.parked(visitors)
		if n := s.l.Open(); n != visitors {
			t.Errorf("%d are counted, want %d", n, visitors)
		}
	})
}

func TestABodyIsWaitedForHoweverSlowItIs(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		s := open(t, setting{secure: secure})
		c := s.dial()
		c.get("/first")
		c.send("POST /slow HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8\r\n\r\nhalf")
		s.pauses()
		if s.l.Parked() != 0 || s.l.Open() != 1 {
			t.Fatalf("%d parked, %d counted; want 0, 1", s.l.Parked(), s.l.Open())
		}
		c.send("rest")
		c.answers("/slow", "halfrest")
		s.parked(1)
		s.counts(map[string]int{"/first": 1, "/slow": 1})
	})
}

func TestAStreamedAnswerIsNotParked(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		more := make(chan string)
		var s *site
		s = open(t, setting{secure: secure, handler: func(ctx *fasthttp.RequestCtx) {
			if string(ctx.Path()) != "/stream" {
				s.answer(ctx)
				return
			}
			r, w := io.Pipe()
			go func() {
				for text := range more {
					_, _ = io.WriteString(w, text)
				}
				_ = w.Close()
			}()
			ctx.SetBodyStream(r, -1)
		}})
		c := s.dial()
		for range 2 {
			c.send(request("/stream"))
			more <- "one "
			s.pauses()
			if s.l.Parked() != 0 || s.l.Open() != 1 {
				t.Fatalf("%d parked, %d counted; want 0, 1", s.l.Parked(), s.l.Open())
			}
			more <- "two"
			close(more)
			if _, body := c.read(); body != "one two" {
				t.Fatalf("got %q", body)
			}
			s.parked(1)
			more = make(chan string)
		}
	})
}

func TestATunnelIsNotParked(t *testing.T) {
	conns.Both(t, func(t *testing.T, secure bool) {
		var s *site
		s = open(t, setting{secure: secure, handler: func(ctx *fasthttp.RequestCtx) {
			if string(ctx.Path()) != "/tunnel" {
				s.answer(ctx)
				return
			}
			ctx.SetStatusCode(fasthttp.StatusSwitchingProtocols)
			ctx.Hijack(func(c net.Conn) { _, _ = io.Copy(c, c) })
		}})
		c := s.dial()
		c.get("/first")
		s.parked(1)
		c.send("GET /tunnel HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		if a, _ := c.read(); a.StatusCode != 101 {
			t.Fatalf("got %d", a.StatusCode)
		}
		buf := make([]byte, 4)
		for range 3 {
			s.pauses()
			if s.l.Parked() != 0 || s.l.Open() != 1 {
				t.Fatalf("%d parked, %d counted; want 0, 1", s.l.Parked(), s.l.Open())
			}
			c.send("ping")
			if _, err := io.ReadFull(c.br, buf); err != nil || string(buf) != "ping" {
				t.Fatalf("got %q, %v", buf, err)
			}
		}
		_ = c.Close()
		s.until("the tunnel is gone", func() bool { return s.l.Open() == 0 })
	})
}

// A connection without a socket cannot be looked at: it stays with the server, for as
// long as it may be idle.
func TestWhatCannotBeLookedAtIsNotParked(t *testing.T) {
	pipes := &pipeListener{give: make(chan net.Conn), ended: make(chan struct{})}
	s := open(t, setting{listener: pipes})
	ours, theirs := net.Pipe()
	pipes.give <- theirs
	c := newClient(t, ours)
	tcp := open(t, setting{})
	for range 3 {
		c.get("/")
		tcp.pauses()
		if s.l.Parked() != 0 || s.l.Open() != 1 {
			t.Fatalf("%d parked, %d counted; want 0, 1", s.l.Parked(), s.l.Open())
		}
	}
}

// held keeps what is written to it.
type held struct {
	net.Conn
	keep atomic.Bool
	kept []byte
}

func (h *held) Write(p []byte) (int, error) {
	if !h.keep.Load() {
		return h.Conn.Write(p)
	}
	h.kept = append(h.kept, p...)
	return len(p), nil
}

// Below TLS a record may come in pieces, too: one part before parking, one after.
func TestATLSRecordMayComeInPieces(t *testing.T) {
	s := open(t, setting{secure: true})
	below, err := net.Dial("tcp", s.l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	h := &held{Conn: below}
	c := newClient(t, tls.Client(h, &tls.Config{InsecureSkipVerify: true}))
	for i, parked := range []bool{true, false, true, false} {
		c.get("/")
		if parked {
			s.parked(1)
		}
		h.keep.Store(true)
		path := fmt.Sprintf("/%d", i)
		c.send(request(path))
		h.keep.Store(false)
		_, _ = below.Write(h.kept[:3+10*(i/2)]) // within the record's head, and after it
		s.pauses()
		_, _ = below.Write(h.kept[3+10*(i/2):])
		h.kept = nil
		c.answers(path, "")
	}
	s.counts(map[string]int{"/": 4, "/0": 1, "/1": 1, "/2": 1, "/3": 1})
	if got := s.refusals(); got != "" {
		t.Errorf("refused: %s", got)
	}
}
