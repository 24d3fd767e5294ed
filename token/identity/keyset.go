package identity

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys of a provider are looked at.
const maxKeys = 32

// errSignature is for a token that none of the provider's keys has signed.
var errSignature = errors.New("no key of its has signed the token")

// keySet is what a provider signs with. It is an oidc.KeySet.
type keySet struct {
	remembered[[]jose.JSONWebKey]
	life context.Context // of the provider
}

// VerifySignature gives what is signed. A key that is not known is asked for, but not over and over.
func (k *keySet) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	token, err := jose.ParseSigned(raw, signatures)
	if err != nil || len(token.Signatures) != 1 {
		return nil, errSignature
	}
	for _, renew := range []bool{false, true} {
		keys, err := k.get(ctx, k.life, renew)
		if err != nil {
			return nil, err
		}
		if payload := verifyBy(token, keys); payload != nil {
			return payload, nil
		}
	}
	return nil, errSignature
}

func verifyBy(token *jose.JSONWebSignature, keys []jose.JSONWebKey) []byte {
	head := token.Signatures[0].Header
	for i := range keys {
		key := &keys[i]
		if head.KeyID != "" && head.KeyID != key.KeyID || key.Algorithm != "" && key.Algorithm != head.Algorithm || !fits(key.Key, head.Algorithm) {
			continue
		}
		if payload, err := token.Verify(key.Key); err == nil {
			return payload
		}
	}
	return nil
}

type signature = jose.SignatureAlgorithm

// signatures are the algorithms there are. Which a provider may use is configured.
var signatures = []signature{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// fits tells whether a key is one for an algorithm, and strong enough.
func fits(key crypto.PublicKey, algorithm string) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return (strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")) && k.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return map[string]int{"ES256": 256, "ES384": 384, "ES512": 521}[algorithm] == k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}

// fetchKeys asks for the keys. Those of other kinds and for other uses are left out, as RFC 7517 wants it.
func fetchKeys(ctx context.Context, client *http.Client, address string) ([]jose.JSONWebKey, error) {
	body, err := getJSON(ctx, client, address, "")
	if err != nil {
		return nil, fmt.Errorf("its keys: %w", reason(err))
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(body, &set) != nil {
		return nil, errors.New("its keys are not what the protocol says")
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || key.Use != "" && key.Use != "sig" || !key.IsPublic() || !key.Valid() {
			continue
		}
		if keys = append(keys, key); len(keys) == maxKeys {
			break
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("its keys: none to verify with")
	}
	return keys, nil
}
