// Package conns makes a visitor's connection cheap, in time while it is used and in
// memory while it is not.
//
// Deadlines are armed lazily: a server sets three of them per request, and hardly one
// is ever met. A timer of the runtime is touched only where it would come too late; one
// that comes too early is looked at and set anew. So a deadline holds exactly, and
// costs nothing as long as requests follow each other.
//
// A connection that is idle for a moment is parked: the server believes it closed, and
// gives back its buffers, its context and its worker. When its next request comes it is
// accepted once more. A telephone that waits for its turn costs some 3 KiB instead of
// some 30, and whoever asks again at once never leaves the server.
//
// It reads and writes nothing of its own, knows no HTTP, and believes of a connection
// only what the server says: that it is idle. Only then is nothing of a request under way.
package conns

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Options are what a listener is made of.
type Options struct {
	// After is how long a connection is idle before it is parked.
	After time.Duration
	// Idle is how long a connection may wait for its next request altogether, parked or
	// not. It has to be the server's IdleTimeout.
	Idle time.Duration
	// Max bounds the connections at a time, parked ones included. What comes above it
	// is closed unanswered.
	Max int
}

// Listener accepts connections for a fasthttp.Server, whose ConnState has to be State.
type Listener struct {
	net.Listener

	o     Options
	ready chan net.Conn
	ended chan struct{} // closed with the listener

	mu     sync.Mutex
	parked map[*spot]struct{}
	open   int
	closed bool
	err    error // why accepting ended
	work   sync.WaitGroup
}

// Listen accepts from ln until Close. Each accepted connection has to be given to a server.
func Listen(ln net.Listener, o Options) *Listener {
	l := &Listener{
		Listener: ln, o: o,
		ready: make(chan net.Conn), ended: make(chan struct{}), parked: map[*spot]struct{}{},
	}
	l.work.Go(l.accept)
	return l
}

func (l *Listener) accept() {
	for {
		c, err := l.Listener.Accept()
		switch {
		case err == nil && !l.enter():
			_ = c.Close()
		case err == nil:
			if !l.offer(c) {
				return
			}
		case !l.pause(err):
			l.end(err)
			return
		}
	}
}

// pause waits a moment where accepting may work again: there were no more files to be
// had, or the visitor was gone before. It returns false where it will not.
func (l *Listener) pause(err error) bool {
	var passing interface{ Temporary() bool }
	if !errors.As(err, &passing) || !passing.Temporary() {
		return false
	}
	t := time.NewTimer(50 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.ended:
		return false
	}
}

// enter counts a connection, if there is room for it.
func (l *Listener) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.open >= l.o.Max {
		return false
	}
	l.open++
	return true
}

func (l *Listener) left() {
	l.mu.Lock()
	l.open--
	l.mu.Unlock()
}

// offer hands a connection to the server; false after the listener was closed.
func (l *Listener) offer(c net.Conn) bool {
	select {
	case l.ready <- l.wrap(c):
		return true
	case <-l.ended:
		_ = c.Close()
		l.left()
		return false
	}
}

// Accept waits for a connection that is new, or that was parked and has something to say.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.ended:
		l.mu.Lock()
		defer l.mu.Unlock()
		return nil, l.err
	}
}

// Close stops accepting, and closes what is parked. It may be called more than once.
func (l *Listener) Close() error {
	err := l.Listener.Close()
	l.end(net.ErrClosed)
	l.work.Wait()
	return err
}

// end wakes Accept, and whoever is parked.
func (l *Listener) end(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed, l.err = true, why
	close(l.ended)
	for s := range l.parked {
		_ = s.SetReadDeadline(time.Unix(1, 0))
	}
}

// Parked is how many connections are parked now.
func (l *Listener) Parked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.parked)
}

// State has to be told by the server of each connection's states, in the goroutine
// that serves it, or before there is one.
func State(c net.Conn, s fasthttp.ConnState) {
	own, ok := c.(*conn)
	if over, is := c.(*secure); is {
		own, ok = over.conn, true
	}
	if ok && (s == fasthttp.StateNew || s == fasthttp.StateIdle || s == fasthttp.StateActive) {
		own.idle, own.fresh = s == fasthttp.StateIdle, s == fasthttp.StateNew
	}
}

// Found is what Peek found.
type Found int

// What can be found.
const (
	Quiet   Found = iota // open, and nothing to read
	Data                 // open, with bytes waiting
	Gone                 // closed by the other end, or broken
	Unknown              // not to be told of this kind of connection
)

// socket is the connection at the bottom.
func socket(c net.Conn) net.Conn {
	for {
		over, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = over.NetConn()
	}
}
