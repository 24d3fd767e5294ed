package limits

import (
	"hash/maphash"
	"sync"
	"time"
)

// ways is how many keys share a set, and with it a lock.
const ways = 8

// Table remembers how much each key has to its account. Make it with NewTable; it may be used by
// many goroutines, and allocates nothing after that.
type Table struct {
	seed  maphash.Seed
	sets  []set
	began time.Time
}

// set is where the keys of one hash are. A key is known by its hash alone, whose seed nobody knows:
// that two are taken for one is as likely as guessing 61 bits.
type set struct {
	mu   sync.Mutex
	keys [ways]uint64
	at   [ways]int64
}

// NewTable makes a table for at least so many keys, each of which takes 17 bytes.
func NewTable(keys int) *Table {
	n := 1
	for n*ways < keys {
		n *= 2
	}
	return &Table{seed: maphash.MakeSeed(), sets: make([]set, n), began: time.Now()}
}

// Keys is how many keys the table remembers.
func (t *Table) Keys() int { return len(t.sets) * ways }

// Now is the time to ask with: nanoseconds of a clock that nobody can set.
func (t *Table) Now() int64 { return int64(time.Since(t.began)) }

// account is what a limit counts by: of which room, what for, and whose.
type account struct {
	limit Limit
	by    string
	room  string
	kind  byte
	bits  [16]byte
}

func (t *Table) hash(a *account) uint64 {
	var buf [64]byte
	b := append(append(append(buf[:0], a.kind), a.bits[:]...), a.room...)
	return maphash.Bytes(t.seed, b)
}

// ask takes one from an account, or with look only says whether it could be taken.
func (t *Table) ask(a *account, now int64, look bool) time.Duration {
	h := t.hash(a)
	s := &t.sets[h%uint64(len(t.sets))]
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(h)
	at := int64(0)
	if s.keys[i] == h {
		at = s.at[i]
	}
	next, wait := a.limit.take(at, now)
	if !look && wait == 0 {
		s.keys[i], s.at[i] = h, next
	}
	return wait
}

// find is where a key is, or else where the one is that has the least to its account.
func (s *set) find(h uint64) int {
	least := 0
	for i := range s.keys {
		if s.keys[i] == h {
			return i
		}
		if s.at[i] < s.at[least] {
			least = i
		}
	}
	return least
}

// all takes one from each account, or from none where any has nothing left; with look it only
// says whether. Of several that are exceeded the longest wait counts.
func (t *Table) all(accounts []account, now int64, look bool) (v Verdict) {
	for i := range accounts {
		a := &accounts[i]
		if wait := t.ask(a, now, true); wait > v.Wait {
			v = Verdict{By: a.by, Limit: a.limit, Wait: wait}
		}
	}
	if look || v.Limited() {
		return v
	}
	for i := range accounts {
		a := &accounts[i]
		if wait := t.ask(a, now, false); wait > v.Wait { // another was faster
			v = Verdict{By: a.by, Limit: a.limit, Wait: wait}
		}
	}
	return v
}
