package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"sync"
)

// mac is one HMAC-SHA256 state with the scratch it needs, so that using it allocates nothing.
type mac struct {
	hash hash.Hash
	sum  [sha256.Size]byte
	text [43]byte // sum as base64url
	buf  [maxClaims]byte
}

// macs is a pool of states under one key. Safe for concurrent use.
type macs struct{ pool sync.Pool }

func newMacs(key [32]byte) *macs {
	m := &macs{}
	m.pool.New = func() any { return &mac{hash: hmac.New(sha256.New, key[:])} }
	return m
}

func (m *macs) get() *mac  { return m.pool.Get().(*mac) }
func (m *macs) put(s *mac) { m.pool.Put(s) }

// of computes the code of b; the result lives until the next call.
func (m *mac) of(b []byte) []byte {
	m.hash.Reset()
	m.hash.Write(b)
	return m.hash.Sum(m.sum[:0])
}

// signature is the code of b as base64url; it lives until the next call.
func (m *mac) signature(b []byte) []byte {
	strict.Encode(m.text[:], m.of(b))
	return m.text[:]
}

// verifies compares in constant time, and as text: a second spelling of the same signature does not match.
func (m *mac) verifies(b, signature []byte) bool {
	return subtle.ConstantTimeCompare(m.signature(b), signature) == 1
}
