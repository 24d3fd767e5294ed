package token

import "sync"

const (
	verifiedShards = 64
	// verifiedPerShard is one generation of one shard; two are kept: at most 262,144 passes, under 20 MB.
	verifiedPerShard = 2048
)

// verified remembers tokens whose signature was checked, by SHA-256 of all their bytes. The bytes name the key, so it holds
// whatever keys come and go; whether that key is still trusted is asked before. Bounded: what was not seen for the longest
// time goes first, roughly. Safe for concurrent use.
type verified struct{ shards [verifiedShards]verifiedShard }

type verifiedShard struct {
	mu       sync.Mutex
	now, old map[[32]byte]struct{}
}

func (v *verified) has(sum [32]byte) bool {
	s := &v.shards[sum[0]%verifiedShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.now[sum]; ok {
		return true
	}
	if _, ok := s.old[sum]; !ok {
		return false
	}
	s.put(sum)
	return true
}

func (v *verified) add(sum [32]byte) {
	s := &v.shards[sum[0]%verifiedShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(sum)
}

func (s *verifiedShard) put(sum [32]byte) {
	if s.now == nil || len(s.now) >= verifiedPerShard {
		s.old, s.now = s.now, make(map[[32]byte]struct{})
	}
	s.now[sum] = struct{}{}
}
