package strict

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

func TestAPanicIsAnsweredAndTheServerGoesOn(t *testing.T) {
	var told atomic.Value
	addr := server(t, Limits{}, Hooks{
		Handler: func(ctx *fasthttp.RequestCtx) {
			if string(ctx.Path()) == "/panic" {
				ctx.Response.Header.Set("X-Half", "done")
				panic("kettle")
			}
		},
		Panicked: func(v any) { told.Store(v) },
	})
	all := talk(t, addr, get("/panic", "")+get("/", ""), 0)
	if len(all) != 1 || all[0].StatusCode != 500 || !all[0].Close || all[0].Header.Get("X-Half") != "" || told.Load() != "kettle" {
		t.Errorf("got %v, told %v", all, told.Load())
	}
	if all := talk(t, addr, get("/", ""), 1); len(all) != 1 || all[0].StatusCode != 200 {
		t.Errorf("afterwards: %v", all)
	}
}

func TestMalformedRequestsAreCountedAndNeverEchoed(t *testing.T) {
	var reason atomic.Value
	addr := server(t, Limits{ReadTimeout: 100 * time.Millisecond}, Hooks{
		Handler: func(*fasthttp.RequestCtx) { t.Error("handler is called") },
		Refused: func(s string) { reason.Store(s) },
	})
	f := func(text string, status int, want string) {
		t.Helper()
		all := talk(t, addr, text, 0)
		if len(all) != 1 || all[0].StatusCode != status || !all[0].Close {
			t.Fatalf("%.40q: got %v", text, all)
		}
		body, _ := io.ReadAll(all[0].Body)
		if strings.Contains(string(body), "canary") || all[0].Header.Get("Content-Type") != "application/problem+json" || all[0].Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%.40q: got %v %s", text, all[0], body)
		}
		if got := reason.Load(); got != want {
			t.Errorf("%.40q: counted as %v, want %s", text, got, want)
		}
	}
	f("GET / HTTP/1.1\r\nHost: a\r\ncanary\r\n\r\n", 400, "syntax")
	f("GET /canary HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("y", 20<<10)+"\r\n\r\n", 431, "header-size")
	f("GET /canary HTTP/1.1\r\nHost: a\r\n", 408, "slow")
}

func TestABodyIsNotInvitedBeforeItIsWanted(t *testing.T) {
	var wanted atomic.Bool
	addr := server(t, Limits{}, Hooks{
		Handler: func(ctx *fasthttp.RequestCtx) {
			body, err := Body(ctx, 10)
			if err != nil {
				ctx.SetStatusCode(429)
				return
			}
			ctx.SetBody(body)
		},
		Admits: func(*fasthttp.RequestCtx) bool { return wanted.Load() },
	})
	head := "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n"
	f := func(text string, statuses ...int) {
		t.Helper()
		all := talk(t, addr, text, len(statuses))
		for i, want := range statuses {
			if i >= len(all) || all[i].StatusCode != want {
				t.Fatalf("%q: got %v", text, all)
			}
		}
	}
	f(head+"\r\n", 429)
	if all := talk(t, addr, head+"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0); len(all) != 1 || !all[0].Close {
		t.Fatalf("what may be a body was answered: %v", all)
	}
	f("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", 429)
	wanted.Store(true)
	f(head+"\r\nabc", 100, 200)
	f(head+"X_Y: z\r\n\r\n", 400)
	f("POST /a/../b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", 400)
}

func TestBodiesAreReadToABound(t *testing.T) {
	result := make(chan error, 1)
	addr := server(t, Limits{}, Hooks{Handler: func(ctx *fasthttp.RequestCtx) {
		body, err := Body(ctx, 10)
		ctx.SetBody(body)
		result <- err
	}})
	f := func(text string, want error) {
		t.Helper()
		all := talk(t, addr, text, 1)
		if err := <-result; !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
		if len(all) != 1 || all[0].Close != (want != nil) {
			t.Errorf("%q: got %v", text, all)
		}
	}
	post := "POST / HTTP/1.1\r\nHost: a\r\n"
	f(post+"\r\n", nil)
	f(post+"Content-Length: 10\r\n\r\n0123456789", nil)
	f(post+"Content-Length: 11\r\n\r\n0123456789a", ErrBodyTooLarge)
	f(post+"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", nil)
	f(post+"Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n56789a\r\n0\r\n\r\n", ErrBodyTooLarge)
}

func TestAChunkedBodyThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	result := make(chan error, 1)
	addr := server(t, Limits{}, Hooks{Handler: func(ctx *fasthttp.RequestCtx) {
		_, err := Body(ctx, 100)
		result <- err
	}})
	f := func(body string, whole bool) {
		t.Helper()
		c := dial(t, addr)
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
		_ = c.CloseWrite()
		if err := <-result; (err == nil) != whole {
			t.Errorf("%q: got %v", body, err)
		}
	}
	f("3\r\nabc\r\n", false) // fasthttp itself says io.EOF here
	f("3\r\nab", false)
	f("3\r\nabc\r\n0\r\n", true) // the last chunk is there; only the blank line is not
	f("3\r\nabc\r\n0\r\n\r\n", true)
	f("0\r\n\r\n", true)
}

func TestAnUnreadBodyIsNeverTheNextRequest(t *testing.T) {
	var paths atomic.Value
	paths.Store("")
	addr := server(t, Limits{}, Hooks{Handler: func(ctx *fasthttp.RequestCtx) {
		paths.Store(paths.Load().(string) + string(ctx.Path()) + " ")
		ctx.SetStatusCode(403)
	}})
	f := func(head, body string) {
		t.Helper()
		paths.Store("")
		talk(t, addr, "POST /first HTTP/1.1\r\nHost: a\r\n"+head+"\r\n"+body, 2)
		if got := paths.Load().(string); strings.Contains(got, "inner") {
			t.Errorf("%q: handled %s", head, got)
		}
	}
	const inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n"
	second := get("/second", "")
	f("Content-Length: 32\r\n", inner+second)
	f("Transfer-Encoding: chunked\r\n", "20\r\n"+inner+"\r\n0\r\n\r\n"+second)
	f("Content-Length: 1000000\r\n", inner+second)
	f("Content-Length: 100\r\nContent-Type: multipart/form-data; boundary=x\r\n", "--x--\r\n"+strings.Repeat(inner, 3)[:93]+second)
}
