package attempts

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Shot is one variant of an attempt, as bytes on a connection of its own. In its text
// {host} stands for whom to ask for, {page} for a protected address, and {mark} for a
// word that must not reach the backend.
type Shot struct {
	// Name tells the variant, Text is what is sent.
	Name, Text string
	// Single says that there may be one answer only: what follows the first request is
	// part of it, or the connection has to be closed.
	Single bool
	// Carried says that the mark is in the body of a request that may pass: the backend
	// may get it there, and nowhere else.
	Carried bool
	// NoPlace says that no answer may tell of a place in the line, or give a pass.
	NoPlace bool
	// To is another address to send it to; "" is that of the site.
	To string
}

const (
	// silence is how long nothing has to come before a connection counts as silent;
	// with an answer in hand it is settled.
	silence, settled = 350 * time.Millisecond, 50 * time.Millisecond
	// firstAnswer is how long a busy server may take to say anything at all.
	dialLimit, wholeLimit = 5 * time.Second, 15 * time.Second
	maxReply              = 1 << 20
)

// Shoot sends all shots, many at a time, and judges them.
func (s *Stage) Shoot(shots []Shot) {
	var group sync.WaitGroup
	for i := range shots {
		s.sockets <- struct{}{}
		group.Go(func() {
			defer func() { <-s.sockets }()
			s.shoot(i, &shots[i])
		})
	}
	group.Wait()
}

// shoot sends one shot and judges the answer.
func (s *Stage) shoot(i int, shot *Shot) {
	mark := s.Mark()
	text := s.fill(shot.Text, mark)
	to := shot.To
	if to == "" {
		to = s.address(i)
	}
	reply, err := s.Exchange(to, text)
	if err != nil {
		s.Errorf("%s: %v", shot.Name, err)
		return
	}
	s.Tried()
	f := Finding{Variant: shot.Name, Sent: text, Answer: reply}
	s.watchAll(mark, f, !shot.Carried)
	answers := split(reply)
	for _, a := range answers {
		if f.Why = s.strange(a.status, a.kind, a.body); f.Why != "" && !shot.Carried {
			s.Through(f)
			return
		}
	}
	if shot.NoPlace && (strings.Contains(reply, `"ticket_number":`) && !strings.Contains(reply, `"ticket_number":null`) || strings.Contains(reply, `"state":"admitted"`)) {
		f.Why = "the answer tells of a place, or lets in"
		s.Through(f)
	}
	if shot.Single && len(answers) > 1 {
		f.Why = "what follows the request was answered as another one: " + strconv.Itoa(len(answers)) + " answers"
		s.Through(f)
	}
}

// fill puts the site's words into a text. {length} is then the length of what follows the
// first blank line, and {size} that of the chunk that follows, in hexadecimal digits.
func (s *Stage) fill(text, mark string) string {
	text = strings.NewReplacer("{host}", s.Host, "{page}", s.Page, "{mark}", mark, "{open}", s.Open, "{room}", s.Room).Replace(text)
	if _, rest, ok := strings.Cut(text, "\r\n\r\n"); ok && strings.Contains(text, "{length}") {
		text = strings.ReplaceAll(text, "{length}", strconv.Itoa(len(rest)))
	}
	if before, chunk, ok := strings.Cut(text, "{size}\r\n"); ok {
		chunk, end, _ := strings.Cut(chunk, "\r\n0\r\n\r\n")
		text = before + strconv.FormatInt(int64(len(chunk)), 16) + "\r\n" + chunk + "\r\n0\r\n\r\n" + end
	}
	return text
}

// address is where the i-th connection goes: to all gateways in turn.
func (s *Stage) address(i int) string {
	if n := len(s.Gateways); n > 0 {
		return s.Gateways[i%n].Visitors
	}
	if s.target.Port() != "" {
		return s.target.Host
	}
	return net.JoinHostPort(s.target.Hostname(), s.target.Scheme)
}

// dial connects; by TLS where the site is https.
func (s *Stage) dial(to string) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", to, dialLimit)
	if err != nil || s.target.Scheme != "https" || to != s.address(0) {
		return c, err
	}
	t := tls.Client(c, &tls.Config{ServerName: s.target.Hostname(), MinVersion: tls.VersionTLS12})
	_ = t.SetDeadline(time.Now().Add(dialLimit))
	if err := t.Handshake(); err != nil {
		_ = c.Close()
		return nil, err
	}
	return t, nil
}

// Exchange writes text on a new connection, and gives what comes back until the other
// side closes or is silent. A connection that is reset after an answer is no error.
func (s *Stage) Exchange(to, text string) (string, error) {
	c, err := s.dial(to)
	if err != nil {
		return "", err
	}
	defer c.Close()
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		_ = c.SetWriteDeadline(time.Now().Add(wholeLimit))
		_, _ = io.WriteString(c, text)
	}()
	reply := listen(c, wrote)
	_ = c.SetDeadline(time.Unix(1, 0))
	<-wrote
	return reply, nil
}

// listen reads until the other side closes or is silent. Once an answer has settled our
// side of the connection is closed, so that a server that would keep it open need not be
// waited for.
func listen(c net.Conn, wrote <-chan struct{}) string {
	var reply []byte
	buf := make([]byte, 16<<10)
	end, closed := time.Now().Add(wholeLimit), false
	for time.Now().Before(end) && len(reply) < maxReply {
		wait := silence
		if len(reply) > 0 && !closed {
			wait = settled
		}
		_ = c.SetReadDeadline(time.Now().Add(wait))
		n, err := c.Read(buf)
		reply = append(reply, buf[:n]...)
		if err == nil {
			continue
		}
		half, ok := c.(interface{ CloseWrite() error })
		if !errors.Is(err, os.ErrDeadlineExceeded) || closed || len(reply) == 0 || !ok {
			break
		}
		select {
		case <-wrote:
			closed = true
			_ = half.CloseWrite()
		default:
		}
	}
	return string(reply)
}

// answer is one of the answers on a connection.
type answer struct {
	status     int
	kind, body string
}

var (
	statusLine = regexp.MustCompile(`(?m)^HTTP/1\.[01] (\d{3})[ \r\n]`)
	kindLine   = regexp.MustCompile(`(?im)^content-type:[ \t]*([^\r\n]*)`)
)

// split cuts what came on a connection into answers, at their status lines; interim
// answers are left out. What comes before the first status line is an answer of its own.
func split(reply string) []answer {
	var all []answer
	found := statusLine.FindAllStringSubmatchIndex(reply, -1)
	if len(found) == 0 && reply != "" {
		return []answer{{body: reply}}
	}
	for i, at := range found {
		end := len(reply)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		status, _ := strconv.Atoi(reply[at[2]:at[3]])
		if status < 200 && status != 101 {
			continue
		}
		head, body, _ := strings.Cut(reply[at[0]:end], "\r\n\r\n")
		a := answer{status: status, body: body}
		if kind := kindLine.FindStringSubmatch(head); kind != nil {
			a.kind = kind[1]
		}
		all = append(all, a)
	}
	return all
}
