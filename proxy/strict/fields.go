package strict

import (
	"bytes"
	"encoding/binary"

	"github.com/valyala/fasthttp"
)

// fields walks the header block once. Every line has to end in CRLF, to have a
// name of token characters without `_` directly before its colon, and a value
// without control characters (RFC 9110, section 5; RFC 9112, section 5).
func (f *Filter) fields(raw []byte, r *Request) Refusal {
	limit := f.MaxFields
	if limit <= 0 {
		limit = defaultMaxFields
	}
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 1 || raw[end-1] != '\r' {
			return malformed("line-end")
		}
		line := raw[:end-1]
		raw = raw[end+1:]
		if len(line) == 0 {
			if len(raw) != 0 {
				return malformed("blank-line")
			}
			break
		}
		if len(r.Fields) == limit {
			return refuse(fasthttp.StatusRequestHeaderFieldsTooLarge, "fields")
		}
		if reason := r.field(line); reason != "" {
			return malformed(reason)
		}
	}
	return Refusal{}
}

// field takes one line, and says what is wrong with it. The name is checked
// and put into lower case in one go, since this is the gate's hottest loop.
func (r *Request) field(line []byte) string {
	var low [longestKnown]byte
	colon := 0
	for ; colon < len(line); colon++ {
		c := nameByte[line[colon]]
		if c == 0 {
			break
		}
		if colon < longestKnown {
			low[colon] = c
		}
	}
	switch {
	case colon == len(line):
		return "no-colon"
	case line[colon] != ':':
		return badName(line[colon], colon)
	case colon == 0:
		return "field-name"
	}
	value := trim(line[colon+1:])
	if HasControl(value) {
		return "field-value"
	}
	kind := prefixKind(line[:colon])
	if colon <= longestKnown {
		kind = kindOf(low[:colon])
	}
	r.Fields = append(r.Fields, Field{Name: line[:colon], Value: value, Kind: kind})
	return r.note(&r.Fields[len(r.Fields)-1])
}

// HasControl reports a control character other than a tab. It looks at eight
// bytes at a time: the first term finds bytes below 0x20, the second 0x7F; a
// borrow may find one too many, so that a find is looked at again.
func HasControl(v []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(v) >= 8 {
		w := binary.LittleEndian.Uint64(v)
		x := w ^ ones*0x7f
		if ((w-ones*0x20)&^w|(x-ones)&^x)&highs != 0 && slowControl(v[:8]) {
			return true
		}
		v = v[8:]
	}
	return slowControl(v)
}

func slowControl(v []byte) bool {
	for _, c := range v {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

func badName(c byte, at int) string {
	switch {
	case c == '_':
		return "underscore"
	case at == 0 && (c == ' ' || c == '\t'):
		return "folded-line"
	}
	return "field-name"
}

// note keeps what framing, host and forwarding need to know of a field.
func (r *Request) note(f *Field) string {
	if f.Kind < fixedKinds {
		if r.fixed[f.Kind] != nil {
			return "duplicate-" + kindNames[f.Kind]
		}
		r.fixed[f.Kind] = f.Value
	}
	switch f.Kind {
	case TransferEncoding:
		if !equalFold(f.Value, "chunked") {
			return "transfer-encoding"
		}
		r.chunks = true
	case Connection:
		return r.connection(f.Value)
	}
	return ""
}

// connection notes whether the options name an upgrade, or fields.
func (r *Request) connection(list []byte) string {
	for len(list) > 0 {
		var item []byte
		item, list = first(list)
		switch {
		case len(item) == 0, equalFold(item, "keep-alive"), equalFold(item, "close"):
		case equalFold(item, "upgrade"):
			r.upgrad = true
		default:
			for _, c := range item {
				if nameByte[c] == 0 && c != '_' {
					return "connection"
				}
			}
			r.Nominated = true
		}
	}
	return ""
}

// IsNominated reports whether a Connection field of r names the field name.
func (r *Request) IsNominated(name []byte) bool {
	if !r.Nominated {
		return false
	}
	for i := range r.Fields {
		if r.Fields[i].Kind == Connection && inList(r.Fields[i].Value, name) {
			return true
		}
	}
	return false
}

func inList(list, name []byte) bool {
	for len(list) > 0 {
		var item []byte
		if item, list = first(list); len(item) == len(name) && bytes.EqualFold(item, name) {
			return true
		}
	}
	return false
}

// first is the first item of a list, and the rest of it.
func first(list []byte) (item, rest []byte) {
	item, rest, _ = bytes.Cut(list, []byte(","))
	return trim(item), rest
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// nameByte holds RFC 9110's token characters in lower case, save `_`: some
// servers make the same variable of X_Name and X-Name. Nought is no such character.
var nameByte = func() (t [256]byte) {
	for _, c := range []byte("!#$%&'*+-.^`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = lowerTable[c]
	}
	return t
}()

var kindNames = [fixedKinds]string{
	Host: "host", ContentLength: "length", TransferEncoding: "transfer-encoding", ContentType: "content-type",
	Authorization: "authorization", Origin: "origin", Cookie: "cookie-line", Expect: "expect", Upgrade: "upgrade",
	UserAgent: "user-agent", SocketKey: "websocket", SocketVersion: "websocket", Ticket: "ticket", Pass: "pass", Proof: "proof",
	ForwardedProto: "forwarded", ForwardedHost: "forwarded", Referer: "referer",
	FetchSite: "fetch", FetchMode: "fetch", FetchDest: "fetch", Platform: "platform",
}
