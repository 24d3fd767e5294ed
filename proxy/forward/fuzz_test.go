package forward

import (
	"bytes"
	"io"
	"net/http/httputil"
	"regexp"
	"strings"
	"testing"
)

// blankExtension is what RFC 9112, section 7.1.1 has recipients take, and net/http does not.
var blankExtension = regexp.MustCompile(`[ \t];`)

// FuzzChunksAreReadAsNetHTTPReadsThem: a chunked answer that is taken whole is what another reader makes of it, whatever
// stands behind it.
func FuzzChunksAreReadAsNetHTTPReadsThem(f *testing.F) {
	for _, text := range []string{
		"3\r\nabc\r\n0\r\n\r\n", "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n", "0\r\n\r\n", "00A\r\n0123456789\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		"3 ;x\r\nabc\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "3\r\nabcd\r\n0\r\n\r\n", "1\r\na\r\n1\r\nb\r\n000\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		body, n := decodeHeld(text, nil, true)
		if n == 0 {
			return
		}
		if n > len(text) || !bytes.HasSuffix(text[:n], []byte("\r\n")) {
			t.Fatalf("%q ends at %d", text, n)
		}
		if _, again := decodeHeld(text[:n], nil, false); again != n {
			t.Fatalf("%q ends at %d, and without what follows at %d", text, n, again)
		}
		want, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(text[:n])))
		if err != nil && blankExtension.Match(text) || err != nil && strings.Contains(err.Error(), "too much non-data") {
			return
		}
		if err != nil || !bytes.Equal(body, want) {
			t.Fatalf("%q is %q, and to net/http %q: %v", text[:n], body, want, err)
		}
	})
}
