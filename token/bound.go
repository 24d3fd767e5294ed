package token

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
)

// A pass may be bound to the key of a session that the browser keeps (Device Bound Session Credentials, see token/dbsc). Then the
// gate asks for a second cookie beside it, which lives for minutes, and which the browser gets anew only by signing a challenge.
// Challenge and cookie are stamps: a time, and a code over it and the bond, under a key that is never rotated. Nothing is kept.

// Bond is what the stamps of one session are for.
type Bond struct {
	Room   string
	Device [16]byte // the device's ID
	// Key is the thumbprint of the session's key; zero while the browser registers one. Each session has a key of its own, and
	// each pass its session.
	Key [32]byte
}

// ChallengeLife is for how long a challenge may be signed, in microseconds.
const ChallengeLife = 600 * second

// The kinds of stamps; no code of one is one of another.
const (
	challengeStamp = "waitroom bound challenge v1\x00"
	cookieStamp    = "waitroom bound cookie v1\x00"
	deviceStamp    = "waitroom bound device v1\x00"
)

const (
	stampTime = 8                     // the time, as a big-endian number
	saltedAt  = stampTime + 4         // a challenge is salted, so that two of one instant differ
	challenge = saltedAt + stampCode  // in bytes
	cookie    = stampTime + stampCode // in bytes
	stampCode = 16
)

// AppendChallenge appends a challenge for the pass, made at now, as 38 characters of base64url.
func (k *Keys) AppendChallenge(dst []byte, pass [16]byte, b *Bond, now int64) []byte {
	var raw [challenge]byte
	binary.BigEndian.PutUint64(raw[:], uint64(now)) // #nosec G115 -- only ever read back
	_, _ = rand.Read(raw[stampTime:saltedAt])       // never fails: it ends the program instead
	code := k.stampCode(challengeStamp, raw[:saltedAt], pass[:], b)
	copy(raw[saltedAt:], code[:])
	return strict.AppendEncode(dst, raw[:])
}

// ReadChallenge tells until when a challenge may be signed that was made for this pass and bond, and its code as a name under which
// it can be remembered as used; false where it is none of ours, or over.
func (k *Keys) ReadChallenge(text []byte, pass [16]byte, b *Bond, now int64) (name [16]byte, until int64, ok bool) {
	var raw [challenge]byte
	if _, ok := decode(raw[:], text); !ok || len(text) != strict.EncodedLen(challenge) {
		return name, 0, false
	}
	code := k.stampCode(challengeStamp, raw[:saltedAt], pass[:], b)
	made := int64(binary.BigEndian.Uint64(raw[:])) // #nosec G115 -- as it was written
	if subtle.ConstantTimeCompare(raw[saltedAt:], code[:]) != 1 || made > now+skew || now >= made+ChallengeLife {
		return name, 0, false
	}
	return code, made + ChallengeLife, true
}

// AppendBound appends the value of a bound cookie that is good until then.
func (k *Keys) AppendBound(dst []byte, b *Bond, until int64) []byte {
	var raw [cookie]byte
	binary.BigEndian.PutUint64(raw[:], uint64(until)) // #nosec G115 -- only ever read back
	code := k.stampCode(cookieStamp, raw[:stampTime], nil, b)
	copy(raw[stampTime:], code[:])
	return strict.AppendEncode(dst, raw[:])
}

// Fresh tells whether the value is that of a bound cookie of this bond which is still good at now.
func (k *Keys) Fresh(value []byte, b *Bond, now int64) bool {
	var raw [cookie]byte
	if _, ok := decode(raw[:], value); !ok || len(value) != strict.EncodedLen(cookie) {
		return false
	}
	code := k.stampCode(cookieStamp, raw[:stampTime], nil, b)
	until := int64(binary.BigEndian.Uint64(raw[:])) // #nosec G115 -- as it was written
	return subtle.ConstantTimeCompare(raw[stampTime:], code[:]) == 1 && now < until
}

func (k *Keys) stampCode(kind string, stamp, pass []byte, b *Bond) (code [stampCode]byte) {
	m := k.place.get()
	defer k.place.put(m)
	text := appendField(append(m.buf[:0], kind...), stamp)
	text = appendField(appendField(text, b.Room), pass)
	text = append(append(text, b.Device[:]...), b.Key[:]...)
	copy(code[:], m.of(text))
	return code
}

// The cookie of a bound device stands in place of its ordinary one, whose secret cannot be told from it: the device's ID, the
// thumbprint of the session's key, until when, a code over all, and the room; each but the last as base64url, with a tilde between.
// So a copy of it finds no place and no pass in that room without the bound cookie, either.
const boundDevice = 22 + 1 + 43 + 1 + 11 + 1 + 22 + 1

// AppendBoundDevice appends the device cookie of a device that is bound in the room until then. After that it is as any other.
func (k *Keys) AppendBoundDevice(dst []byte, b *Bond, until int64) []byte {
	var raw [stampTime]byte
	binary.BigEndian.PutUint64(raw[:], uint64(until)) // #nosec G115 -- only ever read back
	code := k.stampCode(deviceStamp, raw[:], nil, b)
	dst = strict.AppendEncode(dst, b.Device[:])
	dst = strict.AppendEncode(append(dst, '~'), b.Key[:])
	dst = strict.AppendEncode(append(dst, '~'), raw[:])
	dst = strict.AppendEncode(append(dst, '~'), code[:])
	return append(append(dst, '~'), b.Room...)
}

// BoundDevice reads the cookie of a bound device; false where it is none. The key is zero where the device is not bound in this
// room, or not any more.
func (k *Keys) BoundDevice(cookie []byte, room string, now int64) (id [16]byte, key [32]byte, ok bool) {
	var raw [stampTime]byte
	var code [stampCode]byte
	if len(cookie) <= boundDevice || !isRoom(string(cookie[boundDevice:])) {
		return id, key, false
	}
	s := scanner{rest: cookie[:boundDevice]}
	s.bytes(id[:])
	s.literal("~")
	s.bytes(key[:])
	s.literal("~")
	s.bytes(raw[:])
	s.literal("~")
	s.bytes(code[:])
	s.literal("~")
	want := k.stampCode(deviceStamp, raw[:], nil, &Bond{string(cookie[boundDevice:]), id, key})
	until := int64(binary.BigEndian.Uint64(raw[:])) // #nosec G115 -- as it was written
	switch {
	case !s.done() || subtle.ConstantTimeCompare(code[:], want[:]) != 1:
		return [16]byte{}, [32]byte{}, false
	case string(cookie[boundDevice:]) != room || now >= until:
		return id, [32]byte{}, true
	}
	return id, key, true
}
