package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestATokensNameIsTakenOnceForAsLongAsItMayBeGood(t *testing.T) {
	u := used{most: 1000}
	now := evening
	if u.take("a", now) != first || u.take("a", now) != again || u.take("b", now) != first {
		t.Error("not once each")
	}
	for range 11 { // minutes: longer than any token is good, by clocks that are a minute apart
		now = now.Add(time.Minute)
		if got := u.take("a", now); got != again {
			t.Fatalf("after %s: %d", now.Sub(evening), got)
		}
	}
	now = now.Add(2 * time.Minute)
	if u.take("c", now) != first || u.take("a", now) != again {
		t.Error("what is older is forgotten at once")
	}
	now = now.Add(13 * time.Minute)
	if u.take("d", now) != first || u.take("a", now) != first {
		t.Error("nothing is ever forgotten")
	}
}

func TestWhatIsRememberedOfTokensIsBounded(t *testing.T) {
	u := used{most: 10}
	for i := range 10 {
		if u.take(strconv.Itoa(i), evening) != first {
			t.Fatal(i)
		}
	}
	if u.take("more", evening) != full {
		t.Error("one more than there is room for is taken, and could be taken again")
	}
	if u.take("3", evening) != again {
		t.Error("what was remembered is forgotten when it is full")
	}
}

// signer signs claims with a key, which goes by a name.
func signer(t *testing.T, key *ecdsa.PrivateKey, kid string) func(claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(claims map[string]any) string {
		body, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := s.Sign(body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

func TestASignedTokenIsGoodForTenMinutesAtMostAndHasAName(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{
		Name: "pass", Type: "signed", Callback: "https://a.example/cb", Issuer: "https://pass.example", Audience: "booking",
		Start: "https://pass.example/start", Algorithms: []string{"ES256"}, Keys: publicKey(t, key.Public()), Clock: func() time.Time { return evening },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	sign := signer(t, key, "any")
	now := evening.Unix()
	f := func(want Why, change func(claims map[string]any)) {
		t.Helper()
		address, flow, err := p.Begin(t.Context(), Start{Now: evening})
		if err != nil || !strings.HasPrefix(address, "https://pass.example/start?") {
			t.Fatal(address, err)
		}
		claims := map[string]any{
			"iss": "https://pass.example", "aud": "booking", "sub": "s", "nonce": spell(flow.Nonce), "jti": spell(flow.State), "iat": now, "exp": now + 600,
		}
		change(claims)
		_, err = p.Finish(t.Context(), flow, Back{State: spell(flow.State), Token: sign(claims), Now: evening})
		var r *Refusal
		if errors.As(err, &r) != (want != "") || r != nil && r.Why != want {
			t.Errorf("%v: %v, and should be %q", claims, err, want)
		}
	}
	f("", func(map[string]any) {})
	f("", func(c map[string]any) { c["iat"], c["exp"] = now-601, now-1 }) // by a clock that is slow
	f(Forged, func(c map[string]any) { c["exp"] = now + 601 })
	f(Forged, func(c map[string]any) { c["exp"] = 1e300 })
	f(Forged, func(c map[string]any) { c["iat"], c["exp"] = -1e300, 1e300 })
	f(Forged, func(c map[string]any) { delete(c, "jti") })
	f(Forged, func(c map[string]any) { c["jti"] = strings.Repeat("x", maxClaim+1) })
	f(Forged, func(c map[string]any) { c["jti"] = 12 })
	f("", func(c map[string]any) { c["jti"] = "once" })
	f(Replayed, func(c map[string]any) { c["jti"] = "once" })
}

func TestAKeyIsTakenForATokenThatNamesItOnly(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := func(kid string, published jose.JSONWebKey, want bool) {
		t.Helper()
		token, err := jose.ParseSigned(signer(t, key, kid)(map[string]any{"sub": "s"}), signatures)
		if err != nil {
			t.Fatal(err)
		}
		published.Key = key.Public()
		if got := verifyBy(token, []jose.JSONWebKey{published}) != nil; got != want {
			t.Errorf("a token under the name %q, and %+v: %v", kid, published, got)
		}
	}
	f("a", jose.JSONWebKey{KeyID: "a"}, true)
	f("a", jose.JSONWebKey{KeyID: "a", Algorithm: "ES256"}, true)
	f("", jose.JSONWebKey{KeyID: "a"}, true) // a provider with one key need not name it
	f("b", jose.JSONWebKey{KeyID: "a"}, false)
	f("a", jose.JSONWebKey{KeyID: "a", Algorithm: "ES384"}, false)
}
