package hot

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// slots is the answer to the query.
const slots = `{"centre":"강남구 보건소","slots":[{"at":"2021-08-12T09:00","free":7},{"at":"2021-08-12T09:30","free":3}]}`

// counts are what a backend has seen.
type counts struct {
	Queries int // in all
	Now     int // at this moment
	Most    int // at a time
}

// backend is a site in a process of its own.
type backend struct {
	URL string
	cmd *exec.Cmd
	in  io.Closer
}

// startBackend starts this test's program as a site whose query takes its time. It ends
// with the test at the latest.
func startBackend(t *testing.T, query time.Duration, atOnce int) *backend {
	t.Helper()
	b := &backend{cmd: exec.Command(os.Args[0], "site", query.String(), strconv.Itoa(atOnce))}
	in, err := b.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.in = in
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	b.URL = "http://" + strings.TrimSpace(line)
	return b
}

// Close ends the backend; a second time it does nothing.
func (b *backend) Close() {
	if b.in != nil {
		_ = b.in.Close()
		_ = b.cmd.Wait()
		b.in = nil
	}
}

// counted is what the backend has seen.
func (b *backend) counted(t *testing.T) (c counts) {
	t.Helper()
	answer, err := http.Get(b.URL + "/counts")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// site is the backend's process.
type site struct {
	query time.Duration
	pool  chan struct{} // nil for no bound

	mu sync.Mutex
	counts
}

// serve is the site until standard input ends.
func serve(query, atOnce string) error {
	s := &site{}
	var err error
	if s.query, err = time.ParseDuration(query); err != nil {
		return err
	}
	n, err := strconv.Atoi(atOnce)
	if err != nil {
		return err
	}
	if n > 0 {
		s.pool = make(chan struct{}, n)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return (&fasthttp.Server{Handler: s.handle, Concurrency: 1 << 20}).Serve(l)
}

func (s *site) handle(ctx *fasthttp.RequestCtx) {
	switch {
	case string(ctx.Path()) == "/counts":
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = json.NewEncoder(ctx).Encode(s.counts)
		return
	case !strings.HasPrefix(string(ctx.Path()), "/slots/"):
		ctx.SetBodyString("welcome")
		return
	}
	s.count(1)
	defer s.count(-1)
	if s.pool != nil {
		s.pool <- struct{}{}
		defer func() { <-s.pool }()
	}
	<-time.After(s.query)
	ctx.SetContentType("application/json")
	ctx.SetBodyString(slots)
}

func (s *site) count(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Now += by; by > 0 {
		s.Queries++
		s.Most = max(s.Most, s.Now)
	}
}
