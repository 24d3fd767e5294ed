package token

import "sync"

const (
	verifiedShards = 64
	// verifiedPerShard is one generation of one shard; two are kept: at most 262,144 passes, some 50 MB.
	verifiedPerShard = 2048
)

// verified remembers what the passes say whose signature was checked, by SHA-256 of all their bytes. The bytes name the key, so
// it holds whatever keys come and go; whether that key is still trusted is asked before, and nothing that depends on the time,
// the device or the store is in it. Bounded: what was not seen for the longest
// time goes first, roughly. Safe for concurrent use.
type verified struct{ shards [verifiedShards]verifiedShard }

type verifiedShard struct {
	mu       sync.Mutex
	now, old map[[32]byte]Pass
}

func (v *verified) get(sum [32]byte) (Pass, bool) {
	s := &v.shards[sum[0]%verifiedShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.now[sum]; ok {
		return p, true
	}
	p, ok := s.old[sum]
	if ok {
		s.put(sum, p)
	}
	return p, ok
}

func (v *verified) add(sum [32]byte, p Pass) {
	s := &v.shards[sum[0]%verifiedShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(sum, p)
}

func (s *verifiedShard) put(sum [32]byte, p Pass) {
	if s.now == nil || len(s.now) >= verifiedPerShard {
		s.old, s.now = s.now, make(map[[32]byte]Pass)
	}
	s.now[sum] = p
}
