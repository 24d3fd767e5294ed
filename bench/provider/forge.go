package provider

import (
	"encoding/json"
	"strings"
)

// Forgery is what can be wrong with what a provider says.
type Forgery string

// The forgeries: of the ID token, of what comes with it, and of the answer that the browser brings.
const (
	None        Forgery = "none"         // alg none, no signature
	HMAC        Forgery = "hs256"        // HS256, with the public key as the secret; and the description says that it may
	OldKey      Forgery = "old key"      // signed with a key that is no longer published
	OtherKey    Forgery = "other key"    // signed with a key that never was, under the name of one that is
	OwnKey      Forgery = "own key"      // signed with a key that the token itself brings along (jwk)
	Changed     Forgery = "changed"      // the claims changed after signing
	Serial      Forgery = "serial"       // not compact: the JSON form of a JWS
	Audience    Forgery = "aud"          // for another client
	Several     Forgery = "several"      // for this and another client, without azp
	Party       Forgery = "azp"          // asked for by another client
	Nonce       Forgery = "nonce"        // of another flow
	NoNonce     Forgery = "no nonce"     // of no flow
	Issuer      Forgery = "iss"          // from another issuer
	Expired     Forgery = "expired"      // over for two minutes
	Future      Forgery = "future"       // issued in two minutes
	Early       Forgery = "nbf"          // not good before two minutes from now
	NoSubject   Forgery = "no sub"       // of nobody
	NoExpiry    Forgery = "no exp"       // good for ever
	NoIssued    Forgery = "no iat"       // from whenever
	TextTimes   Forgery = "text times"   // exp and iat as text
	AccessToken Forgery = "at_hash"      // of another access token
	NoToken     Forgery = "no token"     // no ID token at all
	NotBearer   Forgery = "not bearer"   // an access token of another type
	OtherPerson Forgery = "other person" // another person's profile
	NoProfile   Forgery = "no profile"   // a profile without claims
	BackIssuer  Forgery = "back iss"     // the browser brings the name of another issuer (RFC 9207)
	BackNoOne   Forgery = "back no iss"  // the browser brings none
	BackState   Forgery = "back state"   // the browser brings another state
	BackNothing Forgery = "back nothing" // the browser brings neither code nor error
)

// Forgeries are all of them.
var Forgeries = []Forgery{
	None, HMAC, OldKey, OtherKey, OwnKey, Changed, Serial, Audience, Several, Party, Nonce, NoNonce, Issuer, Expired, Future, Early,
	NoSubject, NoExpiry, NoIssued, TextTimes, AccessToken, NoToken, NotBearer, OtherPerson, NoProfile,
	BackIssuer, BackNoOne, BackState, BackNothing,
}

// forgeClaims spoils the claims of a token.
func (p *Provider) forgeClaims(f Forgery, claims map[string]any) {
	now := p.c.Clock().Unix()
	switch f {
	case Audience:
		claims["aud"] = "another-client"
	case Several:
		claims["aud"] = []string{p.c.ClientID, "another-client"}
	case Party:
		claims["azp"] = "another-client"
	case Nonce:
		claims["nonce"] = random()
	case NoNonce:
		delete(claims, "nonce")
	case Issuer:
		claims["iss"] = "https://other.example"
	case Expired:
		claims["iat"], claims["exp"] = now-600, now-120
	case Future:
		claims["iat"] = now + 120
	case Early:
		claims["nbf"] = now + 120
	case NoSubject:
		delete(claims, "sub")
	case NoExpiry:
		delete(claims, "exp")
	case NoIssued:
		delete(claims, "iat")
	case TextTimes:
		claims["exp"], claims["iat"] = "tomorrow", "today"
	case AccessToken:
		claims["at_hash"] = random()
	}
}

// idToken signs the claims, as well as it is let.
func (p *Provider) idToken(f Forgery, claims map[string]any) string {
	p.forgeClaims(f, claims)
	k := p.signing()
	header := map[string]any{"alg": k.algorithm(), "kid": k.id, "typ": "JWT"}
	switch f {
	case None:
		return encode(map[string]any{"alg": "none", "typ": "JWT"}) + "." + encode(claims) + "."
	case HMAC:
		header["alg"] = "HS256"
		return hmacSign(k.pem(), header, claims)
	case OldKey:
		p.mu.Lock()
		old := p.keys[0]
		p.mu.Unlock()
		header["kid"] = old.id
		return old.sign(header, claims)
	case OtherKey:
		return newKey(p.c.RSA).sign(header, claims)
	case OwnKey:
		own := newKey(p.c.RSA)
		header["kid"], header["jwk"] = own.id, own.public()
		return own.sign(header, claims)
	case Changed:
		parts := strings.Split(k.sign(header, claims), ".")
		claims["sub"] = Person{Number: 1}.Subject(p.c.Issuer)
		return parts[0] + "." + encode(claims) + "." + parts[2]
	case Serial:
		parts := strings.Split(k.sign(header, claims), ".")
		text, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
		if err != nil {
			panic("BUG: texts are JSON: " + err.Error())
		}
		return string(text)
	}
	return k.sign(header, claims)
}
