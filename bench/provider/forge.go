package provider

import (
	"encoding/json"
	"strings"
)

// Forgery is what can be wrong with what a provider says.
type Forgery string

// The forgeries: of the ID token, of what comes with it, and of the answer that the browser brings.
const (
	None        Forgery = "none"
	HMAC        Forgery = "hs256"
	OldKey      Forgery = "old key"
	OtherKey    Forgery = "other key"
	OwnKey      Forgery = "own key"
	Changed     Forgery = "changed"
	Serial      Forgery = "serial"
	Audience    Forgery = "aud"
	Several     Forgery = "several"
	Party       Forgery = "azp"
	Nonce       Forgery = "nonce"
	NoNonce     Forgery = "no nonce"
	Issuer      Forgery = "iss"
	Expired     Forgery = "expired"
	Future      Forgery = "future"
	Early       Forgery = "nbf"
	NoSubject   Forgery = "no sub"
	NoExpiry    Forgery = "no exp"
	NoIssued    Forgery = "no iat"
	TextTimes   Forgery = "text times"
	AccessToken Forgery = "at_hash"
	NoToken     Forgery = "no token"
	NotBearer   Forgery = "not bearer"
	OtherPerson Forgery = "other person"
	NoProfile   Forgery = "no profile"
	BackIssuer  Forgery = "back iss"
	BackNoOne   Forgery = "back no iss"
	BackState   Forgery = "back state"
	BackNothing Forgery = "back nothing"
)

// Forgeries are all of them.
var Forgeries = []Forgery{
	None, HMAC, OldKey, OtherKey, OwnKey, Changed, Serial, Audience, Several, Party, Nonce, NoNonce, Issuer, Expired, Future, Early,
	NoSubject, NoExpiry, NoIssued, TextTimes, AccessToken, NoToken, NotBearer, OtherPerson, NoProfile,
	BackIssuer, BackNoOne, BackState, BackNothing,
}

// What says what is forged, for people.
func (f Forgery) What() string {
	return map[Forgery]string{
		None:        "the algorithm `none`, and no signature",
		HMAC:        "HS256 with the public key as the secret, which the description calls supported",
		OldKey:      "signed with a key that is no longer published",
		OtherKey:    "signed with a key that never was published, under the name of one that is",
		OwnKey:      "signed with a key that the token brings along (`jwk`)",
		Changed:     "claims changed after signing",
		Serial:      "the JSON form of a JWS in place of the compact one",
		Audience:    "`aud` is another client",
		Several:     "`aud` is this and another client, and there is no `azp`",
		Party:       "`azp` is another client",
		Nonce:       "`nonce` of another flow",
		NoNonce:     "no `nonce`",
		Issuer:      "`iss` of another issuer",
		Expired:     "`exp` two minutes ago",
		Future:      "`iat` in two minutes",
		Early:       "`nbf` in two minutes",
		NoSubject:   "no `sub`",
		NoExpiry:    "no `exp`",
		NoIssued:    "no `iat`",
		TextTimes:   "`exp` and `iat` are words",
		AccessToken: "`at_hash` of another access token",
		NoToken:     "no ID token",
		NotBearer:   "an access token of another type",
		OtherPerson: "a profile of another person",
		NoProfile:   "a profile without claims, where the day of birth is required",
		BackIssuer:  "the browser brings `iss` of another issuer",
		BackNoOne:   "the browser brings no `iss`",
		BackState:   "the browser brings another `state`",
		BackNothing: "the browser brings neither a code nor an error",
	}[f]
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
