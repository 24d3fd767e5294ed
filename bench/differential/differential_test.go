package differential

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, &binary)) }

// ways are how a case is sent: straight to the backend, through the gateway with a
// valid pass, and through it without one to an address that is open.
const (
	straight = iota
	withPass
	openPath
	ways
)

// result is what one backend understood of one case, by way.
type result [ways][]Understood

// sender sends the corpus to one backend.
type sender struct {
	t       *testing.T
	backend *Backend
	gate    *gateway.Gateway
	visitor *gateway.Visitor
}

func newSender(t *testing.T, name string) *sender {
	s := &sender{t: t, backend: Start(t, name)}
	s.gate = gateway.Start(t, gateway.Options{Binary: binary, Backend: "http://" + s.backend.Addr, Room: map[string]string{
		"hosts": "[a.test, 127.0.0.1]", "open_paths": "[/open/]", "rate": "1/h", "burst": "1",
	}})
	// The one slot of this hour is this visitor's: nobody else comes in.
	s.visitor = gateway.NewVisitor(s.gate.URL)
	s.visitor.Call(t, "join")
	if a := s.visitor.Call(t, "enter"); a.Status != http.StatusOK {
		t.Fatalf("enter: %d %s", a.Status, a.Body)
	}
	s.backend.Take()
	return s
}

// identity is the lines of a visitor with a pass.
func (s *sender) identity() string {
	pairs := make([]string, 0, len(s.visitor.Cookies))
	for name, value := range s.visitor.Cookies {
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	return "User-Agent: " + s.visitor.Agent + "\r\nCookie: " + strings.Join(pairs, "; ") + "; theirs=1\r\n"
}

func (s *sender) run(c Case) result {
	var r result
	bytes := c.Bytes("/book", s.identity())
	exchange(s.t, s.backend.Addr, bytes, straightLimit)
	r[straight] = s.backend.Take()
	s.adopt(exchange(s.t, s.gate.Visitors, bytes, gatewayLimit))
	r[withPass] = s.backend.Take()
	exchange(s.t, s.gate.Visitors, c.Bytes("/open/book", "User-Agent: x\r\n"), gatewayLimit)
	r[openPath] = s.backend.Take()
	return r
}

var cookieLine = regexp.MustCompile(`(?i)\r\nSet-Cookie: (waitroom-pass-[a-z-]+)=([^;\r\n]+)`)

// adopt takes over a pass that an answer renews, as a browser does. What else an answer
// sets is for a visitor whose cookies the case had hidden.
func (s *sender) adopt(answer string) {
	for _, m := range cookieLine.FindAllStringSubmatch(answer, -1) {
		s.visitor.Cookies[m[1]] = m[2]
	}
}

// How long an answer may take. Some backends never answer some cases.
const (
	straightLimit = 5 * time.Second
	gatewayLimit  = 10 * time.Second
)

// exchange sends bytes on a connection of their own and gives what is answered until
// the other side ends it. It says that no more will come: at once, or for a table after
// a silence, because HAProxy then leaves out what it has not begun with.
func exchange(t *testing.T, addr, text string, limit time.Duration) string {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Errorf("nobody listens at %s: %v", addr, err)
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(limit))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(c, text)
		if *tableFile == "" {
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}()
	var answer strings.Builder
	buffer := make([]byte, 32<<10)
	for *tableFile != "" {
		_ = c.SetReadDeadline(time.Now().Add(silence))
		n, err := c.Read(buffer)
		answer.Write(buffer[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			<-sent
			_ = c.(*net.TCPConn).CloseWrite()
			_ = c.SetReadDeadline(time.Now().Add(limit))
			break
		}
		if err != nil {
			return answer.String()
		}
	}
	_, _ = io.Copy(&answer, io.LimitReader(c, 1<<20)) // a reset after an answer is how an early refusal ends
	return answer.String()
}

// silence is long enough for a backend of this machine to have read what there is.
const silence = 60 * time.Millisecond

func TestAllBackendsSeeTheSameRequestOrNone(t *testing.T) {
	cases := Corpus()
	var mu sync.Mutex
	all := map[string][]result{}
	t.Run("backends", func(t *testing.T) {
		for _, name := range Names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newSender(t, name)
				results := make([]result, len(cases))
				for i, c := range cases {
					results[i] = s.run(c)
				}
				mu.Lock()
				defer mu.Unlock()
				all[name] = results
			})
		}
	})
	names := slices.DeleteFunc(slices.Clone(Names), func(n string) bool { return all[n] == nil })
	if len(names) < 2 {
		t.Fatalf("only %q ran: nothing to compare", names)
	}
	arrived := 0
	for i, c := range cases {
		for _, way := range []int{withPass, openPath} {
			judge(t, c, way, i, names, all)
			arrived += min(len(all[names[0]][i][way]), 1)
		}
	}
	t.Logf("%d cases, two ways through the gateway, %d backends; requests arrived in %d of %d", len(cases), len(names), arrived, 2*len(cases))
	s := summarise(cases, names, all)
	if s.disagreed == 0 {
		t.Error("straight to the backends, no case was read differently: the corpus tells nothing")
	}
	t.Logf("straight: the backends disagree on %d cases", s.disagreed)
	s.write(t)
}

// judge holds one case on one way through the gateway to what was promised.
func judge(t *testing.T, c Case, way, i int, names []string, all map[string][]result) {
	t.Helper()
	what := fmt.Sprintf("%s, %s, %s", c.Family, c.Why, [...]string{"straight", "with a pass", "on an open path"}[way])
	first := all[names[0]][i][way]
	for _, name := range names {
		got := all[name][i][way]
		if a, b := readings(first), readings(got); a != b {
			t.Errorf("%s: %s and %s disagree:\n%s\n%s", what, names[0], name, a, b)
		}
		if len(got) > c.most() || c.Clean && len(got) != c.most() {
			t.Errorf("%s: %d requests reached %s: %v", what, len(got), name, got)
		}
		for _, u := range got {
			if !u.Has("Waitroom-Pass") && !strings.HasPrefix(u.Target, "/open/") {
				t.Errorf("%s: %s reached %s without a pass", what, u, name)
			}
		}
	}
}

// readings is what was understood, without what differs by nature: hop-by-hop fields,
// the framing, passes and addresses.
func readings(all []Understood) string {
	var b strings.Builder
	for _, u := range all {
		host, _, _ := strings.Cut(strings.ToLower(u.Host), ":")
		fields := map[string][]string{}
		for _, f := range u.Fields {
			if name := strings.ToLower(f[0]); !own[name] && common.MatchString(name) {
				fields[name] = append(fields[name], gatewaysCookies.ReplaceAllString(f[1], ""))
			}
		}
		fmt.Fprintf(&b, "%s %s %s %d %.8s %q\n", u.Method, host, u.Target, u.Length, u.Hash, fields)
	}
	return b.String()
}

// gatewaysCookies are another visitor's at each backend.
var gatewaysCookies = regexp.MustCompile(`waitroom-[a-z-]+=[^;]*; `)

// common are names that every server hands on by default; nginx leaves out others.
var common = regexp.MustCompile(`^[a-z0-9-]+$`)

var own = map[string]bool{
	"host": true, "connection": true, "content-length": true, "transfer-encoding": true, "waitroom-pass": true, "x-forwarded-for": true,
	"x-forwarded-host": true, "forwarded": true, "via": true, "x-request-id": true,
}
