package strict

import (
	"errors"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/conns"
)

// Limits bound what one connection or request may take. A zero field means its default.
type Limits struct {
	// ReadTimeout is how long a visitor may take to send a request; 10 s. A
	// body that is streamed to a backend gets new time with each piece.
	ReadTimeout time.Duration
	// WriteTimeout is how long a visitor may take to receive an answer; 30 s.
	// A streamed answer gets new time with each piece.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request; 60 s.
	IdleTimeout time.Duration
	// MaxHeader bounds request line and fields together, in bytes; 16 KiB.
	MaxHeader int
	// MaxRequests is how many requests a connection may carry; 1000. Where it was
	// parked in between (package conns) the count begins anew.
	MaxRequests int
	// MaxConnections bounds the connections at a time; 262,144.
	MaxConnections int
}

// Hooks are what a server calls. Only Handler is needed.
type Hooks struct {
	// Handler answers a request. A panic in it is answered with 500.
	Handler fasthttp.RequestHandler
	// Filter checks a request that waits for `100 Continue` before that is sent.
	Filter *Filter
	// Admits says whether the body of a request with `Expect: 100-continue` is
	// wanted. Where it is not, Handler gives the final answer at once, without the
	// body, and the connection ends (RFC 9110, section 10.1.1). Where
	// it is nil, every well-formed request is told to go on.
	Admits func(*fasthttp.RequestCtx) bool
	// Refused is told the slug of every request that the server itself refused.
	Refused func(reason string)
	// Panicked is told what a handler panicked with.
	Panicked func(value any)
	// Logger gets fasthttp's own lines; they never hold bytes of requests. nil drops them.
	Logger fasthttp.Logger
}

// Server returns a server with the settings that a gateway needs; it does not
// start it. Bodies are never read before the handler asks: it has to use Body,
// or stream ctx.RequestBodyStream. ctx.PostBody would read without a bound.
func Server(l Limits, h Hooks) *fasthttp.Server {
	s := &fasthttp.Server{
		Handler: recovering(h),
		// Nothing tells visitors what runs here, nor guesses at types.
		NoDefaultServerHeader: true,
		NoDefaultContentType:  true,
		// fasthttp's default for the first three is no limit at all.
		ReadTimeout:        orDuration(l.ReadTimeout, 10*time.Second),
		WriteTimeout:       orDuration(l.WriteTimeout, 30*time.Second),
		IdleTimeout:        orDuration(l.IdleTimeout, time.Minute),
		ReadBufferSize:     orInt(l.MaxHeader, 16<<10),
		MaxRequestsPerConn: orInt(l.MaxRequests, 1000),
		Concurrency:        orInt(l.MaxConnections, fasthttp.DefaultConcurrency),
		// Parks what is idle, if the listener is one of package conns.
		ConnState: conns.State,
		// The clock is read by who needs it.
		LazyRequestTime: true,
		// Bodies go to the backend in pieces, and nowhere before the gate has
		// decided. One byte is the least that fasthttp reads ahead of the handler;
		// what a handler leaves unread is drained in small bounds, or the connection closes.
		StreamRequestBody:  true,
		MaxRequestBodySize: 1,
		// The default parses multipart bodies and writes them anew.
		DisablePreParseMultipartForm: true,
		// The default logs header bytes of requests that do not parse, cookies and all.
		SecureErrorLogMessage: true,
		CloseOnShutdown:       true,
		TCPKeepalive:          true,
		ExpectHandler:         expecting(h),
		ErrorHandler:          failing(h),
		Logger:                h.Logger,
	}
	if s.Logger == nil {
		s.Logger = silent{}
	}
	return s
}

// recovering turns a panic into an answer: fasthttp would let it end the process.
func recovering(h Hooks) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			Refuse(ctx, refuse(fasthttp.StatusInternalServerError, "internal"))
			if h.Panicked != nil {
				h.Panicked(v)
			}
		}()
		h.Handler(ctx)
	}
}

// expecting decides before `100 Continue` is sent, so that no body is invited
// that the gate will not let through.
func expecting(h Hooks) func(*fasthttp.RequestCtx) int {
	filter, handle := h.Filter, recovering(h)
	if filter == nil {
		filter = &Filter{}
	}
	return func(ctx *fasthttp.RequestCtx) (status int) {
		defer func() {
			if v := recover(); v != nil {
				status = fasthttp.StatusInternalServerError
				if h.Panicked != nil {
					h.Panicked(v)
				}
			}
		}()
		var r Request
		if no := filter.Check(ctx, &r); no.Refused() {
			if h.Refused != nil {
				h.Refused(no.Reason)
			}
			return no.Status
		}
		if h.Admits != nil && !h.Admits(ctx) {
			if n := ctx.Request.Header.ContentLength(); n > 0 || n == -1 {
				ctx.Request.SetBodyStream(unread{}, n)
			}
			handle(ctx)
			return ctx.Response.StatusCode()
		}
		return fasthttp.StatusContinue
	}
}

// failing answers what fasthttp's parser refused.
func failing(h Hooks) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		no := malformed("syntax")
		var small *fasthttp.ErrSmallBuffer
		var netErr net.Error
		switch {
		case errors.As(err, &small):
			no = refuse(fasthttp.StatusRequestHeaderFieldsTooLarge, "header-size")
		case errors.As(err, &netErr) && netErr.Timeout():
			no = refuse(fasthttp.StatusRequestTimeout, "slow")
		case errors.As(err, &netErr):
			no.Reason = "aborted"
		}
		if h.Refused != nil {
			h.Refused(no.Reason)
		}
		Refuse(ctx, no)
	}
}

func orDuration(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

func orInt(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

type silent struct{}

func (silent) Printf(string, ...any) {}
