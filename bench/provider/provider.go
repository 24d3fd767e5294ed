// Package provider is a small OpenID provider, over real HTTP, that knows made-up persons: for the demo, the load tool and tests.
//
// It promises the code flow with PKCE as OpenID Connect has it (description, keys, authorize, token, userinfo), profiles in the shapes
// of Kakao and Naver, and the page of a service that sends a signed token instead. While it runs it can be made slow, failing,
// endless or down, and made to forge what it says. Everybody may be anybody here: it must never verify real people.
package provider

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config is one provider.
type Config struct {
	// Issuer is its address as its clients know it, without a slash at the end. It may have a path: then only requests below it
	// are answered.
	Issuer string
	// Korean and English are its name on its page.
	Korean, English string
	// ClientID and ClientSecret are those of its one client; without a secret it asks for none.
	ClientID, ClientSecret string
	// Redirects are the addresses that it sends browsers back to; none are all, which is for tests.
	Redirects []string
	// RSA makes it sign with RS256 instead of ES256. That costs more.
	RSA bool
	// Persons is how many are on its page to choose from; 0 is 12.
	Persons int
	// LunarEvery makes each so-manyth person one whose birthday is of the lunar calendar; 0 is none.
	LunarEvery int
	// Clock is for what it says of time; nil is time.Now.
	Clock func() time.Time
}

// Provider is a running provider. It is a http.Handler, safe for concurrent use.
type Provider struct {
	c     Config
	base  string // the path of the issuer
	mux   *http.ServeMux
	mac   [32]byte // of access tokens
	codes codes

	mu     sync.Mutex
	knobs  Knobs
	count  int // requests that the share of failures is taken of
	keys   []*key
	counts Counts
}

// Counts is what happened so far.
type Counts struct {
	// Descriptions and Keys were fetched so often, codes Issued and Exchanged, profiles read.
	Descriptions, Keys, Issued, Exchanged, Profiles int
}

// New makes a provider, with a new key.
func New(c Config) *Provider {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Persons == 0 {
		c.Persons = 12
	}
	p := &Provider{c: c, mux: http.NewServeMux()}
	if u, err := url.Parse(c.Issuer); err == nil {
		p.base = strings.TrimSuffix(u.Path, "/")
	}
	_, _ = rand.Read(p.mac[:]) // never fails
	p.keys = []*key{newKey(c.RSA)}
	p.mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	p.mux.HandleFunc("GET /jwks", p.jwks)
	p.mux.HandleFunc("GET /authorize", p.authorize)
	p.mux.HandleFunc("POST /token", p.token)
	p.mux.HandleFunc("GET /userinfo", p.profile(plainShape))
	p.mux.HandleFunc("GET /v2/user/me", p.profile(kakaoShape))
	p.mux.HandleFunc("GET /v1/nid/me", p.profile(naverShape))
	p.mux.HandleFunc("GET /start", p.start)
	return p
}

// ServeHTTP answers, as the knobs let it.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, under := strings.CutPrefix(r.URL.Path, p.base)
	if !under {
		http.NotFound(w, r)
		return
	}
	if p.misbehave(w, r, path) {
		return
	}
	below, address := *r, *r.URL
	address.Path, address.RawPath = path, ""
	below.URL = &address
	p.mux.ServeHTTP(w, &below)
}

// Counts tells what happened so far.
func (p *Provider) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

func (p *Provider) add(f func(*Counts)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.counts)
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	p.add(func(c *Counts) { c.Descriptions++ })
	issuer := p.c.Issuer
	methods := []string{"client_secret_basic", "client_secret_post"}
	if p.c.ClientSecret == "" {
		methods = []string{"none"}
	}
	algorithms := []string{p.signing().algorithm()}
	if p.Knobs().Forge == HMAC {
		algorithms = append(algorithms, "HS256", "none") // so that nobody believes it
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                         p.c.Issuer,
		"authorization_endpoint":                         issuer + "/authorize",
		"token_endpoint":                                 issuer + "/token",
		"userinfo_endpoint":                              issuer + "/userinfo",
		"jwks_uri":                                       issuer + "/jwks",
		"response_types_supported":                       []string{"code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          algorithms,
		"token_endpoint_auth_methods_supported":          methods,
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.add(func(c *Counts) { c.Keys++ })
	p.mu.Lock()
	keys := slices.Clone(p.keys)
	p.mu.Unlock()
	all := []map[string]string{}
	for _, k := range keys {
		if !k.retired {
			all = append(all, k.public())
		}
	}
	answer(w, http.StatusOK, map[string]any{"keys": all})
}

// Rotate makes a new key to sign with. The former ones stay published, or are taken away.
func (p *Provider) Rotate(keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, k := range p.keys {
		former := *k // who signs with it at this moment reads it
		former.retired = former.retired || !keep
		p.keys[i] = &former
	}
	p.keys = append(p.keys, newKey(p.c.RSA))
}

func (p *Provider) signing() *key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[len(p.keys)-1]
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic("BUG: answers are JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever is gone does not miss it
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return spell(b[:])
}

func spell(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
