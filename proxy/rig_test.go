package proxy_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"

	"waitroom/proxy"
	"waitroom/proxy/forward"
	"waitroom/proxy/strict"
	"waitroom/proxy/traffic"
	"waitroom/proxy/visitor"
	"waitroom/proxy/waiting"
	"waitroom/proxy/waiting/page"
	"waitroom/queue"
	"waitroom/queue/memory"
	"waitroom/token"
)

const (
	second = int64(1_000_000)
	minute = 60 * second
	hour   = 60 * minute
	// evening is when the tests begin: 20:00 in Seoul on 12 August 2021.
	evening = int64(1_628_766_000) * second
	room    = "booking"
	host    = "booking.example.kr"
)

// engine is a room's line as the program uses it.
type engine interface {
	queue.Line
	queue.Inside
	queue.Operated
	persons
	SetRules(queue.Rules)
}

// persons is the part of a line that knows them, and keeps itself going.
type persons interface {
	queue.Kept
	queue.Held
}

// settings of a gateway under test; the zero value is a room with one entry a minute.
type settings struct {
	rules  func(*queue.Rules)
	status int
	idle   int64 // microseconds; 5 min by default
	rotate int64 // microseconds
	open   []string
	tls    bool
	// key asks for devices' keys; prefix binds to networks.
	key    waiting.KeyPolicy
	prefix bool
	// shared says that other gateways are on the store.
	shared bool
	// identity makes rooms ask for verified people.
	identity func(engine) *waiting.Identity
	// engine is another line than a new embedded one; keys its keys.
	engine engine
	keys   *token.Ring
	now    func() int64
	clock  *atomic.Int64 // of the rig; nil makes one
	// bare leaves out the line that tests can cut off, for measurements.
	bare bool
	// log is what the gate says; nil hears nothing.
	log *zap.Logger
	// rooms are made instead of the one, by name, each on the backend of the rig.
	rooms []proxy.Room
}

// rig is a gateway: the gate behind a real server, a real store, a real backend.
type rig struct {
	t       testing.TB
	clock   *atomic.Int64
	line    *line
	keys    *token.Ring
	gate    *proxy.Gate
	options proxy.Options
	addr    string
	backend *backend
	traffic *traffic.Traffic
	cookies visitor.Cookies
	desks   []*desk
}

func openKeys(t testing.TB) *token.Ring {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	keys, err := token.OpenOrMakeKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return token.NewRing(dir, keys)
}

func defaultRules() queue.Rules {
	return queue.Rules{RatePerHour: 60, Burst: 1, Hold: 30 * minute, PassTTL: 10 * minute}
}

func begin(t testing.TB, s settings) *rig {
	t.Helper()
	r := &rig{t: t, clock: &atomic.Int64{}, keys: s.keys, traffic: traffic.New(), backend: startBackend(t)}
	r.clock.Store(evening)
	if s.clock != nil {
		r.clock = s.clock
	}
	if r.keys == nil {
		r.keys = openKeys(t)
	}
	if s.engine == nil {
		rules := defaultRules()
		if s.rules != nil {
			s.rules(&rules)
		}
		s.engine = embedded(t, r.clock.Load, rules)
	}
	if s.now == nil {
		s.now = r.clock.Load
	}
	if s.idle == 0 {
		s.idle = 5 * minute
	}
	r.line = &line{engine: s.engine, now: s.now, pass: r.pass}
	names := []string{room}
	for i := range s.rooms {
		names = append(names, s.rooms[i].Name)
	}
	r.cookies = visitor.NewCookies(s.tls, names)
	r.options = r.gateOptions(s)
	r.gate = proxy.New(r.options)
	r.serve()
	return r
}

