package page

import (
	"bytes"
	"strings"

	"github.com/klauspost/compress/flate"
)

// Fixed is a stretch of a rendered page that is the same in every rendering: style and script, most of its bytes.
type Fixed struct {
	// From and To bound it in the page.
	From, To int
	// Deflated is the stretch as whole blocks of DEFLATE (RFC 1951) that end at a byte, are not the last ones, and
	// refer to nothing before them: they may stand anywhere in a stream. It must not be changed.
	Deflated []byte
}

// Stretch is a text that is compressed once, as well as can be. It is immutable.
type Stretch struct {
	text     string
	deflated []byte
}

// NewStretch compresses the parts of a text. Parts that are written in different languages, of people or of machines, are best kept
// apart: each gets its own code, and still refers to those before it.
func NewStretch(parts ...string) Stretch {
	var to bytes.Buffer
	w, err := flate.NewWriter(&to, flate.BestCompression)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	// The buffer is memory, so that neither can fail.
	for _, part := range parts {
		_, _ = w.Write([]byte(part))
		_ = w.Flush()
	}
	return Stretch{text: strings.Join(parts, ""), deflated: to.Bytes()}
}

// Append writes the text behind dst, and notes in all, where that is not nil, where it is.
func (s *Stretch) Append(dst []byte, all *[]Fixed) []byte {
	if all != nil {
		*all = append(*all, Fixed{From: len(dst), To: len(dst) + len(s.text), Deflated: s.deflated})
	}
	return append(dst, s.text...)
}
