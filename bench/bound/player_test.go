package bound_test

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

// player is a browser that keeps a key for its session, as Chromium does.
type player struct {
	*gateway.Visitor
	key *ecdsa.PrivateKey
	// challenge is the one to sign next; session and refreshAt are what the gateway told.
	challenge, session, refreshAt string
}

var encode = base64.RawURLEncoding.EncodeToString

// enter is a browser's first visit, which registers its key.
func (s *site) enter(t *testing.T) *player {
	t.Helper()
	p := &player{Visitor: s.visitor(), key: newKey(t)}
	path, challenge := offered(t, p.Visitor)
	if a := p.post(t, path, map[string]string{"Secure-Session-Response": p.sign(t, challenge, true)}); a.Status != 200 {
		t.Fatalf("register: %d %s", a.Status, a.Body)
	} else {
		p.learn(t, a)
	}
	return p
}

// offered lets a visitor in, and is where they are asked to register, and what they have to sign.
func offered(t *testing.T, v *gateway.Visitor) (path, challenge string) {
	t.Helper()
	offer := ""
	gateway.Until(t, "a pass", 10*time.Second, func() bool {
		a := v.Navigate(t, "/book")
		offer = cmp.Or(a.Header.Get("Secure-Session-Registration"), offer) // with the pass, which may be for a little later
		return isInside(a)
	})
	rest, ok := strings.CutPrefix(offer, `(ES256);path="`)
	path, rest, ok2 := strings.Cut(rest, `";challenge="`)
	challenge, end, ok3 := strings.Cut(rest, `"`)
	if !ok || !ok2 || !ok3 || end != "" {
		t.Fatalf("no offer: %q", offer)
	}
	return path, challenge
}

// learn keeps what an answer says of the session.
func (p *player) learn(t *testing.T, a gateway.Answer) {
	t.Helper()
	var d struct {
		Session string `json:"session_identifier"`
		Refresh string `json:"refresh_url"`
	}
	if err := json.Unmarshal([]byte(a.Body), &d); err != nil || d.Session == "" || d.Refresh == "" {
		t.Fatalf("the instruction: %v %s", err, a.Body)
	}
	p.session, p.refreshAt = d.Session, d.Refresh
	p.heed(t, a)
}

// heed keeps the challenge that an answer carries.
func (p *player) heed(t *testing.T, a gateway.Answer) {
	t.Helper()
	challenge, id, ok := strings.Cut(a.Header.Get("Secure-Session-Challenge"), `";id="`)
	if !ok || strings.TrimSuffix(id, `"`) != p.session {
		t.Fatalf("the challenge: %d %q", a.Status, a.Header.Get("Secure-Session-Challenge"))
	}
	p.challenge = strings.TrimPrefix(challenge, `"`)
}

// refresh is one call to renew, with the fields as Chromium sends them.
func (p *player) refresh(t *testing.T) gateway.Answer {
	t.Helper()
	return p.post(t, p.refreshAt, map[string]string{
		"Sec-Secure-Session-Id": `"` + p.session + `"`, "Secure-Session-Response": p.sign(t, p.challenge, false),
	})
}

// post is a call of the browser's own.
func (p *player) post(t *testing.T, path string, fields map[string]string) gateway.Answer {
	t.Helper()
	q, err := http.NewRequest(http.MethodPost, p.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	q.Header.Set("Sec-Fetch-Mode", "no-cors")
	q.Header.Set("Sec-Fetch-Dest", "empty")
	q.Header.Set("Origin", p.URL)
	for name, value := range fields {
		q.Header.Set(name, value)
	}
	a, err := p.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// sign makes a proof; one that registers carries the key.
func (p *player) sign(t *testing.T, challenge string, registers bool) string {
	t.Helper()
	header := `{"alg":"ES256","typ":"dbsc+jwt"}`
	if registers {
		point, err := p.key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		header = `{"alg":"ES256","jwk":{"crv":"P-256","kty":"EC","x":"` + encode(point[1:33]) + `","y":"` + encode(point[33:]) +
			`"},"typ":"dbsc+jwt"}`
	}
	text := encode([]byte(header)) + "." + encode([]byte(`{"jti":"`+challenge+`"}`))
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	v.FillBytes(signature[32:])
	return text + "." + encode(signature[:])
}

// copied is what somebody has who copied all cookies, and not the key.
func (p *player) copied() *player {
	c := *p
	c.Visitor = p.Twin()
	return &c
}
