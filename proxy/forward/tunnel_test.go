package forward

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/proxy/strict"
)

const handshakeKey = "dGhlIHNhbXBsZSBub25jZQ=="

// handshakeAccept is RFC 6455's own example, section 1.3.
const handshakeAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

func handshake(lines string) string {
	return "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\n" + lines + "\r\n"
}

const upgradeLines = "Upgrade: websocket\r\nSec-WebSocket-Key: " + handshakeKey + "\r\nSec-WebSocket-Version: 13\r\n"

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: " + handshakeAccept + "\r\n"

// echo accepts a handshake, greets, and sends back what comes.
func echo(c net.Conn, _ seen) bool {
	_, _ = io.WriteString(c, switching+"Sec-WebSocket-Protocol: chat\r\nWaitroom-Command: release\r\n\r\ngreeting")
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			if _, err := c.Write(buf[:n]); err != nil {
				return false
			}
		}
		if err != nil {
			return false
		}
	}
}

// open makes a tunnel through g and reads the greeting.
func (g *gate) open() *client {
	g.t.Helper()
	c := g.dial()
	c.send(handshake(upgradeLines))
	resp, err := http.ReadResponse(c.br, nil)
	if err != nil || resp.StatusCode != 101 {
		g.t.Fatalf("got %v, %v", resp, err)
	}
	c.expect("greeting")
	return c
}

func (c *client) expect(text string) {
	c.t.Helper()
	buf := make([]byte, len(text))
	if _, err := io.ReadFull(c.br, buf); err != nil || string(buf) != text {
		c.t.Fatalf("got %q, %v, want %q", buf, err, text)
	}
}

func TestATunnelCarriesBytesBothWays(t *testing.T) {
	rec := record(t, echo)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{ReadTimeout: 300 * time.Millisecond, IdleTimeout: 300 * time.Millisecond})
	c := g.dial()
	c.send(handshake(upgradeLines+"Origin: http://a.test\r\nSec-WebSocket-Protocol: chat\r\nX-Forwarded-For: 9.9.9.9\r\n") + "too early")
	resp, err := http.ReadResponse(c.br, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Accept") != handshakeAccept ||
		!strings.EqualFold(resp.Header.Get("Connection"), "upgrade") || resp.Header.Get("Upgrade") != "websocket" ||
		resp.Header.Get("Sec-WebSocket-Protocol") != "chat" || resp.Header.Get("Waitroom-Command") != "" || resp.Header.Get("Content-Length") != "" {
		t.Fatalf("got %v, %v", resp, err)
	}
	c.expect("greetingtoo early")
	for i := range 3 {
		text := fmt.Sprintf("message %d", i)
		c.send(text)
		c.expect(text)
	}
	if a, _ := g.got(); a.Status != 101 || a.Command != CommandRelease {
		t.Errorf("answer is %+v", a)
	}
	s := rec.take()[0]
	for name, want := range map[string]string{
		"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": handshakeKey, "Sec-WebSocket-Version": "13", "Origin": "http://a.test",
		"Waitroom-Pass": "the.pass.jwt", "X-Forwarded-For": "127.0.0.1", "Content-Length": "",
	} {
		if got := s.field(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	// Silence beyond the server's own timeouts ends no tunnel.
	<-time.After(500 * time.Millisecond)
	c.send("still here")
	c.expect("still here")
}

func TestATunnelEndsWithThePass(t *testing.T) {
	rec := record(t, echo)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	f := func(why string, end func(c *client)) {
		t.Helper()
		c := g.open()
		began := time.Now()
		end(c)
		c.ends()
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("%s: ended after %v", why, d)
		}
		until(t, why+": nothing in flight", func() bool { return g.backend.States()[0].InFlight == 0 })
	}
	g.set(Extra{Until: time.Now().Add(300 * time.Millisecond)})
	f("its time is over", func(*client) {})
	g.set(Extra{Until: time.Now().Add(400 * time.Millisecond)})
	f("its time is over while bytes flow", func(c *client) {
		go func() {
			for {
				if _, err := io.WriteString(c.Conn, "x"); err != nil {
					return
				}
				<-time.After(10 * time.Millisecond)
			}
		}()
		_, _ = io.Copy(io.Discard, c.br)
	})
	var revoked atomic.Bool
	g.set(Extra{Watch: ended(revoked.Load)})
	f("it was ended", func(*client) { revoked.Store(true) })
	g.set(Extra{})
	f("the backend is closed", func(*client) { go g.backend.Close() })
}

func TestATunnelEndsWhenEitherSideDoes(t *testing.T) {
	hungUp := make(chan struct{}, 1)
	rec := record(t, func(c net.Conn, s seen) bool {
		_, _ = io.WriteString(c, switching+"\r\ngreeting")
		b, err := bufio.NewReader(c).ReadByte()
		if err != nil {
			hungUp <- struct{}{}
		}
		return err == nil && b == 'k'
	})
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	c := g.open()
	c.send("q") // the backend hangs up
	c.ends()
	c = g.open()
	_ = c.Close()
	select {
	case <-hungUp:
	case <-time.After(5 * time.Second):
		t.Error("the backend was not told")
	}
	until(t, "nothing in flight", func() bool { return g.backend.States()[0].InFlight == 0 })
}

func TestASilentTunnelIsEnded(t *testing.T) {
	rec := record(t, echo)
	g := gated(t, Options{Backends: []string{rec.url()}, StreamTimeout: 100 * time.Millisecond}, strict.Limits{})
	g.open().ends()
}

func TestHandshakesThatAreNoneNeverReachTheBackend(t *testing.T) {
	rec := record(t, echo)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	f := func(lines string, status int) {
		t.Helper()
		c := g.dial()
		c.send(handshake(lines) + smuggled)
		resp, _ := c.read("GET")
		if resp.StatusCode != status {
			t.Errorf("%q: got %d, want %d", lines, resp.StatusCode, status)
		}
		if status == 426 && resp.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("%q: no version told", lines)
		}
		c.ends()
		if got := rec.take(); len(got) != 0 {
			t.Errorf("%q: backend saw %+v", lines, got)
		}
	}
	key := "Sec-WebSocket-Key: " + handshakeKey + "\r\n"
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 777\r\n"+key, 426)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"+key, 426)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 13, 8\r\n"+key, 426)
	f("Upgrade: websocket\r\n"+key, 426)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", 400)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", 400)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n", 400)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 3\r\n"+key, 400)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"+key, 400)
	f("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+key+key, 400)
}

