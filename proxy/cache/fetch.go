package cache

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/forward"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
)

// job is what is to be fetched.
type job struct {
	rule *Rule
	// base is the address's key, key the variant's, or the same.
	base, key string
	from      From
	host      []byte // of the request, with the port
	name      []byte // without it
	path      []byte
	query     []byte
	// marker and fields are of a variant.
	marker *marker
	fields []field
	// seen is what was kept when the request looked: an answer to be found unchanged (old),
	// another word, or nil.
	seen *entry
	// full says that there was no memory for the answer now.
	full bool
}

// copied makes the job independent of the request.
func (j *job) copied() {
	j.host, j.name, j.path = bytes.Clone(j.host), bytes.Clone(j.name), bytes.Clone(j.path)
	j.query = bytes.Clone(j.query)
}

// request is what is sent: nothing of the visitor's but the key.
func (j *job) request() *strict.Request {
	r := &strict.Request{
		Method: fasthttp.MethodGet, Host: j.name, Authority: j.host, Path: j.path, Query: j.query, HTTP11: true,
	}
	add := func(name, value string) {
		if value != "" {
			r.Fields = append(r.Fields, strict.Field{Name: []byte(name), Value: []byte(value), Kind: strict.Plain})
		}
	}
	add("Waitroom-Cache", "fill")
	for _, f := range j.fields {
		add(f.name, f.value)
	}
	if j.compares() {
		add("If-None-Match", string(j.seen.etag))
		add("If-Modified-Since", string(j.seen.since))
	}
	return r
}

// compares says that there is an answer that the backend may find unchanged.
func (j *job) compares() bool {
	return j.seen != nil && (j.seen.etag != nil || j.seen.since != nil)
}

// fetch asks the backend, judges the answer, and keeps what may be kept.
func (c *Cache) fetch(j *job, hold func(int64) bool) outcome {
	x := forward.Extra{Room: c.o.Room, Scheme: j.from.Scheme, Watch: c}
	if !j.from.Open && c.o.Pass != nil {
		x.Pass = c.o.Pass()
	}
	t := times{asked: c.o.Now()}
	began := time.Now()
	x.Until = began.Add(c.o.Wait)
	c.o.Traffic.InFlight(1)
	f, err := c.o.Backend.Fetch(j.request(), &x, hold)
	c.o.Traffic.InFlight(-1)
	t.came = c.o.Now()
	if err != nil {
		return c.fails(j, outcome{err: err}, t)
	}
	c.o.Traffic.Answer(f.Status, time.Since(began))
	if f.Command == forward.CommandSoldOut && !j.from.Open && c.o.SoldOut != nil {
		c.o.SoldOut()
	}
	return c.settle(j, &f, t)
}

// settle decides what becomes of an answer.
func (c *Cache) settle(j *job, f *forward.Fetched, t times) outcome {
	fine, why := sharable(f)
	switch {
	case f.Status >= 500 && f.Command == forward.CommandNone:
		return c.fails(j, trouble(f, t), t)
	case !fine:
		return c.apart(j, why, f.Status)
	case f.Status == fasthttp.StatusNotModified && j.compares():
		return c.renew(j, f, t)
	case !keepable(f.Status):
		return c.apart(j, "status", f.Status)
	case j.full:
		return c.full(j, f.Status, t)
	case !f.Whole:
		return c.apart(j, "size", f.Status)
	}
	names, fine := varies(&f.Response.Header)
	if !fine {
		return c.apart(j, "vary", f.Status)
	}
	s, fine := spanOf(&f.Response.Header, j.rule, t)
	if !fine {
		return c.apart(j, "cache-control", f.Status)
	}
	return c.keep(j, newEntry(f, s), names)
}

// fails notes a failure: an answer that is there stays, and is not asked for again at once.
func (c *Cache) fails(j *job, out outcome, t times) outcome {
	if j.seen != nil {
		j.seen.retry.Store(t.came.Add(backOff).UnixNano())
	}
	c.o.Traffic.Fetched(traffic.FetchFailed)
	return out
}

// trouble is the backend's own words about its failure, without what it says to one
// visitor, for those who have waited.
func trouble(f *forward.Fetched, t times) outcome {
	if !f.Whole {
		return outcome{err: fmt.Errorf("%w: status %d", forward.ErrDown, f.Status), status: f.Status}
	}
	e := newEntry(f, span{born: t.came})
	e.fields = without(e.fields, func(name []byte) bool { return bytes.EqualFold(name, []byte("cache-control")) })
	e.fields = append(e.fields, kv{[]byte(fasthttp.HeaderCacheControl), []byte("no-store")})
	return outcome{entry: e, status: f.Status}
}

