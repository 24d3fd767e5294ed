// Package load plays a rush of visitors against a running gateway: they arrive, take a
// place, ask again when they are told to, enter when they are called, see some pages
// and leave. It speaks as apps do, over real sockets.
//
// It promises an open loop: each request is due at a moment that the pattern or the
// gateway's own answer has set, and its latency counts from that moment, however long
// the request had to wait for a connection. A slow gateway so cannot slow down those
// who measure it. And it holds what visitors are told against the promises of the
// line: duplicates, inversions, entries above the ceiling, lost places; see Wrong.
//
// It judges by what visitors can see, and knows neither the store nor the journal. It
// goes to this machine only, unless it is told that the target is one's own.
package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Run plays a plan until everybody is through, the plan's time is up or the context
// ends, and then reports what was seen: an end by the context is no error. It blocks
// all the while. An error means that there was nothing to measure: the plan is
// impossible, the target does not answer as a gateway, or nobody got a place.
func Run(ctx context.Context, p Plan) (Report, error) {
	p, err := p.filled()
	if err != nil {
		return Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.For)
	defer cancel()
	dial, err := p.dialer(ctx)
	if err != nil {
		return Report{}, err
	}
	for _, room := range p.Rooms {
		if err := look(dial, &p, room); err != nil {
			return Report{}, err
		}
	}
	began := time.Now()
	r := newRun(p, monotonic(began))
	why := r.play(ctx, dial)
	report := r.report(began, why)
	if report.Joined == 0 && why != Interrupted {
		return report, fmt.Errorf("nobody got a place at %s: %s%s", p.Target, why, report.mostFailed())
	}
	return report, nil
}

// clock is the time since the start of the run, in nanoseconds.
type clock func() int64

func monotonic(began time.Time) clock {
	return func() int64 { return int64(time.Since(began)) }
}

// run is one plan as it is played.
type run struct {
	plan     Plan
	clock    clock
	visitors []visitor
	rooms    []*room
	wheel    *wheel
	// ready are the visitors whose moment has come. Each is in it at most once, so that
	// it never blocks.
	ready  chan uint32
	meters [acts]meter
	// sending is from when a request was due to when it was sent.
	sending meter
	tally   tally
	left    atomic.Int64
	failed  failures
	fresh   requests

	identity verified
	others   others // connections to providers
}

func newRun(p Plan, c clock) *run {
	r := &run{
		plan: p, clock: c, visitors: make([]visitor, p.Visitors), ready: make(chan uint32, p.Visitors),
		failed: failures{seen: map[string]int64{}}, fresh: newRequests(&p),
	}
	if p.Identity != nil {
		for _, s := range p.Identity.Providers {
			r.identity.providers = append(r.identity.providers, ProviderReport{Name: s.Name})
		}
	}
	r.wheel = newWheel(r.visitors)
	for _, name := range p.Rooms {
		r.rooms = append(r.rooms, &room{name: name})
	}
	for i := range r.meters {
		r.meters[i].open()
	}
	r.sending.open()
	r.left.Store(int64(p.Visitors))
	return r
}

// dialer opens connections to the target; at the end of the run it gives errEnded.
type dialer func() (net.Conn, error)

// dialTimeout bounds how long opening a connection may take.
const dialTimeout = 10 * time.Second

// dialer resolves the target once, and refuses one that is not on this machine.
func (p *Plan) dialer(ctx context.Context) (dialer, error) { return p.dialerTo(ctx, p.url, p.Host) }

// dialerTo is a dialer to an address, which is called host in TLS.
func (p *Plan) dialerTo(ctx context.Context, u *url.URL, host string) (dialer, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	all, err := net.DefaultResolver.LookupIPAddr(ctx, u.Hostname())
	if err != nil {
		return nil, fmt.Errorf("look up the target: %w", err)
	}
	for _, a := range all {
		if !a.IP.IsLoopback() && !p.IOwnIt {
			return nil, fmt.Errorf("%w: %s is %s", ErrNotOurs, u.Hostname(), a.IP)
		}
	}
	addr := net.JoinHostPort(all[0].String(), port)
	d := net.Dialer{Timeout: dialTimeout}
	open := d.DialContext
	if u.Scheme == "https" {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			name = host
		}
		secure := tls.Dialer{NetDialer: &d, Config: &tls.Config{
			ServerName: name, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0),
		}}
		open = secure.DialContext
	}
	return func() (net.Conn, error) {
		conn, err := open(ctx, "tcp", addr)
		if err != nil && ctx.Err() != nil {
			return nil, errEnded
		}
		return conn, err
	}, nil
}

// look asks whether there is a room of this name at all.
func look(dial dialer, p *Plan, room string) error {
	l := newLine(dial)
	defer l.close()
	a := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(a)
	q := newRequests(p)
	if err := l.exchange(q.status(nil, room, &visitor{}), a); err != nil {
		return fmt.Errorf("ask %s for room %s: %w", p.Target, room, err)
	}
	var s answer
	if !s.read(a) || string(s.room) != room {
		return fmt.Errorf("%s has no waiting room %q (it answers %d): name the room as waitroom.yaml does", p.Target, room, a.StatusCode())
	}
	return nil
}

// errEnded is the failure of requests that the end of the run cut off.
var errEnded = errors.New("the run has ended")

// tally counts where the visitors are.
type tally struct {
	joined, absent, entered, through, away, lost atomic.Int64
}

// failures are requests that were not answered as they should be, by what went wrong.
type failures struct {
	mu   sync.Mutex
	seen map[string]int64
}

// maxFailures bounds how many different failures are told apart.
const maxFailures = 32

func (f *failures) add(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.seen[what]; !known && len(f.seen) >= maxFailures {
		what = "other"
	}
	f.seen[what]++
}

// sum is how many there were.
func (f *failures) sum() (n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, count := range f.seen {
		n += count
	}
	return n
}
