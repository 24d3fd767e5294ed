package dbsc

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// maxProof is the length in bytes above which a field is refused unseen: a proof of registration has some 450.
const maxProof = 2048

const (
	algorithm = "ES256"
	proofType = "dbsc+jwt"
)

// ReadRegistration reads FieldResponse where a browser registers: the key that it made, which the proof carries and is signed
// with, and the challenge that it signed. Otherwise ErrProof.
func ReadRegistration(field []byte) (Key, string, error) {
	p, err := cutProof(field)
	if err != nil {
		return Key{}, "", err
	}
	key, err := p.key()
	if err != nil {
		return Key{}, "", err
	}
	challenge, err := p.challenge(key, "")
	return key, challenge, err
}

// ReadRefresh reads FieldResponse where the browser renews a session: the challenge that it signed with the session's key.
// Otherwise ErrProof.
func ReadRefresh(field []byte, s Session) (string, error) {
	p, err := cutProof(field)
	if err != nil {
		return "", err
	}
	if _, ok := p.header["jwk"]; ok {
		return "", refused("a renewal brings a key of its own")
	}
	return p.challenge(s.Key, s.String())
}

func refused(why string) error { return fmt.Errorf("%w: %s", ErrProof, why) }

// members are those of a JSON object, by their exact names.
type members map[string]json.RawMessage

// text is a member that is a string, "" where it is not.
func (m members) text(name string) (s string) {
	if json.Unmarshal(m[name], &s) != nil {
		return ""
	}
	return s
}

// proof is a proof that was cut, and decoded, but not verified.
type proof struct {
	header, claims members
	signed         string
	signature      []byte
}

func cutProof(field []byte) (p proof, err error) {
	text, ok := item(field)
	parts := bytes.Split(text, []byte{'.'})
	if !ok || len(parts) != 3 {
		return p, refused("not a token of three parts")
	}
	if p.header, ok = object(parts[0]); !ok {
		return p, refused("no header")
	}
	// The header chooses nothing: it has to say what is expected (RFC 8725, section 3.1).
	switch _, critical := p.header["crit"]; {
	case p.header.text("alg") != algorithm:
		return p, refused("another algorithm than " + algorithm)
	case p.header.text("typ") != proofType:
		return p, refused("another type than " + proofType)
	case critical:
		return p, refused("extensions that have to be understood") // RFC 7515, section 4.1.11
	}
	if p.claims, ok = object(parts[1]); !ok {
		return p, refused("no claims")
	}
	p.signature = make([]byte, 2*coordinate)
	if !decodeInto(p.signature, parts[2]) {
		return p, refused("no signature")
	}
	p.signed = string(text[:len(text)-len(parts[2])-1])
	return p, nil
}

// object decodes one part.
func object(part []byte) (m members, ok bool) {
	if !isEncoded(part) {
		return nil, false
	}
	text, err := strict.AppendDecode(nil, part)
	return m, err == nil && json.Unmarshal(text, &m) == nil && m != nil
}

// key is the one in the header (RFC 7517, RFC 7518 section 6.2).
func (p *proof) key() (key Key, err error) {
	var jwk members
	if json.Unmarshal(p.header["jwk"], &jwk) != nil || jwk == nil {
		return key, refused("no key to register")
	}
	_, private := jwk["d"]
	switch x, y := jwk.text("x"), jwk.text("y"); {
	case jwk.text("kty") != "EC" || jwk.text("crv") != "P-256" || private:
		return key, refused("another kind of key than a public one of P-256")
	case !decodeInto(key[:coordinate], []byte(x)) || !decodeInto(key[coordinate:], []byte(y)) || key.public() == nil:
		return Key{}, refused("a key that is no point of P-256")
	}
	return key, nil
}

// challenge verifies the signature, and is what was signed. Whose session it is may be said in the proof, and then has to be so.
func (p *proof) challenge(key Key, session string) (string, error) {
	public := key.public()
	if public == nil || jwt.SigningMethodES256.Verify(p.signed, p.signature, public) != nil {
		return "", refused("the signature does not verify")
	}
	if _, ok := p.claims["sub"]; ok && p.claims.text("sub") != session {
		return "", refused("signed for another session")
	}
	challenge := p.claims.text("jti")
	if challenge == "" {
		return "", refused("no challenge was signed")
	}
	return challenge, nil
}
