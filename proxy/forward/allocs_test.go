//go:build !race

package forward

import (
	"net"
	"strings"
	"testing"
)

// The race detector drops pooled values on purpose, so this is counted without it. What
// the test does as the visitor and as the backend allocates nothing either.
func TestForwardingAllocatesNothing(t *testing.T) {
	body := strings.Repeat("x", 1<<10)
	backend := startRaw(t, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n"+body)
	c, err := net.Dial("tcp", benchGate(t, backend))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request := []byte("GET /booking/slots?day=12 HTTP/1.1\r\nHost: a.test\r\n" + browserLines + "\r\n")
	buf := make([]byte, 8<<10)
	length := 0 // of an answer, learned from the first
	fetch := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		for got := 0; got == 0 || got < length; {
			n, err := c.Read(buf[got:])
			if err != nil {
				t.Fatal(err)
			}
			if got += n; length == 0 {
				length = answerLength(buf[:got])
			}
		}
	}
	fetch()
	if !strings.HasSuffix(string(buf[:length]), body) {
		t.Fatalf("answered %q", buf[:length])
	}
	if n := testing.AllocsPerRun(500, fetch); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