func TestUpgradesToAnythingElseAreOrdinaryRequests(t *testing.T) {
	rec := record(t, hello)
	g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
	f := func(text string) {
		t.Helper()
		if resp, _ := g.do("GET", text); resp.StatusCode != 200 {
			t.Errorf("%q: got %d", text, resp.StatusCode)
		}
		s := rec.take()[0]
		for _, name := range []string{"Upgrade", "Connection", "HTTP2-Settings", "Sec-WebSocket-Key"} {
			if s.field(name) != "" {
				t.Errorf("%q: backend saw %s", text, name)
			}
		}
	}
	f(handshake("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"))
	f(handshake("Upgrade: TLS/1.0\r\n"))
	f(handshake("Upgrade: websocket, h2c\r\nSec-WebSocket-Key: " + handshakeKey + "\r\nSec-WebSocket-Version: 13\r\n"))
	f("GET / HTTP/1.1\r\nHost: a.test\r\n" + upgradeLines + "\r\n") // Connection does not name it
	f("POST / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nContent-Length: 0\r\n" + upgradeLines + "\r\n")
}

func TestABackendThatDoesNotSwitchProperlyGetsNoTunnel(t *testing.T) {
	f := func(why, answer string, status int) {
		t.Helper()
		var extra atomic.Int32
		rec := record(t, func(c net.Conn, _ seen) bool {
			_, _ = io.WriteString(c, answer)
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if n, _ := c.Read(make([]byte, 100)); n > 0 {
				extra.Add(1)
			}
			return false
		})
		g := gated(t, Options{Backends: []string{rec.url()}}, strict.Limits{})
		c := g.dial()
		c.send(handshake(upgradeLines) + smuggled)
		resp, _ := c.read("GET")
		if resp.StatusCode != status {
			t.Errorf("%s: got %d, want %d", why, resp.StatusCode, status)
		}
		c.ends()
		rec.stop()
		if extra.Load() != 0 || len(rec.take()) != 1 {
			t.Errorf("%s: bytes after the handshake reached the backend", why)
		}
	}
	f("another accept", strings.Replace(switching, "s3p", "s3q", 1)+"\r\n", 502)
	f("no accept", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 502)
	f("another protocol", strings.Replace(switching, "WebSocket", "h2c", 1)+"\r\n", 502)
	f("no connection option", strings.Replace(switching, "Connection: upgrade\r\n", "", 1)+"\r\n", 502)
	f("a refusal, which is passed on", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403)
	f("an ordinary answer, which is passed on", helloAnswer, 200)
	f("nothing", "", 503)
}
