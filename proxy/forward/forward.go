// Package forward is the way to the backend: it writes a canonical request anew
// for one of the backend's addresses, and brings the answer back.
//
// It promises that the backend sees one request with one framing and only
// fields that a client may set, for the host, method and path that the gate
// decided on; that an answer with two readings is refused and its connection
// closed; that no more than a few buffers of a body are held, either way; that
// nothing is sent twice, save a GET or HEAD that met a connection which the backend
// had closed already; and that streams and tunnels end when the pass does.
//
// It does not decide who may come in, does not cache, does not follow
// redirects, and does not speak HTTP/2. It reads and writes HTTP/1.1 by itself
// rather than by fasthttp's client, because that client does not show an
// answer's raw fields, so that an answer with two framings could not be told.
package forward

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"waitroom/proxy/strict"
)

// What Forward returns; the caller renders them. ctx.Response is empty then.
var (
	// ErrDown: no healthy address, or none could be connected, or it went away
	// before it answered. 502 or 503.
	ErrDown = errors.New("backend is down")
	// ErrSlow: no answer, or no more of a short one, within ResponseTimeout. 504.
	ErrSlow = errors.New("backend is slow")
	// ErrNonsense: the answer is malformed or has two readings. 502.
	ErrNonsense = errors.New("backend speaks nonsense")
	// ErrTooLarge: the request's body is above MaxBody. 413.
	ErrTooLarge = errors.New("request body too large")
	// ErrClient: the visitor's body broke off or is malformed, or the visitor
	// went away. 400, if anybody still listens.
	ErrClient = errors.New("request body broke off")
	// ErrLoop: the request has been here before, by its Via field. 508.
	ErrLoop = errors.New("request loops")
)

// Options says where the backend is and how long to wait for it. Zero fields
// mean their defaults.
type Options struct {
	// Backends are the addresses of one origin, http://host:port or https://host:port.
	Backends []string
	// TLS is used for https addresses; nil verifies by the system's roots. The
	// server name is the address's host where it is empty.
	TLS *tls.Config
	// Health says how dead addresses are found and come back.
	Health Health
	// ConnectTimeout bounds connecting, with TLS; 3 s.
	ConnectTimeout time.Duration
	// ResponseTimeout bounds the wait for an answer's head, and for each piece
	// of a body of known length; 30 s.
	ResponseTimeout time.Duration
	// StreamTimeout bounds the silence of a streamed answer and of a tunnel; 5 min.
	StreamTimeout time.Duration
	// ClientTimeout bounds each piece of a body read from, and of an answer
	// written to the visitor; 30 s.
	ClientTimeout time.Duration
	// MaxBody bounds request bodies in bytes; 10 MiB. Below zero there is no bound.
	MaxBody int64
	// MaxInFlight bounds requests in flight to one address, tunnels included; 0
	// is no bound. Above it another address is taken, or ErrDown returned.
	MaxInFlight int
	// MaxIdle bounds the idle connections kept to one address; 1024.
	MaxIdle int
	// KeepAliveOff makes a new connection for every request.
	KeepAliveOff bool
	// Cookies are the gateway's own: removed from requests, and a backend may
	// not set them.
	Cookies strict.CookieNames
	// Via is this gateway's name in Via fields, by which loops are found. Empty
	// adds none: some servers compress nothing for requests that carry Via.
	Via string
	// Forwarded adds RFC 7239's field to the X-Forwarded-… ones.
	Forwarded bool
	// Changed is told when an address is removed or comes back, and why. It
	// must not block.
	Changed func(addr string, healthy bool, why error)
}

// Extra is what the gate knows of an admitted request.
type Extra struct {
	// Room, Pass and Subject become Waitroom-… fields where they are not empty.
	Room    string
	Pass    []byte
	Subject string
	// ClientAddr is the visitor's address, Peer the connection's other end.
	ClientAddr, Peer netip.Addr
	// FromProxy says that Peer is a trusted proxy: then its X-Forwarded-… and
	// Forwarded fields are added to, otherwise replaced.
	FromProxy bool
	// Scheme is what the visitor used, http or https.
	Scheme string
	// Now is when the request is passed on, from which all times count, where that is
	// later than when it came; the zero time is then.
	Now time.Time
	// Until is when the pass ends, on this machine's clock: streams and tunnels
	// are cut then. The zero time cuts none.
	Until time.Time
	// Watch is asked once for each stream or tunnel; nil is never ended.
	Watch Watcher
}

