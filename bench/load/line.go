package load

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// line is one kept-alive connection, which visitors share one after the other, as
// people behind one load balancer do. It is opened when it is first needed.
type line struct {
	dial dialer
	r    *bufio.Reader
	// sent and received are bytes since traffic was last asked.
	sent, received int64

	mu     sync.Mutex
	conn   net.Conn
	closed bool
	// until is the deadline that is set: setting it costs, so it is set for some
	// requests at once.
	until time.Time
	fresh bool
}

// answerLimit is how long an answer may take; a request may get as much again.
const answerLimit = 30 * time.Second

func newLine(dial dialer) *line {
	l := &line{dial: dial}
	l.r = bufio.NewReaderSize(l, 8<<10)
	return l
}

// Read reads from the connection and counts.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.conn.Read(b)
	l.received += int64(n)
	return n, err
}

// exchange sends a request and reads its answer. Where a connection that was used
// before turns out to be closed, before any byte of an answer, it is asked again on a
// new one, as browsers do (RFC 9112, section 9.3.1).
func (l *line) exchange(request []byte, a *fasthttp.Response) error {
	for {
		err := l.open()
		if err != nil {
			return err
		}
		before, fresh := l.received, l.fresh
		l.fresh = false
		if err = l.try(request, a); err == nil {
			return nil
		}
		l.drop()
		var slow net.Error
		if fresh || l.received != before || errors.As(err, &slow) && slow.Timeout() {
			return err
		}
	}
}

// traffic gives the bytes since it was last asked.
func (l *line) traffic() (sent, received int64) {
	sent, received = l.sent, l.received
	l.sent, l.received = 0, 0
	return sent, received
}

func (l *line) try(request []byte, a *fasthttp.Response) error {
	n, err := l.conn.Write(request)
	l.sent += int64(n)
	if err != nil {
		return err
	}
	a.Reset()
	if err := a.Read(l.r); err != nil {
		return err
	}
	if a.ConnectionClose() {
		l.drop()
	}
	return nil
}

// open makes sure that there is a connection, and that it waits long enough.
func (l *line) open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errEnded
	}
	if l.conn == nil {
		conn, err := l.dial()
		if err != nil {
			return err
		}
		l.conn, l.fresh, l.until = conn, true, time.Time{}
		l.r.Reset(l)
	}
	if now := time.Now(); l.until.Sub(now) < answerLimit {
		l.until = now.Add(2 * answerLimit)
		return l.conn.SetDeadline(l.until)
	}
	return nil
}

// drop ends the connection; the next request opens another.
func (l *line) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// close ends the line for good, and what is under way on it. It may be called by others.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// what is a failure of the network in few words, without addresses.
func what(err error) string {
	var slow net.Error
	var op *net.OpError
	switch {
	case errors.As(err, &slow) && slow.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.As(err, &op):
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
