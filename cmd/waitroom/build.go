package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"waitroom/config"
	"waitroom/proxy"
	"waitroom/proxy/allow"
	"waitroom/proxy/bound"
	"waitroom/proxy/lights"
	"waitroom/proxy/limits"
	"waitroom/proxy/operator"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting"
	"waitroom/proxy/waiting/choice"
	"waitroom/queue/schedule"
	"waitroom/token"
)

// gateway is the whole program, built from a configuration: build makes it, run
// serves until its context ends, close takes it down. Each may be called once.
type gateway struct {
	log     *zap.Logger
	level   zap.AtomicLevel
	keys    *token.Ring
	store   store
	traffic *traffic.Traffic
	gate    *proxy.Gate
	reverse *allow.Names    // what addresses are called
	counted *limits.Table   // what addresses and devices have asked for
	proofs  *waiting.Proofs // of devices' keys, that were taken
	lights  *lights.Board   // of identity providers
	pages   *choice.Pages   // around identity

	visitors *fasthttp.Server
	listener net.Listener
	ops      *http.Server
	opsAt    net.Listener

	certs *certificate // nil without TLS
	used  bound.Used   // challenges that were signed

	// eligible makes the schedule of a room.
	eligible func(*config.Room) (*schedule.Schedule, error)

	operator  atomic.Pointer[http.Handler]
	operators func(*config.Config) // makes operator from a configuration

	stopping atomic.Bool

	mu     sync.Mutex // guards what a changed configuration replaces
	config *config.Config
	rooms  map[string]*room
	names  []string
	// providers are the identity providers by name.
	providers map[string]*verifier

	retired sync.WaitGroup // backends that a reload replaced, while they are in use
	ending  chan struct{}  // closed when they have to end

	// stop undoes what build did, last first.
	stop []func()
}

// build makes the gateway: keys, store, rooms, listeners. Where anything fails,
// nothing is left running and no port is taken.
func build(ctx context.Context, c *config.Config, log *zap.Logger, level zap.AtomicLevel) (*gateway, error) {
	return buildWith(ctx, c, log, level, eligibility)
}

// buildWith is build with schedules that no configuration can say.
func buildWith(ctx context.Context, c *config.Config, log *zap.Logger, level zap.AtomicLevel, eligible func(*config.Room) (*schedule.Schedule, error)) (_ *gateway, err error) {
	g := &gateway{log: log, level: level, traffic: traffic.New(), rooms: map[string]*room{}, ending: make(chan struct{}), counted: limits.NewTable(c.Limits.Remembered), proofs: waiting.NewProofs(), reverse: allow.NewNames(nil), pages: choice.New(), eligible: eligible}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if err := g.listen(c); err != nil {
		return nil, err
	}
	if g.keys, err = openKeys(c); err != nil {
		return nil, err
	}
	if g.store, err = openStore(ctx, c); err != nil {
		return nil, err
	}
	g.stop = append(g.stop, func() {
		if err := g.store.close(); err != nil {
			log.Error("the store was not closed cleanly", zap.Error(err))
		}
	})
	g.stop = append(g.stop, g.closeRooms, g.endRetired, g.keepLights(), func() { g.discardVerifiers(nil) })
	options, _, err := g.take(ctx, c)
	if err != nil {
		return nil, err
	}
	g.gate = proxy.New(options)
	g.visitors = g.visitorServer(c)
	g.ops = g.operatorServer(c)
	return g, nil
}

// openKeys reads the keys; with the embedded store the first start makes them.
func openKeys(c *config.Config) (*token.Ring, error) {
	open := token.OpenKeys
	if c.Store.Embedded() && c.Keys.File == "" {
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("data_dir: %w", err)
		}
		open = token.OpenOrMakeKeys
	}
	keys, err := open(c.Keys.Path())
	if err != nil {
		return nil, err
	}
	return token.NewRing(c.Keys.Path(), keys), nil
}

