package forward

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

// head writes the request's head anew: request line, Host, what the visitor
// may send on, what the gateway says, and the framing of the body.
func (e *exchange) head() {
	r, out := e.r, e.out[:0]
	out = append(out, r.Method...)
	out = append(out, ' ')
	out = append(out, r.Path...)
	if r.Query != nil {
		out = append(out, '?')
		out = append(out, r.Query...)
	}
	out = append(out, " HTTP/1.1\r\nHost: "...)
	out = append(out, r.Authority...)
	out = append(out, '\r', '\n')
	for i := range r.Fields {
		f := &r.Fields[i]
		switch f.Kind {
		case strict.Plain, strict.UserAgent, strict.Referer, strict.ContentType, strict.Authorization, strict.Origin,
			strict.FetchSite, strict.FetchMode, strict.FetchDest, strict.Platform:
		case strict.Cookie:
			if !r.IsNominated(f.Name) {
				out = e.b.appendCookies(out, f.Value)
			}
			continue
		case strict.SocketKey, strict.SocketVersion:
			if !r.Upgrade {
				continue
			}
		default:
			continue
		}
		if r.Nominated && r.IsNominated(f.Name) {
			continue
		}
		out = append(out, f.Name...)
		out = append(out, ':', ' ')
		out = append(out, f.Value...)
		out = append(out, '\r', '\n')
	}
	out = e.said(out)
	out = e.forwarded(out)
	e.out = e.framing(out)
}

// appendCookies passes the visitor's cookies on without the gateway's.
func (b *Backend) appendCookies(out, value []byte) []byte {
	start := len(out)
	out = append(out, "Cookie: "...)
	if !b.o.Cookies.Any(value) {
		out = append(out, value...)
		return append(out, '\r', '\n')
	}
	before := len(out)
	if out = b.o.Cookies.AppendOthers(out, value); len(out) == before {
		return out[:start]
	}
	return append(out, '\r', '\n')
}

// said adds what the gateway knows of the visitor.
func (e *exchange) said(out []byte) []byte {
	x := e.x
	out = appendField(out, "Waitroom-Room: ", x.Room)
	if len(x.Pass) > 0 && !strict.HasControl(x.Pass) {
		out = append(out, "Waitroom-Pass: "...)
		out = append(out, x.Pass...)
		out = append(out, '\r', '\n')
	}
	return appendField(out, "Waitroom-Subject: ", x.Subject)
}

func appendField(out []byte, name, value string) []byte {
	if value == "" {
		return out
	}
	start := len(out)
	out = append(out, name...)
	before := len(out)
	out = append(out, value...)
	if strict.HasControl(out[before:]) {
		return out[:start]
	}
	return append(out, '\r', '\n')
}

// forwarded rebuilds the fields that say where the request comes from. What a
// trusted proxy said is added to; what anybody else said is gone.
func (e *exchange) forwarded(out []byte) []byte {
	r, x := e.r, e.x
	peer := x.Peer
	if !peer.IsValid() {
		peer = x.ClientAddr
	}
	out = append(out, "X-Forwarded-For: "...)
	if x.FromProxy {
		out = appendList(out, r, strict.ForwardedFor)
	}
	if peer.IsValid() {
		out = peer.AppendTo(out)
	} else {
		out = append(out, "unknown"...)
	}
	proto, host := e.scheme(), r.Authority
	if x.FromProxy {
		if h := r.Value(strict.ForwardedHost); len(h) > 0 && fitsHost(h) {
			host = h
		}
	}
	out = append(out, "\r\nX-Forwarded-Proto: "...)
	out = append(out, proto...)
	out = append(out, "\r\nX-Forwarded-Host: "...)
	out = append(out, host...)
	out = append(out, '\r', '\n')
	if e.b.o.Forwarded || x.FromProxy {
		out = e.forwardedField(out, peer, proto, host)
	}
	if e.b.o.Via != "" {
		out = append(out, "Via: "...)
		out = appendList(out, r, strict.Via)
		out = append(out, "1.1 "...)
		out = append(out, e.b.o.Via...)
		out = append(out, '\r', '\n')
	}
	return out
}

// forwardedField writes RFC 7239's field where it is wanted, or where a
// trusted proxy has begun one.
func (e *exchange) forwardedField(out []byte, peer netip.Addr, proto string, host []byte) []byte {
	start := len(out)
	out = append(out, "Forwarded: "...)
	before := len(out)
	if e.x.FromProxy {
		out = appendList(out, e.r, strict.Forwarded)
	}
	if len(out) == before && !e.b.o.Forwarded {
		return out[:start]
	}
	out = append(out, "for="...)
	switch {
	case !peer.IsValid():
		out = append(out, "unknown"...)
	case peer.Is6():
		out = append(out, '"', '[')
		out = peer.AppendTo(out)
		out = append(out, ']', '"')
	default:
		out = peer.AppendTo(out)
	}
	out = append(out, `;host="`...)
	out = append(out, host...)
	out = append(out, `";proto=`...)
	out = append(out, proto...)
	return append(out, '\r', '\n')
}

// scheme is what the visitor used; a trusted proxy may know better.
func (e *exchange) scheme() string {
	if e.x.FromProxy {
		switch said := e.r.Value(strict.ForwardedProto); {
		case bytes.EqualFold(said, []byte("https")):
			return "https"
		case bytes.EqualFold(said, []byte("http")):
			return "http"
		}
	}
	if e.x.Scheme == "https" {
		return "https"
	}
	return "http"
}

// fitsHost takes the characters of a host with a port, and no others.
func fitsHost(h []byte) bool {
	for _, c := range h {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == ':', c == '[', c == ']', c == '_':
		default:
			return false
		}
	}
	return len(h) <= 261
}

// appendList joins the values of all fields of a kind, each followed by a comma.
func appendList(out []byte, r *strict.Request, k strict.Kind) []byte {
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Kind == k && len(f.Value) > 0 {
			out = append(out, f.Value...)
			out = append(out, ',', ' ')
		}
	}
	return out
}

// framing ends the head. A body that is wholly here has a length, whatever
// framing it came with.
func (e *exchange) framing(out []byte) []byte {
	switch {
	case e.r.Upgrade:
		return append(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"...)
	case e.whole && (len(e.body) > 0 || e.expectsBody()):
		out = append(out, "Content-Length: "...)
		out = strconv.AppendInt(out, int64(len(e.body)), 10)
		out = append(out, '\r', '\n')
	case e.whole:
	case e.r.ContentLength >= 0:
		out = append(out, "Content-Length: "...)
		out = strconv.AppendInt(out, e.r.ContentLength, 10)
		out = append(out, '\r', '\n')
	default:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	}
	if e.b.o.KeepAliveOff {
		out = append(out, "Connection: close\r\n"...)
	}
	return append(out, '\r', '\n')
}

// expectsBody is true for methods whose requests say their length even when it
// is nought (RFC 9110, section 8.6).
func (e *exchange) expectsBody() bool {
	switch e.r.Method {
	case fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodPatch:
		return true
	}
	return false
}

// loops reports that the request names this gateway in its Via.
func (e *exchange) loops() bool {
	if e.b.o.Via == "" {
		return false
	}
	for i := range e.r.Fields {
		if f := &e.r.Fields[i]; f.Kind == strict.Via && bytes.Contains(f.Value, []byte(" "+e.b.o.Via)) {
			return true
		}
	}
	return false
}
