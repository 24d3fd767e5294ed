package token

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// testPassTime is when keys were made whose age does not matter.
var testPassTime = time.UnixMicro(noon).Add(-time.Hour)

// acceptedByOthers fails unless golang-jwt's parser, as strict as it can be, accepts the token as well.
func acceptedByOthers(t testing.TB, keys *Keys, kind, raw, room string, now int64) jwt.MapClaims {
	t.Helper()
	method := map[string]string{"ticket": "HS256", "pass": "EdDSA"}[kind]
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(
		jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{method}), jwt.WithIssuer("waitroom"), jwt.WithAudience(room),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(5*time.Second),
		jwt.WithTimeFunc(func() time.Time { return time.UnixMicro(now) }),
	)
	token, err := parser.ParseWithClaims(raw, claims, func(token *jwt.Token) (any, error) {
		if kind == "pass" {
			return publishedKey(keys.JWKS(), token.Header["kid"])
		}
		for _, seed := range []string{"now", "old"} {
			if key := testKeyFile(kindTicket, seed, testPassTime); key.kid == token.Header["kid"] {
				return key.secret[:], nil
			}
		}
		return nil, fmt.Errorf("no key %v", token.Header["kid"])
	})
	if err != nil {
		t.Fatalf("golang-jwt refuses what we accept: %v\n%s", err, raw)
	}
	if want := "wr-" + kind + "+jwt"; token.Header["typ"] != want {
		t.Fatalf("typ %v, want %s", token.Header["typ"], want)
	}
	return claims
}

// publishedKey finds a key as a backend would.
func publishedKey(jwks []byte, kid any) (ed25519.PublicKey, error) {
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, err
	}
	for _, key := range set.Keys {
		if key["kid"] == kid && key["kty"] == "OKP" && key["crv"] == "Ed25519" && key["alg"] == "EdDSA" && key["use"] == "sig" {
			return strict.DecodeString(key["x"])
		}
	}
	return nil, fmt.Errorf("no key %v", kid)
}

func TestABackendVerifiesPassesWithThePublishedKeys(t *testing.T) {
	keys := testKeys(t)
	pass := testPass(t)
	pass.Entry += 250_000
	claims := acceptedByOthers(t, keys, "pass", string(keys.AppendPass(nil, &pass)), "booking", pass.Entry)
	f := func(name string, want any) {
		t.Helper()
		if claims[name] != want {
			t.Fatalf("%s is %v, want %v", name, claims[name], want)
		}
	}
	f("iss", "waitroom")
	f("aud", "booking")
	f("sub", pass.Subject)
	f("jti", FormatPassID(pass.ID))
	f("iat", float64(noon/second))
	f("nbf", float64(noon/second+1)) // rounded up: a backend is never earlier than we are
	f("exp", float64(noon/second+300))
	f("end", float64(noon/second+600))
	f("ent", float64(pass.Entry))
	f("gen", float64(0))
}

func TestTicketsAreOrdinaryTokens(t *testing.T) {
	keys := testKeys(t)
	ticket := testTicket(t)
	claims := acceptedByOthers(t, keys, "ticket", string(keys.AppendTicket(nil, &ticket)), "booking", noon)
	if claims["plc"] != float64(ticket.Place) || claims["epc"] != ticket.Epoch || claims["num"] != float64(ticket.Number) {
		t.Fatalf("claims are %v", claims)
	}
}

func TestThePublishedKeysKeepTheSecrets(t *testing.T) {
	var set map[string][]map[string]string
	if err := json.Unmarshal(testKeys(t).JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	if len(set["keys"]) != 2 || len(set) != 1 {
		t.Fatalf("two pass keys and nothing else were to be published: %v", set)
	}
	for _, key := range set["keys"] {
		if len(key) != 6 || key["d"] != "" || key["k"] != "" {
			t.Fatalf("members of a public key: %v", key)
		}
	}
}
