package token

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"strings"
)

// drawSpan is the time before an opening over which a draw spreads its places, in microseconds. It is short, so that places
// called in an earlier session lie before it, and long enough that hardly two tickets draw the same place.
const drawSpan = 3600 * second

// maxDraws bounds the HMAC pools kept: rooms times openings that the configuration had while the keys were loaded.
const maxDraws = 256

// DrawSecret is the secret of one draw, derived (HKDF, RFC 5869) from the folder's draw key, which is never rotated. Its SHA-256 may be
// shown before the opening, the secret itself after: then anybody can recompute the draw with DrawnPlace.
func (k *Keys) DrawSecret(room string, opensAt int64) (secret [32]byte) {
	info := appendField([]byte("waitroom draw v1\x00"), room)
	return derive(k.draw, string(binary.BigEndian.AppendUint64(info, uint64(opensAt))))
}

// derive makes another secret of one, for the purpose that info says.
func derive(from [32]byte, info string) (secret [32]byte) {
	key, err := hkdf.Key(sha256.New, from[:], nil, info, len(secret))
	if err != nil {
		panic("BUG: derive a secret: " + err.Error())
	}
	copy(secret[:], key)
	return secret
}

// DrawPlace is the place that the draw of a room's opening gives to a ticket: uniform in the hour before it, so below every place
// given after the opening. It panics if opensAt is not above 1. Hardly ever two tickets draw the same place;
// whoever orders them goes by their ids then.
func (k *Keys) DrawPlace(room string, opensAt int64, id [12]byte) int64 {
	pool := k.drawPool(room, opensAt)
	m := pool.get()
	defer pool.put(m)
	return fraction(m.of(append(m.buf[:0], id[:]...)), opensAt)
}

// DrawnPlace is DrawPlace for those who have the secret of the draw instead of the keys: the first 8 bytes of
// HMAC-SHA256(secret, id), as a fraction of 2^64, of the microseconds in the hour before opensAt.
func DrawnPlace(secret [32]byte, opensAt int64, id [12]byte) int64 {
	m := hmac.New(sha256.New, secret[:])
	m.Write(id[:])
	return fraction(m.Sum(nil), opensAt)
}

func fraction(sum []byte, opensAt int64) int64 {
	if opensAt <= 1 {
		panic("BUG: a draw without an opening")
	}
	first := max(1, opensAt-drawSpan)
	place, _ := bits.Mul64(binary.BigEndian.Uint64(sum), uint64(opensAt-first))
	return first + int64(place) // below opensAt
}

func (k *Keys) drawPool(room string, opensAt int64) *macs {
	of := drawOf{room: room, opensAt: opensAt}
	k.draws.mu.RLock()
	pool := k.draws.pools[of]
	k.draws.mu.RUnlock()
	if pool != nil {
		return pool
	}
	pool = newMacs(k.DrawSecret(room, opensAt))
	of.room = strings.Clone(room) // the caller's may point into a request
	k.draws.mu.Lock()
	defer k.draws.mu.Unlock()
	if k.draws.pools == nil || len(k.draws.pools) >= maxDraws {
		k.draws.pools = map[drawOf]*macs{}
	}
	k.draws.pools[of] = pool
	return pool
}
