package differential

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

const (
	fine  = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
	start = "HTTP/1.1 200 OK\r\n"
)

// answers are what a backend may say that two readers understand differently, or not at all.
var answers = []struct{ why, text string }{
	{"two lengths that differ", start + "Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello"},
	{"two lengths that agree", start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"},
	{"a length and chunks", start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"chunks twice", start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"another coding", start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
	{"a signed length", start + "Content-Length: +5\r\n\r\nhello"},
	{"a length that wraps", start + "Content-Length: 18446744073709551621\r\n\r\nhello"},
	{"a body with 204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"},
	{"a body with 304", "HTTP/1.1 304 Not Modified\r\n\r\nhello"},
	{"a second answer behind the first", start + "Content-Length: 0\r\n\r\n" + start + "Content-Length: 8\r\n\r\ninjected"},
	{"more than the length", start + "Content-Length: 3\r\n\r\nhello"},
	{"a lone CR in Location", "HTTP/1.1 302 Found\r\nLocation: /x\rSet-Cookie: injected=1\r\nContent-Length: 0\r\n\r\n"},
	{"a lone LF in Location", "HTTP/1.1 302 Found\r\nLocation: /x\nSet-Cookie: injected=1\r\nContent-Length: 0\r\n\r\n"},
	{"a folded line", start + "X: 1\r\n Content-Length: 3\r\n\r\nhello"},
	{"a NUL", start + "X: a\x00b\r\nContent-Length: 0\r\n\r\n"},
	{"a blank before the colon", start + "Content-Length : 5\r\n\r\nhello"},
	{"a flood of interim answers", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 500) + fine},
	{"an interim answer with a length", "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc" + fine},
	{"a switch that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"},
	{"a head of 64 KB", start + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 64) + "\r\n"},
	{"five hundred fields", start + strings.Repeat("X: y\r\n", 500) + "Content-Length: 0\r\n\r\n"},
	{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n"},
	{"the version of HTTP/2", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"},
}

// liar answers /open/N with the Nth of the answers, and everything else properly. It
// tells whether the connection was then ended from the other side.
type liar struct {
	net.Listener
	ended chan bool
	done  sync.WaitGroup
}

func startLiar(t *testing.T) *liar {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &liar{Listener: l, ended: make(chan bool, 2*len(answers))}
	b.done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.done.Go(func() {
				defer c.Close()
				b.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		b.done.Wait()
	})
	return b
}

func (b *liar) serve(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	for br := bufio.NewReader(c); ; {
		u, err := readWhole(br)
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimPrefix(u.Target, "/open/"))
		if err != nil {
			if _, err := io.WriteString(c, fine); err != nil {
				return
			}
			continue
		}
		_, _ = io.WriteString(c, answers[n].text)
		_, err = br.ReadByte()
		b.ended <- err != nil
		return
	}
}

func TestAnAnswerWithTwoReadingsIsABadGatewayAndTheNextVisitorGetsTheirOwn(t *testing.T) {
	b := startLiar(t)
	gate := gateway.Start(t, gateway.Options{Binary: binary, Backend: "http://" + b.Addr().String(), Room: map[string]string{"open_paths": "[/open/]"}})
	t.Cleanup(gate.Kill) // before the backend, which waits for its connections to end
	for i, a := range answers {
		r, body := ask(t, gate.URL+"/open/"+strconv.Itoa(i))
		if r.StatusCode != http.StatusBadGateway {
			t.Errorf("%s: %d %.60q", a.why, r.StatusCode, body)
		}
		if len(r.Header.Values("Set-Cookie")) > 0 || r.Header.Get("Location") != "" || strings.Contains(body, "injected") {
			t.Errorf("%s: something of it came through: %v", a.why, r.Header)
		}
		if !<-b.ended {
			t.Errorf("%s: the connection to the backend is used again", a.why)
		}
		if r, body := ask(t, gate.URL+"/open/next"); r.StatusCode != http.StatusOK || body != "second" {
			t.Errorf("after %s the next visitor gets %d %.60q", a.why, r.StatusCode, body)
		}
	}
}

func ask(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(body)
}
