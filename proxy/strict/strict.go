// Package strict decides whether what arrived on a visitor's connection is one
// unambiguous HTTP/1.1 request, and gives its one canonical form.
//
// It promises that a request which passes has exactly one reading: one method
// of a short list, one host, one path without encodings that another parser
// could read differently, one framing, no line that two servers could split in
// two ways. The gate decides on that form and the forwarder sends that form, so
// what was decided on is what the backend sees.
//
// It does not decide who may come in, knows no rooms and no passes, and does
// not read bodies. fasthttp's own parser runs before it; the leniencies that
// parser has are refused here, save two that it leaves no trace of: a bare LF
// at the end of the request line and blank lines before it (RFC 9112, section
// 2.2 allows both). They cannot reach a backend, since the request is written anew.
package strict

import (
	"github.com/valyala/fasthttp"
)

// Allow is the value of the Allow field for a refusal with status 405.
const Allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

const (
	defaultMaxFields = 100
	defaultMaxTarget = 8 << 10
)

// Filter is the configured strictness. The zero value is the strictest, with
// the default bounds. It may be shared by goroutines and must not be changed
// once in use.
type Filter struct {
	// MaxFields bounds the header fields of a request; 0 means 100. Above it: 431.
	MaxFields int
	// MaxTarget bounds the request target in bytes; 0 means 8192. Above it: 414.
	MaxTarget int
	// NoChunked refuses chunked request bodies with 411, for set-ups whose
	// front load balancer reads chunk syntax differently.
	NoChunked bool
	// PathParameters lets `;` stand in a path ("/a;jsessionid=1"). Segments
	// that are dots before the `;` are refused all the same.
	PathParameters bool
	// Cookies are the names of the gateway's own cookies. A request that
	// carries one of them twice is refused.
	Cookies CookieNames
}

// Request is the canonical request. Its slices alias the buffers of the
// RequestCtx it was read from, or its own, and die with the handler: whatever
// outlives it has to be copied. A Request may be used again for another Check,
// which keeps its buffers.
type Request struct {
	// Method is one of the seven in Allow.
	Method string
	// Host is lower-case, without port and without trailing dot.
	Host []byte
	// Authority is Host with the port, if one was sent: what the Host field
	// of a forwarded request says.
	Authority []byte
	// Path starts with a slash. Unreserved characters stand for themselves,
	// everything that needs it is percent-encoded with upper-case digits; there
	// are no empty segments, no dot segments, no encoded slashes.
	Path []byte
	// Query is what follows the question mark, without it, and nil where there
	// is no question mark; raw bytes above
	// 0x7F are percent-encoded, the rest is as it was sent.
	Query []byte
	// Upgrade says that this is a WebSocket handshake: GET, HTTP/1.1,
	// `Upgrade: websocket`, and `upgrade` among the Connection options. Any other
	// Upgrade field is ignored, and not forwarded (RFC 9110, section 7.8).
	Upgrade bool
	// HTTP11 is false for HTTP/1.0.
	HTTP11 bool
	// ContentLength is the body's length in bytes, -1 for a chunked body, 0
	// for none.
	ContentLength int64
	// Fields are the header fields in their order, each with what it is.
	Fields []Field
	// Nominated says that Connection names fields that are not hop-by-hop by
	// themselves, so that each field has to be looked for in it.
	Nominated bool

	fixed  [fixedKinds][]byte
	own    []cookie
	path   []byte
	query  []byte
	host   []byte
	plain  []byte
	chunks bool
	upgrad bool
}

// Field is one header field as it was sent: the name in the client's spelling,
// the value without surrounding white space.
type Field struct {
	Name, Value []byte
	Kind        Kind
}

// Refusal says why a request is not taken. The zero Refusal means that it is.
type Refusal struct {
	// Status is the HTTP status to answer with, 0 for none.
	Status int
	// Reason is a stable slug, fit for a counter's label and a problem's type.
	Reason string
	// Close says that the connection must not be used again.
	Close bool
}

// Refused reports whether there is a refusal.
func (r Refusal) Refused() bool { return r.Status != 0 }

