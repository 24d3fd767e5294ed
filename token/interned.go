package token

import (
	"maps"
	"sync/atomic"
)

// maxInterned bounds the texts kept. Only authentic tickets bring any, and a store's state changes its epoch rarely.
const maxInterned = 64

// interned turns bytes into text without allocating when it has seen them. The zero value is ready; safe for concurrent use.
type interned struct {
	texts atomic.Pointer[map[string]string]
}

func (i *interned) text(b []byte) string {
	seen := i.texts.Load()
	if seen != nil {
		if s, ok := (*seen)[string(b)]; ok {
			return s
		}
	}
	s := string(b)
	next := map[string]string{}
	if seen != nil && len(*seen) < maxInterned {
		next = maps.Clone(*seen)
	}
	next[s] = s
	// Whoever loses this race only allocates again next time.
	i.texts.CompareAndSwap(seen, &next)
	return s
}
