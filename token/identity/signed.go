package identity

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// signedLife is how long a token of a service that is not OpenID Connect may be good.
const signedLife = 10 * time.Minute

// maxUsed is how many tokens are remembered as used in a signedLife: more than a gateway can verify.
const maxUsed = 1 << 19

// signed is a service that verifies persons and sends a signed token back with the browser. Nobody is asked.
type signed struct {
	c    *Config
	keys pinned
	used used
}

func newSigned(c *Config) (*signed, error) {
	keys, err := readKeys(c.Keys)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	for _, algorithm := range c.Algorithms {
		if !slices.ContainsFunc(keys, func(k crypto.PublicKey) bool { return fits(k, algorithm) }) {
			return nil, fmt.Errorf("keys: none is for the algorithm %s", algorithm)
		}
	}
	return &signed{c: c, keys: keys, used: used{most: maxUsed}}, nil
}

// Begin makes the address of the service's page: what is configured, with state, nonce and redirect_uri.
func (s *signed) Begin(_ context.Context, start Start) (string, Flow, error) {
	redirect, err := s.c.redirect(start.Redirect)
	if err != nil {
		return "", Flow{}, &Refusal{Mismatch, err}
	}
	page, err := url.Parse(s.c.Start)
	if err != nil {
		return "", Flow{}, &Refusal{Unavailable, errors.New("the page has no address")}
	}
	f := newFlow(s.c.Name, start)
	q := page.Query()
	q.Set("state", spell(f.State))
	q.Set("nonce", spell(f.Nonce))
	q.Set("redirect_uri", redirect)
	if s.c.ClientID != "" {
		q.Set("client_id", s.c.ClientID)
	}
	page.RawQuery = q.Encode()
	return page.String(), f, nil
}

// Finish takes the token for a person.
func (s *signed) Finish(ctx context.Context, f Flow, b Back) (Person, error) {
	if refusal := checkBack(s.c, f, b); refusal != nil {
		return Person{}, refusal
	}
	if refusal := checkError(b.Error); refusal != nil {
		return Person{}, refusal
	}
	id, err := verifyToken(ctx, s.keys, s.c, b.Token)
	if err != nil {
		return Person{}, err
	}
	claims, refusal := verdict{s.c.Issuer, s.c.Audience, spell(f.Nonce), b.Now}.judge(id)
	if refusal != nil {
		return Person{}, refusal
	}
	if claims.Expires-claims.Issued > signedLife.Seconds() || claims.ID == "" || len(claims.ID) > maxClaim {
		return Person{}, forged("the token is good for more than 10 minutes, or has no jti")
	}
	have := map[string]string{"iss": s.c.Issuer, "sub": id.Subject}
	s.c.gather(have, claims.answers)
	person, err := s.c.person(have, b)
	if err != nil {
		return Person{}, err
	}
	switch s.used.take(claims.ID, s.c.Clock()) {
	case again:
		return Person{}, &Refusal{Replayed, errors.New("the token was used before (jti)")}
	case full:
		return Person{}, &Refusal{Busy, errors.New("more tokens were used than are remembered; the oldest are forgotten in some minutes")}
	}
	return person, nil
}

// Health is always good: nobody is asked.
func (s *signed) Health() Health { return Health{} }

// Close has nothing to let go of.
func (s *signed) Close() {}

// pinned are keys that are configured. It is an oidc.KeySet.
type pinned []crypto.PublicKey

// VerifySignature gives what is signed by one of the keys.
func (p pinned) VerifySignature(_ context.Context, raw string) ([]byte, error) {
	token, err := jose.ParseSigned(raw, signatures)
	if err != nil || len(token.Signatures) != 1 {
		return nil, errSignature
	}
	for _, key := range p {
		if !fits(key, token.Signatures[0].Header.Algorithm) {
			continue
		}
		if payload, err := token.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, errSignature
}

// readKeys reads public keys and certificates in PEM. The times of certificates are not looked at: who is trusted is configured.
func readKeys(text []byte) (keys []crypto.PublicKey, err error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		var key crypto.PublicKey
		switch block.Type {
		case "PUBLIC KEY":
			key, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "CERTIFICATE":
			var c *x509.Certificate
			if c, err = x509.ParseCertificate(block.Bytes); err == nil {
				key = c.PublicKey
			}
		default:
			return nil, fmt.Errorf("a block %s, and public keys and certificates are taken only", block.Type)
		}
		if err != nil {
			return nil, err
		}
		keys, text = append(keys, key), rest
	}
	if len(keys) == 0 {
		return nil, errors.New("no public keys in it; it takes PEM, as in -----BEGIN PUBLIC KEY-----")
	}
	return keys, nil
}

// used remembers tokens for as long as they may be good: in two sets, of which the older is forgotten at times.
type used struct {
	most int

	mu       sync.Mutex
	now, old map[[16]byte]struct{}
	since    time.Time
}

type taking uint8

const (
	first taking = iota
	again
	full
)

// take takes a token's name, once.
func (u *used) take(name string, now time.Time) taking {
	sum := sha256.Sum256([]byte(name))
	key := [16]byte(sum[:])
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.now == nil || now.Sub(u.since) > signedLife+2*skew {
		u.old, u.now, u.since = u.now, make(map[[16]byte]struct{}), now
	}
	_, isNow := u.now[key]
	_, isOld := u.old[key]
	switch {
	case isNow || isOld:
		return again
	case len(u.now) >= u.most:
		return full
	}
	u.now[key] = struct{}{}
	return first
}
