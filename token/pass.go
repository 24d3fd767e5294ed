package token

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// Pass is a signed right to reach the backend of one room, bound to device and time. Times are microseconds on the store's clock.
type Pass struct {
	Room    string   // the audience: [a-z0-9-]{1,32}
	ID      [16]byte // see PassID
	Subject string   // the person as a keyed hash, base64url; "" where identity is off
	Held    int64    // since when the device holds the person; 0 where identity is off
	Device  Device   // whom it is bound to
	Entry   int64    // valid from this microsecond on, exactly. Also written as nbf, in whole seconds, rounded up
	Issued  int64    // written as whole seconds, rounded down
	Expires int64    // written as whole seconds, rounded down, never after End. At this instant it is over
	End     int64    // never extended; written as whole seconds, rounded down
	Gen     Generation
	Bound   [32]byte // thumbprint of the key of its bound session, see Bond; zero is none
}

// The claims, in this order: iss, aud, sub (if any), jti, iat, nbf, exp, end, ent (Entry, in microseconds), hld (Held, if there is a
// person), gen and par (the Generation), dbsc (the key of its bound session, if any), dev and brw (the device), net and cnf.jkt (its network and its
// key, if bound to them), as in a ticket.

// AppendPass signs p with the newest pass key and appends it to dst. The same pass gives the same bytes. It panics on a room
// name or a subject that cannot be in a token, and on negative numbers: these never come from outside.
//
// A backend that verifies nbf itself should allow a leeway of some seconds: Entry is up to a second before it.
func (k *Keys) AppendPass(dst []byte, p *Pass) []byte {
	var buf [maxClaims]byte
	start := len(dst)
	dst = append(append(dst, k.pass.header...), '.')
	dst = strict.AppendEncode(dst, p.appendClaims(buf[:0]))
	signature, err := jwt.SigningMethodEdDSA.Sign(string(dst[start:]), k.pass.private)
	if err != nil {
		panic("BUG: sign a pass: " + err.Error())
	}
	return strict.AppendEncode(append(dst, '.'), signature)
}

func (p *Pass) appendClaims(b []byte) []byte {
	b = appendRoom(b, `{"iss":"`+issuer+`","aud":"`, p.Room)
	if p.Subject != "" {
		b = appendText(b, `","sub":"`, p.Subject)
	}
	b = appendBytes(b, `","jti":"`, p.ID[:])
	b = appendNumber(b, `","iat":`, p.Issued/second)
	b = appendNumber(b, `,"nbf":`, roundUp(p.Entry)/second)
	b = appendNumber(b, `,"exp":`, life(p.Issued, min(p.Expires, p.End))/second)
	b = appendNumber(b, `,"end":`, p.End/second)
	b = appendNumber(b, `,"ent":`, p.Entry)
	if p.Held != 0 {
		b = appendNumber(b, `,"hld":`, p.Held)
	}
	b = p.Gen.appendClaims(b)
	if p.Bound != [32]byte{} {
		b = append(appendBytes(b, `,"dbsc":"`, p.Bound[:]), '"')
	}
	return append(p.Device.appendClaims(b), '}')
}

func roundUp(t int64) int64 { return (t + second - 1) / second * second }

// ReadPass verifies raw and returns the pass, if it was made for room and is valid at now; otherwise ErrMalformed,
// ErrSignature, ErrForeign, ErrExpired, or ErrNotYet: with the pass where only its Entry is still to come, with none where it
// was issued more than 5 s after now. Neither device nor revocation is checked. What a verified pass says is remembered; what
// follows from it is decided anew each time. It keeps nothing of raw.
func (k *Keys) ReadPass(raw []byte, room string, now int64) (Pass, error) {
	c, err := split(raw)
	if err != nil {
		return Pass{}, err
	}
	key, known := k.passes[string(c.header)]
	if !known {
		return Pass{}, passHeader.refusal(c.header)
	}
	sum := sha256.Sum256(raw)
	p, seen := k.verified.get(sum)
	switch {
	case !seen:
		if !key.verifies(c) {
			return Pass{}, ErrSignature
		}
		if p, err = readClaims(c, room); err != nil {
			return Pass{}, err
		}
		k.verified.add(sum, p)
	case p.Room != room:
		return Pass{}, ErrForeign
	}
	if err := checkTimes(p.Issued, p.Expires, now); err != nil {
		return Pass{}, err
	}
	if now < p.Entry {
		return p, ErrNotYet
	}
	return p, nil
}

// readClaims reads what a pass for room says, whatever the time.
func readClaims(c compact, room string) (Pass, error) {
	var buf [maxClaims]byte
	claims, ok := decode(buf[:], c.claims)
	if !ok {
		return Pass{}, ErrMalformed
	}
	p := Pass{Room: room}
	return p, p.scan(claims)
}

// verifies checks the signature and its one spelling.
func (k *passKey) verifies(c compact) bool {
	var buf [64]byte
	if len(c.signature) != strict.EncodedLen(len(buf)) {
		return false
	}
	signature, ok := decode(buf[:], c.signature)
	return ok && jwt.SigningMethodEdDSA.Verify(string(c.signed), signature, k.public) == nil
}

// scan reads claims into p, whose Room is the one that is expected.
func (p *Pass) scan(claims []byte) error {
	s := scanner{rest: claims}
	foreign := s.audience(p.Room)
	var subject []byte
	if s.optional(`","sub":"`) {
		subject = s.text(maxText)
		s.bad = s.bad || len(subject) == 0
	}
	s.literal(`","jti":"`)
	s.bytes(p.ID[:])
	s.literal(`","iat":`)
	p.Issued = s.seconds()
	s.literal(`,"nbf":`)
	notBefore := s.seconds()
	s.literal(`,"exp":`)
	p.Expires = s.seconds()
	s.literal(`,"end":`)
	p.End = s.seconds()
	s.literal(`,"ent":`)
	p.Entry = s.number()
	p.Held = s.above0(`,"hld":`)
	s.bad = s.bad || p.Held != 0 && subject == nil
	p.Gen.scan(&s)
	if s.optional(`,"dbsc":"`) {
		s.bytes(p.Bound[:])
		s.literal(`"`)
		s.bad = s.bad || p.Bound == [32]byte{}
	}
	p.Device.scan(&s)
	s.literal(`}`)
	if !s.done() || notBefore != roundUp(p.Entry) || p.Expires > p.End {
		return ErrMalformed
	}
	if foreign {
		return ErrForeign
	}
	p.Subject = string(subject)
	return nil
}

// PassID is the identity of the pass that a ticket became at entry (microseconds): the ticket's, and what is left of the
// instant in 32 bits. Asking for the same entry again gives the same identity; a ticket that enters anew gets another.
func PassID(ticket [12]byte, entry int64) (id [16]byte) {
	copy(id[:], ticket[:])
	binary.BigEndian.PutUint32(id[12:], uint32(entry)) // the low 32 bits
	return id
}

// FormatPassID is the text of a pass's identity: 22 characters of base64url, as in jti, logs and `waitroom revoke`.
func FormatPassID(id [16]byte) string { return strict.EncodeToString(id[:]) }

// ParsePassID reads what FormatPassID writes, and only that; otherwise ErrMalformed.
func ParsePassID(text string) (id [16]byte, err error) {
	if len(text) == strict.EncodedLen(len(id)) {
		if _, ok := decode(id[:], []byte(text)); ok {
			return id, nil
		}
	}
	return [16]byte{}, fmt.Errorf("read pass id: %w", ErrMalformed)
}