// embedded is a line in a folder of the test's own.
func embedded(t testing.TB, now func() int64, rules queue.Rules) engine {
	t.Helper()
	store, err := memory.Open(memory.Options{Dir: t.TempDir(), Now: now, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	l, err := store.Room(room, rules)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// gateOptions is the recipe of the program, in short.
func (r *rig) gateOptions(s settings) proxy.Options {
	r.t.Helper()
	builtIn, err := page.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	b, err := forward.New(forward.Options{Backends: []string{r.backend.URL}, Cookies: r.cookies.Own()})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(b.Close)
	var inside engine = r.line
	if s.bare {
		inside = s.engine
	}
	o := proxy.Options{
		Keys: r.keys, Cookies: r.cookies, TLS: s.tls, Filter: strict.Filter{Cookies: r.cookies.Own()},
		Traffic: r.traffic.Room(""), Errors: builtIn, Log: cmp.Or(s.log, zap.NewNop()), Rooms: s.rooms,
	}
	if len(o.Rooms) == 0 {
		o.Rooms = []proxy.Room{{Name: room, Hosts: []string{"*"}, Paths: []string{"/"}, Open: s.open}}
	}
	for i := range o.Rooms {
		one := &o.Rooms[i]
		one.Backend, one.Inside, one.Traffic, one.Rotate = b, inside, r.traffic.Room(one.Name), s.rotate
		var asked *waiting.Identity
		if s.identity != nil {
			asked = s.identity(inside)
		}
		one.Waiting = &waiting.Room{
			Name: one.Name, Line: inside, Keys: r.keys, Cookies: r.cookies, Page: builtIn,
			Status: s.status, Idle: s.idle, Key: s.key, Identity: asked, Proofs: waiting.NewProofs(), Prefix: s.prefix, TLS: s.tls, Traffic: one.Traffic, Shared: s.shared,
		}
	}
	return o
}

func (r *rig) serve() {
	r.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.addr = l.Addr().String()
	server := strict.Server(strict.Limits{}, strict.Hooks{
		Handler: r.gate.Handle, Admits: r.gate.Admits, Filter: &r.options.Filter,
		Panicked: func(v any) { r.t.Errorf("the handler panicked: %v", v) },
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); err != nil {
			r.t.Errorf("serve: %v", err)
		}
	}()
	r.t.Cleanup(func() {
		_ = server.Shutdown()
		<-done
	})
}

// pass lets time go by.
func (r *rig) pass(d int64) { r.clock.Add(d) }

// tick calls whom the rate owes a call.
func (r *rig) tick() {
	r.t.Helper()
	for {
		more, err := r.line.Tick(context.Background())
		if err != nil {
			r.t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func (r *rig) set(c queue.Change) {
	r.t.Helper()
	c.By = "test"
	if err := r.line.Set(context.Background(), c); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) out(o outage) { r.line.outage.Store(int32(o)) }

// crowd lets n others arrive.
func (r *rig) crowd(n int) {
	r.t.Helper()
	for i := range n {
		var id queue.ID
		binary.BigEndian.PutUint64(id[:], uint64(r.clock.Load()))
		binary.BigEndian.PutUint32(id[8:], uint32(i))
		if _, err := r.line.engine.Arrive(context.Background(), queue.Arrival{ID: id}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// count is how often the journal tells of a kind of event.
func (r *rig) count(kind string) (n int) {
	r.t.Helper()
	records, err := r.line.Journal(context.Background(), "", 10_000)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, x := range records {
		if string(x.Kind) == kind {
			n++
		}
	}
	return n
}

// backend records what reaches it, and answers as it is told.
type backend struct {
	*httptest.Server
	mu     sync.Mutex
	visits []*http.Request
	bodies []string
	answer http.HandlerFunc
}

func startBackend(t testing.TB) *backend {
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		b.mu.Lock()
		b.visits, b.bodies = append(b.visits, q), append(b.bodies, string(body))
		answer := b.answer
		b.mu.Unlock()
		if answer != nil {
			answer(w, q)
			return
		}
		_, _ = io.WriteString(w, "inside "+q.Method+" "+q.RequestURI)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) answers(f http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

func (b *backend) seen() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.visits)
}

func (b *backend) last() *http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.visits) == 0 {
		return nil
	}
	return b.visits[len(b.visits)-1]
}
