package traffic

import "sync/atomic"

// Cached is how a request to a cached address was answered.
type Cached uint8

// How requests to cached addresses were answered.
const (
	Hit         Cached = iota // from memory, fresh
	Stale                     // from memory, while a new answer is fetched or cannot be had
	Missed                    // by a request of its own, whose answer is for everybody
	Collapsed                 // by another's request
	Bypassed                  // by the backend, for this visitor alone
	CacheFailed               // not: the backend failed
	cacheResults
)

var cachedNames = [cacheResults]string{"hit", "stale", "miss", "collapsed", "bypass", "failed"}

// String is the result as its label shows it.
func (c Cached) String() string { return name(cachedNames[:], int(c)) }

// Fetched is what became of the answer to a request that the cache made.
type Fetched uint8

// What became of fetched answers.
const (
	Kept        Fetched = iota // kept for everybody
	Renewed                    // unchanged, and good for another while
	NotKept                    // not for everybody
	FetchFailed                // none, or one of a backend in trouble
	fetchResults
)

var fetchedNames = [fetchResults]string{"kept", "renewed", "not_kept", "failed"}

// String is the result as its label shows it.
func (f Fetched) String() string { return name(fetchedNames[:], int(f)) }

// cached are the counters of a room's cache.
type cached struct {
	requests [cacheResults]atomic.Uint64
	fetches  [fetchResults]atomic.Uint64
	bytes    atomic.Int64
}

// Cached counts a request to a cached address.
func (r *Room) Cached(how Cached) {
	if how < cacheResults {
		r.cache.requests[how].Add(1)
	}
}

// Fetched counts a request that the cache made of the backend.
func (r *Room) Fetched(what Fetched) {
	if what < fetchResults {
		r.cache.fetches[what].Add(1)
	}
}

// CacheBytes notes the memory that the kept answers take.
func (r *Room) CacheBytes(n int64) { r.cache.bytes.Store(n) }
