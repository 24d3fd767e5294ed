package cache

import (
	"container/list"
	"sync"
)

// entryCost is what an entry takes beside its key, fields and body, in bytes.
const entryCost = 512

// store keeps entries within a number of bytes, and drops first what was not used for
// the longest time.
type store struct {
	mu    sync.Mutex
	max   int64
	bytes int64
	byKey map[string]*list.Element
	order *list.List // of *slot, the one used last in front
	tell  func(bytes int64)
}

type slot struct {
	key   string
	entry *entry
	bytes int64
}

func newStore(limit int64, tell func(int64)) store {
	return store{max: limit, byKey: map[string]*list.Element{}, order: list.New(), tell: tell}
}

// get gives an entry and counts as its use.
func (s *store) get(key string) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.byKey[key]
	if at == nil {
		return nil
	}
	s.order.MoveToFront(at)
	return at.Value.(*slot).entry
}

// peek gives an entry without counting as its use.
func (s *store) peek(key string) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.byKey[key]; at != nil {
		return at.Value.(*slot).entry
	}
	return nil
}

// put keeps an entry in place of the one before, unless it is larger than everything.
func (s *store) put(key string, e *entry) {
	n := int64(2*len(key)) + e.size() + entryCost
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(key)
	if n <= s.max {
		for s.bytes+n > s.max {
			s.remove(s.order.Back().Value.(*slot).key)
		}
		s.byKey[key] = s.order.PushFront(&slot{key, e, n})
		s.bytes += n
	}
	s.tell(s.bytes)
}

// drop forgets one entry.
func (s *store) drop(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(key)
	s.tell(s.bytes)
}

// remove needs the lock.
func (s *store) remove(key string) {
	at := s.byKey[key]
	if at == nil {
		return
	}
	s.bytes -= at.Value.(*slot).bytes
	s.order.Remove(at)
	delete(s.byKey, key)
}

func (s *store) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.byKey)
	s.order.Init()
	s.bytes = 0
	s.tell(0)
}
