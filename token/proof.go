package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// A proof shows that whoever makes a call holds the device's key: a JWT in compact serialisation, signed by that key, over the
// call itself, in the manner of RFC 9449 (DPoP).
//
//	{"typ":"waitroom-proof+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"…","y":"…"}}
//	{"htm":"POST","htu":"https://www.example.kr/.waitroom/booking/enter","nonce":"…","ath":"…"}
//
// The members may stand in any order; white space, escapes, and members that are not listed are refused. The nonce is a gateway's
// (AppendNonce). ath is the base64url of SHA-256 of the ticket or pass that goes with the call, and is left out where none does.

// maxProof is the length in bytes above which a proof is refused unseen. With a host name of 60 bytes it has some 620.
const maxProof = 1024

// Call is a call that a proof has to be made for.
type Call struct {
	Method string
	// Plain says that the call may have come by plain http, so that either scheme is taken.
	Plain bool
	// Authority and Path are those of the canonical request; Room is the one that is called.
	Authority, Path []byte
	Room            string
	// Token is the ticket or pass that goes with the call, as it was sent; empty for none.
	Token []byte
}

// Proof is what a verified proof says.
type Proof struct {
	// Key is the thumbprint (RFC 7638) of the key that signed.
	Key [32]byte
	// Once names this proof, so that it can be taken a single time; no other spelling of it, nor of its signature, has another name.
	Once [16]byte
	// Until is when its nonce is over, in microseconds: after that it is refused in any case.
	Until int64
}

// Ath is the base64url of SHA-256 of a ticket or pass, by which a proof names it.
func Ath(token []byte) (text [43]byte) {
	sum := sha256.Sum256(token)
	strict.Encode(text[:], sum[:])
	return text
}

// ReadProof verifies raw and returns the proof, if it was made for this call. Otherwise it is ErrMalformed: no proof of the one
// form; ErrExpired: its nonce is over; ErrForeign: made for another call or another ticket; or ErrSignature. What costs least is
// looked at first. That the proof was not used before, and whose key it is, the caller has to see to. It keeps nothing of raw.
func (k *Keys) ReadProof(raw []byte, c *Call, now int64) (Proof, error) {
	if len(raw) > maxProof {
		return Proof{}, ErrMalformed
	}
	parts, err := split(raw)
	if err != nil {
		return Proof{}, err
	}
	var headBuf, claimsBuf [maxProof]byte
	var signature [64]byte
	head, okHead := decode(headBuf[:], parts.header)
	claims, okClaims := decode(claimsBuf[:], parts.claims)
	_, okSignature := decode(signature[:], parts.signature)
	if !okHead || !okClaims || !okSignature || len(parts.signature) != strict.EncodedLen(len(signature)) {
		return Proof{}, ErrMalformed
	}
	until, err := k.proofClaims(claims, c, now)
	if err != nil {
		return Proof{}, err
	}
	x, y, ok := proofKey(head)
	if !ok {
		return Proof{}, ErrMalformed
	}
	if !signedBy(x, y, parts.signed, signature[:]) {
		return Proof{}, ErrSignature
	}
	p := Proof{Key: thumbprint(x, y), Until: until} // before the buffer that x and y lie in is used again
	// The other half of an ECDSA signature has two spellings, r only one.
	sum := sha256.Sum256(append(append(headBuf[:0], parts.signed...), signature[:32]...))
	copy(p.Once[:], sum[:])
	return p, nil
}

// proofClaims reads what a proof was made for, and when its nonce is over.
func (k *Keys) proofClaims(claims []byte, c *Call, now int64) (int64, error) {
	var value [4][]byte
	s := scanner{rest: claims}
	s.object([]string{"htm", "htu", "nonce", "ath"}, func(i int) { value[i] = s.quoted() })
	htm, htu, nonce, ath := value[0], value[1], value[2], value[3]
	if !s.done() || htm == nil || htu == nil || nonce == nil {
		return 0, ErrMalformed
	}
	until, err := k.nonceUntil(nonce, c.Room, now)
	if err != nil {
		return 0, err
	}
	if string(htm) != c.Method || !c.at(htu) || !c.with(ath) {
		return 0, ErrForeign
	}
	return until, nil
}

