package cache

import (
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// said adds this cache's word to Cache-Status (RFC 9211), after those of caches nearer to
// the backend.
func said(ctx *fasthttp.RequestCtx, status string) {
	ctx.Response.Header.Add("Cache-Status", status)
}

// hit tells of an answer from memory; below zero its freshness is over.
func hit(e *entry, now time.Time) string {
	return "waitroom; hit; ttl=" + strconv.FormatInt(left(e, now), 10)
}

// left is the freshness that is left, in whole seconds.
func left(e *entry, now time.Time) int64 {
	d := e.fresh.Sub(now)
	if d < 0 {
		return int64((d - time.Second + 1) / time.Second)
	}
	return int64(d / time.Second)
}

// fetched tells of an answer that was waited for.
func fetched(why reason, led bool, out outcome, now time.Time) string {
	text := "waitroom; fwd=" + string(why)
	if out.status != out.entry.status {
		text += "; fwd-status=" + strconv.Itoa(out.status)
	}
	text += "; ttl=" + strconv.FormatInt(left(out.entry, now), 10) + "; stored"
	if !led {
		text += "; collapsed"
	}
	return text
}

// forwarded tells of an answer of the backend's that is not kept.
func forwarded(why reason, status int, detail string) string {
	text := "waitroom; fwd=" + string(why)
	if status != 0 {
		text += "; fwd-status=" + strconv.Itoa(status)
	}
	if detail != "" {
		text += "; detail=" + detail
	}
	return text
}
