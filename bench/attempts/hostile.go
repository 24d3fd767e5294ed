package attempts

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

// poison stands in what a hostile backend sends too much.
const poison = "poisoned-answer"

// tail is a whole answer that nobody asked for.
const tail = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n" + poison

// hostile are answers of a backend, by the path that they are given to.
var hostile = map[string]string{
	"/two-lengths":       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 60\r\n\r\nok" + tail,
	"/list-length":       "HTTP/1.1 200 OK\r\nContent-Length: 2, 60\r\n\r\nok" + tail,
	"/length-and-chunks": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + tail,
	"/signed-length":     "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok" + tail,
	"/too-much":          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + tail,
	"/204":               "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok" + tail,
	"/204-chunks":        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + tail,
	"/304":               "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok" + tail,
	"/flood":             strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 2000) + tail,
	"/101":               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" + tail,
	"/xchunked":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + tail,
	"/bad-chunk":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2x\r\nok\r\n0\r\n\r\n" + tail,
	"/bare-lf":           "HTTP/1.1 200 OK\nContent-Length: 2\n\nok" + tail,
	"/folded":            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok" + tail,
	"/space-colon":       "HTTP/1.1 200 OK\r\nContent-Length : 2\r\nContent-Length: 60\r\n\r\nok" + tail,
	"/nul":               "HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok" + tail,
	"/bare-cr":           "HTTP/1.1 200 OK\r\nLocation: /x\rSet-Cookie: " + poison + "=1\r\nContent-Length: 2\r\n\r\nok",
	"/own-cookie":        "HTTP/1.1 200 OK\r\nSet-Cookie: waitroom-pass-booking=" + poison + "\r\nContent-Length: 2\r\n\r\nok",
	"/not-http":          "220 mail." + poison + " ESMTP\r\n",
	"/bomb":              "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+poison+"\r\n", 20000) + "\r\n",
}

// hostileBackend puts such a backend behind a gateway of the attempt's own, with a folder
// that is open.
func hostileBackend(s *Stage) {
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = backend.Close() })
	go serveHostile(backend)
	front := s.Front
	if front == nil {
		front = func(t testing.TB, backend string) string {
			return gateway.Start(t, gateway.Options{Binary: s.Binary, Backend: backend, Room: map[string]string{"open_paths": "[/open/]"}}).Visitors
		}
	}
	addr := front(s, "http://"+backend.Addr().String())
	for _, path := range slices.Sorted(maps.Keys(hostile)) {
		for _, method := range []string{"GET", "HEAD"} {
			s.Tried()
			first := fmt.Sprintf("%s /open%s HTTP/1.1\r\nHost: x\r\n\r\n", method, path)
			text := first + "GET /open/fine HTTP/1.1\r\nHost: x\r\n\r\n"
			reply, err := s.Exchange(addr, text)
			if err != nil {
				s.Fatal(err)
			}
			if strings.Contains(reply, poison) {
				s.Through(Finding{Variant: method + " " + path, Sent: text, Answer: reply, Backend: hostile[path], Why: "what the backend sent too much reached a visitor"})
			}
			// Somebody else's next request must not get it either.
			if reply, err = s.Exchange(addr, "GET /open/fine HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil || strings.Contains(reply, poison) {
				s.Through(Finding{Variant: method + " " + path + ", the next visitor", Sent: text, Answer: reply, Backend: hostile[path], Why: "what the backend sent too much reached the next visitor"})
			}
		}
	}
}

func serveHostile(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go answerHostile(c)
	}
}

func answerHostile(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		for field := line; field != "\r\n"; {
			if field, err = r.ReadString('\n'); err != nil {
				return
			}
		}
		_, target, _ := strings.Cut(line, " ")
		path, _, _ := strings.Cut(target, " ")
		answer, ok := hostile[strings.TrimPrefix(path, "/open")]
		if !ok {
			answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
		}
		if _, err := c.Write([]byte(answer)); err != nil {
			return
		}
	}
}
