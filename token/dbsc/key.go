package dbsc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
)

// strict is base64url without padding, which also refuses stray bits in the last character.
var strict = base64.RawURLEncoding.Strict()

// coordinate is the length of one half of a key.
const coordinate = 32

// Key is a public key on P-256: both coordinates, as they are in a JWK. Keys that are read here are points of the curve.
type Key [2 * coordinate]byte

// String is the key as 86 characters of base64url.
func (k Key) String() string { return strict.EncodeToString(k[:]) }

// Thumbprint is the key's identity (RFC 7638): what a pass that is bound to it carries.
func (k Key) Thumbprint() [32]byte {
	return sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + strict.EncodeToString(k[:coordinate]) +
		`","y":"` + strict.EncodeToString(k[coordinate:]) + `"}`))
}

// public is the key as the library takes it; nil where it is no point of the curve.
func (k *Key) public() *ecdsa.PublicKey {
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append([]byte{4}, k[:]...))
	if err != nil {
		return nil
	}
	return public
}

// decode fills the key from what String writes.
func (k *Key) decode(text []byte) bool {
	return decodeInto(k[:], text) && k.public() != nil
}

// decodeInto is strict base64url of exactly the length of dst. The standard decoder skips line breaks; here they are refused.
func decodeInto(dst, text []byte) bool {
	if len(text) != strict.EncodedLen(len(dst)) || !isEncoded(text) {
		return false
	}
	_, err := strict.Decode(dst, text)
	return err == nil
}

func isEncoded(text []byte) bool {
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
