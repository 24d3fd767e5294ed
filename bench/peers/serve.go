package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// The sizes of what the backend answers, and of what a poll's answer is about.
const (
	small = 1 << 10
	large = 64 << 10
	hello = 200
)

// serve is this program as one of the reference servers, until the context ends.
func serve(ctx context.Context, as string, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("serve %s needs an address and a backend, and got %q", as, args)
	}
	listener, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	switch as {
	case "backend":
		err = fasthttp.Serve(listener, backend())
	case "hello":
		body := bytes.Repeat([]byte("x"), hello)
		err = fasthttp.Serve(listener, func(ctx *fasthttp.RequestCtx) {
			ctx.SetContentType("application/json")
			ctx.Response.SetBodyRaw(body)
		})
	case "bare":
		client := &fasthttp.HostClient{Addr: args[1], MaxConns: 1024}
		err = fasthttp.Serve(listener, func(ctx *fasthttp.RequestCtx) {
			if err := client.Do(&ctx.Request, &ctx.Response); err != nil {
				ctx.Error(err.Error(), fasthttp.StatusBadGateway)
			}
		})
	case "net/http":
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: args[1]})
		proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}
		server := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
		err = server.Serve(listener)
	default:
		return fmt.Errorf("there is no server %s", as)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// backend answers /a/1k, /a/64k, /b/1k and /b/64k, and /counts with how many requests
// came below /a and below /b.
func backend() fasthttp.RequestHandler {
	var a, b atomic.Int64
	little, much := bytes.Repeat([]byte("x"), small), bytes.Repeat([]byte("x"), large)
	return func(ctx *fasthttp.RequestCtx) {
		path := ctx.Path()
		switch {
		case bytes.HasPrefix(path, []byte("/a/")):
			a.Add(1)
		case bytes.HasPrefix(path, []byte("/b/")):
			b.Add(1)
		case string(path) == "/counts":
			ctx.SetBodyString(strconv.FormatInt(a.Load(), 10) + " " + strconv.FormatInt(b.Load(), 10))
			return
		default:
			ctx.SetStatusCode(fasthttp.StatusNotFound)
			return
		}
		ctx.SetContentType("text/html; charset=utf-8")
		if bytes.HasSuffix(path, []byte("/64k")) {
			ctx.Response.SetBodyRaw(much)
			return
		}
		ctx.Response.SetBodyRaw(little)
	}
}
