package proxy_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
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
	queue.Kept
	Set(ctx context.Context, c queue.Change) error
	Journal(ctx context.Context, after string, limit int) ([]queue.Record, error)
}

// outage is what an outage of the store looks like.
type outage int32

const (
	none   outage = iota
	away          // the view has grown old, and nothing is done
	failed        // the view is fresh, and nothing is done
	lost          // the view is fresh; all is done, and the answer is lost
)

// line is a real line that reads its view anew for each request, so that tests know
// to the microsecond what it shows, and that can be cut off from its store.
type line struct {
	engine
	now    func() int64
	outage atomic.Int32
	// still leaves the view as it was read last.
	still atomic.Bool
	// plain lets the view grow old as it does.
	plain bool
	trips atomic.Int64
}

func (l *line) View() *queue.View {
	if outage(l.outage.Load()) == away {
		old := *l.engine.View()
		old.At = l.now() - 3*second
		return old.After(nil, time.Now().Add(-3*time.Second))
	}
	if !l.still.Load() {
		_ = l.engine.Refresh(context.Background())
	}
	if l.plain {
		return l.engine.View()
	}
	v := *l.engine.View()
	// However slow the machine is: this view was read just now.
	v.After(l.engine.View(), time.Now())
	return &v
}

func (l *line) trip(ctx context.Context, do func(context.Context) (queue.Seat, error)) (queue.Seat, error) {
	l.trips.Add(1)
	o := outage(l.outage.Load())
	if o == away || o == failed {
		return queue.Seat{}, fmt.Errorf("cut off: %w", queue.ErrAway)
	}
	seat, err := do(ctx)
	if o == lost {
		return queue.Seat{}, fmt.Errorf("cut off: %w", queue.ErrAway)
	}
	return seat, err
}

func (l *line) Arrive(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	return l.trip(ctx, func(ctx context.Context) (queue.Seat, error) { return l.engine.Arrive(ctx, a) })
}

func (l *line) Return(ctx context.Context, a queue.Arrival) (queue.Seat, error) {
	return l.trip(ctx, func(ctx context.Context) (queue.Seat, error) { return l.engine.Return(ctx, a) })
}

func (l *line) Enter(ctx context.Context, id queue.ID, place int64) (queue.Seat, error) {
	return l.trip(ctx, func(ctx context.Context) (queue.Seat, error) { return l.engine.Enter(ctx, id, place) })
}

func (l *line) Leave(ctx context.Context, id queue.ID, place int64) error {
	_, err := l.trip(ctx, func(ctx context.Context) (queue.Seat, error) {
		return queue.Seat{}, l.engine.Leave(ctx, id, place)
	})
	return err
}

func (l *line) End(ctx context.Context, p queue.PassID, why queue.Why, by string) error {
	_, err := l.trip(ctx, func(ctx context.Context) (queue.Seat, error) {
		return queue.Seat{}, l.engine.End(ctx, p, why, by)
	})
	return err
}

