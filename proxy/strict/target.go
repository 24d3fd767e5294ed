package strict

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/valyala/fasthttp"
)

// What a byte is in a path.
const (
	plainByte  = iota // stands for itself
	escapeByte        // is percent-encoded in the canonical form
	refusedByte
	slashByte
	dotByte
	percentByte
	semicolonByte
)

var pathByte = func() (t [256]uint8) {
	for i := range t {
		switch c := byte(i); {
		case c <= ' ' || c == 0x7f || c == '\\' || c == '#' || c == '?':
			t[i] = refusedByte
		case c >= 0x80 || bytes.IndexByte([]byte("\"<>^`{|}[]"), c) >= 0:
			t[i] = escapeByte
		}
	}
	t['/'], t['.'], t['%'], t[';'] = slashByte, dotByte, percentByte, semicolonByte
	return t
}()

// target splits and canonicalises the request target. Only the origin form is
// taken (RFC 9112, section 3.2.1): the absolute form would name a second host.
func (f *Filter) target(uri []byte, r *Request) Refusal {
	limit := f.MaxTarget
	if limit <= 0 {
		limit = defaultMaxTarget
	}
	switch {
	case len(uri) > limit:
		return refuse(fasthttp.StatusRequestURITooLong, "target-length")
	case len(uri) == 1 && uri[0] == '*':
		return refuse(fasthttp.StatusMethodNotAllowed, "target-asterisk")
	case len(uri) == 0 || uri[0] != '/':
		return malformed("target-form")
	}
	path := uri
	if q := bytes.IndexByte(uri, '?'); q >= 0 {
		path = uri[:q]
		if reason := r.setQuery(uri[q+1:]); reason != "" {
			return malformed(reason)
		}
	}
	reason, simple := f.scanPath(path)
	switch {
	case reason != "":
		return malformed(reason)
	case simple:
		r.Path = path
		return Refusal{}
	}
	if reason = r.rewritePath(path); reason != "" {
		return malformed(reason)
	}
	return Refusal{}
}

// scanPath looks at the path as it was sent; simple means that it is already
// canonical.
func (f *Filter) scanPath(path []byte) (reason string, simple bool) {
	simple = true
	start := 1
	dots := true
	for i := 1; i < len(path); i++ {
		switch pathByte[path[i]] {
		case plainByte:
			dots = false
		case dotByte:
		case slashByte:
			if i == start {
				return "empty-segment", false
			}
			if dots {
				return "dot-segment", false
			}
			start, dots = i+1, true
		case semicolonByte:
			if !f.PathParameters || dots {
				return "semicolon", false
			}
		case percentByte, escapeByte:
			simple, dots = false, false
		default:
			return "target-byte", false
		}
	}
	if dots && start < len(path) {
		return "dot-segment", false
	}
	return "", simple
}

// rewritePath decodes the path and encodes it again, into r's own buffer.
func (r *Request) rewritePath(path []byte) string {
	out, plain := r.path, r.plain
	for i := 0; i < len(path); i++ {
		c := path[i]
		encoded := c == '%'
		if encoded {
			if i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2]) {
				return "percent"
			}
			c = unhex(path[i+1])<<4 | unhex(path[i+2])
			i += 2
		}
		plain = append(plain, c)
		switch {
		case encoded && refusedEncoded(c):
			return "encoded-byte"
		case encoded && !unreserved(c), !encoded && pathByte[c] == escapeByte:
			out = append(out, '%', upperHex[c>>4], upperHex[c&15])
		default:
			out = append(out, c)
		}
	}
	r.path, r.plain, r.Path = out, plain, out
	return checkDecoded(plain)
}

// refusedEncoded holds the bytes that change a path's structure, or a parser's
// mind, once somebody decodes them.
func refusedEncoded(c byte) bool {
	return c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == '.' || c == ';'
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '~'
}

// checkDecoded refuses what some server would read as a dot segment or a
// separator after decoding once more, or after folding: invalid UTF-8, what is
// encoded twice, look-alikes, segments of dots and blanks.
func checkDecoded(plain []byte) string {
	if !utf8.Valid(plain) {
		return "utf-8"
	}
	start, blank := 1, true
	for i := 1; i <= len(plain); {
		if i == len(plain) || plain[i] == '/' {
			if blank && i > start {
				return "dot-segment"
			}
			i++
			start, blank = i, true
			continue
		}
		c, n := utf8.DecodeRune(plain[i:])
		switch {
		case c == '%' && encodes(plain[i+1:]):
			return "double-encoding"
		case c == ';' && blank && i > start:
			return "dot-segment"
		case lookAlike(c):
			return "look-alike"
		case blank && c != '.' && !unseen(c):
			blank = false
		}
		i += n
	}
	return ""
}

// encodes says whether what follows a percent sign makes a byte of it, or a
// character, as some servers take it.
func encodes(b []byte) bool {
	digits := 2
	if len(b) > 0 && b[0]|0x20 == 'u' {
		b, digits = b[1:], 4
	}
	if len(b) < digits {
		return false
	}
	for _, c := range b[:digits] {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// lookAlike holds characters that compatibility folding turns into `.`, `/`,
// `\`, `%` or `;`, or into text with a slash in it; the signs of won and yen, which
// Korean and Japanese Windows turn into `\`; and the second set of control characters.
func lookAlike(c rune) bool {
	switch c {
	case 0x2024, 0x2025, 0xfe30, 0xfe52, 0xff0e, // dots
		0x2044, 0x2215, 0x29f8, 0xff0f, 0x2100, 0x2101, 0x2105, 0x2106, // slashes
		0x2216, 0x29f5, 0xfe68, 0xff3c, 0xa5, 0x20a9, 0xffe5, 0xffe6, // backslashes
		0x66a, 0xfe6a, 0xff05, // percent signs
		0x37e, 0xfe14, 0xfe54, 0xff1b: // semicolons
		return true
	}
	return 0x80 <= c && c < 0xa0
}

// unseen holds blanks, and characters that nothing is shown for, which servers
// trim or drop.
func unseen(c rune) bool { return unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) }

// setQuery checks the query and keeps it. Percent-encodings stay as they are,
// valid UTF-8 or not: old Korean sites send EUC-KR there, and nothing is
// decided by it.
func (r *Request) setQuery(q []byte) string {
	simple := true
	for i := 0; i < len(q); i++ {
		switch c := q[i]; {
		case c <= ' ' || c == 0x7f || c == '#':
			return "target-byte"
		case c == '%':
			if i+2 >= len(q) || !isHex(q[i+1]) || !isHex(q[i+2]) {
				return "percent"
			}
			if q[i+1] == '0' && q[i+2] == '0' {
				return "encoded-byte"
			}
		case c >= 0x80:
			simple = false
		}
	}
	if simple {
		r.Query = q
		return ""
	}
	for _, c := range q {
		if c >= 0x80 {
			r.query = append(r.query, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			r.query = append(r.query, c)
		}
	}
	r.Query = r.query
	return ""
}

const upperHex = "0123456789ABCDEF"

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
