package forward

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"waitroom/proxy/conns"
	"waitroom/proxy/strict"
)

// pieceSize is how much of a streamed body is held at a time.
const pieceSize = 32 << 10

// holdBody reads a short body before a connection is taken, so that a slow
// visitor does not keep one. e.whole says that it was all of it.
func (e *exchange) holdBody() error {
	n := e.r.ContentLength
	limit := e.b.o.MaxBody
	if limit >= 0 && n > limit {
		return ErrTooLarge
	}
	stream := e.ctx.RequestBodyStream()
	if n == 0 || stream == nil {
		e.whole = true
		return nil
	}
	if n > bodyHeld {
		return nil
	}
	if cap(e.body) < bodyHeld {
		e.body = make([]byte, 0, bodyHeld)
	}
	for len(e.body) < bodyHeld {
		m, err := stream.Read(e.body[len(e.body):bodyHeld])
		e.body = e.body[:len(e.body)+m]
		if errors.Is(err, io.EOF) {
			if n > 0 && int64(len(e.body)) != n || n < 0 && !strict.BodyEnded(e.ctx) {
				return fmt.Errorf("%w: shorter than it should be", ErrClient)
			}
			e.whole = true
			break
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrClient, err)
		}
		if int64(len(e.body)) == n {
			e.whole = true
			break
		}
	}
	if limit >= 0 && int64(len(e.body)) > limit {
		return ErrTooLarge
	}
	return nil
}

// sendBody streams what holdBody left, in pieces. It returns early, without an
// error, when the backend answers before the end.
func (e *exchange) sendBody() error {
	buf := pieces.get()
	defer pieces.put(buf)
	sent := int64(0)
	chunked := e.r.ContentLength < 0
	if len(e.body) > 0 {
		if done, err := e.sendPiece(e.body, chunked); done || err != nil {
			return err
		}
		sent = int64(len(e.body))
	}
	stream := e.ctx.RequestBodyStream()
	var readBy time.Time
	for {
		e.now = time.Now()
		if readBy.Sub(e.now) < e.b.o.ClientTimeout/2 {
			readBy = earlier(e.now.Add(e.b.o.ClientTimeout), e.x.Until)
			if err := e.ctx.SetReadDeadline(readBy); err != nil {
				return fmt.Errorf("%w: %w", ErrClient, err)
			}
		}
		n, err := stream.Read((*buf)[:])
		sent += int64(n)
		if e.b.o.MaxBody >= 0 && sent > e.b.o.MaxBody {
			return ErrTooLarge
		}
		if n > 0 {
			if done, err := e.sendPiece((*buf)[:n], chunked); done || err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return e.endBody(chunked, sent)
		case err != nil:
			return fmt.Errorf("%w: %w", ErrClient, err)
		}
	}
}

func (e *exchange) endBody(chunked bool, sent int64) error {
	if !chunked {
		if sent != e.r.ContentLength {
			return fmt.Errorf("%w: shorter than its length", ErrClient)
		}
		return nil
	}
	if !strict.BodyEnded(e.ctx) {
		return fmt.Errorf("%w: without a last chunk", ErrClient)
	}
	_, err := e.write([]byte("0\r\n\r\n"))
	return err
}

// sendPiece writes one piece, framed where chunked. done means that the
// backend has answered, or has hung up with an answer perhaps left to read.
func (e *exchange) sendPiece(p []byte, chunked bool) (done bool, err error) {
	if e.c.tcp == e.c.Conn && conns.Peek(e.c.tcp) == conns.Data {
		e.early = true
		return true, nil
	}
	if chunked {
		var size [20]byte
		line := append(strconv.AppendInt(size[:0], int64(len(p)), 16), '\r', '\n')
		if done, err = e.write(line); done || err != nil {
			return done, err
		}
	}
	if done, err = e.write(p); done || err != nil || !chunked {
		return done, err
	}
	return e.write([]byte("\r\n"))
}

// write sends p, looking up at each tick whether an answer has come, since a
// backend that has answered may never read the rest.
func (e *exchange) write(p []byte) (done bool, err error) {
	c := e.c
	end := time.Now().Add(e.b.o.ResponseTimeout)
	for {
		c.writeBy = end
		if c.Conn == c.tcp { // a write by TLS cannot go on after a timeout
			c.writeBy = earlier(time.Now().Add(tick), end)
		}
		if err := c.SetWriteDeadline(c.writeBy); err != nil {
			return false, e.lost(err)
		}
		n, err := c.Write(p)
		if err == nil {
			return false, nil
		}
		p = p[n:]
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			e.early = true
			return true, nil
		}
		if conns.Peek(c.tcp) == conns.Data {
			e.early = true
			return true, nil
		}
		if c.Conn != c.tcp || !time.Now().Before(end) {
			return false, fmt.Errorf("%w: does not take the body", ErrSlow)
		}
	}
}

// earlier is the earlier of two times; a zero u is never.
func earlier(t, u time.Time) time.Time {
	if u.IsZero() || t.Before(u) {
		return t
	}
	return u
}
