package waiting

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/valyala/fasthttp"

	"waitroom/proxy/strict"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting/page"
)

// level is that of what differs from page to page, 7 KB of 32. The rest was compressed
// once and for all.
const level = flate.BestSpeed

// sheet is a rendered page with the means to compress it.
type sheet struct {
	text  []byte
	fixed []page.Fixed
	w     *flate.Writer
}

// sheets are used again, since a rush asks for thousands a second.
var sheets = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, level)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return &sheet{w: w}
}}

// render writes the page that write puts on the sheet as the body, compressed where the visitor takes that. BREACH
// (a secret found by the length of compressed answers) finds nothing here: neither token
// nor cookie is ever in a page, and the nonce is new each time.
func render(ctx *fasthttp.RequestCtx, q *strict.Request, write func(*sheet)) {
	h := &ctx.Response.Header
	h.Set(fasthttp.HeaderVary, "Accept-Encoding, Accept-Language")
	s, _ := sheets.Get().(*sheet)
	defer sheets.Put(s)
	s.text, s.fixed = s.text[:0], s.fixed[:0]
	write(s)
	if !takesGzip(q.Get(fasthttp.HeaderAcceptEncoding)) {
		ctx.Response.SetBody(s.text)
		return
	}
	h.SetContentEncoding("gzip")
	body := bytes.NewBuffer(ctx.Response.SwapBody(nil)[:0])
	s.compress(body)
	ctx.Response.SwapBody(body.Bytes())
}

// gzipHead begins a member: DEFLATE, no flags, no time, no system told (RFC 1952).
const gzipHead = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// lastBlock ends a stream of DEFLATE: a last block without bytes (RFC 1951, section 3.2.4).
const lastBlock = "\x01\x00\x00\xff\xff"

// compress writes the sheet as gzip. Fixed stretches are put in as they are; what is
// between them is compressed by itself, because distances would count them, too.
func (s *sheet) compress(to *bytes.Buffer) {
	to.WriteString(gzipHead)
	at := 0
	for i := range s.fixed {
		f := &s.fixed[i]
		s.deflate(to, s.text[at:f.From])
		to.Write(f.Deflated)
		at = f.To
	}
	s.deflate(to, s.text[at:])
	to.WriteString(lastBlock)
	var end [8]byte
	binary.LittleEndian.PutUint32(end[:], crc32.ChecksumIEEE(s.text))
	binary.LittleEndian.PutUint32(end[4:], uint32(len(s.text))) // #nosec G115 -- modulo 2^32, as the format has it
	to.Write(end[:])
}

// short texts are stored as they are: describing a code for them takes longer, and
// saves little.
const short = 1024

func (s *sheet) deflate(to *bytes.Buffer, text []byte) {
	if n := uint16(len(text)); len(text) < short { // #nosec G115 -- it is short
		to.Write([]byte{0, byte(n), byte(n >> 8), byte(^n), byte(^n >> 8)}) // a stored block
		to.Write(text)
		return
	}
	s.w.Reset(to)
	// The body is memory, so that neither can fail.
	_, _ = s.w.Write(text)
	_ = s.w.Flush()
}

// takesGzip reads an Accept-Encoding field (RFC 9110, section 12.5.3): gzip by name, or
// by * where it has no weight of its own.
func takesGzip(accept []byte) bool {
	wild, named := 0, -1
	for accept != nil {
		var name []byte
		var weight int
		name, weight, accept = visitor.CutMember(accept)
		switch {
		case bytes.EqualFold(name, []byte("gzip")), bytes.EqualFold(name, []byte("x-gzip")):
			named = max(named, weight)
		case string(name) == "*":
			wild = weight
		}
	}
	if named >= 0 {
		return named > 0
	}
	return wild > 0
}
