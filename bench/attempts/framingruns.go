package attempts

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"waitroom/bench/gateway"
)

// form is one way of framing a request: fields and a body, sent as they are. Where a
// gateway reads them as the body's end without doubt it may be lenient: what follows is
// then a request of its own.
type form struct {
	name, fields, body string
	lenient            bool
}

// smuggled is what stands where a body ends for one server and not for the other.
const smuggled = "GET {page}?{mark} HTTP/1.1\r\nHost: {host}\r\n\r\n"

// carriers are the requests that a form is tried with: one that waits, one to an address
// that needs no pass, and one with a pass.
func (s *Stage) carriers() map[string]string {
	all := map[string]string{"without a pass": "POST {page} HTTP/1.1\r\nHost: {host}\r\n"}
	if s.Open != "" {
		all["on an open address"] = "POST {open}x HTTP/1.1\r\nHost: {host}\r\n"
	}
	if s.attempt.Passes > 0 {
		all["with a pass"] = "POST {page} HTTP/1.1\r\nHost: {host}\r\n" + lines(shown(s.Insider()))
	}
	return all
}

// formsOf runs malformed forms: each has to be refused, and nothing behind it answered.
func formsOf(forms []form) func(*Stage) {
	return func(s *Stage) {
		var shots []Shot
		for name, head := range s.carriers() {
			for _, f := range forms {
				shots = append(shots, Shot{Name: fmt.Sprintf("%q, %s", f.name, name), Text: head + f.fields + "\r\n" + f.body + smuggled, Single: !f.lenient, Carried: f.lenient})
			}
		}
		s.Shoot(shots)
	}
}

func oddChunks(s *Stage) {
	formsOf(chunks)(s)
	var shots []Shot
	if s.Open == "" {
		return
	}
	const head = "POST {open}x HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n"
	for _, name := range []string{"X-Trailer", "Waitroom-Pass", "Content-Length", "Host", "Transfer-Encoding", "Authorization", "Cookie"} {
		shots = append(shots,
			Shot{Name: "trailer " + name, Text: head + "\r\n3\r\nabc\r\n0\r\n" + name + ": {mark}\r\n\r\n", Carried: true},
			Shot{Name: "announced trailer " + name, Text: head + "Trailer: " + name + "\r\n\r\n3\r\nabc\r\n0\r\n" + name + ": {mark}\r\n\r\n", Carried: true})
	}
	s.Shoot(shots)
}

func unreadBodies(s *Stage) {
	var shots []Shot
	for _, size := range []int{0, 1 << 10, 20 << 10, 100 << 10} {
		body := strings.Repeat("x", size) + smuggled
		for _, target := range []string{"{page}", "/.waitroom/{room}/join", "/.waitroom/{room}/leave", "/.waitroom/nobody/join", "/.waitroom/{room}/status"} {
			for _, method := range []string{"POST", "PUT"} {
				name := fmt.Sprintf("%s %s, %d bytes before", method, target, size)
				shots = append(shots,
					Shot{Name: name, Single: true, Text: method + " " + target + " HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n" + body},
					Shot{Name: name + ", in chunks", Single: true, Text: method + " " + target + " HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n" + body + "\r\n0\r\n\r\n"})
			}
		}
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "DELETE"} {
		shots = append(shots, Shot{Name: method + " with a body", Single: true, Text: method + " {page} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n" + smuggled})
	}
	s.Shoot(shots)
}

func expectations(s *Stage) {
	var shots []Shot
	for _, e := range []string{"100-continue", "100-Continue", " 100-continue ", "100-continue, x", "x, 100-continue", "y 100-continue", "100", "200-ok", "100-continue\r\nExpect: 100-continue", "\x00100-continue", ""} {
		for _, target := range []string{"{page}", "/.waitroom/{room}/join"} {
			head := "POST " + target + " HTTP/1.1\r\nHost: {host}\r\nExpect: " + e + "\r\nContent-Length: {length}\r\n\r\n"
			shots = append(shots, Shot{Name: fmt.Sprintf("%q to %s", e, target), Single: true, Text: head + smuggled})
		}
		shots = append(shots, Shot{Name: fmt.Sprintf("GET with %q", e), Single: true, Text: "GET {page} HTTP/1.1\r\nHost: {host}\r\nExpect: " + e + "\r\nContent-Length: {length}\r\n\r\n" + smuggled})
	}
	s.Shoot(shots)
}

