package cache

import (
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/forward"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
)

// Turn is what the cache made of a request. The zero Turn is of one that it has nothing
// to do with.
type Turn struct {
	// Done says that the request is answered, or that it cannot be (Err). Otherwise it
	// goes its own way, and Finish is called with what came of that.
	Done bool
	// Err is forward's error where there is no answer.
	Err error

	c      *Cache
	why    reason
	detail string
	base   string // of a method that changes what is kept
}

// Answer puts what is kept for everybody into ctx.Response, over what is there already.
// It blocks while an answer is fetched. Only requests that the gate let through may come
// here.
func (c *Cache) Answer(ctx *fasthttp.RequestCtx, q *strict.Request, from From) Turn {
	rule := c.rule(q.Path)
	if rule == nil {
		return Turn{}
	}
	t := Turn{c: c, why: unfit(q, from)}
	if t.why != none {
		if changes(q.Method) {
			t.base = key(q, from.Scheme)
		}
		c.o.Traffic.Cached(traffic.Bypassed)
		return t
	}
	a := asking{
		c: c, ctx: ctx, q: q, until: time.Now().Add(c.o.Wait), base: key(q, from.Scheme),
		job: job{rule: rule, from: from, host: q.Authority, name: q.Host, path: q.Path, query: q.Query},
	}
	a.turn(&t)
	if !t.Done {
		c.o.Traffic.Cached(traffic.Bypassed)
	}
	return t
}

// Finish notes what came of a request that went its own way.
func (t *Turn) Finish(ctx *fasthttp.RequestCtx, status int) {
	if t.c == nil || t.Done {
		return
	}
	if t.base != "" && status >= 200 && status < 400 {
		// RFC 9111, section 4.4. Variants are not found without their marker.
		t.c.store.drop(t.base)
	}
	said(ctx, forwarded(t.why, status, t.detail))
}

// asking is one visitor's request to a cached address.
type asking struct {
	c     *Cache
	ctx   *fasthttp.RequestCtx
	q     *strict.Request
	base  string
	until time.Time
	job   job
	e     *entry
	why   reason
}

// turn answers from what is kept, or joins a fetch and looks again.
func (a *asking) turn(t *Turn) {
	failures := 0
	// An address may turn out to vary, and what by may change, but not for ever.
	for range 2 * tries {
		if !a.find() {
			t.why, t.detail = bypass, "vary"
			return
		}
		now := a.c.o.Now()
		if a.kept(t, now) || a.aside(t, now) {
			return
		}
		f, led, again := a.c.join(a.fetchJob())
		if again {
			continue
		}
		if f == nil {
			t.why, t.detail = bypass, "busy"
			return
		}
		if !f.wait(a.until) {
			a.fail(t, outcome{err: errWait})
			return
		}
		switch out := f.out; out.landing {
		case kept:
			a.give(t, out.entry, fetched(a.why, led, out, a.c.o.Now()), missed(led))
			return
		case apart:
			t.why, t.detail = bypass, out.why
			return
		case failed:
			if a.covers(t, out) {
				return
			}
			if failures++; led || failures == tries {
				a.fail(t, out)
				return
			}
		case differ: // and now the fields are known
		}
	}
	t.why, t.detail = bypass, "vary"
}

// find looks up the answer, by way of the fields that the address varies by. false means
// that the request's cannot be part of a key.
func (a *asking) find() bool {
	a.job.base, a.job.key, a.job.marker, a.job.fields, a.why = a.base, a.base, nil, nil, uriMiss
	if a.e = a.c.store.get(a.base); a.e == nil || a.e.marker == nil {
		return true
	}
	m := a.e.marker
	fields, ok := values(a.q, m.names)
	if !ok {
		return false
	}
	a.job.marker, a.job.fields, a.why = m, fields, varyMiss
	a.job.key = variant(a.base, m, fields)
	a.e = a.c.store.get(a.job.key)
	return true
}

// kept answers from memory where the answer may be used without waiting.
func (a *asking) kept(t *Turn, now time.Time) bool {
	e := a.e
	switch {
	case e == nil || e.aside != "":
		return false
	case now.Before(e.fresh):
		a.give(t, e, hit(e, now), traffic.Hit)
	case now.Before(e.whileStale):
		a.refresh(now)
		a.give(t, e, hit(e, now), traffic.Stale)
	case now.Before(e.onError) && now.UnixNano() < e.retry.Load():
		a.give(t, e, hit(e, now), traffic.Stale)
	default:
		a.why = stale
		return false
	}
	return true
}

// aside lets the request go its own way where the answer is known not to be for
// everybody. When that is to be found out again, nobody waits for it.
func (a *asking) aside(t *Turn, now time.Time) bool {
	if a.e == nil || a.e.aside == "" {
		return false
	}
	if !now.Before(a.e.until) {
		a.c.join(a.fetchJob())
	}
	t.why, t.detail = bypass, a.e.aside
	return true
}

// refresh begins a fetch that nobody waits for.
func (a *asking) refresh(now time.Time) {
	if now.UnixNano() < a.e.retry.Load() {
		return
	}
	a.c.join(a.fetchJob())
}

// fetchJob is what to fetch for this request.
func (a *asking) fetchJob() *job {
	j := a.job
	j.seen = a.e
	return &j
}

// give answers with an entry.
func (a *asking) give(t *Turn, e *entry, status string, how traffic.Cached) {
	e.write(a.ctx, a.q, a.c.o.Now())
	said(a.ctx, status)
	a.c.o.Traffic.Cached(how)
	t.Done = true
}

// covers answers with what is old where the backend fails (RFC 5861, section 4).
func (a *asking) covers(t *Turn, out outcome) bool {
	if e := a.e; e != nil && e.aside == "" && a.c.o.Now().Before(e.onError) {
		a.give(t, e, forwarded(stale, out.status, "stale-if-error"), traffic.Stale)
		return true
	}
	return false
}

// fail gives the backend's words about its failure, or leaves it to the gate to say.
func (a *asking) fail(t *Turn, out outcome) {
	t.Done = true
	if out.entry != nil {
		a.give(t, out.entry, forwarded(a.why, out.status, ""), traffic.CacheFailed)
		return
	}
	if t.Err = out.err; t.Err == nil {
		t.Err = forward.ErrDown
	}
	a.c.o.Traffic.Cached(traffic.CacheFailed)
}

func missed(led bool) traffic.Cached {
	if led {
		return traffic.Missed
	}
	return traffic.Collapsed
}
