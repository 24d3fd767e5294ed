package gateway

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"waitroom/token"
)

// Proof is what a proof of a device's key is to say (docs/device-key.md). What is wrong in it is
// signed as well as what is right.
type Proof struct {
	// Method and URL are the call's; no method is POST.
	Method, URL string
	// Nonce is the gateway's, and Ath the hash of the ticket or pass that goes with it, "" for none.
	Nonce, Ath string
	// Alg and Typ are what the header says; "" is what is right.
	Alg, Typ string
}

// NewKey makes a device's key.
func NewKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// Ath is the hash of a ticket or pass as proofs carry it.
func Ath(shown string) string {
	ath := token.Ath([]byte(shown))
	return string(ath[:])
}

// Prove makes a proof as the waiting page's script does.
func Prove(key *ecdsa.PrivateKey, p Proof) (string, error) {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return "", err
	}
	claims := map[string]string{"htm": cmp.Or(p.Method, http.MethodPost), "htu": p.URL, "nonce": p.Nonce}
	if p.Ath != "" {
		claims["ath"] = p.Ath
	}
	encode := base64.RawURLEncoding.EncodeToString
	header, err := json.Marshal(map[string]any{
		"typ": cmp.Or(p.Typ, "waitroom-proof+jwt"), "alg": cmp.Or(p.Alg, "ES256"),
		"jwk": map[string]string{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])},
	})
	if err != nil {
		return "", err
	}
	said, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := encode(header) + "." + encode(said)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)), nil
}

// TryProving makes a call as the waiting page's script does with a key: without a proof, for the
// nonce and the hash of what goes with it, and again with one. The second answer counts.
func (v *Visitor) TryProving(call string, key *ecdsa.PrivateKey) (Answer, error) {
	a, err := v.Try(call)
	if err != nil || a.Status != http.StatusUnauthorized {
		return a, err
	}
	return v.TryProof(call, key, a)
}

// named is an address by the name that the visitor asks for.
func (v *Visitor) named(address string) string {
	u, err := url.Parse(address)
	if err != nil || v.Host == "" {
		return address
	}
	u.Host = v.Host
	return u.String()
}

// TryProof makes a call with a proof over the nonce of an answer.
func (v *Visitor) TryProof(call string, key *ecdsa.PrivateKey, asked Answer) (Answer, error) {
	nonce := asked.Header.Get("Waitroom-Nonce")
	if nonce == "" {
		return asked, fmt.Errorf("%s: answered %d without a nonce", call, asked.Status)
	}
	p := Proof{URL: v.named(v.callURL(call)), Nonce: nonce, Ath: asked.Header.Get("Waitroom-Ath")}
	if call == "join" || call == "device" {
		p.Ath = "" // a key is registered for a device, not for its ticket
	}
	proof, err := Prove(key, p)
	if err != nil {
		return Answer{}, err
	}
	return v.try(call, "Waitroom-Proof", proof)
}
