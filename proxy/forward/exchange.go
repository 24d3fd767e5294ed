package forward

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/conns"
	"waitroom/proxy/strict"
)

const (
	// tick is how often a wait looks up: at the clock, at the pass, at whether
	// the visitor is still there.
	tick = time.Second
	// bodyHeld is how much of a request's body is held before it is sent: a
	// body up to this size keeps no connection to the backend waiting.
	bodyHeld = 64 << 10
	// answerHeld is the longest answer of known length that is read whole.
	answerHeld = 128 << 10
	// maxInterim bounds the 1xx answers before the real one.
	maxInterim = 8
)

// errStale is a reused connection that ended before any byte of an answer.
var errStale = errors.New("connection had been closed")

// exchange is one request and its answer under way. It is pooled.
type exchange struct {
	b   *Backend
	ctx *fasthttp.RequestCtx
	r   *strict.Request
	x   *Extra
	c   *conn

	now   time.Time // when the exchange was last looked at
	limit time.Time // when waiting for the answer ends
	out   []byte    // the head to send
	body  []byte    // what is held of the body
	whole bool      // body is all of it
	early bool      // the backend answered before it had the whole body
	ans   answer
}

// Forward sends the request r, which was read from ctx, and puts the backend's
// answer into ctx.Response, over what the caller has set there already. It
// blocks until the answer's head is there, and a short body with it; longer
// bodies are streamed when the server writes the response, so that what
// x.Watch returned may be called after Forward has returned. The error is one of this package's, with its cause.
func (b *Backend) Forward(ctx *fasthttp.RequestCtx, r *strict.Request, x *Extra) (Answer, error) {
	e := b.begin(ctx, r, x)
	defer b.end(e)
	if r.Upgrade {
		return e.tunnel()
	}
	if e.loops() {
		return Answer{}, ErrLoop
	}
	if err := e.holdBody(); err != nil {
		ctx.SetConnectionClose()
		return Answer{}, err
	}
	e.head()
	// Only these may be repeated: they change nothing, and have no body.
	safe := e.whole && len(e.body) == 0 && (r.Method == fasthttp.MethodGet || r.Method == fasthttp.MethodHead)
	err := e.try(false, !safe)
	if errors.Is(err, errStale) {
		if safe {
			err = e.try(true, false)
		} else {
			err = fmt.Errorf("%w: %w", ErrDown, err)
		}
	}
	if err != nil {
		clearResponse(ctx)
		if !e.whole || e.early {
			ctx.SetConnectionClose()
		}
		return Answer{}, err
	}
	return Answer{Status: e.ans.status, Command: e.ans.command}, nil
}

func (b *Backend) begin(ctx *fasthttp.RequestCtx, r *strict.Request, x *Extra) *exchange {
	e, ok := b.exchanges.Get().(*exchange)
	if !ok {
		e = &exchange{b: b, out: make([]byte, 0, 2<<10)}
	}
	e.ctx, e.r, e.x = ctx, r, x
	if e.now = x.Now; e.now.IsZero() {
		e.now = ctx.Time()
	}
	if e.now.IsZero() { // of a context that no server has made
		e.now = time.Now()
	}
	e.whole, e.early = false, false
	e.body = e.body[:0]
	return e
}

func (b *Backend) end(e *exchange) {
	e.ctx, e.r, e.x, e.c = nil, nil, nil, nil
	if cap(e.body) > bodyHeld || cap(e.out) > 64<<10 {
		return
	}
	e.ans.reset()
	b.exchanges.Put(e)
}

func clearResponse(ctx *fasthttp.RequestCtx) {
	closing := ctx.Response.ConnectionClose()
	_ = ctx.Response.CloseBodyStream()
	ctx.Response.Reset()
	ctx.Response.Header.SetNoDefaultContentType(true)
	if closing {
		ctx.SetConnectionClose()
	}
}

// try runs the exchange once on one connection.
func (e *exchange) try(fresh, careful bool) error {
	c, err := e.b.connect(e.now, fresh, careful)
	if err != nil {
		return err
	}
	e.c = c
	e.ans.reset()
	if err = e.send(); err == nil {
		err = e.receive()
	}
	if err != nil {
		c.spent = true
		a := c.addr
		e.b.release(c, e.now)
		e.blame(a, err)
		return err
	}
	if c.addr.failures.Load() != 0 {
		c.addr.failures.Store(0)
	}
	if !e.ans.streams {
		e.b.release(c, e.now)
	}
	return nil
}

// blame counts failures that are the address's.
func (e *exchange) blame(a *address, err error) {
	if errors.Is(err, ErrClient) || errors.Is(err, ErrTooLarge) || errors.Is(err, errStale) {
		return
	}
	e.b.failed(a, err, false)
}

// send writes head and body. An answer that comes before the body is through
// ends the sending.
func (e *exchange) send() error {
	c := e.c
	if err := c.sendBy(e.now, e.b.o.ResponseTimeout); err != nil {
		return e.lost(err)
	}
	e.limit = e.now.Add(e.b.o.ResponseTimeout)
	first := e.out
	if e.whole && len(e.body) > 0 {
		first = append(first, e.body...)
		e.out = first[:len(e.out)]
	}
	if _, err := c.Write(first); err != nil {
		return e.lost(err)
	}
	if e.whole {
		return nil
	}
	if err := e.sendBody(); err != nil {
		return err
	}
	e.now = time.Now()
	e.limit = e.now.Add(e.b.o.ResponseTimeout)
	return nil
}