// apart remembers for a short while that each has to ask for himself.
func (c *Cache) apart(j *job, why string, status int) outcome {
	return c.aside(j, why, status, asideFor)
}

func (c *Cache) aside(j *job, why string, status int, d time.Duration) outcome {
	c.store.put(j.key, &entry{aside: why, until: c.o.Now().Add(d)})
	c.o.Traffic.Fetched(traffic.NotKept)
	return outcome{landing: apart, why: why, status: status}
}

// full is what comes of an answer that there was no memory for. That says nothing of it:
// one that is there stays, and it is tried again soon.
func (c *Cache) full(j *job, status int, t times) outcome {
	if j.seen == nil || j.seen.aside != "" {
		return c.aside(j, "busy", status, backOff)
	}
	j.seen.retry.Store(t.came.Add(backOff).UnixNano())
	c.o.Traffic.Fetched(traffic.NotKept)
	return outcome{landing: apart, why: "busy", status: status}
}

// renew takes over what the backend says anew of an answer that has not changed. Where it
// speaks of another answer, this one is not used again (RFC 9111, section 4.3.4).
func (c *Cache) renew(j *job, f *forward.Fetched, t times) outcome {
	h := &f.Response.Header
	if tag := h.Peek(fasthttp.HeaderETag); tag != nil && !matches(string(tag), j.seen.etag) {
		c.store.drop(j.key)
		return c.fails(j, outcome{err: forward.ErrNonsense, status: f.Status}, t)
	}
	// What the first answer said about being kept holds where this one is silent.
	e := j.seen.refreshed(h)
	names, same := varies(h)
	s, fine := e.respan(h, j.rule, t)
	if e.span = s; !fine || !same || !j.knows(names) {
		return c.apart(j, "cache-control", f.Status)
	}
	c.store.put(j.key, e)
	c.o.Traffic.Fetched(traffic.Renewed)
	return outcome{landing: kept, entry: e, status: f.Status}
}

// respan computes the time of a refreshed answer from all of its fields.
func (e *entry) respan(answer *fasthttp.ResponseHeader, r *Rule, t times) (span, bool) {
	var h fasthttp.ResponseHeader
	for _, f := range e.fields {
		h.AddBytesKV(f.name, f.value)
	}
	h.SetBytesV(fasthttp.HeaderAge, answer.Peek(fasthttp.HeaderAge))
	return spanOf(&h, r, t)
}

// knows says that an answer varies by nothing that its key leaves out.
func (j *job) knows(names []string) bool {
	for _, name := range names {
		if j.marker == nil || !slices.Contains(j.marker.names, name) {
			return false
		}
	}
	return true
}

// keep stores an answer. Where it varies by fields that the fetch did not carry, only
// that is stored, and the visitors ask again with them.
func (c *Cache) keep(j *job, e *entry, names []string) outcome {
	if !j.knows(names) {
		m := &marker{epoch: strconv.FormatUint(c.epochs.Add(1), 36), names: names}
		if j.marker != nil {
			for _, name := range j.marker.names {
				m.names = appendNew(m.names, name)
			}
		}
		if len(m.names) > maxNames {
			return c.apart(j, "vary", e.status)
		}
		c.store.put(j.base, &entry{marker: m})
		c.o.Traffic.Fetched(traffic.Kept)
		return outcome{landing: differ, status: e.status}
	}
	e.used.Store(e.born.UnixNano())
	c.store.put(j.key, e)
	if j.marker != nil {
		c.limit(j.marker, j.base, strings.Clone(j.key[len(j.base):]))
	}
	c.o.Traffic.Fetched(traffic.Kept)
	return outcome{landing: kept, entry: e, status: e.status}
}

// limit notes a variant of the address base, and drops the one that was not used for the
// longest time where there are too many.
func (c *Cache) limit(m *marker, base, own string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Contains(m.variants, own) {
		return
	}
	if len(m.variants) >= maxVariants {
		oldest, since := 0, int64(1<<62)
		for i, k := range m.variants {
			used := int64(0)
			if e := c.store.peek(base + k); e != nil {
				used = e.used.Load()
			}
			if used < since {
				oldest, since = i, used
			}
		}
		c.store.drop(base + m.variants[oldest])
		m.variants = slices.Delete(m.variants, oldest, oldest+1)
	}
	m.variants = append(m.variants, own)
}
