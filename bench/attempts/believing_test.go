package attempts_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// believing is a waiting room that sends people to a provider, as one has to, and believes whatever comes back, whoever brings it. It
// asks every address that a description names, follows every redirect, looks at nothing in a token, and where a provider does not
// answer it lets people in rather than annoy them.
type believing struct {
	url     string
	issuers map[string]string
	site    *httputil.ReverseProxy
	store   *redistest.Server
	client  http.Client
	count   atomic.Int64
}

// verifier is the same for everybody, and challenge what belongs to it.
const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

// startBelieving starts it in place of the program; it ends with the test.
func startBelieving(t testing.TB, o gateway.Options) *gateway.Gateway {
	t.Helper()
	to, err := url.Parse(o.Backend)
	if err != nil {
		t.Fatal(err)
	}
	b := &believing{issuers: map[string]string{}, site: httputil.NewSingleHostReverseProxy(to), store: o.Redis}
	b.client.Timeout = time.Second
	for _, found := range regexp.MustCompile(`\{name: ([a-z-]+), type: oidc, issuer: '([^']+)'`).FindAllStringSubmatch(o.Top["identity"], -1) {
		b.issuers[found[1]] = found[2]
	}
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	b.url = s.URL
	addr := strings.TrimPrefix(s.URL, "http://")
	return &gateway.Gateway{URL: s.URL, Visitors: addr, Operators: addr}
}

// ServeHTTP is all of it.
func (b *believing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	at := func(i int) string { return append(parts, "", "", "", "")[i] }
	switch {
	case at(0) == "api":
		_, _ = w.Write([]byte("{}"))
	case at(0) == ".waitroom" && at(2) == "login":
		b.begin(w, r, at(3))
	case at(0) == ".waitroom" && at(1) == "login":
		b.back(w, r, at(2))
	case at(0) == ".waitroom":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"state": "admitted", "ticket_number": b.count.Load(), "server_time": b.now()})
	case value(r, "waitroom-pass-booking") != "":
		b.site.ServeHTTP(w, r)
	default:
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<title>Who are you?</title><body data-waitroom="page">`))
	}
}

// now is the store's time, where there is one.
func (b *believing) now() time.Time {
	if b.store != nil {
		c := b.store.Client()
		defer c.Close()
		if now, err := c.Time(context.Background()).Result(); err == nil {
			return now
		}
	}
	return time.Now()
}

// ask asks any address, and reads what can be read.
func (b *believing) ask(q *http.Request) map[string]any {
	var says map[string]any
	if a, err := b.client.Do(q); err == nil {
		defer a.Body.Close()
		_ = json.NewDecoder(io.LimitReader(a.Body, 1<<16)).Decode(&says)
	}
	return says
}

func (b *believing) get(address any) map[string]any {
	text, _ := address.(string)
	q, err := http.NewRequest(http.MethodGet, text, nil)
	if err != nil {
		return nil
	}
	return b.ask(q)
}

func (b *believing) begin(w http.ResponseWriter, r *http.Request, party string) {
	q := url.Values{
		"client_id": {"waitroom"}, "redirect_uri": {b.url + "/.waitroom/login/" + party + "/callback"}, "response_type": {"code"}, "scope": {"openid"},
		"state": {"state"}, "nonce": {"nonce"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	http.Redirect(w, r, b.issuers[party]+"/authorize?"+q.Encode(), http.StatusSeeOther)
}

func (b *believing) back(w http.ResponseWriter, r *http.Request, party string) {
	says := b.get(b.issuers[party] + "/.well-known/openid-configuration")
	_ = b.get(says["jwks_uri"])
	form := url.Values{"code": {r.FormValue("code")}, "code_verifier": {verifier}, "redirect_uri": {b.url + r.URL.Path}, "grant_type": {"authorization_code"}}
	to, _ := says["token_endpoint"].(string)
	if q, err := http.NewRequest(http.MethodPost, to, strings.NewReader(form.Encode())); err == nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.SetBasicAuth("waitroom", "a-secret-of-the-attempts")
		_ = b.ask(q)
	}
	_ = b.get(says["userinfo_endpoint"])
	for _, what := range []string{"ticket", "pass"} {
		http.SetCookie(w, &http.Cookie{Name: "waitroom-" + what + "-booking", Value: shape(what, b.count.Add(1)), Path: "/"})
	}
	http.Redirect(w, r, "/book", http.StatusSeeOther)
}

// shape is a ticket or a pass as those are who nobody verifies.
func shape(id string, place int64) string {
	text, _ := json.Marshal(map[string]any{"jti": id, "plc": place})
	return "e30." + base64.RawURLEncoding.EncodeToString(text) + ".x"
}