// settings of a gateway under test; the zero value is a room with one entry a minute.
type settings struct {
	rules  func(*queue.Rules)
	status int
	idle   int64 // microseconds; 5 min by default
	open   []string
	tls    bool
	// engine is another line than a new embedded one; keys its keys.
	engine engine
	keys   *token.Ring
	now    func() int64
	// bare leaves out the line that tests can cut off, for measurements.
	bare bool
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
	r.line = &line{engine: s.engine, now: s.now}
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
		Traffic: r.traffic.Room(""), Errors: builtIn, Log: zap.NewNop(), Rooms: s.rooms,
	}
	if len(o.Rooms) == 0 {
		o.Rooms = []proxy.Room{{Name: room, Hosts: []string{"*"}, Paths: []string{"/"}, Open: s.open}}
	}
	for i := range o.Rooms {
		one := &o.Rooms[i]
		one.Backend, one.Inside, one.Traffic = b, inside, r.traffic.Room(one.Name)
		one.Waiting = &waiting.Room{
			Name: one.Name, Line: inside, Keys: r.keys, Cookies: r.cookies, Page: builtIn,
			Status: s.status, Idle: s.idle, Log: zap.NewNop(),
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

// person is somebody's browser or app: the fields it sends, and its cookies.
type person struct {
	r       *rig
	fields  map[string]string
	cookies map[string]string
	client  *http.Client
	host    string
}

const (
	chrome = "Mozilla/5.0 (Linux; Android 11) AppleWebKit/537.36 Chrome/92.0.4515.131 Mobile Safari/537.36"
	safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 14_7 like Mac OS X) AppleWebKit/605.1.15 Version/14.1.2 Safari/604.1"
)

func (r *rig) person(fields map[string]string) *person {
	tr := &http.Transport{DisableCompression: true}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &person{
		r: r, fields: fields, cookies: map[string]string{}, host: host,
		client: &http.Client{
			Transport:     tr,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// browser is a browser whose requests are navigations, unless they say otherwise.
func (r *rig) browser() *person {
	return r.person(map[string]string{
		"User-Agent": chrome, "Sec-Ch-Ua-Platform": `"Android"`, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
		"Accept-Language": "ko-KR,ko;q=0.9", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	})
}

// app is a program without cookies.
func (r *rig) app() *person {
	return r.person(map[string]string{"User-Agent": "booking-app/4.1 (iOS)", "Accept": "application/json"})
}

// script are the fields of a page's own fetch.
func script() []string {
	return []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "application/json"}
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// do sends a request; fields come in pairs, an empty value takes the person's own away.
func (p *person) do(method, uri string, fields ...string) answer {
	p.r.t.Helper()
	a, err := p.try(method, uri, fields...)
	if err != nil {
		p.r.t.Fatalf("%s %s: %v", method, uri, err)
	}
	return a
}

func (p *person) try(method, uri string, fields ...string) (answer, error) {
	q, err := http.NewRequest(method, "http://"+p.r.addr+uri, nil)
	if err != nil {
		return answer{}, err
	}
	q.Host = p.host
	for k, v := range p.fields {
		q.Header.Set(k, v)
	}
	var cookies []string
	for k, v := range p.cookies {
		cookies = append(cookies, k+"="+v)
	}
	if len(cookies) > 0 {
		q.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if q.Header.Del(fields[i]); fields[i+1] != "" {
			q.Header.Set(fields[i], fields[i+1])
		}
	}
	res, err := p.client.Do(q)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(p.cookies, c.Name)
		} else {
			p.cookies[c.Name] = c.Value
		}
	}
	return answer{res, string(body)}, nil
}

// get navigates.
func (p *person) get(uri string, fields ...string) answer {
	p.r.t.Helper()
	return p.do("GET", uri, fields...)
}

// call is a call of the page's script, or of an app.
func (p *person) call(name string, fields ...string) answer {
	p.r.t.Helper()
	method := "POST"
	if name == "status" {
		method = "GET"
	}
	if p.fields["Sec-Fetch-Mode"] != "" {
		fields = append(script(), fields...)
	}
	return p.do(method, "/.waitroom/"+room+"/"+name, fields...)
}

// appCall is a call of an app with its tokens in fields.
func (p *person) appCall(name, ticket, pass string) answer {
	p.r.t.Helper()
	return p.call(name, "Waitroom-Ticket", ticket, "Waitroom-Pass", pass)
}

func (p *person) ticket() string { return p.cookies["waitroom-ticket-"+room] }
func (p *person) passed() string { return p.cookies["waitroom-pass-"+room] }
func (p *person) device() string { return p.cookies["waitroom-device"] }

// copied is another browser or app with the same cookies.
func (p *person) copied(fields map[string]string) *person {
	other := p.r.person(map[string]string{})
	for k, v := range p.fields {
		other.fields[k] = v
	}
	for k, v := range fields {
		other.fields[k] = v
	}
	for k, v := range p.cookies {
		other.cookies[k] = v
	}
	return other
}

// said is a standing, with what a problem adds to it.
type said struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	Room     string `json:"room"`
	State    string `json:"state"`
	Position *int64 `json:"position"`
	Waiting  int64  `json:"waiting"`
	ETA      *struct {
		Low  int64 `json:"low"`
		High int64 `json:"high"`
	} `json:"eta_seconds"`
	NextPoll   int64      `json:"next_poll_ms"`
	EnterAt    *time.Time `json:"enter_at"`
	OpensAt    *time.Time `json:"opens_at"`
	ServerTime *time.Time `json:"server_time"`
	Message    *string    `json:"message"`
	Number     *int64     `json:"ticket_number"`
	Away       bool       `json:"store_away"`
	DrawHash   string     `json:"draw_hash"`
	DrawSecret *string    `json:"draw_secret"`
	Ticket     string     `json:"ticket"`
	Pass       string     `json:"pass"`
}

func (a answer) said(t testing.TB) said {
	t.Helper()
	var s said
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		t.Fatalf("answer %d is no JSON: %v\n%s", a.StatusCode, err, a.body)
	}
	return s
}

// want checks the status and the first words of the problem's type, or of the state.
func (a answer) want(t testing.TB, status int, state string) said {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d, want %d: %.300s", a.StatusCode, status, a.body)
	}
	s := a.said(t)
	if s.State != state {
		t.Fatalf("state %q, want %q: %s", s.State, state, a.body)
	}
	return s
}

// wantPage checks that the answer is the waiting page in a state.
func (a answer) wantPage(t testing.TB, status int, state string) {
	t.Helper()
	if a.StatusCode != status || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("answer %d %s, want %d and a page: %.300s", a.StatusCode, a.Header.Get("Content-Type"), status, a.body)
	}
	if got := a.state(); got != state {
		t.Fatalf("the page is in state %q, want %q", got, state)
	}
}

// state is the state that a page shows.
func (a answer) state() string {
	_, rest, _ := strings.Cut(a.body, `data-state="`)
	state, _, _ := strings.Cut(rest, `"`)
	return state
}

// wantInside checks that the backend answered.
func (a answer) wantInside(t testing.TB, uri string) {
	t.Helper()
	if a.StatusCode != 200 || !strings.HasPrefix(a.body, "inside ") || !strings.HasSuffix(a.body, " "+uri) {
		t.Fatalf("answer %d, want the backend's to %s: %.300s", a.StatusCode, uri, a.body)
	}
}

// position is the position of a standing, 0 for null.
func (s said) position() int64 {
	if s.Position == nil {
		return 0
	}
	return *s.Position
}

func micros(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMicro()
}

var _ fasthttp.RequestHandler = (*proxy.Gate)(nil).Handle
