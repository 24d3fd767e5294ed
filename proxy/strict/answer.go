package strict

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/valyala/fasthttp"
)

// ErrBodyTooLarge is returned by Body for a body above its bound.
var ErrBodyTooLarge = errors.New("request body too large")

// Refuse answers with a problem document (RFC 9457) that names the reason and
// echoes nothing of the request. It replaces whatever ctx.Response held.
func Refuse(ctx *fasthttp.RequestCtx, no Refusal) {
	_ = ctx.Response.CloseBodyStream()
	ctx.Response.Reset()
	ctx.Response.Header.SetNoDefaultContentType(true)
	ctx.SetStatusCode(no.Status)
	ctx.Response.Header.SetContentType("application/problem+json")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	if no.Status == fasthttp.StatusMethodNotAllowed {
		ctx.Response.Header.Set(fasthttp.HeaderAllow, Allow)
	}
	if no.Close {
		ctx.SetConnectionClose()
	}
	ctx.Response.SetBodyString(`{"type":"urn:waitroom:problem:` + no.Reason + `","title":"` +
		fasthttp.StatusMessage(no.Status) + `","status":` + itoa3(no.Status) + `}`)
}

// itoa3 writes a status; there are no others than of three digits.
func itoa3(n int) string {
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

// Body reads a request's body of at most limit bytes. The slice is the
// caller's own. Above the limit it is ErrBodyTooLarge, and the connection is
// marked to be closed, since what follows is unread; so it is for a body that
// breaks off.
func Body(ctx *fasthttp.RequestCtx, limit int) ([]byte, error) {
	if ctx.Request.Header.ContentLength() > limit {
		ctx.SetConnectionClose()
		return nil, ErrBodyTooLarge
	}
	stream := ctx.RequestBodyStream()
	if stream == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(stream, int64(limit)+1))
	length := ctx.Request.Header.ContentLength()
	switch {
	case err != nil:
	case len(body) > limit:
		err = ErrBodyTooLarge
	case length >= 0 && len(body) != length, length < 0 && !BodyEnded(ctx):
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		ctx.SetConnectionClose()
		return nil, fmt.Errorf("read body: %w", err)
	}
	return body, nil
}

// unread is the body of a request that was not told to go on: it never comes. Whoever reads it
// finds that it broke off, so the request cannot be passed on as if it had none.
type unread struct{}

func (unread) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// BodyEnded reports, once ctx.RequestBodyStream has given io.EOF, whether the
// body came to its end. fasthttp gives the same io.EOF for a chunked body whose
// connection ended between two chunks, and tells the difference in a field
// that it does not export; a test holds it to that.
func BodyEnded(ctx *fasthttp.RequestCtx) bool {
	v := reflect.ValueOf(ctx.RequestBodyStream())
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return false
	}
	eof := v.Elem().FieldByName("eof")
	return eof.Kind() == reflect.Bool && eof.Bool()
}
