package attempts_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// careless is a waiting room on Redis that works on a good day. It asks for no proofs, its passes do not end, it sends
// people on to whatever address they ask for, and what the store forgets it does not know; the rest are holes that a test asks for.
type careless struct {
	holes map[hole]bool
	store *redis.Client
	site  *httputil.ReverseProxy

	mu      sync.Mutex
	paused  bool
	journal []gateway.Record
	next    int64     // whose turn it is, where turns are waited for
	credit  float64   // entries that the rate has for, where the clock gives them
	last    time.Time // when it was last given any
}

const (
	byStoresClock hole = "the rate is what the store's clock has gone on by"
	failsOpen     hole = "where the store does not answer people are let in"
	failsFull     hole = "where the store takes nothing people are let in"
	inTurn        hole = "nobody is let in before the one whose turn it is"
	forgetting    hole = "a turn was used if the store knows it"
	noProofs      hole = "no proof is looked at"
	everlasting   hole = "a pass does not end"
	noRate        hole = "there is no rate, and who enters does so at the second's beginning"
	anywhere      hole = "a redirect leads to the address that was asked for"
)

// startCareless gives what starts it in place of the program.
func startCareless(holes ...hole) func(testing.TB, gateway.Options) *gateway.Gateway {
	return func(t testing.TB, o gateway.Options) *gateway.Gateway {
		t.Helper()
		to, err := url.Parse(o.Backend)
		if err != nil {
			t.Fatal(err)
		}
		if o.Redis == nil {
			o.Redis = redistest.Start(t)
		}
		at, err := redis.ParseURL(cmp.Or(regexp.MustCompile(`redis://[^']+`).FindString(o.Top["store"]), o.Redis.URL()))
		if err != nil {
			t.Fatal(err)
		}
		at.MaxRetries, at.DialerRetries, at.DialTimeout, at.ReadTimeout, at.PoolSize = -1, 1, time.Second, time.Second, 64
		if slices.Contains(holes, failsOpen) { // it is soon at the end of its patience
			at.DialTimeout, at.ReadTimeout = 400*time.Millisecond, 400*time.Millisecond
		}
		c := &careless{holes: map[hole]bool{}, store: redis.NewClient(at), site: httputil.NewSingleHostReverseProxy(to), next: 1}
		for _, h := range holes {
			c.holes[h] = true
		}
		s := httptest.NewServer(c)
		t.Cleanup(func() { s.Close(); _ = c.store.Close() })
		addr := strings.TrimPrefix(s.URL, "http://")
		return &gateway.Gateway{URL: s.URL, Visitors: addr, Operators: addr}
	}
}

// seen is what a ticket or pass says.
type seen struct {
	ID    string `json:"jti"`
	Place int64  `json:"plc"`
}

func read(r *http.Request, what string) (s seen) {
	if parts := strings.Split(value(r, "waitroom-"+what+"-booking"), "."); len(parts) == 3 {
		text, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(text, &s)
	}
	return s
}

