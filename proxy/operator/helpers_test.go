package operator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"waitroom/config"
	"waitroom/queue"
	"waitroom/queue/memory"
)

// gateway is a real operator listener in front of a real line.
type gateway struct {
	t     *testing.T
	url   string
	line  *memory.Line
	store *memory.Store
	token string // sent with each request
}

func rules() queue.Rules {
	return queue.Rules{RatePerHour: 3600, Burst: 2, Hold: 1800e6, PassTTL: 600e6, MaxActive: 50}
}

func open(t *testing.T, change func(*Options)) *gateway {
	t.Helper()
	store, err := memory.Open(memory.Options{Dir: t.TempDir(), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	line, err := store.Room("booking", rules())
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{t: t, line: line, store: store}
	rooms := func() []Room { return []Room{{Name: "booking", Line: line}} }
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewCollector(rooms))
	o := Options{Rooms: rooms, Version: "test", ParseRate: parse, FormatRate: format, Metrics: registry}
	if change != nil {
		change(&o)
	}
	g.token = o.Token
	server := httptest.NewUnstartedServer(nil)
	server.Config = Server(New(o), zap.NewNop())
	server.Start()
	g.url = server.URL
	stop := g.refreshing()
	t.Cleanup(func() { server.Close(); stop(); _ = store.Close() })
	return g
}

// refreshing keeps the view fresh, more often than a gateway would.
func (g *gateway) refreshing() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			_ = g.line.Refresh(ctx)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}

func parse(text string) (float64, error) {
	r, err := config.ParseRate(text)
	return r.PerHour(), err
}

func format(perHour float64) string {
	r, err := config.ParseRate(strconv.FormatFloat(perHour, 'f', 6, 64) + "/h")
	if err != nil {
		return err.Error()
	}
	return r.String()
}

// request is one to be made; edit may change anything before it is sent.
type request struct {
	method, path, body string
	edit               func(*http.Request)
}

func (g *gateway) do(q request) (*http.Response, string) {
	g.t.Helper()
	r, err := http.NewRequest(q.method, g.url+q.path, strings.NewReader(q.body))
	if err != nil {
		g.t.Fatal(err)
	}
	if q.method == "PATCH" {
		r.Header.Set("Content-Type", "application/json")
	}
	if g.token != "" {
		r.Header.Set("Authorization", "Bearer "+g.token)
	}
	if q.edit != nil {
		q.edit(r)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer, string(text)
}

// want makes a request, and checks the status; the answer is for further checks.
func (g *gateway) want(status int, method, path, body string) string {
	g.t.Helper()
	answer, text := g.do(request{method: method, path: path, body: body})
	if answer.StatusCode != status {
		g.t.Errorf("%s %s %s: %d, not %d: %s", method, path, body, answer.StatusCode, status, text)
	}
	return text
}

func (g *gateway) room() RoomState {
	g.t.Helper()
	return read[RoomState](g.t, g.want(200, "GET", "/api/rooms/booking", ""))
}

func read[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// broken is a line whose store fails as it is told to.
type broken struct {
	queue.Operated
	err error
}

func (b broken) Set(context.Context, queue.Change) error { return b.err }
func (b broken) End(context.Context, queue.PassID, queue.Why, string) error {
	return b.err
}
func (b broken) Journal(context.Context, string, int) ([]queue.Record, error) { return nil, b.err }

var errUnforeseen = errors.New("the disk is on fire")

// peer makes requests come from an address, as far as the handler can tell.
func peer(h http.Handler, addr string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = net.JoinHostPort(addr, "40000")
		h.ServeHTTP(w, r)
	})
}
