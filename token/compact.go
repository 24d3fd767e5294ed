package token

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// strict is base64url without padding, which also refuses stray bits in the last character (RFC 7515, RFC 4648 section 3.5).
var strict = base64.RawURLEncoding.Strict()

// maxClaims is the room for decoded claims; maxHeader for a decoded header.
const (
	maxClaims = 1024
	maxHeader = 96
)

// compact is a token in compact serialisation, cut but not decoded. The parts point into the caller's bytes.
type compact struct {
	header, claims, signature []byte
	signed                    []byte // header, dot, claims
}

// split cuts a token at its two dots. Other serialisations have none.
func split(raw []byte) (compact, error) {
	if len(raw) > MaxLength {
		return compact{}, ErrMalformed
	}
	first := bytes.IndexByte(raw, '.')
	last := bytes.LastIndexByte(raw, '.')
	if first < 0 || first == last || bytes.IndexByte(raw[first+1:last], '.') >= 0 {
		return compact{}, ErrMalformed
	}
	return compact{
		header: raw[:first], claims: raw[first+1 : last],
		signature: raw[last+1:], signed: raw[:last],
	}, nil
}

// decode is strict base64url into dst. The standard decoder skips line breaks: then there are fewer bytes than the length
// promises, or the length is one that no base64 has.
func decode(dst, src []byte) ([]byte, bool) {
	want := strict.DecodedLen(len(src))
	if len(src)%4 == 1 || want > len(dst) {
		return nil, false
	}
	n, err := strict.Decode(dst[:want], src)
	return dst[:want], err == nil && n == want
}

// header is what the first part of a token of one kind looks like; kid fills the gap.
type header struct{ alg, typ string }

var (
	ticketHeader = header{alg: "HS256", typ: "wr-ticket+jwt"}
	passHeader   = header{alg: "EdDSA", typ: "wr-pass+jwt"}
)

// encode is the base64url of the header for one key.
func (h header) encode(kid string) string {
	return strict.EncodeToString([]byte(`{"alg":"` + h.alg + `","typ":"` + h.typ + `","kid":"` + kid + `"}`))
}

// refusal says why a header that belongs to no key at hand is refused. Nothing in it ever chooses an algorithm or a key.
func (h header) refusal(raw []byte) error {
	var buf [maxHeader]byte
	text, ok := decode(buf[:], raw)
	if !ok {
		return ErrMalformed
	}
	s := scanner{rest: text}
	s.literal(`{"alg":"`)
	alg := s.text(maxHeader)
	s.literal(`","typ":"`)
	typ := s.text(maxHeader)
	s.literal(`","kid":"`)
	kid := s.text(maxHeader)
	s.literal(`"}`)
	switch {
	case !s.done():
		return ErrMalformed
	case string(typ) != h.typ:
		return ErrForeign
	case string(alg) != h.alg:
		return ErrSignature
	case !isKid(string(kid)):
		return ErrMalformed
	}
	return errUnknownKey
}

// isKid tells whether a name can be that of a key: 16 lower-case hexadecimal digits.
func isKid(s string) bool {
	return len(s) == kidLength && strings.Trim(s, "0123456789abcdef") == ""
}
