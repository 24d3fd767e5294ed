// Package redis is the line in Redis: several gateways share it.
//
// Every decision is one Lua script on the room's keys, which share a hash slot, so
// it runs on a standalone server, behind Sentinel and in a Cluster alike. Scripts
// are idempotent by ticket id, so a trip whose answer was lost is made again as it
// was. Arrivals, entries and departures are batched naturally: what came while the
// last trip was under way goes with the next, without a timer.
//
// Redis must be 6.2 or newer, a master, and must not evict. The clock is its own.
//
// A Redis that comes back without its last writes, or without any, is brought up to
// what the gateways saw: each operation carries the front, the last place and the due
// that its gateway knows, and the next tick gives back who entered through it, and what
// operators had set. Places come back with the tickets that show them. Not its job: to
// keep a lost ticket from entering once more through another gateway in the tenth of a
// second before that tick, and to find out about the passes that were ended and the
// persons who were taken over, where no gateway outlived the loss.
package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
)

// Options say where Redis is. Exactly one of URL, Sentinels and Cluster is set.
type Options struct {
	// URL is redis://, rediss:// or unix://, with user, password and database.
	URL string
	// Sentinels are the addresses of Sentinels, and Master the name they know.
	Sentinels                          []string
	Master                             string
	SentinelUsername, SentinelPassword string
	// Cluster are addresses of some of a Cluster's nodes.
	Cluster []string
	// Username and Password go to Redis itself; they win over those of the URL.
	Username, Password string
	// TLS is used with Sentinels and Cluster, and replaces that of a rediss:// URL.
	TLS *tls.Config
	// Prefix begins every key; "waitroom" if empty.
	Prefix string
	// Now replaces the store's clock, for tests only.
	Now func() int64

	trip time.Duration // tripTimeout if 0
}

const (
	// tripTimeout bounds one trip. It is longer than any script takes, and shorter
	// than a visitor's patience.
	tripTimeout = time.Second
	// openTries is how often a Redis is asked that is there and does not answer in time.
	openTries = 5
	poolSize  = 32
)

// Store is a connection to Redis. Close it when its rooms are no longer used.
type Store struct {
	client redis.UniversalClient
	prefix string
	now    func() int64
	trip   time.Duration
	trips  sync.WaitGroup
}

// Open connects, and checks that the Redis it finds can hold a line. It blocks
// until the answer, of which one that is late is asked for again, or the end of the context.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.trip == 0 {
		o.trip = tripTimeout
	}
	client, where, err := dial(o)
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, prefix: o.Prefix, now: o.Now, trip: o.trip}
	if s.prefix == "" {
		s.prefix = "waitroom"
	}
	err = s.fit(ctx)
	for tries := 1; tries < openTries && late(err) && ctx.Err() == nil; tries++ {
		err = s.fit(ctx)
	}
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("redis at %s: %w", where, err)
	}
	return s, nil
}

func late(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func dial(o Options) (redis.UniversalClient, string, error) {
	u := &redis.UniversalOptions{}
	var where string
	switch {
	case o.URL != "":
		parsed, err := redis.ParseURL(o.URL)
		if err != nil {
			return nil, "", fmt.Errorf("store.url: %w", redact(err, o.URL))
		}
		if o.Username != "" {
			parsed.Username = o.Username
		}
		if o.Password != "" {
			parsed.Password = o.Password
		}
		if o.TLS != nil && parsed.TLSConfig != nil {
			parsed.TLSConfig = o.TLS
		}
		parsed.MaxRetries, parsed.ContextTimeoutEnabled = -1, true
		parsed.ReadTimeout, parsed.WriteTimeout, parsed.DialTimeout = o.trip, o.trip, o.trip
		parsed.PoolSize, parsed.MinIdleConns = poolSize, 2
		return redis.NewClient(parsed), parsed.Addr, nil
	case len(o.Sentinels) > 0:
		u.Addrs, u.MasterName = o.Sentinels, o.Master
		u.SentinelUsername, u.SentinelPassword = o.SentinelUsername, o.SentinelPassword
		where = strings.Join(o.Sentinels, ", ") + " (Sentinel)"
	default:
		u.Addrs, u.IsClusterMode = o.Cluster, true
		where = strings.Join(o.Cluster, ", ") + " (Cluster)"
	}
	u.Username, u.Password, u.TLSConfig = o.Username, o.Password, o.TLS
	u.MaxRetries, u.ContextTimeoutEnabled = -1, true
	u.ReadTimeout, u.WriteTimeout, u.DialTimeout = o.trip, o.trip, o.trip
	u.PoolSize, u.MinIdleConns = poolSize, 2
	return redis.NewUniversalClient(u), where, nil
}

// redact keeps a password in a URL out of an error's text.
func redact(err error, url string) error {
	return errors.New(strings.ReplaceAll(err.Error(), url, "(the url)"))
}

// fit refuses a Redis that would lose the line or cannot run the scripts.
func (s *Store) fit(ctx context.Context) error {
	info, err := s.client.Info(ctx, "server", "replication", "memory").Result()
	if err != nil {
		return fmt.Errorf("%w (is it running, and are the address and password right?)", err)
	}
	facts := map[string]string{}
	for _, line := range strings.Split(info, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			facts[name] = value
		}
	}
	if !newEnough(facts["redis_version"]) {
		return fmt.Errorf("version %q is too old: 6.2 or newer is needed", facts["redis_version"])
	}
	if bits := facts["arch_bits"]; bits == "32" {
		return errors.New("it is a build for 32 bits, in which a place has no room: run one for 64 bits")
	}
	if role := facts["role"]; role != "" && role != "master" {
		return fmt.Errorf("it is a %s: give the address of the master, or of the Sentinels", role)
	}
	if p := facts["maxmemory_policy"]; p != "" && p != "noeviction" && facts["maxmemory"] != "0" {
		return fmt.Errorf("maxmemory-policy is %s, which would throw people out of the line: set it to noeviction", p)
	}
	return nil
}

func newEnough(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > 6 || major == 6 && minor >= 2)
}

// Close waits for the trips under way and ends the connections.
func (s *Store) Close() error {
	s.trips.Wait()
	return s.client.Close()
}

// away makes any failure of a trip one that callers know: the outcome is unknown,
// and asking again is harmless.
func away(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, queue.ErrAway, err)
}
