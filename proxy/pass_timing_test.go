package proxy

import (
	"testing"

	"github.com/valyala/fasthttp"
)

// answered is an answer as backends give it.
func answered() *fasthttp.RequestCtx {
	ctx := &fasthttp.RequestCtx{}
	h := &ctx.Response.Header
	h.DisableNormalizing()
	for _, name := range []string{"ETag", "Last-Modified", "Vary", "X-Request-Id", "Strict-Transport-Security", "Content-Security-Policy"} {
		h.Set(name, "value")
	}
	h.SetContentType("text/html; charset=utf-8")
	return ctx
}

func TestKeepingAnAnswerOutOfSharedCachesAllocatesNothing(t *testing.T) {
	ctx := answered()
	if n := testing.AllocsPerRun(200, func() {
		unshare(ctx)
		ctx.Response.Header.Del(fasthttp.HeaderCacheControl)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkUnshare is what that costs a forwarded request.
func BenchmarkUnshare(b *testing.B) {
	ctx := answered()
	b.ReportAllocs()
	for b.Loop() {
		unshare(ctx)
		ctx.Response.Header.Del(fasthttp.HeaderCacheControl)
	}
}