// Watcher knows whether a pass is over before its time.
type Watcher interface {
	// Watch returns what reports that the pass was ended. It is asked about once a
	// second while a stream or tunnel lasts, by other goroutines than the handler's,
	// also when Forward has returned.
	Watch() (ended func() bool)
}

// watch is nil where nobody knows.
func (x *Extra) watch() func() bool {
	if x.Watch == nil {
		return nil
	}
	return x.Watch.Watch()
}

// Command is what a backend tells the gateway with an answer.
type Command uint8

// The commands of Waitroom-Command. CommandRevoke is also Cf-Waiting-Room-Command's.
const (
	CommandNone    Command = iota
	CommandRelease         // this visitor is done: free the seat
	CommandRevoke          // throw this visitor out
	CommandSoldOut         // end the wait for all
)

// Answer is what came back; its head and body are in ctx.Response.
type Answer struct {
	// Status is the backend's, or 101, or the refusal of a WebSocket handshake.
	Status int
	// Command is what the backend asked for; its field is not passed on.
	Command Command
}

// Backend is one origin with one or several addresses. It is made by New.
type Backend struct {
	o         Options
	addresses []*address
	turn      atomic.Uint32
	exchanges sync.Pool
	readers   sync.Pool
	closed    chan struct{}
	running   sync.WaitGroup

	mu     sync.Mutex
	isDone bool
	long   map[*conn]struct{}
}

// New makes a Backend and starts its health checks. Close ends them. Addresses
// are not connected to before they are needed, and count as healthy until they fail.
func New(o Options) (*Backend, error) {
	o.defaults()
	if len(o.Backends) == 0 {
		return nil, errors.New("make backend: no address")
	}
	b := &Backend{o: o, closed: make(chan struct{}), long: map[*conn]struct{}{}}
	for _, text := range o.Backends {
		a, err := newAddress(text, &b.o)
		if err != nil {
			return nil, fmt.Errorf("make backend: %w", err)
		}
		b.addresses = append(b.addresses, a)
	}
	for _, a := range b.addresses {
		b.running.Add(1)
		go b.watch(a)
	}
	return b, nil
}

func (o *Options) defaults() {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	set(&o.ConnectTimeout, 3*time.Second)
	set(&o.ResponseTimeout, 30*time.Second)
	set(&o.StreamTimeout, 5*time.Minute)
	set(&o.ClientTimeout, 30*time.Second)
	if o.MaxBody == 0 {
		o.MaxBody = 10 << 20
	}
	if o.MaxIdle <= 0 {
		o.MaxIdle = 1024
	}
	o.Health.defaults()
}

// newAddress reads one URL.
func newAddress(text string, o *Options) (*address, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil ||
		(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("address %q is not http://host:port or https://host:port", text)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	a := &address{hostPort: net.JoinHostPort(u.Hostname(), port), o: o}
	if u.Scheme == "https" {
		a.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		if o.TLS != nil {
			a.tls = o.TLS.Clone()
		}
		if a.tls.ServerName == "" {
			a.tls.ServerName = u.Hostname()
		}
		a.tls.NextProtos = []string{"http/1.1"}
	}
	return a, nil
}

// Close stops the health checks, ends streams and tunnels, and closes idle
// connections. Requests in flight go on; new ones get ErrDown.
func (b *Backend) Close() {
	b.mu.Lock()
	if b.isDone {
		b.mu.Unlock()
		return
	}
	b.isDone = true
	close(b.closed)
	for c := range b.long {
		_ = c.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
	for _, a := range b.addresses {
		a.closeIdle(time.Time{})
	}
}

// State is one address as it stands.
type State struct {
	// Addr is host:port.
	Addr string
	// Healthy says whether requests go there.
	Healthy bool
	// InFlight counts requests and tunnels there now.
	InFlight int
}

// States tells of every address, in the order of Options.Backends.
func (b *Backend) States() []State {
	all := make([]State, len(b.addresses))
	for i, a := range b.addresses {
		all[i] = State{Addr: a.hostPort, Healthy: !a.down.Load(), InFlight: int(a.inFlight.Load())}
	}
	return all
}

// keepLong notes a connection that Close has to end; false means that it is
// too late to begin.
func (b *Backend) keepLong(c *conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.isDone {
		return false
	}
	b.long[c] = struct{}{}
	c.long = true
	return true
}

func (b *Backend) dropLong(c *conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.long, c)
	c.long = false
}
