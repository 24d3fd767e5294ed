package cache

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/forward"
	"waitroom/proxy/strict"
)

// entry is what is kept under a key: an answer, or that there is none to keep (aside),
// or by which fields the answers of this address vary (marker). It is never changed, save
// its two instants.
type entry struct {
	span
	status int
	fields []kv
	body   []byte
	etag   []byte
	since  []byte // Last-Modified

	marker *marker
	aside  string    // why there is no answer to keep
	until  time.Time // when that has to be found out again

	used  atomic.Int64 // when it was given last
	retry atomic.Int64 // before this no revalidation is begun
}

type kv struct{ name, value []byte }

// marker says by which fields the answers of an address vary. Its variants are guarded
// by the cache's lock.
type marker struct {
	epoch string
	names []string
	// variants are what their keys have behind the address's, which may be long.
	variants []string
}

// newEntry copies an answer.
func newEntry(f *forward.Fetched, s span) *entry {
	e := &entry{span: s, status: f.Status, fields: fieldsOf(&f.Response.Header), body: tight(f.Body)}
	e.note()
	return e
}

// note remembers the fields by which an answer is compared.
func (e *entry) note() {
	e.etag, e.since = nil, nil
	for _, f := range e.fields {
		switch string(f.name) {
		case fasthttp.HeaderETag, "Etag":
			e.etag = f.value
		case fasthttp.HeaderLastModified:
			e.since = f.value
		}
	}
}

// tight is the body without room to grow, which is memory that nobody counts.
func tight(b []byte) []byte {
	if cap(b)-len(b) > len(b)/8+64 {
		return bytes.Clone(b)
	}
	return b
}

// fieldsOf copies the fields that are kept: not those of this connection, and not what
// each answer says anew.
func fieldsOf(h *fasthttp.ResponseHeader) []kv {
	var all []kv
	for name, value := range h.All() {
		switch string(name) {
		case fasthttp.HeaderContentLength, fasthttp.HeaderTransferEncoding, fasthttp.HeaderConnection,
			fasthttp.HeaderDate, fasthttp.HeaderAge, fasthttp.HeaderSetCookie:
			continue
		}
		all = append(all, kv{bytes.Clone(name), bytes.Clone(value)})
	}
	return all
}

// size is what the entry takes beside entryCost.
func (e *entry) size() int64 {
	n := len(e.body) + len(e.aside)
	for _, f := range e.fields {
		n += len(f.name) + len(f.value) + 48
	}
	if m := e.marker; m != nil {
		// As many variants as there may be, each as long as it may be.
		n += maxVariants * (len(m.names)*(maxValue+1) + 64)
	}
	return int64(n)
}

// refreshed is the answer after the backend has said that it is still good (RFC 9111,
// section 3.2): its fields are taken over, save those that describe the body.
func (e *entry) refreshed(h *fasthttp.ResponseHeader) *entry {
	n := &entry{status: e.status, body: e.body}
	fresh := fieldsOf(h)
	fresh = without(fresh, func(name []byte) bool { return describes(name) })
	n.fields = without(e.fields, func(name []byte) bool { return has(fresh, name) })
	n.fields = append(n.fields, fresh...)
	n.note()
	n.used.Store(e.used.Load())
	return n
}

func without(fields []kv, out func(name []byte) bool) []kv {
	kept := make([]kv, 0, len(fields))
	for _, f := range fields {
		if !out(f.name) {
			kept = append(kept, f)
		}
	}
	return kept
}

func has(fields []kv, name []byte) bool {
	for _, f := range fields {
		if bytes.EqualFold(f.name, name) {
			return true
		}
	}
	return false
}

// describes says that a field is about the body that it came with.
func describes(name []byte) bool {
	return len(name) > 8 && bytes.EqualFold(name[:8], []byte("content-")) &&
		!bytes.EqualFold(name, []byte("content-security-policy")) && !bytes.EqualFold(name, []byte("content-location"))
}

// write gives the answer to a visitor, over what the response has already.
func (e *entry) write(ctx *fasthttp.RequestCtx, q *strict.Request, now time.Time) {
	e.used.Store(now.UnixNano())
	h := &ctx.Response.Header
	h.SetNoDefaultContentType(true)
	unchanged := e.status == fasthttp.StatusOK && e.unchanged(q)
	for _, f := range e.fields {
		switch {
		case unchanged && describes(f.name):
		case string(f.name) == fasthttp.HeaderContentType:
			h.SetContentTypeBytes(f.value)
		default:
			h.AddBytesKV(f.name, f.value)
		}
	}
	var digits [20]byte
	age := max(0, now.Sub(e.born)/time.Second)
	h.SetBytesV(fasthttp.HeaderAge, strconv.AppendInt(digits[:0], int64(age), 10))
	if unchanged {
		ctx.Response.SetStatusCode(fasthttp.StatusNotModified)
		return
	}
	ctx.Response.SetStatusCode(e.status)
	if e.status != fasthttp.StatusNoContent {
		ctx.Response.SetBodyRaw(e.body)
	}
}

// unchanged says that the visitor has this answer already (RFC 9110, section 13.2.2).
func (e *entry) unchanged(q *strict.Request) bool {
	if wanted := joined(q, "if-none-match"); wanted != "" {
		return len(e.etag) > 0 && matches(wanted, e.etag)
	}
	since := q.Get("If-Modified-Since")
	if since == nil || e.since == nil {
		return false
	}
	has, err := fasthttp.ParseHTTPDate(since)
	if err != nil {
		return false
	}
	changed, err := fasthttp.ParseHTTPDate(e.since)
	return err == nil && !changed.After(has)
}

// matches compares entity tags weakly.
func matches(list string, etag []byte) bool {
	opaque := bytes.TrimPrefix(etag, []byte("W/"))
	for item := range bytes.SplitSeq([]byte(list), []byte(",")) {
		item = bytes.TrimSpace(item)
		if string(item) == "*" || bytes.Equal(bytes.TrimPrefix(item, []byte("W/")), opaque) {
			return true
		}
	}
	return false
}
