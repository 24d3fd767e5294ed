package forward

import (
	"bytes"
	"fmt"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
)

var crlfcrlf = []byte("\r\n\r\n")

const (
	chunkedLength = -1 // the body is chunked
	closeLength   = -2 // the body ends with the connection
	maxFields     = 200
)

// answer is the head of a backend's answer. Its slices alias the connection's buffer.
type answer struct {
	status   int
	length   int64
	close    bool
	bodyless bool
	streams  bool // the body is streamed: the connection is still in use
	events   bool
	command  Command

	fields    []answerField
	nominated [][]byte
	upgrade   []byte
	accept    []byte
	upgrading bool

	http10, keep bool
	seenLength   bool
	seenChunked  bool
}

type answerField struct {
	name, value []byte
	kind        answerKind
}

// answerKind is what a field of an answer is to a gateway.
type answerKind uint8

const (
	passed answerKind = iota
	dropped
	setCookie
	contentType
	contentLength
	transferEncoding
	connection
	upgradeTo
	socketAccept
	command
	cfCommand
)

func (a *answer) reset() {
	*a = answer{fields: a.fields[:0], nominated: a.nominated[:0]}
}

// parse reads a whole head. Whatever two readers could read differently is
// ErrNonsense (RFC 9112, sections 4 to 6).
func (a *answer) parse(head []byte, method string) error {
	a.reset()
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	if err := a.statusLine(line); err != nil {
		return err
	}
	for len(rest) > 2 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		if len(a.fields) == maxFields {
			return fmt.Errorf("%w: too many fields", ErrNonsense)
		}
		if why := a.field(line); why != "" {
			return fmt.Errorf("%w: %s", ErrNonsense, why)
		}
	}
	return a.framing(method)
}

// statusLine reads "HTTP/1.x ddd[ reason]".
func (a *answer) statusLine(l []byte) error {
	bad := len(l) < 12 || string(l[:7]) != "HTTP/1." || (l[7] != '1' && l[7] != '0') || l[8] != ' ' ||
		(len(l) > 12 && l[12] != ' ')
	if bad {
		return fmt.Errorf("%w: status line", ErrNonsense)
	}
	for _, c := range l[9:12] {
		if c < '0' || c > '9' {
			return fmt.Errorf("%w: status line", ErrNonsense)
		}
		a.status = a.status*10 + int(c-'0')
	}
	for _, c := range l[12:] {
		if c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("%w: status line", ErrNonsense)
		}
	}
	if a.status < 100 || a.status > 999 {
		return fmt.Errorf("%w: status line", ErrNonsense)
	}
	a.http10 = l[7] == '0'
	return nil
}

// field reads one line, and says what is wrong with it.
func (a *answer) field(l []byte) string {
	colon := 0
	for colon < len(l) && tokenByte[l[colon]] {
		colon++
	}
	if colon == 0 || colon == len(l) || l[colon] != ':' {
		return "field name"
	}
	name, value := l[:colon], bytes.Trim(l[colon+1:], " \t")
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return "field value"
		}
	}
	kind := kindOf(name)
	a.fields = append(a.fields, answerField{name, value, kind})
	return a.note(kind, name, value)
}

func (a *answer) note(kind answerKind, name, value []byte) string {
	switch kind {
	case contentLength:
		n, ok := strict.Digits(value)
		if !ok || a.seenLength {
			return "length"
		}
		a.seenLength, a.length = true, n
	case transferEncoding:
		if a.seenChunked || !bytes.EqualFold(value, []byte("chunked")) {
			return "transfer encoding"
		}
		a.seenChunked = true
	case connection:
		a.options(value)
	case upgradeTo:
		a.upgrade = value
	case socketAccept:
		if a.accept != nil {
			return "websocket accept"
		}
		a.accept = value
	case command:
		a.command = commandOf(value)
	case cfCommand:
		if bytes.EqualFold(value, []byte("revoke")) {
			a.command = CommandRevoke
		}
	case contentType:
		a.events = foldPrefix(value, "text/event-stream")
	}
	return ""
}

