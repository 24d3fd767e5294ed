package forward

import (
	"crypto/sha1" // #nosec G505 -- RFC 6455 asks for it
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

// tunnel makes the WebSocket handshake with the backend, and only after its
// 101 gives the visitor's connection over to two copies (RFC 6455, section 4).
// Any other answer is passed on as one, and the visitor's connection closed after it.
func (e *exchange) tunnel() (Answer, error) {
	if status := checkHandshake(e.r); status != 0 {
		e.refuse(status)
		return Answer{Status: status}, nil
	}
	e.whole = true
	e.ctx.SetConnectionClose()
	e.head()
	c, err := e.b.connect(e.now, true, false)
	if err != nil {
		return Answer{}, err
	}
	e.c = c
	c.spent = true // for other requests
	switched, err := e.shake()
	if err != nil {
		a := c.addr
		e.b.release(c, e.now)
		e.blame(a, err)
		clearResponse(e.ctx)
		e.ctx.SetConnectionClose()
		return Answer{}, err
	}
	if !switched && !e.ans.streams {
		e.b.release(c, e.now)
	}
	return Answer{Status: e.ans.status, Command: e.ans.command}, nil
}

// checkHandshake returns the status to refuse with, 0 for none.
func checkHandshake(r *strict.Request) int {
	if string(r.Value(strict.SocketVersion)) != "13" {
		return fasthttp.StatusUpgradeRequired
	}
	var nonce [18]byte
	key := r.Value(strict.SocketKey)
	if len(key) != 24 {
		return fasthttp.StatusBadRequest
	}
	if n, err := base64.StdEncoding.Strict().Decode(nonce[:], key); err != nil || n != 16 {
		return fasthttp.StatusBadRequest
	}
	if r.ContentLength != 0 {
		return fasthttp.StatusBadRequest
	}
	return 0
}

func (e *exchange) refuse(status int) {
	reason := "websocket"
	if status == fasthttp.StatusUpgradeRequired {
		reason = "websocket-version"
	}
	strict.Refuse(e.ctx, strict.Refusal{Status: status, Reason: reason, Close: true})
	if status == fasthttp.StatusUpgradeRequired {
		e.ctx.Response.Header.Set("Sec-WebSocket-Version", "13")
		e.ctx.Response.Header.Set(fasthttp.HeaderUpgrade, "websocket")
	}
}

// shake sends the handshake and takes the answer.
func (e *exchange) shake() (switched bool, err error) {
	e.ans.reset()
	if err := e.send(); err != nil {
		return false, err
	}
	for range maxInterim {
		n, err := e.findHead()
		if err != nil {
			return false, err
		}
		head, _ := e.c.br.Peek(n)
		if err := e.ans.parse(head, e.r.Method); err != nil {
			return false, err
		}
		if e.ans.status == fasthttp.StatusSwitchingProtocols {
			return true, e.openTunnel(n)
		}
		if e.ans.status >= 200 {
			return false, e.take(n)
		}
		_, _ = e.c.br.Discard(n)
	}
	return false, fmt.Errorf("%w: too many interim answers", ErrNonsense)
}

// openTunnel checks the 101 and hands the visitor's connection over.
func (e *exchange) openTunnel(n int) error {
	want := acceptKey(e.r.Value(strict.SocketKey))
	if !e.ans.upgrading || !foldEqual(e.ans.upgrade, "websocket") || string(e.ans.accept) != want {
		return fmt.Errorf("%w: handshake", ErrNonsense)
	}
	if !e.b.keepLong(e.c) {
		return fmt.Errorf("%w: closing", ErrDown)
	}
	e.ctx.Response.Header.ResetConnectionClose()
	e.ans.apply(&e.ctx.Response, e.b.o.Cookies)
	_, _ = e.c.br.Discard(n)
	h := &e.ctx.Response.Header
	h.Set(fasthttp.HeaderUpgrade, "websocket")
	h.Set(fasthttp.HeaderConnection, "Upgrade")
	t := &tunnel{b: e.b, c: e.c, idle: e.b.o.StreamTimeout, until: e.x.Until, ended: e.x.watch()}
	e.ctx.Hijack(t.run)
	return nil
}

func foldEqual(b []byte, s string) bool { return len(b) == len(s) && foldPrefix(b, s) }

// acceptKey is what a WebSocket server has to answer to a key.
func acceptKey(key []byte) string {
	sum := sha1.Sum(append(append(make([]byte, 0, 60), key...), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...)) // #nosec G401
	return base64.StdEncoding.EncodeToString(sum[:])
}

// tunnel copies between a visitor and the backend until one of them ends it,
// both are silent for too long, or the pass ends.
type tunnel struct {
	b     *Backend
	c     *conn
	idle  time.Duration
	until time.Time
	ended func() bool
	heard atomic.Int64 // when anything last came, in nanoseconds
	done  atomic.Bool  // one direction has ended
}

// run owns both connections; it returns when both directions have ended.
func (t *tunnel) run(visitor net.Conn) {
	t.heard.Store(time.Now().UnixNano())
	upstream := make(chan struct{})
	go func() {
		defer close(upstream)
		defer func() { _ = recover() }()
		_ = t.copy(t.c.Conn, visitor, visitor)
		// Whoever ends first ends the other: closing is all that unblocks it.
		_ = t.c.Close()
	}()
	_ = t.copy(visitor, t.c.br, t.c.Conn)
	t.done.Store(true)
	_ = visitor.SetDeadline(time.Unix(1, 0))
	_ = t.c.Close()
	<-upstream
	t.b.release(t.c, time.Now())
}

// copy moves bytes one way. It wakes once a second to look at the pass.
func (t *tunnel) copy(to io.Writer, from io.Reader, source net.Conn) error {
	buf := pieces.get()
	defer pieces.put(buf)
	for {
		if err := source.SetReadDeadline(earlier(time.Now().Add(tick), t.until)); err != nil {
			return err
		}
		// Looked at after the deadline is set: whoever ends the other
		// direction sets done first, and a deadline that has passed second.
		if t.done.Load() {
			return errEnded
		}
		n, err := from.Read((*buf)[:])
		now := time.Now()
		if t.over(now) {
			return errEnded
		}
		if n > 0 {
			t.heard.Store(now.UnixNano())
			if err := t.write(to, (*buf)[:n], now); err != nil {
				return err
			}
		}
		var timeout net.Error
		if err != nil && (!errors.As(err, &timeout) || !timeout.Timeout()) {
			return err
		}
	}
}

func (t *tunnel) over(now time.Time) bool {
	return !t.until.IsZero() && !now.Before(t.until) || t.ended != nil && t.ended() ||
		now.UnixNano()-t.heard.Load() > int64(t.idle)
}

func (t *tunnel) write(to io.Writer, p []byte, now time.Time) error {
	if c, ok := to.(net.Conn); ok {
		if err := c.SetWriteDeadline(earlier(now.Add(t.b.o.ClientTimeout), t.until)); err != nil {
			return err
		}
	}
	_, err := to.Write(p)
	return err
}
