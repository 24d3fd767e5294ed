package attempts

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
)

var b64 = base64.RawURLEncoding

// jwt joins the parts of a token: head and claims as JSON, signed by sign.
func jwt(head, claims string, sign func(signed string) []byte) string {
	signed := b64.EncodeToString([]byte(head)) + "." + b64.EncodeToString([]byte(claims))
	return signed + "." + b64.EncodeToString(sign(signed))
}

// stranger signs with a key that nobody knows.
func stranger() func(string) []byte {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic("BUG: make a key: " + err.Error())
	}
	return func(signed string) []byte { return ed25519.Sign(key, []byte(signed)) }
}

// foreignPass is a pass with these claims, signed by a stranger.
func foreignPass(claims string) string {
	text, _ := b64.DecodeString(claims)
	return jwt(`{"alg":"EdDSA","typ":"wr-pass+jwt","kid":"x"}`, string(text), stranger())
}