// listen takes both ports.
func (g *gateway) listen(c *config.Config) error {
	take := func(name, addr string) (net.Listener, error) {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; is another gateway running there?", name, err)
		}
		g.stop = append(g.stop, func() { _ = l.Close() })
		return l, nil
	}
	var err error
	if g.listener, err = take("listen", c.Listen); err != nil {
		return err
	}
	if g.opsAt, err = take("operator.listen", c.Operator.Listen); err != nil {
		return err
	}
	if c.TLS.Cert == "" {
		return nil
	}
	g.certs = &certificate{cert: c.TLS.Cert, key: c.TLS.Key}
	if err := g.certs.load(); err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	g.listener = tls.NewListener(g.listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: g.certs.get})
	return nil
}

func (g *gateway) visitorServer(c *config.Config) *fasthttp.Server {
	limits := strict.Limits{
		ReadTimeout: c.Limits.ReadTimeout, WriteTimeout: c.Limits.WriteTimeout, IdleTimeout: c.Limits.IdleTimeout,
		MaxHeader: int(c.Limits.MaxHeader), MaxConnections: c.Limits.MaxConnections,
	}
	other := g.traffic.Room("")
	return strict.Server(limits, strict.Hooks{
		Handler: g.gate.Handle,
		Admits:  g.gate.Admits,
		Filter:  filter(c),
		Refused: func(string) { other.Refuse(traffic.Malformed) },
		Panicked: func(v any) {
			g.log.Error("a request's handler panicked", zap.Any("value", v), zap.Stack("stack"))
		},
	})
}

func filter(c *config.Config) *strict.Filter {
	return &strict.Filter{MaxFields: c.Limits.MaxHeaderFields, Cookies: visitor.NewCookies(c.Cookies.Secure, nil).Own()}
}

// operatorServer is the operators' listener. Its handler is made anew by a reload,
// since the token may have changed.
func (g *gateway) operatorServer(c *config.Config) *http.Server {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		operator.NewCollector(g.operated), g.traffic, g.lights,
	)
	g.operators = func(c *config.Config) {
		handler := operator.New(operator.Options{
			Token: c.Operator.Token.Reveal(), Rooms: g.operated, Providers: g.lights, Ready: g.ready, Version: version(),
			ParseRate: parseRate, FormatRate: formatRate, Metrics: registry, Log: g.log,
		})
		g.operator.Store(&handler)
	}
	g.operators(c)
	return operator.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*g.operator.Load()).ServeHTTP(w, r)
	}), g.log)
}

// operated are the rooms as operators see them.
func (g *gateway) operated() []operator.Room {
	g.mu.Lock()
	defer g.mu.Unlock()
	rooms := make([]operator.Room, 0, len(g.names))
	for _, name := range g.names {
		r := g.rooms[name]
		rooms = append(rooms, operator.Room{Name: name, Line: r.line, Backends: r.health})
	}
	return rooms
}

var errStopping = errors.New("the gateway is stopping")

// ready says why visitors should go elsewhere now.
func (g *gateway) ready() error {
	if g.stopping.Load() {
		return errStopping
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range g.names {
		if v := g.rooms[name].line.View(); v.Away() {
			return fmt.Errorf("room %s: the store has not answered for %s; nobody is let in, and passes go on working",
				name, v.Age().Round(time.Second))
		}
		if err := g.rooms[name].trouble.now(); err != nil {
			return fmt.Errorf("room %s: %w; places are kept, and passes go on working", name, err)
		}
	}
	return nil
}

// close undoes build, last first.
func (g *gateway) close() {
	for i := len(g.stop) - 1; i >= 0; i-- {
		g.stop[i]()
	}
	g.stop = nil
}

// certificate is the visitors' certificate, read anew by reload.
type certificate struct {
	cert, key string
	pair      atomic.Pointer[tls.Certificate]
}

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.pair.Store(&pair)
	return nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.pair.Load(), nil }
