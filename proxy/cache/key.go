package cache

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

// From is what the gate knows of a request beside its canonical form.
type From struct {
	// Scheme is what the backend is told: http or https.
	Scheme string
	// Open says that the path needs no pass.
	Open bool
	// Aliased says that a trusted proxy names another host than the request does.
	Aliased bool
}

// key is what tells resources apart: all that the backend sees of a fetch, save the
// fields that it says it looks at. None of its parts can hold a zero byte.
func key(q *strict.Request, scheme string) string {
	b := make([]byte, 0, len(scheme)+len(q.Authority)+len(q.Path)+len(q.Query)+3)
	b = append(append(b, scheme...), 0)
	b = append(append(b, q.Authority...), 0)
	b = append(b, q.Path...)
	if q.Query != nil {
		b = append(append(b, '?'), q.Query...)
	}
	return string(b)
}

// reason is why a request went to the backend, in the words of RFC 9211.
type reason string

const (
	none     reason = ""
	bypass   reason = "bypass"
	method   reason = "method"
	request  reason = "request"
	uriMiss  reason = "uri-miss"
	varyMiss reason = "vary-miss"
	stale    reason = "stale"
)

// unfit says why a request cannot be answered for everybody. Credentials are personal,
// parts of answers are not kept, and If-Match is about what the backend has now.
func unfit(q *strict.Request, from From) reason {
	switch {
	case q.Method != fasthttp.MethodGet && q.Method != fasthttp.MethodHead:
		return method
	case q.Upgrade, from.Aliased, q.ContentLength != 0, q.Value(strict.Authorization) != nil:
		return request
	}
	for i := range q.Fields {
		if f := &q.Fields[i]; f.Kind == strict.Plain && partial(f.Name) {
			return request
		}
	}
	return none
}

func partial(name []byte) bool {
	switch len(name) {
	case len("Range"):
		return bytes.EqualFold(name, []byte("range"))
	case len("If-Range"): // and If-Match
		return bytes.EqualFold(name, []byte("if-range")) || bytes.EqualFold(name, []byte("if-match"))
	case len("If-Unmodified-Since"):
		return bytes.EqualFold(name, []byte("if-unmodified-since"))
	}
	return false
}

// changes says that a method may change what the address shows (RFC 9110, section 9.2.1).
func changes(m string) bool {
	switch m {
	case fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodPatch, fasthttp.MethodDelete:
		return true
	}
	return false
}
