//go:build !race

// The race detector drops pooled values on purpose, so allocations are counted without it.

package proxy_test

import (
	"bufio"
	"context"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/sightings"
	"waitroom/token"
)

// asked is a request as the server hands it to the gate.
func (p *person) asked(t testing.TB, method, uri string, fields ...string) *fasthttp.RequestCtx {
	t.Helper()
	raw := method + " " + uri + " HTTP/1.1\r\nHost: " + p.host + "\r\n"
	for k, v := range p.fields {
		if !strings.HasPrefix(k, "Sec-Fetch") && k != "Accept" || len(fields) == 0 {
			raw += k + ": " + v + "\r\n"
		}
	}
	for i := 0; i+1 < len(fields); i += 2 {
		raw += fields[i] + ": " + fields[i+1] + "\r\n"
	}
	var cookies []string
	for k, v := range p.cookies {
		cookies = append(cookies, k+"="+v)
	}
	if len(cookies) > 0 {
		raw += "Cookie: " + strings.Join(cookies, "; ") + "\r\n"
	}
	ctx := &fasthttp.RequestCtx{}
	if err := ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(raw + "\r\n"))); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// waiters is a rig with somebody who waits among others, and a view just read.
func waiters(t testing.TB) (*rig, *person) {
	t.Helper()
	r := begin(t, settings{bare: true})
	r.crowd(1000)
	p := r.browser()
	p.call("join")
	fresh(t, r)
	return r, p
}

func fresh(t testing.TB, r *rig) {
	t.Helper()
	if err := r.line.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestAPollAllocatesNothing(t *testing.T) {
	r, p := waiters(t)
	ctx := p.asked(t, "GET", "/.waitroom/booking/status", script()...)
	n := testing.AllocsPerRun(200, func() {
		fresh(t, r)
		ctx.Response.Reset()
		r.gate.Handle(ctx)
	}) - testing.AllocsPerRun(200, func() { fresh(t, r) })
	if body := string(ctx.Response.Body()); !strings.Contains(body, `"position":1001,`) {
		t.Fatalf("answered %s", body)
	}
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPoll(b *testing.B) {
	r, p := waiters(b)
	ctx := p.asked(b, "GET", "/.waitroom/booking/status", script()...)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%10_000 == 0 {
			fresh(b, r)
		}
		ctx.Response.Reset()
		r.gate.Handle(ctx)
	}
	if ctx.Response.StatusCode() != 200 {
		b.Fatalf("answered %d", ctx.Response.StatusCode())
	}
}

// BenchmarkAdmits is the decision on a request with a pass, without forwarding it.
func BenchmarkAdmits(b *testing.B) {
	r := begin(b, settings{bare: true})
	p := r.browser()
	p.get("/first")
	ctx := p.asked(b, "POST", "/book")
	b.ReportAllocs()
	for b.Loop() {
		if !r.gate.Admits(ctx) {
			b.Fatal("refused")
		}
	}
}

// BenchmarkPage is the waiting page for somebody who has a ticket.
func BenchmarkPage(b *testing.B) {
	r, p := waiters(b)
	ctx := p.asked(b, "GET", "/book")
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%1000 == 0 {
			fresh(b, r)
		}
		ctx.Response.Reset()
		r.gate.Handle(ctx)
	}
}

func TestTheDecisionOnAPassAllocatesNothing(t *testing.T) {
	r := begin(t, settings{bare: true})
	p := r.browser()
	p.get("/first").wantInside(t, "/first")
	ctx := p.asked(t, "POST", "/book")
	if n := testing.AllocsPerRun(200, func() {
		if !r.gate.Admits(ctx) {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTakingNoteOfAGenerationAllocatesNothing(t *testing.T) {
	var s sightings.Sightings
	pass := token.Pass{ID: [16]byte{1}, Gen: token.Generation{Number: 3}, Issued: evening, Expires: evening + hour, End: evening + hour}
	if n := testing.AllocsPerRun(200, func() {
		s.See(sightings.Pass{Pass: &pass, Now: evening + minute, Every: hour, Idle: hour})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkSee is what rotation costs a request that brings nothing new.
func BenchmarkSee(b *testing.B) {
	var s sightings.Sightings
	pass := token.Pass{ID: [16]byte{1}, Gen: token.Generation{Number: 3}, Issued: evening, Expires: evening + hour, End: evening + hour}
	b.ReportAllocs()
	for b.Loop() {
		s.See(sightings.Pass{Pass: &pass, Now: evening + minute, Every: hour, Idle: hour})
	}
}

// BenchmarkJoin is an app's first call: a device and a place are made, and two tickets.
func BenchmarkJoin(b *testing.B) {
	r, p := waiters(b)
	p.cookies = nil
	ctx := p.asked(b, "POST", "/.waitroom/booking/join")
	b.ReportAllocs()
	for b.Loop() {
		ctx.Response.Reset()
		r.gate.Handle(ctx)
	}
	if ctx.Response.StatusCode() != 200 {
		b.Fatalf("answered %d", ctx.Response.StatusCode())
	}
}