// lost explains a connection that ended before an answer.
func (e *exchange) lost(err error) error {
	if e.c.reused && e.c.br.Buffered() == 0 {
		return errStale
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("%w: %w", ErrSlow, err)
	}
	return fmt.Errorf("%w: %w", ErrDown, err)
}

// more waits until the connection's buffer holds more than it does.
func (e *exchange) more() error {
	c := e.c
	for {
		if err := c.expectBy(e.now, e.limit); err != nil {
			return err
		}
		_, err := c.br.Peek(c.br.Buffered() + 1)
		if err == nil {
			return nil
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			return err
		}
		if e.now = time.Now(); !e.now.Before(e.limit) {
			return fmt.Errorf("%w: no answer in time", ErrSlow)
		}
		if clientGone(e.ctx) {
			return fmt.Errorf("%w: gone while waiting", ErrClient)
		}
	}
}

func clientGone(ctx *fasthttp.RequestCtx) bool {
	if n, ok := ctx.Conn().(nobody); ok {
		return n.gone()
	}
	return ctx.Conn() != nil && conns.Peek(ctx.Conn()) == conns.Gone
}

// receive reads the answer's head, skipping interim ones, and as much of its
// body as is held.
func (e *exchange) receive() error {
	for range maxInterim {
		n, err := e.findHead()
		if err != nil {
			return err
		}
		head, _ := e.c.br.Peek(n)
		if err := e.ans.parse(head, e.r.Method); err != nil {
			return err
		}
		if e.ans.status >= 200 || e.ans.status == fasthttp.StatusSwitchingProtocols {
			return e.take(n)
		}
		_, _ = e.c.br.Discard(n)
	}
	return fmt.Errorf("%w: too many interim answers", ErrNonsense)
}

// findHead waits for a whole head and returns its length.
func (e *exchange) findHead() (int, error) {
	br := e.c.br
	seen := 0
	for {
		buf, _ := br.Peek(br.Buffered())
		from := max(0, seen-3)
		if i := bytes.Index(buf[from:], crlfcrlf); i >= 0 {
			return from + i + 4, nil
		}
		if !soundSoFar(buf, from) {
			return 0, fmt.Errorf("%w: not a head", ErrNonsense)
		}
		seen = len(buf)
		if seen == br.Size() {
			return 0, fmt.Errorf("%w: head too long", ErrNonsense)
		}
		if err := e.more(); err != nil {
			return 0, e.headless(err, seen)
		}
	}
}

// headless explains why no whole head came.
func (e *exchange) headless(err error, seen int) error {
	switch {
	case errors.Is(err, ErrSlow), errors.Is(err, ErrClient):
		return err
	case seen == 0:
		return e.lost(err)
	}
	return fmt.Errorf("%w: broken off in the head: %w", ErrNonsense, err)
}

// soundSoFar tells early that a head will never be one, so that nobody waits
// for its end.
func soundSoFar(buf []byte, from int) bool {
	const start = "HTTP/1."
	n := min(len(buf), len(start))
	if string(buf[:n]) != start[:n] {
		return false
	}
	for i := from; i < len(buf); i++ {
		if buf[i] == '\n' && (i == 0 || buf[i-1] != '\r') {
			return false
		}
	}
	return true
}

// take puts the answer into ctx.Response. The head is n bytes of the buffer.
func (e *exchange) take(n int) error {
	if e.ans.status == fasthttp.StatusSwitchingProtocols {
		return fmt.Errorf("%w: 101 unasked", ErrNonsense)
	}
	e.ans.apply(&e.ctx.Response, e.b.o.Cookies)
	br := e.c.br
	_, _ = br.Discard(n)
	if e.ans.close || e.early {
		e.c.spent = true
	}
	if e.early {
		e.ctx.SetConnectionClose()
	}
	switch {
	case e.ans.bodyless:
	case e.ans.length >= 0 && e.ans.length <= answerHeld:
		if err := e.readWhole(int(e.ans.length)); err != nil {
			return err
		}
	case e.ans.length == chunkedLength && e.readChunksHeld():
	default:
		return e.stream()
	}
	if br.Buffered() > 0 {
		return fmt.Errorf("%w: bytes after the answer", ErrNonsense)
	}
	return nil
}

// readWhole reads a body of n bytes into the response.
func (e *exchange) readWhole(n int) error {
	resp, br := &e.ctx.Response, e.c.br
	if br.Buffered() >= n {
		b, _ := br.Peek(n)
		resp.SetBody(b)
		_, _ = br.Discard(n)
		return nil
	}
	body := resp.SwapBody(nil)
	if cap(body) < n {
		body = make([]byte, n)
	}
	body = body[:n]
	for at := 0; at < n; {
		if br.Buffered() == 0 {
			if err := e.c.expectBy(e.now, e.limit); err != nil {
				return err
			}
		}
		m, err := br.Read(body[at:])
		at += m
		if err == nil {
			continue
		}
		if err = e.pause(err); err != nil {
			return err
		}
	}
	resp.SwapBody(body)
	return nil
}

// pause decides what an error within a body means: nil is to go on waiting.
func (e *exchange) pause(err error) error {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		if e.now = time.Now(); !e.now.Before(e.limit) {
			return fmt.Errorf("%w: the rest of a body did not come", ErrSlow)
		}
		if clientGone(e.ctx) {
			return fmt.Errorf("%w: gone while waiting", ErrClient)
		}
		return nil
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: body shorter than its length", ErrNonsense)
	}
	return fmt.Errorf("%w: %w", ErrDown, err)
}
