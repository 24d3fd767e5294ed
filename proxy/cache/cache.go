// Package cache answers hot public queries once for everybody: what an operator declares
// public is asked of the backend by one request, and given to all who are inside.
//
// It promises that nothing personal is shared. The request that fills it is made anew and
// carries nothing of a visitor: no cookie, no pass or subject of anyone, no address, no
// field that is not part of the key. What comes back is kept only if RFC 9111 lets a shared
// cache keep it and it sets no cookie and gives no command; everything else makes each
// visitor's request go its own way, as it would without a cache. Misses of one key become
// one request; memory is bounded, with what is on its way.
//
// It does not decide who may come in: the gate asks it only for requests that it has let
// through. It serves no ranges, keeps nothing across restarts, and obeys no Cache-Control of
// visitors, which the RFC leaves open: a reload must not reach the backend.
package cache

import (
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"waitroom/proxy/forward"
	"waitroom/proxy/traffic"
)

const (
	// asideFor is how long it is remembered that an answer could not be kept.
	asideFor = 10 * time.Second
	// backOff is the pause after a failed revalidation.
	backOff = time.Second
	// tries is how many failed fetches one visitor waits for.
	tries = 3
	// maxFlights bounds the fetches under way.
	maxFlights = 1024
)

// Rule is one declaration of what is public.
type Rule struct {
	// Paths are prefixes that end in "/", or exact paths, in their canonical form.
	Paths []string
	// TTL is how long an answer is fresh at most, and where the backend says nothing.
	TTL time.Duration
	// Stale is how long it may be used after that, while a new one is fetched or the
	// backend fails.
	Stale time.Duration
}

// Options are what a Cache is made of.
type Options struct {
	Rules   []Rule
	Backend *forward.Backend
	// Room is its name, for the backend.
	Room string
	// Pass makes the gateway's own pass for the fetches of protected paths; nil is none.
	Pass func() []byte
	// SoldOut is called when the backend ends the wait with an answer to a fetch of a
	// protected path. It must not block for long.
	SoldOut func()
	// MaxBytes bounds all memory of answers: half for those kept, half for those on
	// their way. MaxAnswer bounds one answer's body.
	MaxBytes, MaxAnswer int64
	// Wait bounds how long a visitor waits for a fetch.
	Wait    time.Duration
	Traffic *traffic.Room
	Log     *zap.Logger
	// Now is the clock; nil is this machine's.
	Now func() time.Time
}

// Cache is one room's answers. Make it with New, and end it with Close.
type Cache struct {
	o     Options
	store store

	mu      sync.Mutex // guards what follows
	flights map[string]*flight
	held    int64 // bytes promised to the flights
	closed  bool

	over    atomic.Bool
	running sync.WaitGroup
	epochs  atomic.Uint64
}

// New makes an empty cache.
func New(o Options) *Cache {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Cache{o: o, store: newStore(o.MaxBytes/2, o.Traffic.CacheBytes), flights: map[string]*flight{}}
}

// Close ends the fetches under way, within a second or so, and forgets everything.
// Requests may still come: they go their own way.
func (c *Cache) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.over.Store(true)
	c.running.Wait()
	c.store.clear()
}

// rule is the one that declares the path public: of several the most exact.
func (c *Cache) rule(path []byte) *Rule {
	var best *Rule
	longest := 0
	for i := range c.o.Rules {
		for _, p := range c.o.Rules[i].Paths {
			if len(p) > longest && (string(path) == p || p[len(p)-1] == '/' && len(path) > len(p) && string(path[:len(p)]) == p) {
				best, longest = &c.o.Rules[i], len(p)
			}
		}
	}
	return best
}
