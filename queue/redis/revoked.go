package redis

import (
	"encoding/binary"
	"strconv"
	"sync"

	"waitroom/queue"
)

// revoked is the passes that were ended before their time, and the floors of those of
// which copies were found, as far as they can still be shown. Reading it costs the gate
// one look into a map.
type revoked struct {
	mu     sync.RWMutex
	passes map[queue.PassID]int64
	floors map[queue.PassID]floor
	latest int64
	swept  int64
}

// floor is the generation from which on a pass is good, and when that was said.
type floor struct{ from, at int64 }

// floorLength is that of a floor as lineage.lua tells it: a pass and a generation.
const floorLength = len(queue.PassID{}) + 4

const (
	// revokedPage is how many are read at a time; see view.lua.
	revokedPage = 5000
	// revokedAgain is how far back each reading begins, for those that a store wrote
	// after it had forgotten its last writes.
	revokedAgain = 2 * second
	// revokedSweep is how often those are dropped that no pass can carry any more, and
	// how much longer than a pass they are kept.
	revokedSweep = 60 * second
)

// Revoked implements queue.Inside.
func (l *Line) Revoked(p queue.PassID) bool {
	l.revoked.mu.RLock()
	defer l.revoked.mu.RUnlock()
	_, ok := l.revoked.passes[p]
	return ok
}

// Floor implements queue.Inside.
func (l *Line) Floor(p queue.PassID) int64 {
	l.revoked.mu.RLock()
	defer l.revoked.mu.RUnlock()
	return l.revoked.floors[p].from
}

// after is the bound of scores from which on to read.
func (r *revoked) after() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return strconv.FormatInt(max(0, r.latest-revokedAgain), 10)
}

func (r *revoked) add(p queue.PassID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(p, r.latest)
}

// put keeps the latest time there is for a pass, and says whether it is new.
func (r *revoked) put(p queue.PassID, at int64) bool {
	if r.passes == nil {
		r.passes = map[queue.PassID]int64{}
	}
	was, known := r.passes[p]
	r.passes[p] = max(was, at)
	return !known
}

// raise keeps the highest floor there is for a pass.
func (r *revoked) raise(p queue.PassID, from, at int64) {
	if r.floors == nil {
		r.floors = map[queue.PassID]floor{}
	}
	was := r.floors[p]
	r.floors[p] = floor{max(was.from, from), max(was.at, at)}
}

// read adds a page of passes, shows those that are new, and now and then drops those
// that ended before the oldest that can still be shown. It returns the bound at which
// the next page begins, "" where there is none.
func (r *revoked) read(flat []any, oldest int64, show func(queue.PassID)) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last int64
	for i := 0; i+1 < len(flat); i += 2 {
		name, _ := flat[i].(string)
		last = whole(flat[i+1])
		switch len(name) {
		case len(queue.PassID{}):
			if p := queue.PassID([]byte(name)); r.put(p, last) {
				show(p)
			}
		case floorLength:
			b := []byte(name)
			r.raise(queue.PassID(b[:len(b)-4]), int64(binary.BigEndian.Uint32(b[len(b)-4:])), last)
		}
	}
	r.latest = max(r.latest, last)
	if len(flat) >= 2*revokedPage {
		return "(" + strconv.FormatInt(last, 10)
	}
	if oldest-r.swept > revokedSweep {
		r.sweep(oldest)
	}
	return ""
}

func (r *revoked) sweep(oldest int64) {
	r.swept = oldest
	for p, at := range r.passes {
		if at < oldest-revokedSweep {
			delete(r.passes, p)
		}
	}
	for p, f := range r.floors {
		if f.at < oldest-revokedSweep {
			delete(r.floors, p)
		}
	}
}
