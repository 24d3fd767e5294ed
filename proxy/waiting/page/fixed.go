package page

import (
	"bytes"

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

// fixed is a text that is compressed once, as well as can be.
type fixed struct {
	text     string
	deflated []byte
}

func newFixed(text string) fixed {
	var to bytes.Buffer
	w, err := flate.NewWriter(&to, flate.BestCompression)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	// The buffer is memory, so that neither can fail.
	_, _ = w.Write([]byte(text))
	_ = w.Flush()
	return fixed{text: text, deflated: to.Bytes()}
}

func (v *view) appendFixed(dst []byte, f *fixed) []byte {
	if v.fixed != nil {
		*v.fixed = append(*v.fixed, Fixed{From: len(dst), To: len(dst) + len(f.text), Deflated: f.deflated})
	}
	return append(dst, f.text...)
}
