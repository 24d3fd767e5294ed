package conns

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is one connection in the server's hands.
type conn struct {
	net.Conn
	listener    *Listener
	peer        netip.Addr
	read, write lazy
	can         bool // there is a socket to be looked at, so that it can be parked
	// idle belongs to the goroutine that serves the connection: it waits for the first
	// byte of a request.
	idle  bool
	fresh bool        // as idle, for the first request
	parks atomic.Bool // the server was told that it ended, and will close it
	once  sync.Once
}

// secure is a conn over TLS, which the server asks for.
type secure struct {
	*conn
	tls *tls.Conn
}

func (s *secure) Handshake() error                     { return s.tls.Handshake() }
func (s *secure) ConnectionState() tls.ConnectionState { return s.tls.ConnectionState() }

// A write by TLS cannot go on after a timeout, so that its deadline must not come early.

func (s *secure) Write(p []byte) (int, error)        { return s.tls.Write(p) }
func (s *secure) SetWriteDeadline(t time.Time) error { return s.tls.SetWriteDeadline(t) }
func (s *secure) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

func (l *Listener) wrap(c net.Conn) net.Conn {
	_, can := socket(c).(syscall.Conn)
	own := &conn{Conn: c, listener: l, can: can && canPark}
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		own.peer = tcp.AddrPort().Addr().Unmap()
	}
	if t, ok := c.(*tls.Conn); ok {
		return &secure{conn: own, tls: t}
	}
	return own
}

// Peer is the address of the other end, worked out once; the zero Addr where it has none.
func (c *conn) Peer() netip.Addr { return c.peer }

// NetConn is the connection below.
func (c *conn) NetConn() net.Conn { return c.Conn }

func (c *conn) SetReadDeadline(t time.Time) error  { return c.read.set(t, c.Conn.SetReadDeadline) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.write.set(t, c.Conn.SetWriteDeadline) }
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *conn) Read(p []byte) (int, error) {
	for {
		if err := c.read.ready(c.parkAt(), c.Conn.SetReadDeadline); err != nil {
			return 0, err
		}
		n, err := c.Conn.Read(p)
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if c.read.passed() {
			if c.fresh && n == 0 {
				// Browsers connect ahead of need. A refusal that nobody asked for would be read as the answer to the
				// first request, which may be under way already: the connection ends without a word.
				return 0, io.EOF
			}
			return n, err
		}
		if n > 0 {
			return n, nil
		}
		if at := c.parkAt(); !at.IsZero() && !time.Now().Before(at) {
			c.parks.Store(true)
			return 0, io.EOF
		}
	}
}

// parkAt is when the connection will have been idle for long enough; the zero time
// while it is not idle, or cannot be parked.
func (c *conn) parkAt() time.Time {
	if !c.idle || !c.can {
		return time.Time{}
	}
	by := c.read.wanted()
	if by.IsZero() {
		return by
	}
	return by.Add(c.listener.o.After - c.listener.o.Idle)
}

func (c *conn) Write(p []byte) (int, error) {
	written := 0
	for {
		if err := c.write.ready(time.Time{}, c.Conn.SetWriteDeadline); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:])
		written += n
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || c.write.passed() {
			return written, err
		}
	}
}

// Close ends the connection, or parks it where the server was told that it had ended.
func (c *conn) Close() error {
	var err error
	c.once.Do(func() {
		if c.parks.Load() && c.listener.park(c.Conn, c.read.wanted()) {
			return
		}
		err = c.Conn.Close()
		c.listener.left()
	})
	return err
}
