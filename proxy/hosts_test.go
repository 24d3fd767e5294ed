package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"waitroom/proxy"
)

func TestEachHostAndPathHasItsRoomAndAnUnknownHostNone(t *testing.T) {
	r := begin(t, settings{rooms: []proxy.Room{
		{Name: room, Hosts: []string{"booking.example.kr"}, Paths: []string{"/book/"}},
		{Name: "shop", Hosts: []string{"*.example.kr"}, Paths: []string{"/"}},
		{Name: "local", Hosts: []string{"127.0.0.1"}, Paths: []string{"/only/"}},
	}})
	r.crowd(1)
	for _, c := range []struct {
		host, uri string
		status    int
		room      string
	}{
		{"booking.example.kr", "/book/1", 200, room},
		{"booking.example.kr", "/book", 200, room},
		{"BOOKING.example.kr:8080", "/book/1", 200, room},
		{"booking.example.kr.", "/book/1", 200, room},
		{"booking.example.kr", "/other", 200, "shop"},
		{"m.example.kr", "/book/1", 200, "shop"},
		{"example.kr", "/", 421, ""},
		{"evil.example", "/", 421, ""},
		{"booking.example.kr.evil.example", "/book/1", 421, ""},
		{"127.0.0.1", "/only/x", 200, "local"},
		{"127.0.0.1", "/else", 421, ""},
		{"booking.example.kr", "/.waitroom/booking/status", 404, ""},
		{"m.example.kr", "/.waitroom/booking/status", 404, ""},
		{"evil.example", "/.waitroom/booking/status", 404, ""},
		{"evil.example", "/.waitroom/jwks.json", 404, ""},
	} {
		p := r.browser()
		p.host = c.host
		a := p.get(c.uri)
		if a.StatusCode != c.status {
			t.Errorf("%s%s: %d, want %d: %.200s", c.host, c.uri, a.StatusCode, c.status, a.body)
		}
		if c.room != "" && p.cookies["waitroom-ticket-"+c.room] == "" {
			t.Errorf("%s%s: cookies %v, want those of %s", c.host, c.uri, p.cookies, c.room)
		}
		if c.status == 421 && (!a.Close || a.Header.Get("Cache-Control") != "no-store" || len(p.cookies) > 0) {
			t.Errorf("%s%s: closes %t, %v", c.host, c.uri, a.Close, a.Header)
		}
	}
	own := r.browser()
	own.call("join")
	own.host = "m.example.kr"
	if a := own.call("status"); a.StatusCode != 404 || a.said(t).Type != "urn:waitroom:problem:no-such-room" {
		t.Errorf("a room under another's host: %d %s", a.StatusCode, a.body)
	}
	if r.backend.seen() != 0 {
		t.Error("the backend saw somebody")
	}
}

func TestATicketOfOneRoomIsNoneInAnother(t *testing.T) {
	r := begin(t, settings{rooms: []proxy.Room{
		{Name: room, Hosts: []string{"*"}, Paths: []string{"/book/"}},
		{Name: "shop", Hosts: []string{"*"}, Paths: []string{"/shop/"}},
	}})
	p := r.browser()
	p.get("/book/").wantInside(t, "/book/")
	r.crowd(1)
	p.cookies["waitroom-pass-shop"] = p.passed()
	p.get("/shop/").wantPage(t, 200, "waiting")
	if r.backend.seen() != 1 {
		t.Error("the pass of one room opened the other")
	}
	app := r.app()
	pass := p.passed()
	if a := app.get("/shop/", "Waitroom-Pass", pass); a.StatusCode != 429 {
		t.Errorf("in a field: %d", a.StatusCode)
	}
}

// A front server may carry many people's requests over one connection; so may these two.
func TestPeopleOnOneConnectionNeverSeeEachOther(t *testing.T) {
	r := opened(t, settings{})
	in := r.inside()
	var groups sync.WaitGroup
	for range 4 {
		groups.Go(func() {
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			read := bufio.NewReader(c)
			waiting := r.browser()
			for i := range 60 {
				p, uri := waiting, fmt.Sprintf("/w%d", i)
				if i%2 == 1 {
					p, uri = in.copied(nil), fmt.Sprintf("/i%d", i)
				}
				a, err := p.on(c, read, uri)
				if err != nil {
					t.Error(err)
					return
				}
				isInside := strings.HasPrefix(a.body, "inside")
				switch {
				case i%2 == 1 && (!isInside || !strings.HasSuffix(a.body, uri) || len(a.Header["Set-Cookie"]) != 0):
					t.Errorf("who is inside got %d %v %.100s", a.StatusCode, a.Header, a.body)
				case i%2 == 0 && (isInside || !strings.Contains(a.body, `"`+uri+`"`)):
					t.Errorf("who waits got %d %.100s", a.StatusCode, a.body)
				case i > 0 && len(a.Header["Set-Cookie"]) != 0:
					t.Errorf("%s sets cookies %v", uri, a.Header["Set-Cookie"])
				}
				if strings.Contains(a.body, in.passed()) || strings.Contains(a.body, waiting.ticket()) && waiting.ticket() != "" {
					t.Error("a token is in a body")
				}
			}
		})
	}
	groups.Wait()
	r.backend.mu.Lock()
	defer r.backend.mu.Unlock()
	for _, q := range r.backend.visits[1:] {
		if !strings.HasPrefix(q.RequestURI, "/i") && q.RequestURI != "/book" || q.Header.Get("Waitroom-Pass") != in.passed() {
			t.Errorf("the backend saw %s with %q", q.RequestURI, q.Header.Get("Waitroom-Pass"))
		}
	}
}

// on navigates over a connection that others use, too.
func (p *person) on(c net.Conn, read *bufio.Reader, uri string) (answer, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n", uri, p.host)
	for k, v := range p.fields {
		fmt.Fprintf(&b, "%s: %s\r\n", k, v)
	}
	var cookies []string
	for k, v := range p.cookies {
		cookies = append(cookies, k+"="+v)
	}
	if len(cookies) > 0 {
		fmt.Fprintf(&b, "Cookie: %s\r\n", strings.Join(cookies, "; "))
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"); err != nil {
		return answer{}, err
	}
	res, err := http.ReadResponse(read, nil)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	for _, k := range res.Cookies() {
		p.cookies[k.Name] = k.Value
	}
	return answer{res, string(body)}, err
}
