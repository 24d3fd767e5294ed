package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/queue"
	"waitroom/token"
)

// events and socket are the two ways to listen: an event stream and a WebSocket.
const (
	events = ""
	socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)

// live is somebody's open stream or tunnel. News arrives when the test says so.
type live struct {
	net.Conn
	t    *testing.T
	p    *person
	br   *bufio.Reader
	news chan<- string
}

// listen opens /live through the gate, with what the browser has.
func (p *person) listen(t *testing.T, lines string) *live {
	t.Helper()
	news := make(chan string)
	p.r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/live" {
			_, _ = io.WriteString(w, "inside "+q.Method+" "+q.RequestURI)
			return
		}
		tell(w, q, news)
	})
	c := p.dials(t, "Host: "+host+"\r\n"+lines)
	l := &live{c, t, p, bufio.NewReader(c), news}
	l.hears("first")
	return l
}

// dials asks for /live on a connection of its own, with these fields and what the browser has.
func (p *person) dials(t *testing.T, lines string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	text := "GET /live HTTP/1.1\r\n" + lines + "Cookie: a=1"
	for k, v := range p.cookies {
		text += "; " + k + "=" + v
	}
	for k, v := range p.fields {
		text += "\r\n" + k + ": " + v
	}
	if _, err := io.WriteString(c, text+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return c
}

// tell passes the news on, each as a line of its own, until the other side is gone.
func tell(w http.ResponseWriter, q *http.Request, news <-chan string) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer func() { _ = c.Close() }()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, rw)
	}()
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
	if q.Header.Get("Upgrade") != "" {
		// RFC 6455's own example, section 1.3.
		head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	}
	_, _ = io.WriteString(c, head)
	for {
		select {
		case text := <-news:
			_, _ = fmt.Fprintf(c, "data: %s\n\n", text)
		case <-gone:
			return
		}
	}
}

// hears lets the backend tell something, and reads it.
func (l *live) hears(text string) {
	l.t.Helper()
	limit := time.Now().Add(10 * time.Second)
	_ = l.SetReadDeadline(limit)
	select {
	case l.news <- text:
	case <-time.After(time.Until(limit)):
		l.t.Fatalf("%s: the backend's side is gone", text)
	}
	for {
		line, err := l.br.ReadString('\n')
		if err != nil {
			l.t.Fatalf("%s: %v", text, err)
		}
		if strings.TrimSpace(line) == "data: "+text {
			return
		}
	}
}

// ends waits for the end, and says how long it took.
func (l *live) ends() time.Duration {
	l.t.Helper()
	began := time.Now()
	_ = l.SetReadDeadline(began.Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, l.br); err != nil && strings.Contains(err.Error(), "timeout") {
		l.t.Fatal("it is not cut")
	}
	return time.Since(began)
}

// stops goes away, and waits until the gate has seen it.
func (l *live) stops() {
	l.t.Helper()
	_ = l.Close()
	for limit := time.Now().Add(10 * time.Second); l.p.r.options.Rooms[0].Backend.States()[0].InFlight > 0; {
		if time.Now().After(limit) {
			l.t.Fatal("the gate holds on to it")
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Whoever only listens makes no requests that would renew the pass, and is not idle.
func TestWhoOnlyListensKeepsTheSeat(t *testing.T) {
	f := func(why, lines string, ticket bool) {
		t.Helper()
		r := opened(t, settings{idle: minute, rules: func(q *queue.Rules) { q.PassTTL = hour }})
		p := r.inside()
		if !ticket {
			delete(p.cookies, "waitroom-ticket-"+room)
		}
		id, entries := r.jti(p.passed()), r.count("enter")
		r.crowd(50)
		l := p.listen(t, lines)
		before := r.line.touches.Load()
		for i := range 48 {
			r.pass(5 * second) // four minutes in all
			l.hears(fmt.Sprint(i))
			r.tick()
		}
		if n := r.line.touches.Load() - before; n < 12 || n > 16 {
			t.Errorf("%s: the store was told %d times in four minutes, want 16 at most", why, n)
		}
		if n := r.line.View().Active; n != 1 {
			t.Errorf("%s: %d count as inside", why, n)
		}
		l.stops()
		if _, err := r.keys.ReadPass([]byte(p.passed()), room, r.clock.Load()); err == nil {
			t.Fatalf("%s: the pass was renewed, so that nothing is shown here", why)
		}
		a := p.get("/next")
		if a.StatusCode == http.StatusSeeOther {
			a = p.get("/next")
		}
		a.wantInside(t, "/next")
		if r.jti(p.passed()) != id || r.count("enter") != entries {
			t.Errorf("%s: came back as somebody else", why)
		}
	}
	f("an event stream", events, true)
	f("a WebSocket", socket, true)
	f("an event stream, and the ticket is gone", events, false)
	f("a WebSocket, and the ticket is gone", socket, false)
}

func TestWhoStoppedListeningBecomesIdle(t *testing.T) {
	f := func(why, lines string) {
		t.Helper()
		r := opened(t, settings{idle: minute, rules: func(q *queue.Rules) { q.PassTTL = hour }})
		p := r.inside()
		l := p.listen(t, lines)
		r.pass(50 * second)
		l.hears("the last")
		l.stops()
		r.crowd(50)
		r.pass(minute + 5*second)
		p.get("/next").wantPage(t, 200, "waiting")
		if t.Failed() {
			t.Fatal(why)
		}
	}
	f("an event stream", events)
	f("a WebSocket", socket)
}

func TestListeningEndsWithThePass(t *testing.T) {
	f := func(why, lines string) {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			r := opened(t, settings{})
			p := r.inside()
			id, err := token.ParsePassID(r.jti(p.passed()))
			if err != nil {
				t.Fatal(err)
			}
			l := p.listen(t, lines)
			if err := r.line.End(context.Background(), queue.PassID(id), queue.WhyRevoked, "operator"); err != nil {
				t.Fatal(err)
			}
			if d := l.ends(); d > 3*time.Second {
				t.Errorf("cut %v after the pass was revoked", d)
			}
			r = begin(t, settings{idle: second, rules: func(q *queue.Rules) { q.PassTTL = 4 * second }})
			p = r.browser()
			p.get("/book").wantInside(t, "/book")
			if d := p.listen(t, lines).ends(); d < 2*time.Second || d > 8*time.Second {
				t.Errorf("cut after %v, where the pass lasts 4 s and 1 s unused", d)
			}
		})
	}
	f("an event stream", events)
	f("a WebSocket", socket)
}
