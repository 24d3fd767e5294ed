package forward

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"waitroom/proxy/conns"
)

const (
	// idleKept is how long an idle connection stays in the pool.
	idleKept = 30 * time.Second
	// idleTrusted is how long a connection may idle before it is looked at
	// prior to its next use: long enough not to cost a system call under load.
	idleTrusted = time.Second
	// readerSize also bounds an answer's head.
	readerSize = 16 << 10
)

var (
	errBusy      = errors.New("too many requests in flight")
	errNoAddress = errors.New("no healthy address")
)

// address is one place of the backend, with its idle connections and its health.
type address struct {
	hostPort string
	tls      *tls.Config
	o        *Options

	inFlight atomic.Int64
	down     atomic.Bool
	failures atomic.Int32

	mu   sync.Mutex
	idle []*conn
}

// conn is one connection to an address. It belongs to one exchange at a time.
type conn struct {
	net.Conn
	tcp  net.Conn // beneath TLS
	addr *address
	br   *bufio.Reader

	readBy, writeBy time.Time // deadlines now set
	idleSince       time.Time
	reused          bool
	spent           bool // never to be used again
	long            bool
}

// pick chooses the healthy address with the fewest requests in flight, other
// than those whose bit is set in tried. nil means there is none.
func (b *Backend) pick(tried uint64) *address {
	n := uint32(len(b.addresses)) // #nosec G115
	if n == 1 {
		if a := b.addresses[0]; tried == 0 && !a.down.Load() {
			return a
		}
		return nil
	}
	var best *address
	first := b.turn.Add(1)
	for i := range n {
		at := (first + i) % n
		a := b.addresses[at]
		if a.down.Load() || at < 64 && tried&(1<<at) != 0 {
			continue
		}
		if best == nil || a.inFlight.Load() < best.inFlight.Load() {
			best = a
		}
	}
	return best
}

func (b *Backend) bit(a *address) uint64 {
	for i, other := range b.addresses {
		if a == other && i < 64 {
			return 1 << i
		}
	}
	return 0
}

// connect takes an idle connection or makes one, going on to other addresses
// when connecting fails; nothing has been sent then. fresh asks for a new one;
// careful looks whether an idle one still lives, whatever its age.
func (b *Backend) connect(now time.Time, fresh, careful bool) (*conn, error) {
	var tried uint64
	why := errNoAddress
	for range len(b.addresses) {
		a := b.pick(tried)
		if a == nil {
			break
		}
		c, err := b.connectTo(a, now, fresh, careful)
		if err == nil {
			return c, nil
		}
		why = err
		tried |= b.bit(a)
		if len(b.addresses) == 1 {
			break
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrDown, why)
}

func (b *Backend) connectTo(a *address, now time.Time, fresh, careful bool) (*conn, error) {
	select {
	case <-b.closed:
		return nil, net.ErrClosed
	default:
	}
	if n := a.inFlight.Add(1); a.o.MaxInFlight > 0 && n > int64(a.o.MaxInFlight) {
		a.inFlight.Add(-1)
		return nil, errBusy
	}
	c := (*conn)(nil)
	if !fresh && !a.o.KeepAliveOff {
		c = a.take(now, careful)
	}
	if c == nil {
		var err error
		if c, err = a.dial(); err != nil {
			a.inFlight.Add(-1)
			b.failed(a, err, true)
			return nil, err
		}
	}
	if br, ok := b.readers.Get().(*bufio.Reader); ok {
		br.Reset(c.Conn)
		c.br = br
	} else {
		c.br = bufio.NewReaderSize(c.Conn, readerSize)
	}
	return c, nil
}

// take pops the idle connection that was used last.
func (a *address) take(now time.Time, careful bool) *conn {
	for {
		a.mu.Lock()
		n := len(a.idle)
		if n == 0 {
			a.mu.Unlock()
			return nil
		}
		c := a.idle[n-1]
		a.idle[n-1] = nil
		a.idle = a.idle[:n-1]
		a.mu.Unlock()
		age := now.Sub(c.idleSince)
		if age < idleKept && ((age < idleTrusted && !careful) || quiet(c.tcp)) {
			return c
		}
		_ = c.Close()
	}
}

func (a *address) dial() (*conn, error) {
	d := net.Dialer{Timeout: a.o.ConnectTimeout}
	raw, err := d.Dial("tcp", a.hostPort)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &conn{Conn: raw, tcp: raw, addr: a}
	if a.tls == nil {
		return c, nil
	}
	secure := tls.Client(raw, a.tls)
	_ = raw.SetDeadline(time.Now().Add(a.o.ConnectTimeout))
	if err := secure.Handshake(); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("connect by tls: %w", err)
	}
	_ = raw.SetDeadline(time.Time{})
	c.Conn = secure
	return c, nil
}

// release ends an exchange: the connection goes back to the idle ones, or is
// closed where it is spent or holds bytes that nobody asked for.
func (b *Backend) release(c *conn, now time.Time) {
	a := c.addr
	a.inFlight.Add(-1)
	if c.long {
		b.dropLong(c)
	}
	keep := !c.spent && !a.o.KeepAliveOff && c.br.Buffered() == 0
	c.br.Reset(nil)
	b.readers.Put(c.br)
	c.br = nil
	if keep {
		c.idleSince, c.reused = now, true
		a.mu.Lock()
		if len(a.idle) < a.o.MaxIdle {
			a.idle = append(a.idle, c)
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
	}
	_ = c.Close()
}

// closeIdle closes connections that have been idle since before t; the zero
// time means all.
func (a *address) closeIdle(t time.Time) {
	a.mu.Lock()
	var old []*conn
	kept := a.idle[:0]
	for _, c := range a.idle {
		if t.IsZero() || c.idleSince.Before(t) {
			old = append(old, c)
		} else {
			kept = append(kept, c)
		}
	}
	clear(a.idle[len(kept):])
	a.idle = kept
	a.mu.Unlock()
	for _, c := range old {
		_ = c.Close()
	}
}

// expectBy sets the read deadline to at most a tick from now and never after
// limit. Deadlines are left alone while they are good for half a tick, so that
// a busy connection pays for one in many requests only.
func (c *conn) expectBy(now, limit time.Time) error {
	if c.readBy.Sub(now) > tick/2 && !c.readBy.After(limit) {
		return nil
	}
	by := now.Add(tick)
	if by.After(limit) {
		by = limit
	}
	c.readBy = by
	return c.SetReadDeadline(by)
}

// sendBy makes sure that writes end; d is a rough bound.
func (c *conn) sendBy(now time.Time, d time.Duration) error {
	if c.writeBy.Sub(now) > d/2 {
		return nil
	}
	c.writeBy = now.Add(d)
	return c.SetWriteDeadline(c.writeBy)
}

// quiet reports that an idle connection may be used: open, as far as can be
// told, and without bytes that belong to no request.
func quiet(c net.Conn) bool {
	found := conns.Peek(c)
	return found == conns.Quiet || found == conns.Unknown
}
