package evening_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/bench/gateway"
)

// person is one of the crowd: a browser with its cookies, without a page.
type person struct {
	device, ticket, pass string
	// absent took a place and never comes back.
	absent bool
	// due is when to ask again, and polls how often that was.
	due     time.Time
	polls   int
	enterAt time.Time
	failed  string
}

// lane is one kept-alive connection and those of the crowd who share it, as people
// behind one load balancer do.
type lane struct {
	conn   net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	people []*person
}

func newLane(addr string) (*lane, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &lane{conn: conn, r: bufio.NewReaderSize(conn, 8<<10), w: bufio.NewWriterSize(conn, 4<<10)}, nil
}

// ask sends one request of a person and keeps the cookies of the answer.
func (l *lane) ask(p *person, line string, a *fasthttp.Response) error {
	w := l.w
	_, _ = w.WriteString(line)
	_, _ = w.WriteString(" HTTP/1.1\r\nHost: evening\r\nUser-Agent: " + gateway.Agent + "\r\nSec-Fetch-Site: same-origin\r\n")
	if p.device != "" {
		_, _ = w.WriteString("Cookie: " + deviceCookie + "=" + p.device)
		if p.ticket != "" {
			_, _ = w.WriteString("; " + ticketCookie + "=" + p.ticket)
		}
		if p.pass != "" {
			_, _ = w.WriteString("; " + passCookie + "=" + p.pass)
		}
		_, _ = w.WriteString("\r\n")
	}
	if strings.HasPrefix(line, "POST") {
		_, _ = w.WriteString("Content-Length: 0\r\n")
	}
	_, _ = w.WriteString("\r\n")
	if err := w.Flush(); err != nil {
		return err
	}
	_ = l.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	a.Reset()
	if err := a.Read(l.r); err != nil {
		return err
	}
	p.device = cmp.Or(cookie(a, deviceCookie), p.device)
	p.ticket = cmp.Or(cookie(a, ticketCookie), p.ticket)
	p.pass = cmp.Or(cookie(a, passCookie), p.pass)
	return nil
}

func cookie(a *fasthttp.Response, name string) string {
	line := string(a.Header.PeekCookie(name))
	value, _, _ := strings.Cut(strings.TrimPrefix(line, name+"="), ";")
	return value
}

// crowd is everybody who comes.
type crowd struct {
	lanes []*lane
	all   []*person
}

func newCrowd(t *testing.T, addr string, n, lanes, absentOf int) *crowd {
	t.Helper()
	c := &crowd{}
	for range lanes {
		l, err := newLane(addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.conn.Close() })
		c.lanes = append(c.lanes, l)
	}
	for i := range n {
		p := &person{absent: absentOf > 0 && i%absentOf == absentOf-1}
		c.all = append(c.all, p)
		l := c.lanes[rand.N(lanes)]
		l.people = append(l.people, p)
	}
	return c
}

// each runs a lane's work on all lanes at once.
func (c *crowd) each(work func(l *lane, a *fasthttp.Response)) {
	var all sync.WaitGroup
	for _, l := range c.lanes {
		all.Go(func() {
			a := fasthttp.AcquireResponse()
			defer fasthttp.ReleaseResponse(a)
			work(l, a)
		})
	}
	all.Wait()
}

const calls = "/.waitroom/" + gateway.Room + "/"

// join lets everybody take a place.
func (c *crowd) join() {
	c.each(func(l *lane, a *fasthttp.Response) {
		for _, p := range l.people {
			if err := l.ask(p, "POST "+calls+"join", a); err != nil || a.StatusCode() != 200 {
				p.failed = fmt.Sprintf("join: %d %v", a.StatusCode(), err)
				return
			}
		}
	})
}

// told is what the crowd reads of an answer.
type told struct {
	State    string    `json:"state"`
	NextPoll int64     `json:"next_poll_ms"`
	EnterAt  time.Time `json:"enter_at"`
}

// enter lets all who are not absent ask when they are told to ask, from a moment
// on, and enter when they are called, until all are in or the time is up.
func (c *crowd) enter(from time.Time, limit time.Duration) {
	for _, p := range c.all {
		p.due = from.Add(rand.N(time.Second)) // near the opening everybody asks once a second
	}
	c.each(func(l *lane, a *fasthttp.Response) {
		left := slices.DeleteFunc(slices.Clone(l.people), func(p *person) bool { return p.absent })
		for len(left) > 0 && time.Since(from) < limit {
			slices.SortFunc(left, func(a, b *person) int { return a.due.Compare(b.due) })
			p := left[0]
			gateway.Pass(time.Until(p.due))
			if !p.turn(l, a) {
				return
			}
			if !p.enterAt.IsZero() {
				left = left[1:]
			}
		}
	})
}

// turn is one question of a person; false where the connection is lost. It is asked by
// entering, as apps may: who is not called yet is told so, and when to ask again.
func (p *person) turn(l *lane, a *fasthttp.Response) bool {
	p.polls++
	const line = "POST " + calls + "enter"
	if err := l.ask(p, line, a); err != nil {
		p.failed = fmt.Sprintf("%s: %v", line, err)
		return false
	}
	var s told
	if err := json.Unmarshal(a.Body(), &s); err != nil {
		p.failed = fmt.Sprintf("%s: %d %v", line, a.StatusCode(), err)
		return false
	}
	p.due = time.Now().Add(time.Duration(s.NextPoll) * time.Millisecond)
	if s.State == "admitted" {
		p.enterAt = s.EnterAt
	}
	return true
}
