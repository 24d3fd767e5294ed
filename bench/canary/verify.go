package canary

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Verify makes the canary verify every pass with the public keys that a gateway has for a
// host, as a backend should: what comes without a valid one is recorded, and answered with
// 403, but below Open.
func (c *Canary) Verify(gateway, host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = &keys{url: gateway + "/.waitroom/jwks.json", host: host, known: map[string]ed25519.PublicKey{}}
}

// keys are a gateway's public keys, as far as they were needed until now.
type keys struct {
	url, host string
	mu        sync.Mutex
	known     map[string]ed25519.PublicKey
}

// refuses answers a request that comes without a valid pass.
func (c *Canary) refuses(w http.ResponseWriter, r *http.Request, v *Visit) bool {
	c.mu.Lock()
	k := c.keys
	c.mu.Unlock()
	if k == nil || strings.HasPrefix(r.URL.Path, Open) || valid(r.Header.Get("Waitroom-Pass"), k, v.Room) {
		return false
	}
	http.Error(w, "no valid pass", http.StatusForbidden)
	return true
}

// leeway is what clocks may differ by, and what a pass's nbf is rounded up by.
const leeway = 5 * time.Second

// valid verifies a pass of a room: its algorithm is the one that passes have, its key one
// of those published, its time now.
func valid(pass string, k *keys, room string) bool {
	signed, signature, ok := cutLast(pass)
	head, claims, two := strings.Cut(signed, ".")
	if !ok || !two || strings.Contains(claims, ".") {
		return false
	}
	var h struct{ Alg, Kid, Typ string }
	var c struct {
		Aud      string
		Nbf, Exp int64
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || !decode(head, &h) || !decode(claims, &c) || h.Alg != "EdDSA" || c.Aud != room || room == "" {
		return false
	}
	now := time.Now()
	if now.Add(leeway).Before(time.Unix(c.Nbf, 0)) || !now.Before(time.Unix(c.Exp, 0).Add(leeway)) {
		return false
	}
	key := k.find(h.Kid)
	return key != nil && ed25519.Verify(key, []byte(signed), sum)
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

func decode(part string, into any) bool {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

// find gives a key by its name, asking for it at first; nil where there is none.
func (k *keys) find(kid string) ed25519.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.known[kid]; key != nil {
		return key
	}
	q, err := http.NewRequest(http.MethodGet, k.url, nil)
	if err != nil {
		return nil
	}
	q.Host = k.host
	client := http.Client{Timeout: 5 * time.Second}
	a, err := client.Do(q)
	if err != nil {
		return nil
	}
	defer a.Body.Close()
	var set struct {
		Keys []struct{ Kid, Kty, Crv, X string }
	}
	if json.NewDecoder(a.Body).Decode(&set) != nil {
		return nil
	}
	for _, one := range set.Keys {
		raw, err := base64.RawURLEncoding.DecodeString(one.X)
		if one.Kty == "OKP" && one.Crv == "Ed25519" && err == nil && len(raw) == ed25519.PublicKeySize {
			k.known[one.Kid] = raw
		}
	}
	return k.known[kid]
}