func refuse(status int, reason string) Refusal {
	return Refusal{Status: status, Reason: reason, Close: true}
}

func malformed(reason string) Refusal { return refuse(fasthttp.StatusBadRequest, reason) }

// Check reads the request in ctx into r and says whether it is to be refused.
// After a refusal r holds nothing to rely on. Check neither blocks nor reads
// the body, and does not allocate once r's buffers have grown.
func (f *Filter) Check(ctx *fasthttp.RequestCtx, r *Request) Refusal {
	h := &ctx.Request.Header
	r.reset()
	switch string(h.Protocol()) {
	case "HTTP/1.1":
		r.HTTP11 = true
	case "HTTP/1.0":
	default:
		return refuse(fasthttp.StatusHTTPVersionNotSupported, "version")
	}
	if no := f.fields(h.RawHeaders(), r); no.Refused() {
		return no
	}
	if no := r.method(h.Method()); no.Refused() {
		return no
	}
	if no := f.target(h.RequestURI(), r); no.Refused() {
		return no
	}
	if reason := r.authority(r.fixed[Host]); reason != "" {
		return malformed(reason)
	}
	if no := f.framing(r); no.Refused() {
		return no
	}
	r.Upgrade = r.HTTP11 && r.upgrad && r.Method == fasthttp.MethodGet && equalFold(r.fixed[Upgrade], "websocket")
	return f.cookies(r)
}

func (r *Request) reset() {
	*r = Request{
		Fields: r.Fields[:0], own: r.own[:0],
		path: r.path[:0], query: r.query[:0], host: r.host[:0], plain: r.plain[:0],
	}
}

// Value returns the value of the first field of a kind that stands at most
// once, nil where it is absent.
func (r *Request) Value(k Kind) []byte {
	if k < fixedKinds {
		return r.fixed[k]
	}
	return nil
}

// Get returns the value of the first field with that name, nil where there is
// none. The name is compared without regard to case.
func (r *Request) Get(name string) []byte {
	for i := range r.Fields {
		if f := &r.Fields[i]; len(f.Name) == len(name) && equalFold(f.Name, name) {
			return f.Value
		}
	}
	return nil
}

func (r *Request) method(m []byte) Refusal {
	switch string(m) {
	case "GET":
		r.Method = fasthttp.MethodGet
	case "HEAD":
		r.Method = fasthttp.MethodHead
	case "POST":
		r.Method = fasthttp.MethodPost
	case "PUT":
		r.Method = fasthttp.MethodPut
	case "PATCH":
		r.Method = fasthttp.MethodPatch
	case "DELETE":
		r.Method = fasthttp.MethodDelete
	case "OPTIONS":
		r.Method = fasthttp.MethodOptions
	case "CONNECT", "TRACE":
		return refuse(fasthttp.StatusNotImplemented, "method")
	default:
		return refuse(fasthttp.StatusMethodNotAllowed, "method")
	}
	return Refusal{}
}

// framing decides the body's length from the fields already collected
// (RFC 9112, section 6.3, without its leniencies).
func (f *Filter) framing(r *Request) Refusal {
	length := r.fixed[ContentLength]
	switch {
	case r.chunks && length != nil:
		return malformed("length-and-chunked")
	case r.chunks && !r.HTTP11:
		return malformed("chunked-http10")
	case r.chunks && f.NoChunked:
		return refuse(fasthttp.StatusLengthRequired, "chunked")
	case r.chunks:
		r.ContentLength = -1
	case length != nil:
		n, ok := Digits(length)
		if !ok {
			return malformed("length")
		}
		r.ContentLength = n
	}
	if r.ContentLength != 0 {
		switch r.Method {
		case fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodPatch:
		default:
			return malformed("body-not-expected")
		}
	}
	if e := r.fixed[Expect]; e != nil && !equalFold(e, "100-continue") {
		return refuse(fasthttp.StatusExpectationFailed, "expect")
	}
	return Refusal{}
}

// Digits reads a Content-Length: digits only, few enough to fit.
func Digits(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
