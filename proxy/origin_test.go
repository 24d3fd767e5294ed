package proxy_test

import (
	"bufio"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"waitroom/queue"
)

// shakes is the status of a WebSocket handshake with what the browser has.
func (p *person) shakes(t *testing.T, fields ...string) int {
	t.Helper()
	c := p.dials(t, strings.Join(fields, "\r\n")+"\r\n"+socket)
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", fields, err)
	}
	if body, _ := io.ReadAll(io.LimitReader(a.Body, 500)); a.StatusCode == 403 && !strings.Contains(string(body), "urn:waitroom:problem:foreign-origin") {
		t.Errorf("%q: %s", fields, body)
	}
	return a.StatusCode
}

func TestAWebSocketOfAnotherOriginsPageIsRefused(t *testing.T) {
	const at = "Host: " + host
	r := opened(t, settings{rules: func(q *queue.Rules) { q.PassTTL = hour }})
	p := r.inside()
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
		_ = rw.Flush()
		_ = c.Close()
	})
	refused := 0
	f := func(want int, fields ...string) {
		t.Helper()
		before := r.backend.seen()
		if got := p.shakes(t, fields...); got != want {
			t.Errorf("%q: %d, want %d", fields, got, want)
		}
		reached := r.backend.seen() - before
		if want == 403 {
			refused++
		}
		if reached != map[int]int{101: 1, 403: 0}[want] {
			t.Errorf("%q: the backend saw %d handshakes", fields, reached)
		}
		if n := r.counted("waitroom_refusals_total", "foreign_origin"); n != float64(refused) {
			t.Errorf("%q: %v refusals are counted, want %d", fields, n, refused)
		}
	}
	f(101, at) // an app
	f(101, at, "Origin: https://"+host)
	f(101, at, "Origin: http://"+host) // nobody knows by which of them it came
	f(101, at, "origin: HTTPS://Booking.Example.KR")
	f(101, at+":443", "Origin: https://"+host)
	f(101, at, "Origin: https://"+host+":443")
	f(101, at+":80", "Origin: http://"+host)
	f(101, at+":8443", "Origin: https://"+host+":8443")
	f(101, at+".", "Origin: https://"+host+".")
	f(101, "Host: [::1]:8080", "Origin: http://[::1]:8080")
	f(101, "Host: [::1]", "Origin: http://[::1]")
	f(403, at, "Origin: null")
	f(403, at, "Origin:")
	f(403, at, "Origin: "+host)
	f(403, at, "Origin: //"+host)
	f(403, at, "Origin: https://evil.example.kr") // a sister host, to which SameSite is no hindrance
	f(403, at, "Origin: https://m."+host)
	f(403, at, "Origin: https://example.kr")
	f(403, at, "Origin: https://"+host+".evil.test")
	f(403, at, "Origin: https://evil.test/"+host)
	f(403, at, "Origin: https://"+host+"@evil.test")
	f(403, at, "Origin: https://"+host+", https://evil.test")
	f(403, at, "Origin: https://"+host+":8443")
	f(403, at, "Origin: https://"+host+":80")
	f(403, at+":8443", "Origin: https://"+host)
	f(403, at+":443", "Origin: http://"+host)
	f(403, at, "Origin: ws://"+host)
	f(403, at, "Origin: https://")
	f(403, "Host: [::1]:8080", "Origin: http://[::1]:8081")

	room := &r.options.Rooms[0]
	room.Origins = []string{"https://app.example.kr", "https://shop.example.kr:8443"}
	r.gate.Replace(r.options)
	f(101, at, "Origin: https://app.example.kr")
	f(101, at, "Origin: https://shop.example.kr:8443")
	f(101, at, "Origin: https://"+host)
	f(403, at, "Origin: http://app.example.kr")
	f(403, at, "Origin: https://shop.example.kr")
	f(403, at, "Origin: https://x.app.example.kr")

	// Where it is known how the visitor came, the scheme is compared, too.
	r.options.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	r.gate.Replace(r.options)
	f(101, at, "X-Forwarded-Proto: https", "Origin: https://"+host)
	f(403, at, "X-Forwarded-Proto: https", "Origin: http://"+host)
	f(101, at, "X-Forwarded-Proto: http", "Origin: http://"+host)
	f(403, at, "X-Forwarded-Proto: http", "Origin: https://"+host)
	r.options.Trusted, r.options.TLS = nil, true
	r.gate.Replace(r.options)
	f(101, at, "Origin: https://"+host)
	f(403, at, "Origin: http://"+host)
	f(403, at, "X-Forwarded-Proto: http", "Origin: http://"+host)
}

func TestWithoutAPassAWebSocketWaitsWhereverItComesFrom(t *testing.T) {
	r := opened(t, settings{})
	inside, p, before := r.inside(), r.browser(), r.backend.seen()
	for _, origin := range []string{"https://" + host, "https://evil.test", "null"} {
		if got := p.shakes(t, "Host: "+host, "Origin: "+origin); got != http.StatusTooManyRequests {
			t.Errorf("%s: %d", origin, got)
		}
	}
	if n := r.backend.seen(); n != before {
		t.Errorf("the backend saw %d requests", n-before)
	}
	// Only a handshake is bound to its origin: what else a page of another one may ask is the backend's affair.
	if a := inside.do("GET", "/data", "Origin", "https://evil.test", "Sec-Fetch-Dest", "empty"); a.StatusCode != 200 {
		t.Errorf("a request: %d", a.StatusCode)
	}
}
