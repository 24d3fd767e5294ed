package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"waitroom/config"
	"waitroom/proxy"
	"waitroom/proxy/cache"
	"waitroom/proxy/forward"
	"waitroom/proxy/operator"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting"
	"waitroom/proxy/waiting/page"
	"waitroom/queue"
	"waitroom/queue/schedule"
)

// room is one room as it runs: its line, its keeper, its backend and what is kept of it.
type room struct {
	line    line
	backend *forward.Backend
	cache   *cache.Cache // nil for none
	// made is what the backend and the cache were made from.
	made    origin
	trouble *trouble
	// openings gives the line its rules.
	openings *openings
	stop     func()
}

// origin is all of a configuration that makes a backend and its cache: where any of it
// changes nothing that was kept is used again.
type origin struct {
	addresses []config.Backend
	tls       config.BackendTLS
	health    config.Health
	timeouts  config.BackendTimeouts
	write     time.Duration
	maxBody   config.Size
	cache     []config.Cache
	bounds    config.CacheLimits
}

// take makes the gate's options from a configuration, and with them what is new in
// it: lines, keepers, backends. Left are the rooms whose backend is of no use once the
// gate goes by the options. On an error everything is as it was.
func (g *gateway) take(ctx context.Context, c *config.Config) (o proxy.Options, left []*room, err error) {
	names := make([]string, 0, len(c.Rooms))
	for i := range c.Rooms {
		names = append(names, c.Rooms[i].Name)
	}
	cookies := visitor.NewCookies(c.Cookies.Secure, names)
	builtIn, err := page.New(nil)
	if err != nil {
		return o, nil, err
	}
	o = proxy.Options{
		Keys: g.keys, Cookies: cookies, Trusted: c.TrustedProxies, TLS: c.TLS.Cert != "",
		Filter: *filter(c), Door: g.door(c, &config.Room{}), Traffic: g.traffic.Room(""), Errors: builtIn, Log: g.log,
	}
	made, err := g.verifiers(c)
	if err != nil {
		return o, nil, err
	}
	next, schedules := map[string]*room{}, map[string]*schedule.Schedule{}
	for i := range c.Rooms {
		from := &c.Rooms[i]
		var r *room
		if schedules[from.Name], err = g.eligible(from); err == nil {
			r, err = g.room(ctx, c, from, schedules[from.Name])
		}
		if err == nil {
			next[from.Name] = r
			var room proxy.Room
			room, err = g.gateRoom(from, r, cookies, builtIn)
			if err == nil {
				if s := schedules[from.Name]; s != nil {
					room.Waiting.Zone = s.Zone()
				}
				room.Waiting.Door, room.Waiting.Trusted = g.door(c, from), c.TrustedProxies
				room.Waiting.Work, room.Waiting.Captcha = g.work(from), g.captcha(from)
				room.Waiting.TLS, room.Waiting.Proofs, room.Waiting.Traffic = o.TLS, g.proofs, room.Traffic
				room.Waiting.Shared = !c.Store.Embedded()
				room.Waiting.Identity, err = g.identity(c, from, r.line, schedules[from.Name], made)
				room.Waiting.Key, room.Waiting.Prefix = keyPolicies[from.Device.Key], from.Device.BindAddress == config.BindPrefix
			}
			o.Rooms = append(o.Rooms, room)
		}
		if err != nil {
			g.discard(next)
			g.discardVerifiers(made)
			return o, nil, fmt.Errorf("room %s: %w", from.Name, err)
		}
	}
	g.lights.Configure(providers(c, made))
	g.verify(made)
	return o, g.swap(c, next, schedules), nil
}

// keyPolicies are the policies by the names that the configuration has for them.
var keyPolicies = map[string]waiting.KeyPolicy{
	config.DeviceOff: waiting.KeyOff, config.DevicePrefer: waiting.KeyPrefer, config.DeviceRequire: waiting.KeyRequire,
}

