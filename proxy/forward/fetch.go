package forward

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

// FetchHolds is the most that Fetch holds of a body in bytes before it asks.
const FetchHolds = answerHeld

// Fetched is an answer that came whole, to nobody in particular.
type Fetched struct {
	Answer
	// Response holds the head. It and Body belong to the caller.
	Response *fasthttp.Response
	Body     []byte
	// Whole is false where the body was longer than the caller would hold; it is left out then.
	Whole bool
}

// Fetch sends r, a GET without a body, for no visitor, and reads the whole answer. hold is
// asked whether a body may grow to so many bytes in all, once for all of them where its
// length is known. Fetch blocks until the answer is there, until x.Until, or until x.Watch
// says that it is over. The error is one of this package's.
func (b *Backend) Fetch(r *strict.Request, x *Extra, hold func(total int64) bool) (Fetched, error) {
	ctx := &fasthttp.RequestCtx{}
	ctx.Init2(nobody{over: x.watch()}, nil, true)
	answer, err := b.Forward(ctx, r, x)
	f := Fetched{Answer: answer, Response: &ctx.Response}
	if err != nil {
		return f, err
	}
	stream := ctx.Response.BodyStream()
	if stream == nil {
		f.Body = ctx.Response.SwapBody(nil)
		f.Whole = hold(int64(len(f.Body)))
		return f, nil
	}
	f.Body, f.Whole, err = readHeld(stream, int64(ctx.Response.Header.ContentLength()), hold)
	if closing := ctx.Response.CloseBodyStream(); err == nil {
		err = closing
	}
	if err != nil {
		return f, known(err)
	}
	return f, nil
}

// readHeld reads a body to its end as long as hold agrees. length is below zero where it
// is not known.
func readHeld(stream io.Reader, length int64, hold func(int64) bool) (body []byte, whole bool, err error) {
	if length >= 0 {
		if !hold(length) {
			return nil, false, nil
		}
		body = make([]byte, length)
		_, err = io.ReadFull(stream, body)
		return body, err == nil, err
	}
	piece := pieces.get()
	defer pieces.put(piece)
	for {
		n, err := stream.Read((*piece)[:])
		if n > 0 && !hold(int64(len(body)+n)) {
			return nil, false, nil
		}
		body = append(body, (*piece)[:n]...)
		if errors.Is(err, io.EOF) {
			return body, true, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
}

// known makes one of this package's errors of how a body broke off.
func known(err error) error {
	if errors.Is(err, ErrSlow) || errors.Is(err, ErrNonsense) || errors.Is(err, ErrDown) {
		return err
	}
	if errors.Is(err, errEnded) {
		return fmt.Errorf("%w: %w", ErrSlow, err)
	}
	return fmt.Errorf("%w: %w", ErrDown, err)
}

// nobody is the connection of a request that no visitor waits for.
type nobody struct {
	net.Conn
	over func() bool
}

func (nobody) SetReadDeadline(time.Time) error  { return nil }
func (nobody) SetWriteDeadline(time.Time) error { return nil }

// gone says that the answer is not wanted any more.
func (n nobody) gone() bool { return n.over != nil && n.over() }