// at compares the address. A host may be written with its last dot, and with the scheme's own port or without.
func (c *Call) at(htu []byte) bool {
	usual := ":443"
	rest, https := bytes.CutPrefix(htu, []byte("https://"))
	if !https {
		var http bool
		if rest, http = bytes.CutPrefix(htu, []byte("http://")); !http || !c.Plain {
			return false
		}
		usual = ":80"
	}
	slash := bytes.IndexByte(rest, '/')
	if slash < 0 || !bytes.Equal(rest[slash:], c.Path) {
		return false
	}
	host, own := cutPort(rest[:slash])
	asked, called := cutPort(c.Authority)
	if string(own) == usual {
		own = nil
	}
	if string(called) == usual {
		called = nil
	}
	return len(asked) > 0 && bytes.EqualFold(bytes.TrimSuffix(host, []byte(".")), asked) && bytes.Equal(own, called)
}

// cutPort takes the port off a host, with its colon.
func cutPort(authority []byte) (host, port []byte) {
	colon := bytes.LastIndexByte(authority, ':')
	if colon < 0 || bytes.IndexByte(authority[colon:], ']') >= 0 {
		return authority, nil
	}
	return authority[:colon], authority[colon:]
}

// with compares the ticket or pass.
func (c *Call) with(ath []byte) bool {
	if len(c.Token) == 0 {
		return ath == nil
	}
	want := Ath(c.Token)
	return subtle.ConstantTimeCompare(ath, want[:]) == 1
}

// proofKey reads a proof's header: the coordinates of its key, each 32 bytes as base64url.
func proofKey(head []byte) (x, y []byte, ok bool) {
	var typ, alg []byte
	var jwk [4][]byte
	s := scanner{rest: head}
	s.object([]string{"typ", "alg", "jwk"}, func(i int) {
		switch i {
		case 0:
			typ = s.quoted()
		case 1:
			alg = s.quoted()
		default:
			s.object([]string{"kty", "crv", "x", "y"}, func(i int) { jwk[i] = s.quoted() })
		}
	})
	ok = s.done() && string(typ) == "waitroom-proof+jwt" && string(alg) == "ES256" && string(jwk[0]) == "EC" &&
		string(jwk[1]) == "P-256" && len(jwk[2]) == 43 && len(jwk[3]) == 43
	return jwk[2], jwk[3], ok
}

// signedBy checks the signature. A point that is not on the curve signs nothing.
func signedBy(x, y, signed, signature []byte) bool {
	point := [65]byte{4}
	if _, ok := decode(point[1:33], x); !ok {
		return false
	}
	if _, ok := decode(point[33:], y); !ok {
		return false
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point[:])
	return err == nil && jwt.SigningMethodES256.Verify(string(signed), signature, key) == nil
}

// object reads an object whose members are some of names, in any order, each once. take reads the value of the one with that
// index.
func (s *scanner) object(names []string, take func(i int)) {
	var seen [4]bool
	s.literal("{")
	for first := true; !s.bad && !s.optional("}"); first = false {
		if !first {
			s.literal(",")
		}
		i := slices.Index(names, string(s.quoted()))
		s.literal(":")
		if i < 0 || seen[i] {
			s.bad = true
			return
		}
		seen[i] = true
		take(i)
	}
}

// quoted reads text that needs no escaping, with its quotes; nil where there is none, or an empty one.
func (s *scanner) quoted() []byte {
	s.literal(`"`)
	text := s.text(maxProof)
	s.literal(`"`)
	if s.bad || len(text) == 0 {
		s.bad = true
		return nil
	}
	return text
}
