package forward

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// errEnded is the end of a stream or tunnel because the pass ended.
var errEnded = errors.New("pass ended")

// stream is the body of an answer that is passed on in pieces, after Forward
// has returned. It belongs to the server's loop over the connection.
type stream struct {
	b   *Backend
	ctx *fasthttp.RequestCtx
	c   *conn

	left    int64 // of the body, or of the current chunk
	chunked bool
	toClose bool
	begun   bool // a chunk has begun, so that its CRLF is due
	done    bool
	failed  bool

	silence time.Duration
	until   time.Time
	ended   func() bool
	now     time.Time
	limit   time.Time
	writeBy time.Time
}

// stream hands the rest of the answer to the response.
func (e *exchange) stream() error {
	s := &stream{
		b: e.b, ctx: e.ctx, c: e.c, until: e.x.Until, ended: e.x.watch(),
		silence: e.b.o.ResponseTimeout, now: time.Now(),
	}
	size := -1
	switch e.ans.length {
	case chunkedLength:
		s.chunked, s.silence = true, e.b.o.StreamTimeout
	case closeLength:
		s.toClose, s.silence = true, e.b.o.StreamTimeout
	default:
		s.left, size = e.ans.length, int(e.ans.length)
	}
	if !e.b.keepLong(e.c) {
		return fmt.Errorf("%w: closing", ErrDown)
	}
	e.ans.streams = true
	if err := s.allowWrite(); err != nil {
		e.ans.streams = false
		return fmt.Errorf("%w: %w", ErrClient, err)
	}
	if size < 0 && !e.r.HTTP11 {
		s.hijack()
		return nil
	}
	// The visitor of an event stream has to hear that it began.
	e.ctx.Response.ImmediateHeaderFlush = size < 0
	e.ctx.Response.SetBodyStream(s, size)
	return nil
}

// Read waits for the next piece.
func (s *stream) Read(p []byte) (int, error) {
	if s.done {
		return 0, io.EOF
	}
	n, err := s.read(p)
	if err == nil && n > 0 {
		if err = s.allowWrite(); err == nil {
			return n, nil
		}
	}
	if errors.Is(err, io.EOF) {
		s.done = true
		return n, io.EOF
	}
	if err != nil {
		s.failed = true
	}
	return n, err
}

func (s *stream) read(p []byte) (int, error) {
	if s.chunked && s.left == 0 {
		if err := s.nextChunk(); err != nil {
			return 0, err
		}
	}
	if s.left == 0 && !s.toClose {
		return 0, io.EOF
	}
	if !s.toClose && int64(len(p)) > s.left {
		p = p[:s.left]
	}
	n, err := s.wait(func() (int, error) { return s.c.br.Read(p) })
	if errors.Is(err, io.EOF) && !s.toClose {
		err = fmt.Errorf("%w: %w", ErrNonsense, io.ErrUnexpectedEOF)
	}
	if !s.toClose {
		s.left -= int64(n)
		if s.left == 0 && !s.chunked && err == nil {
			s.done = true
		}
	}
	return n, err
}

// wait reads, and looks up at each tick: at the pass, the visitor, the silence.
func (s *stream) wait(read func() (int, error)) (int, error) {
	s.limit = earlier(s.now.Add(s.silence), s.until)
	for {
		if s.c.br.Buffered() == 0 {
			if err := s.c.expectBy(s.now, s.limit); err != nil {
				return 0, err
			}
		}
		n, err := read()
		if n > 0 || err == nil {
			return n, err
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			return 0, err
		}
		s.now = time.Now()
		switch {
		case s.over():
			return 0, errEnded
		case !s.now.Before(s.limit):
			return 0, fmt.Errorf("%w: silent", ErrSlow)
		case clientGone(s.ctx):
			return 0, ErrClient
		}
	}
}

func (s *stream) over() bool {
	return !s.until.IsZero() && !s.now.Before(s.until) || s.ended != nil && s.ended()
}

// nextChunk reads size lines, and the trailers, which are dropped.
func (s *stream) nextChunk() error {
	if s.begun {
		line, err := s.line()
		if err != nil {
			return err
		}
		if len(line) != 0 {
			return fmt.Errorf("%w: chunk end", ErrNonsense)
		}
	}
	line, err := s.line()
	if err != nil {
		return err
	}
	if s.left, err = chunkSize(line); err != nil {
		return err
	}
	s.begun = true
	if s.left > 0 {
		return nil
	}
	for range maxFields {
		if line, err = s.line(); err != nil {
			return err
		}
		if len(line) == 0 {
			return io.EOF
		}
	}
	return fmt.Errorf("%w: trailers", ErrNonsense)
}

// line takes one line of chunk syntax. It is good until the next read.
func (s *stream) line() ([]byte, error) {
	br := s.c.br
	for {
		buf, _ := br.Peek(br.Buffered())
		line, n, err := chunkLine(buf)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			_, _ = br.Discard(n)
			return line, nil
		}
		have := len(buf)
		if _, err := s.wait(func() (int, error) { b, err := br.Peek(have + 1); return len(b) - have, err }); err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("%w: %w", ErrNonsense, io.ErrUnexpectedEOF)
			}
			return nil, err
		}
	}
}

// allowWrite gives the visitor time for the next piece, but not beyond the pass.
func (s *stream) allowWrite() error {
	s.now = time.Now()
	if s.over() {
		return errEnded
	}
	d := s.b.o.ClientTimeout
	if s.writeBy.Sub(s.now) > d/2 {
		return nil
	}
	s.writeBy = earlier(s.now.Add(d), s.until)
	return s.ctx.SetWriteDeadline(s.writeBy)
}

// SupportsBodyWriteTo tells fasthttp that WriteTo may take Read's place.
func (s *stream) SupportsBodyWriteTo() bool { return true }

// WriteTo passes the body on in larger pieces than fasthttp's own.
func (s *stream) WriteTo(w io.Writer) (int64, error) {
	buf := pieces.get()
	defer pieces.put(buf)
	total := int64(0)
	for {
		n, err := s.Read((*buf)[:])
		if n > 0 {
			m, werr := w.Write((*buf)[:n])
			total += int64(m)
			if werr != nil {
				s.failed = true
				return total, werr
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// CloseWithError ends the stream: the connection is kept only if the body came
// to its end. fasthttp calls it once the response is written, or could not be.
func (s *stream) CloseWithError(err error) error {
	if s.c == nil {
		return nil
	}
	if err != nil || s.failed || !s.done || s.toClose {
		s.c.spent = true
	}
	s.b.release(s.c, time.Now())
	s.c = nil
	return nil
}

// Close is CloseWithError without one.
func (s *stream) Close() error { return s.CloseWithError(nil) }

// hijack passes a body of unknown length to an HTTP/1.0 visitor, who cannot
// read chunks: it ends with the connection.
func (s *stream) hijack() {
	h := &s.ctx.Response.Header
	h.SetContentLength(-2)
	h.SetConnectionClose()
	head := append([]byte(nil), h.Header()...)
	s.ctx.HijackSetNoResponse(true)
	s.ctx.Hijack(func(c net.Conn) {
		defer func() {
			_ = recover() // nobody is left to be told
			_ = s.Close()
		}()
		s.writeBy = time.Time{} // the server has lifted the deadline
		if s.allowWrite() != nil {
			return
		}
		if _, err := c.Write(head); err == nil {
			_, _ = s.WriteTo(c)
		}
	})
}