func versions(s *Stage) {
	var shots []Shot
	for _, v := range []string{"", " HTTP/0.9", " HTTP/1.0", " HTTP/1.2", " HTTP/1.10", " HTTP/2.0", " HTTP/2", " HTTP/3", " HTTP/11.1", " http/1.1", " HTTP/1.1 x", " HTTP/1,1", " HTTP", " HTP/1.1", "  HTTP/1.1", "\tHTTP/1.1", " HTTP/01.1", " HTTP/-1.1", " SIP/2.0", " HTTP/1.1\x00"} {
		head := "GET {page}?{mark}" + v + "\r\nHost: {host}\r\n"
		shots = append(shots,
			Shot{Name: fmt.Sprintf("%q", v), Text: head + "\r\n"},
			Shot{Name: fmt.Sprintf("%q and keep-alive", v), Text: head + "Connection: keep-alive\r\n\r\n" + smuggled},
			Shot{Name: fmt.Sprintf("%q with chunks", v), Single: true, Text: strings.Replace(head, "GET", "POST", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled})
	}
	for i := range shots {
		if strings.HasPrefix(shots[i].Name, `" HTTP/1.1`) || strings.HasPrefix(shots[i].Name, `"  HTTP/1.1`) || strings.HasPrefix(shots[i].Name, `"\t`) {
			shots[i].Single = false
		}
	}
	s.Shoot(shots)
}

func multipart(s *Stage) {
	part := "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--\r\n"
	var shots []Shot
	for name, head := range s.carriers() {
		for _, kind := range []string{"multipart/form-data; boundary=b", "multipart/form-data; boundary=\"b\"", "multipart/form-data", "multipart/mixed; boundary=b", "multipart/form-data; boundary=b; boundary=c"} {
			body := "Content-Type: " + kind + "\r\nContent-Length: {length}\r\n\r\n" + part + smuggled
			shots = append(shots, Shot{Name: kind + ", " + name, Text: head + body, Single: true, Carried: name != "without a pass"})
		}
	}
	s.Shoot(shots)
}

func pipelines(s *Stage) {
	pass := get("{page}", shown(s.Insider())...)
	var shots []Shot
	for _, target := range []string{"{page}?{mark}", "/?{mark}", "/my/bookings?{mark}", "/api/slots.json?{mark}"} {
		rest := strings.Repeat(get(target), 99)
		shots = append(shots,
			Shot{Name: "99 behind a pass, " + target, Text: pass + rest, Carried: true},
			Shot{Name: "a pass in the middle, " + target, Text: strings.Repeat(get(target), 50) + pass + strings.Repeat(get(target), 49), Carried: true},
			Shot{Name: "behind the gateway's own address, " + target, Text: get("/.waitroom/jwks.json") + rest, Carried: true},
			Shot{Name: "behind a join, " + target, Text: request("POST", "/.waitroom/{room}/join", "Content-Length: 0") + rest, Carried: true})
		if s.Open != "" {
			shots = append(shots, Shot{Name: "behind an open address, " + target, Text: get("{open}x") + rest, Carried: true})
		}
	}
	s.Shoot(shots)
}

func bombs(s *Stage) {
	var shots []Shot
	add := func(name string, text string) { shots = append(shots, Shot{Name: name, Text: text, Single: true}) }
	pass := shown(s.Insider())
	for name, fields := range map[string][]string{"without a pass": {}, "with a pass": pass} {
		add("2,000 fields "+name, get("{page}?{mark}", with(fields, strings.TrimSuffix(strings.Repeat("a: b\r\n", 2000), "\r\n"))...))
		add("101 fields "+name, get("{page}?{mark}", with(fields, strings.TrimSuffix(strings.Repeat("a: b\r\n", 101), "\r\n"))...))
		add("a field of 20 KB "+name, get("{page}?{mark}", with(fields, "X: "+strings.Repeat("x", 20<<10))...))
		add("a name of 20 KB "+name, get("{page}?{mark}", with(fields, strings.Repeat("x", 20<<10)+": x")...))
		add("an address of 9 KB "+name, get("{page}?{mark}"+strings.Repeat("x", 9<<10), fields...))
		add("an address of 64 KB "+name, get("{page}?{mark}"+strings.Repeat("x", 64<<10), fields...))
		add("a path of 4,000 segments "+name, get("{page}"+strings.Repeat("/a", 5000)+"?{mark}", fields...))
		add("a megabyte of fields "+name, get("{page}?{mark}", with(fields, strings.TrimSuffix(strings.Repeat("aaaaaaaaaaaaaaaa: bbbbbbbbbbbbbbbb\r\n", 30000), "\r\n"))...))
	}
	add("a cookie of 20 KB", get("{page}?{mark}", "Cookie: a="+strings.Repeat("x", 20<<10)))
	add("200 of the gateway's cookies", get("{page}?{mark}", "Cookie: "+numbered("waitroom-pass-r%d=x; ", 200)))
	add("a blank line without end", strings.Repeat("\r\n", 100<<10))
	s.Shoot(shots)
}

func numbered(pattern string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, pattern, i)
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// slowOnes is how many connections drip at a time, and slowLimit after what time they
// have to be cut off at the latest: the gateway's own limit is 3 s, and the machine may
// be busy.
const (
	slowOnes  = 60
	slowLimit = 20 * time.Second
)

func slow(s *Stage) {
	var group sync.WaitGroup
	for i := range slowOnes {
		group.Go(func() { s.drip(i) })
	}
	for range 10 {
		if a, err := s.Stranger().Try("status"); err != nil {
			s.Through(Finding{Variant: "others", Answer: said(a), Why: "others are not served while connections drip: " + err.Error()})
		}
		s.Tried()
	}
	group.Wait()
}

// drip sends a request byte by byte.
func (s *Stage) drip(i int) {
	c, err := s.dial(s.address(i))
	if err != nil {
		s.Errorf("connect: %v", err)
		return
	}
	defer c.Close()
	s.Tried()
	head := "GET {page} HTTP/1.1\r\nHost: {host}\r\n"
	if i%2 == 1 {
		head = "POST {page} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\n"
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, c)
	}()
	_, _ = io.WriteString(c, s.fill(head, ""))
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(slowLimit)
	gone := gateway.Eventually(time.Until(end), func() bool {
		select {
		case <-closed:
			return true
		case <-tick.C:
			_, _ = io.WriteString(c, "x")
			return false
		}
	})
	if !gone {
		s.Through(Finding{Variant: fmt.Sprintf("slow connection %d", i), Sent: head, Why: "it is still open after " + slowLimit.String()})
		_ = c.Close()
	}
	<-closed
}
