package cache

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"waitroom/proxy/forward"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

const host = "booking.example.kr"

// rig is a cache behind a real server and before a real backend.
type rig struct {
	t       *testing.T
	backend *backend
	cache   *Cache
	forward *forward.Backend
	traffic *traffic.Traffic
	addr    string
	later   atomic.Int64 // what the cache's clock is ahead
	soldOut atomic.Int64
	from    From
	came    atomic.Int64 // requests that have reached the handler
	client  *http.Client
}

func begin(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, backend: startBackend(t), traffic: traffic.New(), from: From{Scheme: "https"}}
	var err error
	if r.forward, err = forward.New(forward.Options{Backends: []string{r.backend.URL}, ResponseTimeout: 20 * time.Second}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.forward.Close)
	base := time.Now()
	o := Options{
		Rules:   []Rule{{Paths: []string{"/slots/"}, TTL: 10 * time.Second, Stale: 30 * time.Second}},
		Backend: r.forward, Room: "booking", Pass: func() []byte { return []byte("gateways.own.pass") },
		SoldOut:  func() { r.soldOut.Add(1) },
		MaxBytes: 16 << 20, MaxAnswer: 1 << 20, Wait: 20 * time.Second,
		Traffic: r.traffic.Room("booking"), Log: zap.NewNop(),
		Now: func() time.Time { return base.Add(time.Duration(r.later.Load())) },
	}
	if change != nil {
		change(&o)
	}
	r.cache = New(o)
	t.Cleanup(r.cache.Close)
	r.serve()
	return r
}

func (r *rig) serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.addr = l.Addr().String()
	var filter strict.Filter
	server := strict.Server(strict.Limits{}, strict.Hooks{
		Handler: func(ctx *fasthttp.RequestCtx) { r.handle(ctx, &filter) },
		Admits:  func(*fasthttp.RequestCtx) bool { return true }, Filter: &filter,
		Panicked: func(v any) { r.t.Errorf("the handler panicked: %v", v) },
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	tr := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}
	r.client = &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r.t.Cleanup(func() {
		tr.CloseIdleConnections()
		_ = server.Shutdown()
		<-done
	})
}

// handle is what the gate does with an admitted request.
func (r *rig) handle(ctx *fasthttp.RequestCtx, filter *strict.Filter) {
	r.came.Add(1)
	var q strict.Request
	if no := filter.Check(ctx, &q); no.Refused() {
		strict.Refuse(ctx, no)
		return
	}
	turn := r.cache.Answer(ctx, &q, r.from)
	if turn.Done {
		if turn.Err != nil {
			strict.Refuse(ctx, strict.Refusal{Status: 502, Reason: "backend-down"})
		}
		return
	}
	answer, err := r.forward.Forward(ctx, &q, &forward.Extra{Room: "booking", Pass: []byte("visitors.own.pass"), Subject: "somebody", Scheme: "https"})
	if err != nil {
		strict.Refuse(ctx, strict.Refusal{Status: 502, Reason: "backend-down"})
		return
	}
	turn.Finish(ctx, answer.Status)
}

// pass lets time go by for the cache.
func (r *rig) pass(d time.Duration) { r.later.Add(int64(d)) }

// answer is what a visitor got.
type answer struct {
	*http.Response
	body string
}

// cached is the gateway's own word of Cache-Status.
func (a answer) cached() string {
	all := a.Header.Values("Cache-Status")
	if len(all) == 0 {
		return ""
	}
	return strings.TrimPrefix(all[len(all)-1], "waitroom; ")
}

// do sends a request; fields come in pairs.
func (r *rig) do(method, uri string, fields ...string) answer {
	r.t.Helper()
	a, err := r.try(method, uri, fields...)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, uri, err)
	}
	return a
}

func (r *rig) get(uri string, fields ...string) answer {
	r.t.Helper()
	return r.do(http.MethodGet, uri, fields...)
}

func (r *rig) try(method, uri string, fields ...string) (answer, error) {
	q, err := http.NewRequest(method, "http://"+r.addr+uri, nil)
	if err != nil {
		return answer{}, err
	}
	q.Host = host
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i] == "Host" {
			q.Host = fields[i+1]
			continue
		}
		q.Header.Add(fields[i], fields[i+1])
	}
	resp, err := r.client.Do(q)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp, string(body)}, err
}

// crowd sends n requests at once and gives all answers.
func (r *rig) crowd(n int, uri string, fields ...string) []answer {
	r.t.Helper()
	all := make([]answer, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			a, err := r.try(http.MethodGet, uri, fields...)
			if err != nil {
				r.t.Errorf("visitor %d: %v", i, err)
			}
			all[i] = a
		})
	}
	wg.Wait()
	return all
}

// until polls a condition.
func (r *rig) until(what string, condition func() bool) {
	r.t.Helper()
	end := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(end) {
			r.t.Fatalf("waited in vain for %s", what)
		}
		<-tick.C
	}
}

// idle waits until no fetch is under way.
func (r *rig) idle() {
	r.t.Helper()
	r.until("the fetches to end", func() bool {
		r.cache.mu.Lock()
		defer r.cache.mu.Unlock()
		return len(r.cache.flights) == 0
	})
}

// backend records what reaches it, and answers as it is told.
type backend struct {
	*httptest.Server
	mu     sync.Mutex
	visits []*http.Request
	answer http.HandlerFunc
	now    int
	most   int // requests at a time
}

func startBackend(t *testing.T) *backend {
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b.mu.Lock()
		b.visits = append(b.visits, q)
		n, answer := len(b.visits), b.answer
		b.now++
		b.most = max(b.most, b.now)
		b.mu.Unlock()
		defer func() {
			b.mu.Lock()
			b.now--
			b.mu.Unlock()
		}()
		if answer != nil {
			answer(w, q)
			return
		}
		_, _ = fmt.Fprintf(w, "answer %d to %s", n, q.RequestURI)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) answers(f http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

// says answers with fields, in pairs, and a body that tells which request it was.
func (b *backend) says(status int, fields ...string) {
	b.answers(func(w http.ResponseWriter, q *http.Request) {
		for i := 0; i+1 < len(fields); i += 2 {
			w.Header().Add(fields[i], fields[i+1])
		}
		w.WriteHeader(status)
		if status != 204 && status != 304 {
			_, _ = fmt.Fprintf(w, "answer %d", b.seen())
		}
	})
}

func (b *backend) seen() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.visits)
}

func (b *backend) visit(i int) *http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.visits[i]
}

func (b *backend) atOnce() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.most
}

// scrape is the metrics as Prometheus would read them.
func (r *rig) scrape() string {
	r.t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(r.traffic)
	families, err := registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			r.t.Fatal(err)
		}
	}
	return b.String()
}