func unique() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// ServeHTTP is the gate and its calls.
func (c *careless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, isCall := strings.CutPrefix(r.URL.Path, "/.waitroom/booking/")
	switch pass, ticket := read(r, "pass"), read(r, "ticket"); {
	case r.URL.Path == "/readyz":
		if c.away(r.Context()) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	case strings.HasPrefix(r.URL.Path, "/api/rooms/"):
		c.operate(w, r)
	case isCall:
		c.call(w, r, call, ticket)
	case pass.ID != "" && c.knows(r.Context(), pass.ID), c.open(r.Context()):
		r.Header.Set("Waitroom-Pass", value(r, "waitroom-pass-booking"))
		c.site.ServeHTTP(w, r)
	case ticket.ID != "" && c.enter(r.Context(), w, ticket) == "admitted":
		w.Header().Set("Location", r.RequestURI)
		w.WriteHeader(http.StatusSeeOther)
	default:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<title>Please wait</title><body data-waitroom="page">`))
	}
}

// away says whether the store takes nothing.
func (c *careless) away(ctx context.Context) bool {
	return c.store.Set(ctx, "probe", strings.Repeat("x", 100), 0).Err() != nil
}

// open says whether people are let in for that.
func (c *careless) open(ctx context.Context) bool {
	return (c.holes[failsOpen] || c.holes[failsFull]) && c.away(ctx)
}

// knows says whether the gate opens for a pass; who is inside stays there when the store has forgotten.
func (c *careless) knows(ctx context.Context, pass string) bool {
	known, err := c.store.Get(ctx, "pass:"+pass).Result()
	return known != "" || errors.Is(err, redis.Nil) || err != nil
}

func (c *careless) call(w http.ResponseWriter, r *http.Request, call string, ticket seen) {
	if call == "join" && ticket.ID == "" {
		n, err := c.store.Incr(r.Context(), "count").Result()
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		ticket = seen{unique(), n}
		http.SetCookie(w, &http.Cookie{Name: "waitroom-device", Value: unique(), Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "waitroom-ticket-booking", Value: shape(ticket.ID, n), Path: "/"})
	}
	_ = c.store.SAdd(r.Context(), "line", ticket.ID).Err() // whoever is forgotten comes back
	c.mu.Lock()
	state := map[bool]string{true: "waiting", false: "called"}[c.paused]
	c.mu.Unlock()
	switch {
	case call == "enter" && c.open(r.Context()):
		http.SetCookie(w, &http.Cookie{Name: "waitroom-pass-booking", Value: shape(unique(), ticket.Place), Path: "/"})
		state = "admitted"
	case call == "enter" && state == "called":
		state = c.enter(r.Context(), w, ticket)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Waitroom-Nonce", "nonce")
	if call == "enter" && state != "admitted" {
		w.WriteHeader(http.StatusConflict)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"state": state, "position": ticket.Place, "ticket_number": ticket.Place, "server_time": time.Now().UTC()})
}

// enter gives a pass, where it does.
func (c *careless) enter(ctx context.Context, w http.ResponseWriter, ticket seen) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := c.store.Time(ctx).Result()
	pass, had := "", error(nil)
	if err == nil {
		pass, had = c.store.Get(ctx, "entered:"+ticket.ID).Result()
	}
	switch {
	case c.paused, c.holes[inTurn] && ticket.Place != c.next, c.holes[byStoresClock] && pass == "" && !c.slot(now):
		return "waiting"
	case pass == "" || c.holes[perEnter]:
		pass = ticket.ID + unique()
		err = errors.Join(err, c.store.Set(ctx, "entered:"+ticket.ID, pass, 0).Err(), c.store.Set(ctx, "pass:"+pass, "1", 0).Err())
		entry := now
		if c.holes[noRate] {
			entry = now.Truncate(time.Second)
		}
		x := gateway.Ticket{ID: ticket.ID, Place: ticket.Place, Entry: entry.UnixMicro(), Pass: pass}
		c.journal = append(c.journal, gateway.Record{Cursor: "1", At: now, Kind: "call", Tickets: []gateway.Ticket{x}}, gateway.Record{Cursor: "1", At: now, Kind: "enter", Tickets: []gateway.Ticket{x}})
		c.next = ticket.Place + 1
	}
	if errors.Is(had, redis.Nil) {
		had = nil
	}
	if errors.Join(err, had) != nil {
		return "recovering"
	}
	http.SetCookie(w, &http.Cookie{Name: "waitroom-pass-booking", Value: shape(pass, ticket.Place), Path: "/"})
	return "admitted"
}

// slot says whether the rate has an entry, ten a second.
func (c *careless) slot(now time.Time) bool {
	if c.last.IsZero() || now.Before(c.last) {
		c.last = now
	}
	c.credit += 10 * now.Sub(c.last).Seconds()
	c.last = now
	if c.credit < 1 {
		return false
	}
	c.credit--
	return true
}

// operate is the operator's API.
func (c *careless) operate(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/journal") {
		all := c.journal
		if r.FormValue("after") != "" {
			all = nil
		}
		_ = json.NewEncoder(w).Encode(all)
		return
	}
	var change struct{ Paused *bool }
	if r.Method == http.MethodPatch && json.NewDecoder(r.Body).Decode(&change) == nil && change.Paused != nil {
		c.paused = *change.Paused
	}
	state := gateway.State{Store: "ok", Paused: c.paused}
	_ = c.store.SetNX(r.Context(), "epoch", unique(), 0).Err()
	var err error
	if state.Epoch, err = c.store.Get(r.Context(), "epoch").Result(); err != nil {
		state.Store = "away"
	}
	state.Waiting = c.store.SCard(r.Context(), "line").Val()
	_ = json.NewEncoder(w).Encode(state)
}