// swap makes the rooms those that run, and gives those before that are not among them.
func (g *gateway) swap(c *config.Config, next map[string]*room, schedules map[string]*schedule.Schedule) (left []*room) {
	names := make([]string, 0, len(c.Rooms))
	for i := range c.Rooms {
		names = append(names, c.Rooms[i].Name)
	}
	g.mu.Lock()
	before := g.rooms
	g.config, g.names, g.rooms = c, names, next
	g.mu.Unlock()
	for i := range c.Rooms {
		name := c.Rooms[i].Name
		next[name].openings.follow(rules(&c.Rooms[i]), schedules[name])
	}
	return others(before, next)
}

// discard ends what was made for a configuration that is not taken over.
func (g *gateway) discard(made map[string]*room) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range others(made, g.rooms) {
		r.end()
	}
}

// others are those rooms whose backend is not among those that stay. It stops the
// keepers of those of which nothing stays.
func others(rooms, stay map[string]*room) (left []*room) {
	for name, r := range rooms {
		other := stay[name]
		if other == nil {
			r.stop()
		}
		if other == nil || other.backend != r.backend {
			left = append(left, r)
		}
	}
	return left
}

// room is the room that runs under this name with what the configuration changes in
// it, or a new one.
func (g *gateway) room(ctx context.Context, c *config.Config, from *config.Room, s *schedule.Schedule) (*room, error) {
	made := origin{
		from.Backend, from.BackendTLS, from.Health, from.BackendTimeouts, c.Limits.WriteTimeout, c.Limits.MaxBody, from.Cache, from.CacheLimits,
	}
	g.mu.Lock()
	old := g.rooms[from.Name]
	g.mu.Unlock()
	if old != nil && reflect.DeepEqual(old.made, made) {
		return old, nil
	}
	options, err := g.backendOptions(c, from)
	if err != nil {
		return nil, err
	}
	backend, err := forward.New(options)
	if err != nil {
		return nil, err
	}
	if old != nil {
		r := &room{line: old.line, openings: old.openings, stop: old.stop, trouble: old.trouble, backend: backend, made: made}
		r.cache = g.cache(from, r)
		return r, nil
	}
	l, err := g.store.room(ctx, from.Name, withOpening(rules(from), s, 0))
	if err != nil {
		backend.Close()
		return nil, err
	}
	o, keeper := followOpenings(l), g.keep(from.Name, l)
	stop := func() {
		o.stop()
		keeper()
	}
	r := &room{line: l, openings: o, stop: stop, trouble: &trouble{}, backend: backend, made: made}
	r.cache = g.cache(from, r)
	return r, nil
}

func (r *room) close() {
	r.stop()
	r.end()
}

// end closes all of the room that is made of its configuration.
func (r *room) end() {
	if r.cache != nil {
		r.cache.Close()
	}
	r.backend.Close()
}

func (g *gateway) closeRooms() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.rooms {
		r.close()
	}
}

// keep runs the room's keeper until the function that it gives is called.
func (g *gateway) keep(name string, l line) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	log := g.log.With(zap.String("room", name))
	var away atomic.Bool
	go func() {
		defer close(done)
		queue.Keep(ctx, l, func(err error) {
			switch {
			case err != nil && !away.Swap(true):
				log.Error("the store does not answer; nobody is let in until it does", zap.Error(err))
			case err == nil && away.Swap(false):
				log.Info("the store answers again")
			}
		})
	}()
	return func() {
		cancel()
		<-done
	}
}

// rules are a room's rules as the line knows them.
func rules(c *config.Room) queue.Rules {
	r := queue.Rules{
		RatePerHour: c.Rate.PerHour(), Burst: c.Burst, Hold: c.Hold.Microseconds(),
		PassTTL: c.Pass.TTL.Microseconds(), MaxActive: int64(c.MaxActive),
		Draw: c.BeforeOpening.Order == config.OrderDraw, Quota: int64(c.Eligibility.Quota),
	}
	if !c.OpensAt.IsZero() {
		r.OpensAt = c.OpensAt.UnixMicro()
	}
	if !c.ClosesAt.IsZero() {
		r.ClosesAt = c.ClosesAt.UnixMicro()
	}
	return r
}

