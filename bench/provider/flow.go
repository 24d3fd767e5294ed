package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// life is how long codes and tokens are good.
const life = 5 * time.Minute

// authorize is the page, or, where a person is chosen (person, or login_hint), the way back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case q.Get("client_id") != p.c.ClientID || !p.mayReturn(q.Get("redirect_uri")):
		http.Error(w, "this client or its address is not known here", http.StatusBadRequest)
	case q.Get("response_type") != "code" || !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		p.back(w, r, url.Values{"error": {"invalid_request"}})
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		p.back(w, r, url.Values{"error": {"invalid_request"}})
	case q.Has("cancel"):
		p.back(w, r, url.Values{"error": {"access_denied"}})
	default:
		who, ok := chosen(q)
		if !ok {
			p.page(w, r)
			return
		}
		code := p.codes.give(p.c.Clock(), code{
			who: who, redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), nonce: q.Get("nonce"),
		})
		p.add(func(c *Counts) { c.Issued++ })
		wait(r, p.Knobs().PageDelay)
		p.back(w, r, url.Values{"code": {code}})
	}
}

func (p *Provider) mayReturn(address string) bool {
	return address != "" && (len(p.c.Redirects) == 0 || slices.Contains(p.c.Redirects, address))
}

// chosen is the person that an address names.
func chosen(q url.Values) (Person, bool) {
	name := q.Get("person")
	if name == "" {
		name = q.Get("login_hint")
	}
	n, err := strconv.Atoi(name)
	return Person{n}, err == nil && n >= 0
}

// back sends the browser back with an answer.
func (p *Provider) back(w http.ResponseWriter, r *http.Request, answer url.Values) {
	q := r.URL.Query()
	answer.Set("state", q.Get("state"))
	answer.Set("iss", p.c.Issuer)
	switch p.Knobs().Forge {
	case BackIssuer:
		answer.Set("iss", "https://other.example")
	case BackNoOne:
		answer.Del("iss")
	case BackState:
		answer.Set("state", random())
	case BackNothing:
		answer.Del("code")
	}
	address, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "no address to go back to", http.StatusBadRequest)
		return
	}
	query := address.Query()
	for name, values := range answer {
		query[name] = values
	}
	address.RawQuery = query.Encode()
	http.Redirect(w, r, address.String(), http.StatusSeeOther)
}

// token takes a code for tokens.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10) // where Paths are others
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = url.QueryEscape(r.PostFormValue("client_id")), url.QueryEscape(r.PostFormValue("client_secret"))
	}
	if id != url.QueryEscape(p.c.ClientID) || secret != url.QueryEscape(p.c.ClientSecret) {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	k := p.Knobs()
	c, ok := p.codes.take(p.c.Clock(), r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || c.redirect != r.PostFormValue("redirect_uri") || c.challenge != spell(sum[:]) && !k.IgnoreVerifier {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	p.add(func(c *Counts) { c.Exchanged++ })
	now := p.c.Clock()
	access := p.accessToken(c.who, now)
	half := sha256.Sum256([]byte(access))
	claims := map[string]any{
		"iss": p.c.Issuer, "sub": c.who.Subject(p.c.Issuer), "aud": p.c.ClientID, "nonce": c.nonce,
		"iat": now.Unix(), "exp": now.Add(life).Unix(), "at_hash": spell(half[:16]),
	}
	tokens := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(life / time.Second), "id_token": p.idToken(k.Forge, claims),
	}
	switch k.Forge {
	case NoToken:
		delete(tokens, "id_token")
	case NotBearer:
		tokens["token_type"] = "DPoP"
	}
	answer(w, http.StatusOK, tokens)
}

// accessToken names the person, and nobody else can make one.
func (p *Provider) accessToken(who Person, now time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(who.Number))             // #nosec G115 -- not negative
	b = binary.BigEndian.AppendUint64(b, uint64(now.Add(life).UnixMicro())) // #nosec G115 -- not negative
	mac := hmac.New(sha256.New, p.mac[:])
	mac.Write(b)
	return spell(mac.Sum(b))
}

func (p *Provider) holder(access string) (Person, bool) {
	b, err := base64.RawURLEncoding.DecodeString(access)
	if err != nil || len(b) != 16+sha256.Size {
		return Person{}, false
	}
	mac := hmac.New(sha256.New, p.mac[:])
	mac.Write(b[:16])
	ends := int64(binary.BigEndian.Uint64(b[8:])) // #nosec G115 -- as it was written
	if !hmac.Equal(mac.Sum(nil), b[16:]) || p.c.Clock().UnixMicro() >= ends {
		return Person{}, false
	}
	return Person{int(binary.BigEndian.Uint64(b))}, true // #nosec G115 -- as it was written
}

// profile tells of a person in one shape.
func (p *Provider) profile(form shape) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		who, ok := p.holder(access)
		if !ok {
			answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
			return
		}
		p.add(func(c *Counts) { c.Profiles++ })
		subject := who.Subject(p.c.Issuer)
		switch p.Knobs().Forge {
		case OtherPerson:
			who.Number++
			subject = who.Subject(p.c.Issuer)
		case NoProfile:
			answer(w, http.StatusOK, map[string]string{"sub": subject})
			return
		}
		answer(w, http.StatusOK, form(who, subject, p.lunar(who)))
	}
}

// start is the page of a service that is not OpenID Connect: its answer is a signed token with the claims in it.
func (p *Provider) start(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !p.mayReturn(q.Get("redirect_uri")) {
		http.Error(w, "this address is not known here", http.StatusBadRequest)
		return
	}
	if q.Has("cancel") {
		p.back(w, r, url.Values{"error": {"access_denied"}})
		return
	}
	who, ok := chosen(q)
	if !ok {
		p.page(w, r)
		return
	}
	now := p.c.Clock()
	claims := plainShape(who, who.Subject(p.c.Issuer), p.lunar(who))
	for name, value := range map[string]any{
		"iss": p.c.Issuer, "aud": p.c.ClientID, "nonce": q.Get("nonce"), "jti": random(), "iat": now.Unix(), "exp": now.Add(life).Unix(),
	} {
		claims[name] = value
	}
	wait(r, p.Knobs().PageDelay)
	p.back(w, r, url.Values{"token": {p.idToken(p.Knobs().Forge, claims)}})
}

// code is what a code stands for.
type code struct {
	who                        Person
	redirect, challenge, nonce string
}

// codes are given once and taken once. Those that nobody takes are forgotten after a life or two.
type codes struct {
	mu       sync.Mutex
	now, old map[string]code
	since    time.Time
}

func (c *codes) turn(now time.Time) {
	if c.now == nil || now.Sub(c.since) > life {
		c.old, c.now, c.since = c.now, map[string]code{}, now
	}
}

func (c *codes) give(now time.Time, what code) string {
	name := random()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(now)
	c.now[name] = what
	return name
}

func (c *codes) take(now time.Time, name string) (code, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(now)
	for _, all := range []map[string]code{c.now, c.old} {
		if what, ok := all[name]; ok {
			delete(all, name)
			return what, true
		}
	}
	return code{}, false
}
