package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// raw sends bytes on a connection of their own and gives the answers to them.
func (r *rig) raw(text string, n int) []*http.Response {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		r.t.Fatal(err)
	}
	var all []*http.Response
	for read := bufio.NewReader(c); len(all) < n; {
		res, err := http.ReadResponse(read, nil)
		if err != nil {
			return all
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			r.t.Error(err)
		}
		all = append(all, res)
	}
	return all
}

func (p *person) head(method, uri string, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n", method, uri, p.host, p.fields["User-Agent"])
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	if p.device() != "" {
		fmt.Fprintf(&b, "Cookie: waitroom-device=%s; waitroom-pass-%s=%s\r\n", p.device(), room, p.passed())
	}
	return b.String() + "\r\n"
}

func TestNoBodyIsInvitedThatIsNotLetThrough(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	head := r.browser().head("POST", "/book", "Content-Length: 5", "Expect: 100-continue")
	if all := r.raw(head, 1); len(all) != 1 || all[0].StatusCode != 429 || all[0].Header.Get("Retry-After") == "" || !all[0].Close {
		t.Errorf("without a pass: %v", all)
	}
	if all := r.raw(r.app().head("POST", "/.waitroom/"+room+"/join", "Content-Length: 2", "Expect: 100-continue")+"{}", 2); len(all) != 2 || all[0].StatusCode != 100 || all[1].StatusCode != 200 {
		t.Errorf("a call: %v", all)
	}
	if n := r.backend.seen(); n != 2 {
		t.Errorf("%d requests got through", n)
	}
	all := r.raw(p.head("POST", "/book", "Content-Length: 5", "Expect: 100-continue")+"hello", 2)
	if len(all) == 0 || all[0].StatusCode != 100 && all[0].StatusCode != 200 {
		t.Errorf("with a pass: %v", all)
	}
	if got := r.backend.bodies[r.backend.seen()-1]; got != "hello" {
		t.Errorf("the backend got %q", got)
	}
}

func TestTheBodyOfWhoWaitsGoesNowhereAndIsNoRequest(t *testing.T) {
	r := opened(t, settings{})
	p := r.inside()
	seen := r.backend.seen()
	hidden := p.head("GET", "/smuggled")
	for _, framed := range []string{
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(hidden), hidden),
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden),
	} {
		head := strings.TrimSuffix(r.browser().head("POST", "/book"), "\r\n")
		next := r.browser().head("GET", "/.waitroom/jwks.json", "Connection: close")
		all := r.raw(head+framed+next, 3) // the second is answered, or the connection closed
		if len(all) == 0 || all[0].StatusCode != 429 {
			t.Fatalf("the answers: %v", all)
		}
		for _, a := range all[1:] {
			if len(all) > 2 || a.Header.Get("Content-Type") != "application/jwk-set+json" {
				t.Errorf("the body was taken for a request: %v", a)
			}
		}
	}
	if n := r.backend.seen(); n != seen {
		t.Errorf("the backend saw %s", r.backend.last().RequestURI)
	}
}