func (g *gateway) backendOptions(c *config.Config, from *config.Room) (forward.Options, error) {
	o := forward.Options{
		Health:         forward.Health{Path: from.Health.Path, Interval: from.Health.Interval, Timeout: from.Health.Timeout},
		ConnectTimeout: from.BackendTimeouts.Connect, ResponseTimeout: from.BackendTimeouts.Response,
		ClientTimeout: c.Limits.WriteTimeout, MaxBody: int64(c.Limits.MaxBody),
		Cookies: visitor.NewCookies(c.Cookies.Secure, nil).Own(),
		Changed: func(addr string, healthy bool, why error) {
			if healthy {
				g.log.Info("a backend address is back", zap.String("room", from.Name), zap.String("address", addr))
				return
			}
			g.log.Warn("a backend address is out", zap.String("room", from.Name), zap.String("address", addr), zap.Error(why))
		},
	}
	for _, b := range from.Backend {
		o.Backends = append(o.Backends, b.String())
	}
	if from.BackendTLS.CA != "" || from.BackendTLS.ServerName != "" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: from.BackendTLS.ServerName}
		if from.BackendTLS.CA != "" {
			pool, err := certificates(from.BackendTLS.CA)
			if err != nil {
				return o, fmt.Errorf("backend_tls.ca: %w", err)
			}
			o.TLS.RootCAs = pool
		}
	}
	return o, nil
}

// gateRoom is the room as the gate sees it.
func (g *gateway) gateRoom(from *config.Room, r *room, cookies visitor.Cookies, builtIn *page.Template) (proxy.Room, error) {
	shown := builtIn
	if from.Waiting.Page != "" {
		own, err := os.ReadFile(from.Waiting.Page)
		if err == nil {
			shown, err = page.New(own)
		}
		if err != nil {
			return proxy.Room{}, fmt.Errorf("waiting.page %s: %w", from.Waiting.Page, err)
		}
	}
	zone := time.Local
	if !from.OpensAt.IsZero() {
		zone = from.OpensAt.Location()
	}
	sessions := g.sessions(from, cookies)
	return proxy.Room{
		Name: from.Name, Bound: sessions, Hosts: from.Hosts, Paths: from.Paths, Open: from.OpenPaths, Origins: from.Origins,
		Backend: r.backend, Cache: r.cache, Allow: g.allow(from), Inside: r.line, Traffic: g.traffic.Room(from.Name), Rotate: from.Pass.Rotate.Microseconds(),
		Waiting: &waiting.Room{
			Name: from.Name, Line: r.line, Keys: g.keys, Cookies: cookies, Page: shown,
			Status: from.Waiting.Status, Idle: from.Pass.Idle.Microseconds(), Zone: zone,
			Offer:  offer(sessions),
			Failed: func(err error) { r.trouble.note(g.log, from.Name, err) },
		},
	}, nil
}

// health is how the addresses of the room's backend are.
func (r *room) health() []operator.BackendHealth {
	states := r.backend.States()
	health := make([]operator.BackendHealth, 0, len(states))
	for _, s := range states {
		health = append(health, operator.BackendHealth{Address: s.Addr, Healthy: s.Healthy})
	}
	return health
}

// reload takes a changed configuration over while running.
func (g *gateway) reload(ctx context.Context, c *config.Config) error {
	g.mu.Lock()
	before := g.config
	g.mu.Unlock()
	newToken := before.Operator.Token != c.Operator.Token
	if names := before.NeedsRestart(c); len(names) > 0 {
		g.log.Warn("some changed settings count from the next start on", zap.Strings("settings", slices.Sorted(slices.Values(names))))
	}
	o, left, err := g.take(ctx, c)
	if err != nil {
		return err
	}
	g.gate.Replace(o)
	g.retire(left)
	if newToken {
		g.operators(c)
	}
	g.setLevel(c)
	return nil
}
