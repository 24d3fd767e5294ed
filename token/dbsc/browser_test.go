package dbsc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"
)

// signer is a browser's key of one session.
type signer struct {
	private *ecdsa.PrivateKey
	key     Key
}

func newSigner(t testing.TB) signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return signer{private, Key(point[1:])}
}

// jwk is the public key as a member of a header.
func (s signer) jwk() string {
	return `{"crv":"P-256","kty":"EC","x":"` + strict.EncodeToString(s.key[:32]) + `","y":"` + strict.EncodeToString(s.key[32:]) + `"}`
}

// sign makes a token of any header and claims.
func (s signer) sign(t testing.TB, header, claims string) string {
	t.Helper()
	text := strict.EncodeToString([]byte(header)) + "." + strict.EncodeToString([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, s.private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	v.FillBytes(signature[32:])
	return text + "." + strict.EncodeToString(signature[:])
}

// registration is what Chromium 156 sends when it registers; refresh when it renews.
func (s signer) registration(t testing.TB, challenge string) string {
	return s.sign(t, `{"alg":"ES256","jwk":`+s.jwk()+`,"typ":"dbsc+jwt"}`, `{"jti":"`+challenge+`"}`)
}

func (s signer) refresh(t testing.TB, challenge string) string {
	return s.sign(t, `{"alg":"ES256","typ":"dbsc+jwt"}`, `{"jti":"`+challenge+`"}`)
}
