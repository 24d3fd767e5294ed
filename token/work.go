package token

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// WorkKey is what puzzles of proof of work are signed with, on every gateway alike: derived (HKDF, RFC 5869) from the folder's draw
// key, which is never rotated.
func (k *Keys) WorkKey() (key [32]byte) {
	derived, err := hkdf.Key(sha256.New, k.draw[:], nil, "waitroom proof of work v1\x00", len(key))
	if err != nil {
		panic("BUG: derive the key of puzzles: " + err.Error())
	}
	copy(key[:], derived)
	return key
}
