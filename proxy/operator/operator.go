// Package operator is what those who run the gateway see and do: an HTTP API for
// the state of the rooms and its live changes, Prometheus metrics, the health of
// the process, and a plain page with the numbers. It has its own listener.
//
// It promises that a change is done as a whole or not at all, that everything but
// /healthz and /readyz asks for the token, and that without a token nothing but
// this machine is answered, and no foreign web page can speak through the
// operator's browser.
//
// It does not know visitors: tickets appear by their nameless ids only. It keeps no
// state of its own; what operators set lives in the store of the line.
package operator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"waitroom/queue"
)

// Room is a room as operators reach it.
type Room struct {
	Name string
	Line queue.Operated
	// Backends tells how the addresses of the backend are; nil where nobody checks them.
	Backends func() []BackendHealth
}

// BackendHealth is how one address of a room's backend is.
type BackendHealth struct {
	// Address is the address without any credentials.
	Address string `json:"address"`
	Healthy bool   `json:"healthy"`
	// Detail says in words why it is not healthy; empty where it is.
	Detail string `json:"detail,omitempty"`
	// Since is when it became so.
	Since time.Time `json:"since,omitzero"`
}

// Options is what New needs. Rooms, ParseRate and FormatRate must be set; the rest
// may be left out.
type Options struct {
	// Token is asked for as a bearer token (RFC 6750). With none only loopback
	// peers are answered.
	Token string
	// Rooms are those of the configuration in force, in its order. It is called at
	// every request and must not block.
	Rooms func() []Room
	// Providers are those who verify people; nil is none.
	Providers Providers
	// Ready says why the process should get no visitors now; nil: it may.
	Ready func() error
	// Version is shown to operators.
	Version string
	// ParseRate reads a rate such as 2,000,000/h; its errors say what to write.
	ParseRate func(string) (perHour float64, err error)
	// FormatRate is a rate in every notation.
	FormatRate func(perHour float64) string
	// Metrics are what /metrics shows; nil is nothing.
	Metrics prometheus.Gatherer
	Log     *zap.Logger
}

// NoToken is the warning that is logged and shown while no token is configured.
const NoToken = "no operator token is set: every user and program of this machine can change the rooms; set operator.token or operator.token_file"

// api is the handlers' common state; it never changes.
type api struct {
	Options
	seen time.Duration // how long a change waits to be seen in the view
}

// New is the handler for the operator listener. Serve it with Server.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.Token == "" {
		o.Log.Warn(NoToken)
	}
	a := &api{Options: o, seen: time.Second}
	metrics := promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	console := newPage()
	mux := http.NewServeMux()
	mux.Handle("/api/rooms", methods{"GET": a.list})
	mux.Handle("/api/rooms/{room}", methods{"GET": a.inRoom(a.show), "PATCH": a.inRoom(a.change)})
	mux.Handle("/api/rooms/{room}/passes/{id}", methods{"DELETE": a.inRoom(a.revoke)})
	mux.Handle("/api/rooms/{room}/journal", methods{"GET": a.inRoom(a.journal)})
	mux.Handle("/api/providers", methods{"GET": a.providers})
	mux.Handle("/api/providers/{name}", methods{"GET": a.inProvider(a.provider), "PATCH": a.inProvider(a.pause)})
	mux.Handle("/metrics", methods{"GET": metrics.ServeHTTP})
	mux.Handle("/{$}", methods{"GET": console.show})
	mux.HandleFunc("/", notFound)

	open := http.NewServeMux()
	open.Handle("/healthz", methods{"GET": healthy})
	open.Handle("/readyz", methods{"GET": a.ready})
	open.Handle("/", newGuard(o.Token, console, mux, o.Log))
	return headed(open)
}

// Server is an HTTP server for the handler, with limits and timeouts that suit
// operators: it is not for the public. It is served and shut down by the caller.
func Server(h http.Handler, log *zap.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          zap.NewStdLog(log.Named("operator")),
	}
}

// methods is a handler by method; HEAD is answered as GET is.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h := m[method]; h != nil {
		h(w, r)
		return
	}
	var allowed []string
	for _, name := range []string{"GET", "PATCH", "DELETE"} {
		if m[name] != nil {
			allowed = append(allowed, name)
		}
	}
	w.Header().Set("Allow", strings.Replace(strings.Join(allowed, ", "), "GET", "GET, HEAD", 1))
	refuse(w, http.StatusMethodNotAllowed, "method-not-allowed", "use "+strings.Join(allowed, " or "))
}

// headed sets what all answers have in common.
func headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusNotFound, "not-found", "there is /api/rooms, /api/rooms/ROOM, /api/rooms/ROOM/journal, /api/rooms/ROOM/passes/ID, /api/providers, /api/providers/NAME, /metrics, /healthz and /readyz")
}

func healthy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// ready answers load balancers: 200, or 503 and the reason in words.
func (a *api) ready(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := a.Ready(); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "not ready:", err)
		return
	}
	fmt.Fprintln(w, "ready")
}

// inRoom finds the room that the path names.
func (a *api) inRoom(h func(http.ResponseWriter, *http.Request, Room)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var names []string
		for _, room := range a.Rooms() {
			if room.Name == r.PathValue("room") {
				h(w, r, room)
				return
			}
			names = append(names, room.Name)
		}
		refuse(w, http.StatusNotFound, "no-such-room", fmt.Sprintf("there is no room %q; there is %s", r.PathValue("room"), orNone(names)))
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// storeTimeout bounds one operation on the store.
const storeTimeout = 5 * time.Second

// bounded is the request's context for a write: it ends with the timeout, and not
// when the client hangs up, so that a change is never left half known.
func bounded(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
}
