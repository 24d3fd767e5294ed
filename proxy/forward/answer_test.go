package forward

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/proxy/strict"
)

func TestAnswersWithTwoReadingsAreRefusedAndTheirConnectionClosed(t *testing.T) {
	f := func(why, text string) {
		t.Helper()
		closed := make(chan struct{}, 8)
		rec := record(t, func(c net.Conn, s seen) bool {
			if strings.HasPrefix(s.line, "GET /second") {
				return hello(c, s)
			}
			_, _ = io.WriteString(c, text)
			// The gateway has to hang up on this connection.
			_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
			if n, err := c.Read(make([]byte, 1)); n == 0 && (errors.Is(err, io.EOF) || strings.Contains(err.Error(), "reset")) {
				closed <- struct{}{}
			}
			return false
		})
		g := gated(t, Options{Backends: []string{rec.url()}, ResponseTimeout: 2 * time.Second}, strict.Limits{})
		c := g.dial()
		c.send(get("/first"))
		resp, body := c.read("GET")
		if resp.StatusCode != 502 {
			t.Errorf("%s: got %d %q", why, resp.StatusCode, body)
		}
		if _, err := g.got(); !errors.Is(err, ErrNonsense) {
			t.Errorf("%s: error is %v", why, err)
		}
		for name := range resp.Header {
			if strings.HasPrefix(name, "X-Injected") {
				t.Errorf("%s: %s reached the visitor", why, name)
			}
		}
		select {
		case <-closed:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: connection to the backend stays open", why)
		}
		c.send(get("/second"))
		if _, body := c.read("GET"); body != "hello" {
			t.Errorf("%s: the next answer is %q", why, body)
		}
	}
	const ok = "HTTP/1.1 200 OK\r\n"
	f("two lengths that differ", ok+"Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello")
	f("two lengths that agree", ok+"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello")
	f("a list of lengths", ok+"Content-Length: 5, 5\r\n\r\nhello")
	f("a signed length", ok+"Content-Length: +5\r\n\r\nhello")
	f("no length in the length", ok+"Content-Length: \r\n\r\nhello")
	f("an endless length", ok+"Content-Length: 99999999999999999999\r\n\r\nhello")
	f("length and chunks", ok+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	f("chunks and length", ok+"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")
	f("chunks twice", ok+"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	f("another coding", ok+"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")
	f("identity", ok+"Transfer-Encoding: identity\r\n\r\nhello")
	f("chunks with HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	f("a body with 204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
	f("chunks with 204", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	f("bytes after 304", "HTTP/1.1 304 Not Modified\r\n\r\nhello")
	f("a second answer", ok+"Content-Length: 0\r\n\r\n"+ok+"X-Injected: 1\r\nContent-Length: 0\r\n\r\n")
	f("bytes beyond the length", ok+"Content-Length: 3\r\n\r\nhello")
	f("a folded line", ok+"X-A: 1\r\n Content-Length: 3\r\n\r\nhello")
	f("a line that ends in LF", ok+"X-A: 1\nX-Injected: 2\r\nContent-Length: 0\r\n\r\n")
	f("a lone CR", ok+"Location: /x\rX-Injected: 2\r\nContent-Length: 0\r\n\r\n")
	f("a NUL", ok+"X-A: a\x00b\r\nContent-Length: 0\r\n\r\n")
	f("a blank before the colon", ok+"Content-Length : 5\r\n\r\nhello")
	f("a blank in a name", ok+"X A: 5\r\nContent-Length: 0\r\n\r\n")
	f("no colon", ok+"Nonsense\r\nContent-Length: 0\r\n\r\n")
	f("no name", ok+": x\r\nContent-Length: 0\r\n\r\n")
	f("a head without end", ok+strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 30))
	f("a bomb of fields", ok+strings.Repeat("X: y\r\n", 300)+"Content-Length: 0\r\n\r\n")
	f("no HTTP", "SSH-2.0-OpenSSH_9.2\r\n")
	f("no status", "HTTP/1.1 \r\nContent-Length: 0\r\n\r\n")
	f("four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")
	f("letters for digits", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n")
	f("another version", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")
	f("status nought", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n")
	f("an upgrade unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	f("a flood of interim answers", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20)+helloAnswer)
	f("an interim answer with a length", "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc"+helloAnswer)
}

func TestAnswersOfAllFramingsPass(t *testing.T) {
	f := func(why, text, body string) {
		t.Helper()
		rec := record(t, raw(text, false))
		g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
		c := g.dial()
		for range 2 {
			c.send(get("/"))
			resp, got := c.read("GET")
			if resp.StatusCode != 200 || got != body {
				t.Errorf("%s: got %d and %d bytes", why, resp.StatusCode, len(got))
			}
		}
	}
	big := strings.Repeat("0123456789", 50_000)
	f("length", helloAnswer, "hello")
	f("chunks, all at once", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n", "hello")
	f("no chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "")
	f("until it closes", "HTTP/1.1 200 OK\r\n\r\nhello", "hello")
	f("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello")
	f("long, with length", "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n"+big, big)
	f("middling, with length", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"+big[:100_000], big[:100_000])
	f("long, in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks(big, 1000)+"0\r\nX-T: 1\r\n\r\n", big)
	f("long, until it closes", "HTTP/1.1 200 OK\r\n\r\n"+big, big)
	f("interim answers first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"+helloAnswer, "hello")
}

func TestABodyThatBreaksOffIsNeverPassedOffAsWhole(t *testing.T) {
	f := func(why, text string) {
		t.Helper()
		rec := record(t, raw(text, false))
		g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
		c := g.dial()
		c.send(get("/"))
		resp, err := http.ReadResponse(c.br, nil)
		if err != nil {
			return // not even a head: nothing to be taken for whole
		}
		if _, err = io.ReadAll(resp.Body); err == nil && resp.StatusCode == 200 {
			t.Errorf("%s: read as whole", why)
		}
	}
	f("short", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
	f("long", "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\nhel")
	f("chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
	f("between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n")
	f("trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\nX: y\r\n")
	f("bad size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n-1\r\n\r\n")
	f("endless size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhel")
	f("size with LF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nhel\n0\n\n")
	f("chunk without its end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhelXX0\r\n\r\n")
}

func TestADeadSlowOrSpeechlessBackendIsTold(t *testing.T) {
	f := func(why string, o Options, status int, want error) {
		t.Helper()
		g := gated(t, o, strict.Limits{})
		resp, _ := g.do("GET", get("/"))
		if _, err := g.got(); resp.StatusCode != status || !errors.Is(err, want) {
			t.Errorf("%s: got %d, %v", why, resp.StatusCode, err)
		}
	}
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = refused.Close()
	f("refused", Options{Backends: []string{"http://" + refused.Addr().String()}}, 503, ErrDown)

	hush := make(chan struct{})
	defer close(hush) // before the recorders wait for their connections
	silent := record(t, func(net.Conn, seen) bool { <-hush; return false })
	f("silent", Options{Backends: []string{silent.url()}, ResponseTimeout: 100 * time.Millisecond}, 504, ErrSlow)
	dribble := record(t, func(c net.Conn, _ seen) bool { _, _ = io.WriteString(c, "HTTP/1.1 2"); <-hush; return false })
	f("silent within the head", Options{Backends: []string{dribble.url()}, ResponseTimeout: 100 * time.Millisecond}, 504, ErrSlow)
	stuck := record(t, func(c net.Conn, _ seen) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
		<-hush
		return false
	})
	f("silent within the body", Options{Backends: []string{stuck.url()}, ResponseTimeout: 100 * time.Millisecond}, 504, ErrSlow)
	hangs := record(t, raw("", false))
	f("hangs up", Options{Backends: []string{hangs.url()}}, 503, ErrDown)
	half := record(t, raw("HTTP/1.1 200 OK\r\nX: y\r\n", false))
	f("hangs up within the head", Options{Backends: []string{half.url()}}, 502, ErrNonsense)
}

func TestOnlySafeRequestsAreSentAgainOnAStaleConnection(t *testing.T) {
	rec := record(t, raw(helloAnswer, false)) // promises keep-alive and hangs up
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	for range 5 {
		if resp, _ := g.do("GET", get("/")); resp.StatusCode != 200 {
			t.Errorf("GET: got %d", resp.StatusCode)
		}
		rec.hungUp() // else the POST may be under way when the connection ends, and that one is not repeated
		if resp, _ := g.do("POST", post("Content-Length: 1\r\n", "x")); resp.StatusCode != 200 {
			t.Errorf("POST on a connection seen to be closed: got %d", resp.StatusCode)
		}
	}
	rec.take()

	n := 0
	mute := record(t, func(c net.Conn, s seen) bool {
		n++
		if n == 1 {
			return hello(c, s)
		}
		return n > 2 && hello(c, s) // the second hangs up after it has read
	})
	g = gated(t, Options{Backends: []string{mute.url()}}, strict.Limits{})
	g.do("GET", get("/warm"))
	if resp, _ := g.do("POST", post("Content-Length: 1\r\n", "x")); resp.StatusCode != 503 {
		t.Errorf("POST that may have been carried out: got %d", resp.StatusCode)
	}
	if got := mute.take(); len(got) != 2 {
		t.Errorf("backend saw %d requests, want 2", len(got))
	}
}

func TestAnEarlyAnswerEndsTheUpload(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				buf := make([]byte, 4096)
				_, _ = c.Read(buf)
				_, _ = io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
				_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
				for { // hardly reads any more
					if _, err := c.Read(buf[:1]); err != nil {
						return
					}
					<-time.After(time.Millisecond)
				}
			}()
		}
	}()
	t.Cleanup(func() { _ = ln.Close() })
	g := gated(t, Options{Backends: []string{"http://" + ln.Addr().String()}, MaxBody: -1}, strict.Limits{})
	c := g.dial()
	go func() {
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000000\r\n\r\n")
		piece := make([]byte, 64<<10)
		for {
			if _, err := c.Write(piece); err != nil {
				return
			}
		}
	}()
	resp, body := c.read("POST")
	if resp.StatusCode != 401 || body != "no" || !resp.Close {
		t.Errorf("got %v %q", resp, body)
	}
}
