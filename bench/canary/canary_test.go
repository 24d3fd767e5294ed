package canary_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"waitroom/bench/canary"
)

// listening notes what Silent complains of.
type listening struct {
	testing.TB
	complaints int
}

func (l *listening) Helper()               {}
func (l *listening) Errorf(string, ...any) { l.complaints++ }

func TestARequestIsRecordedWithItsPass(t *testing.T) {
	c := canary.Start(t)
	c.Silent(t)
	q, err := http.NewRequest("POST", c.URL+"/book?day=1", strings.NewReader("name=x"))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Waitroom-Pass", "e30.eyJqdGkiOiJhYmMifQ.x")
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	v := c.Visits()
	if len(v) != 1 || v[0].Method != "POST" || v[0].URI != "/book?day=1" || v[0].Pass != "abc" || v[0].Body != 6 {
		t.Errorf("%v", v)
	}
	if got := c.Passes(); len(got) != 1 || got[0] != "abc" {
		t.Errorf("passes %v", got)
	}
	heard := &listening{TB: t}
	if c.Silent(heard); heard.complaints != 2 {
		t.Errorf("%d complaints of a visit", heard.complaints)
	}
}

func TestBytesThatAreNoRequestAreNoticedToo(t *testing.T) {
	c := canary.Start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("\x16\x03\x01\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Read(make([]byte, 1)) // the answer, or the end
	if n := c.Bytes(); n != 7 {
		t.Errorf("%d bytes", n)
	}
}
