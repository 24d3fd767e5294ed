package operator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// guard lets through who may operate: with a token who shows it, without one who
// sits at this machine and is no foreign web page.
type guard struct {
	digest [sha256.Size]byte
	token  bool
	page   *page
	next   http.Handler
	log    *zap.Logger
	logged atomic.Int64 // second of the last refusal in the log
}

func newGuard(token string, p *page, next http.Handler, log *zap.Logger) *guard {
	return &guard{digest: sha256.Sum256([]byte(token)), token: token != "", page: p, next: next, log: log}
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.token {
		g.withToken(w, r)
		return
	}
	if kind, why := local(r); kind != "" {
		g.note(r, kind)
		status := http.StatusForbidden
		if kind == "wrong-host" {
			status = http.StatusMisdirectedRequest
		}
		refuse(w, status, kind, why)
		return
	}
	g.next.ServeHTTP(w, r)
}

func (g *guard) withToken(w http.ResponseWriter, r *http.Request) {
	shown, ok := bearer(r)
	if ok && g.accepts(shown) {
		g.next.ServeHTTP(w, r)
		return
	}
	// The page holds no data. It is answered under 401, too, so that a browser can
	// be given the token there.
	if r.URL.Path == "/" && r.Method == http.MethodGet && !ok {
		w.Header().Set("WWW-Authenticate", `Bearer realm="waitroom operator"`)
		g.page.answer(w, http.StatusUnauthorized)
		return
	}
	g.note(r, "unauthorized")
	w.Header().Set("WWW-Authenticate", `Bearer realm="waitroom operator"`)
	refuse(w, http.StatusUnauthorized, "unauthorized", "send the operator token as `Authorization: Bearer TOKEN`")
}

// accepts compares digests, so that the time taken tells neither the token's length
// nor how far it was guessed.
func (g *guard) accepts(shown string) bool {
	digest := sha256.Sum256([]byte(shown))
	return subtle.ConstantTimeCompare(digest[:], g.digest[:]) == 1
}

// bearer is the request's bearer token. Two Authorization fields are none.
func bearer(r *http.Request) (string, bool) {
	fields := r.Header.Values("Authorization")
	if len(fields) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(fields[0], " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "bearer")
}

// note logs refusals, one a second at most, so that nobody can fill the disk.
func (g *guard) note(r *http.Request, kind string) {
	now := time.Now().Unix()
	if last := g.logged.Load(); last == now || !g.logged.CompareAndSwap(last, now) {
		return
	}
	g.log.Warn("operator request refused", zap.String("why", kind), zap.String("remote", remote(r)))
}

// remote is the peer's address without its port.
func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// passedOn are the fields that a proxy adds. A request that carries one was not
// made by somebody at this machine, whoever the peer is.
var passedOn = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}

// local says why a request does not come from somebody at this machine, or "".
func local(r *http.Request) (kind, why string) {
	if peer, err := netip.ParseAddr(remote(r)); err != nil || !peer.IsLoopback() {
		return "not-local", "with no operator token only this machine is answered: set operator.token, or ask from there"
	}
	for _, field := range passedOn {
		if r.Header.Get(field) != "" {
			return "not-local", "the request came through a proxy (" + field + "): set operator.token"
		}
	}
	// A foreign name that resolves to this machine would make a foreign page the
	// same origin as this listener (DNS rebinding).
	if !loopbackName(r.Host) {
		return "wrong-host", "with no operator token the Host must be localhost or a loopback address: set operator.token"
	}
	if foreignPage(r) {
		return "cross-site", "the request comes from a page of another site"
	}
	return "", ""
}

func loopbackName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}

// foreignPage says whether a browser sent the request for a page of another origin.
// Following a link to the page of this listener is allowed: it shows nothing to others.
func foreignPage(r *http.Request) bool {
	if r.URL.Path == "/" && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return false
	}
	origin, err := url.Parse(origins[0])
	return err != nil || len(origins) > 1 || !strings.EqualFold(origin.Host, r.Host)
}