func commandOf(v []byte) Command {
	switch string(v) {
	case "release":
		return CommandRelease
	case "revoke":
		return CommandRevoke
	case "sold-out":
		return CommandSoldOut
	}
	return CommandNone
}

// options reads a Connection field.
func (a *answer) options(list []byte) {
	for item := range bytes.SplitSeq(list, []byte{','}) {
		switch item = bytes.Trim(item, " \t"); {
		case len(item) == 0:
		case bytes.EqualFold(item, []byte("close")):
			a.close = true
		case bytes.EqualFold(item, []byte("keep-alive")):
			a.keep = true
		case bytes.EqualFold(item, []byte("upgrade")):
			a.upgrading = true
		default:
			a.nominated = append(a.nominated, item)
		}
	}
}

// framing decides how long the body is.
func (a *answer) framing(method string) error {
	if a.seenChunked && (a.seenLength || a.http10) {
		return fmt.Errorf("%w: two framings", ErrNonsense)
	}
	if a.status < 200 || a.status == fasthttp.StatusNoContent {
		if a.seenChunked || a.length > 0 {
			return fmt.Errorf("%w: a body with status %d", ErrNonsense, a.status)
		}
	}
	a.bodyless = a.status < 200 || a.status == fasthttp.StatusNoContent || a.status == fasthttp.StatusNotModified ||
		method == fasthttp.MethodHead
	a.close = a.close || a.http10 && !a.keep
	switch {
	case a.seenChunked:
		a.length = chunkedLength
	case !a.seenLength && !a.bodyless:
		a.length, a.close = closeLength, true
	}
	return nil
}

// apply puts status and fields into a response, without what is between the
// backend and the gateway only.
func (a *answer) apply(resp *fasthttp.Response, own strict.CookieNames) {
	h := &resp.Header
	h.SetNoDefaultContentType(true)
	resp.SetStatusCode(a.status)
	for i := range a.fields {
		f := &a.fields[i]
		switch f.kind {
		case passed:
		case contentType:
			h.SetContentTypeBytes(f.value)
			continue
		case contentLength:
			if !a.bodyless || a.status == fasthttp.StatusNoContent {
				continue // SetBody or the stream says it
			}
		case setCookie:
			name, _, _ := bytes.Cut(f.value, []byte{'='})
			if own.Match(bytes.Trim(name, " \t")) {
				continue
			}
		case socketAccept:
			if a.status != fasthttp.StatusSwitchingProtocols {
				continue
			}
		default:
			continue
		}
		if len(a.nominated) > 0 && a.isNominated(f.name) {
			continue
		}
		h.AddBytesKV(f.name, f.value)
	}
}

func (a *answer) isNominated(name []byte) bool {
	for _, n := range a.nominated {
		if bytes.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// kindOf tells an answer's field by its name.
func kindOf(name []byte) answerKind {
	var low [24]byte
	if len(name) > len(low) {
		return longKind(name)
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	n := low[:len(name)]
	switch string(n) {
	case "content-length":
		return contentLength
	case "content-type":
		return contentType
	case "transfer-encoding":
		return transferEncoding
	case "connection":
		return connection
	case "set-cookie":
		return setCookie
	case "upgrade":
		return upgradeTo
	case "sec-websocket-accept":
		return socketAccept
	case "waitroom-command":
		return command
	// Date is fasthttp's to set; Alt-Svc would lead visitors around the gateway.
	case "date", "alt-svc", "keep-alive", "proxy-connection", "te", "trailer", "proxy-authenticate",
		"proxy-authorization", "http2-settings", "x-sendfile", "x-sendfile-type":
		return dropped
	}
	return longKind(n)
}

func longKind(name []byte) answerKind {
	switch {
	case foldPrefix(name, "waitroom-"), foldPrefix(name, "x-accel-"), foldPrefix(name, "x-waitroom-"):
		return dropped
	case len(name) == len("cf-waiting-room-command") && foldPrefix(name, "cf-waiting-room-command"):
		return cfCommand
	}
	return passed
}

func foldPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}

// tokenByte holds RFC 9110's token characters.
var tokenByte = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()
