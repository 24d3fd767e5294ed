package provider

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
)

// key is one that a provider signs with.
type key struct {
	id      string
	signer  crypto.Signer
	retired bool
}

func newKey(isRSA bool) *key {
	var (
		signer crypto.Signer
		err    error
	)
	if isRSA {
		signer, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		panic("BUG: there is randomness: " + err.Error())
	}
	return &key{id: random(), signer: signer}
}

func (k *key) algorithm() string {
	if _, is := k.signer.(*rsa.PrivateKey); is {
		return "RS256"
	}
	return "ES256"
}

// public is the key as a JWK, RFC 7517.
func (k *key) public() map[string]string {
	jwk := map[string]string{"use": "sig", "alg": k.algorithm(), "kid": k.id}
	switch public := k.signer.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"], jwk["n"], jwk["e"] = "RSA", spell(public.N.Bytes()), spell(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic("BUG: the key was made here: " + err.Error())
		}
		jwk["kty"], jwk["crv"], jwk["x"], jwk["y"] = "EC", "P-256", spell(point[1:33]), spell(point[33:])
	}
	return jwk
}

// pem is the public key, for who is told it by hand.
func (k *key) pem() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.signer.Public())
	if err != nil {
		panic("BUG: the key was made here: " + err.Error())
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// PublicKeys is what the provider signs with, in PEM.
func (p *Provider) PublicKeys() []byte { return p.signing().pem() }

// sign makes a compact JWT.
func (k *key) sign(header, claims map[string]any) string {
	text := encode(header) + "." + encode(claims)
	return text + "." + spell(k.signature(text))
}

func (k *key) signature(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	switch private := k.signer.(type) {
	case *rsa.PrivateKey:
		s, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
		if err != nil {
			panic("BUG: 2048 bits sign a hash: " + err.Error())
		}
		return s
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
		if err != nil {
			panic("BUG: P-256 signs a hash: " + err.Error())
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	panic("BUG: a key of another kind")
}

func hmacSign(secret []byte, header, claims map[string]any) string {
	text := encode(header) + "." + encode(claims)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + spell(mac.Sum(nil))
}

func encode(v map[string]any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: claims are JSON: " + err.Error())
	}
	return spell(text)
}
