package token

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
)

const (
	// nonceLife is how long a nonce is good for.
	nonceLife = 60 * second
	// nonceLength is that of its text: 5 bytes of time, 7 random ones, 15 of a code over both and the room.
	nonceLength = 36
	nonceStamp  = 12
	nonceBytes  = 27
)

// AppendNonce appends a fresh nonce for proofs in a room to dst. It is good for a minute, at every gateway with the same keys, and
// nothing is kept of it.
func (k *Keys) AppendNonce(dst []byte, room string, now int64) []byte {
	var raw [nonceBytes]byte
	if now < 0 {
		panic("BUG: a nonce before 1970")
	}
	at := uint64(now / second)
	raw[0] = byte(at >> 32)
	binary.BigEndian.PutUint32(raw[1:], uint32(at)) // #nosec G115 -- the low half; the rest is in the byte before
	_, _ = rand.Read(raw[5:nonceStamp])             // never fails: it ends the program instead
	code := k.nonceCode(raw[:nonceStamp], room)
	copy(raw[nonceStamp:], code[:])
	return strict.AppendEncode(dst, raw[:])
}

// nonceUntil is when a nonce is over: ErrMalformed for one that is none of ours, or another room's, and ErrExpired for one that is
// over, or not given out yet.
func (k *Keys) nonceUntil(text []byte, room string, now int64) (int64, error) {
	var raw [nonceBytes]byte
	if len(text) != nonceLength {
		return 0, ErrMalformed
	}
	if _, ok := decode(raw[:], text); !ok {
		return 0, ErrMalformed
	}
	code := k.nonceCode(raw[:nonceStamp], room)
	if subtle.ConstantTimeCompare(code[:nonceBytes-nonceStamp], raw[nonceStamp:]) != 1 {
		return 0, ErrMalformed
	}
	at := (int64(raw[0])<<32 | int64(binary.BigEndian.Uint32(raw[1:]))) * second
	if at > now+skew || now >= at+nonceLife {
		return 0, ErrExpired
	}
	return at + nonceLife, nil
}

func (k *Keys) nonceCode(stamp []byte, room string) (code [16]byte) {
	m := k.place.get()
	defer k.place.put(m)
	b := appendField(append(m.buf[:0], "waitroom proof nonce v1\x00"...), room)
	copy(code[:], m.of(appendField(b, stamp)))
	return code
}

// equal compares codes in constant time.
func equal(a, b [16]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
