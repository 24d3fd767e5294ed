// Package sightings remembers, at one gateway, which generation of each pass was shown
// last, and says when the store is to hear of it: for the first time, of a copy, and now
// and then of a pass that does not rotate.
//
// It promises a bounded number of reports: for a pass that rotates one for each
// generation, whatever number of requests show it, and for one of which there are copies
// one more in that time. It decides nothing: what a report means is the store's affair
// (queue.Lineage), and what is forgotten here is only reported again.
package sightings

import (
	"sync"

	"waitroom/queue"
	"waitroom/token"
)

const (
	shards = 64
	// perShard is how many passes one generation of one shard holds; two are kept: at most
	// 1,048,576 passes, of some 130 bytes each.
	perShard = 8192
)

// Sightings is safe for concurrent use. The zero value remembers nothing.
type Sightings struct{ shards [shards]shard }

type shard struct {
	mu       sync.Mutex
	now, old map[[16]byte]sighting
}

// sighting is what was seen of one pass; times are microseconds.
type sighting struct {
	number   int64
	parent   uint32
	since    int64 // when this generation was seen first
	reported int64
	doubted  int64 // when an older generation, or one of another line, was reported last
	until    int64 // until when the store counts the pass as inside
}

// Pass is a pass as it was shown.
type Pass struct {
	*token.Pass
	// Now is when; Every is how long a generation is in use before it is succeeded, Idle how
	// long the pass lives unused. In microseconds.
	Now, Every, Idle int64
}

// due says whether the generation has been in use for long enough.
func (p *Pass) due() bool { return p.Now-max(p.Issued, p.Entry) >= p.Every }

// See takes note of a pass. Report says that the store is to hear of it, with the time
// until which the pass counts as inside; older that a newer generation was seen here.
func (s *Sightings) See(p Pass) (until int64, report, older bool) {
	of := &s.shards[p.ID[0]%shards]
	of.mu.Lock()
	defer of.mu.Unlock()
	e, known := of.get(p.ID)
	switch n := p.Gen.Number; {
	case !known && n == 0 && !p.due():
		return 0, false, false // new, and has no line yet
	case !known || n > e.number:
		e = sighting{number: n, parent: p.Gen.Parent, since: p.Now, reported: p.Now, doubted: e.doubted}
	case n == e.number && p.Gen.Parent == e.parent:
		if p.Now-e.reported < 2*p.Every || !p.due() {
			return 0, false, false
		}
		e.reported = p.Now
	default:
		older = n < e.number
		if n == e.number-1 && p.Now-e.since <= queue.Grace || e.doubted > 0 && p.Now-e.doubted < p.Every {
			return 0, false, older
		}
		e.doubted = p.Now
	}
	if e.until = p.Expires; p.due() {
		e.until = min(p.Now+p.Idle, p.End)
	}
	of.put(p.ID, e)
	return e.until, true, older
}

// Extend says whether the store is to hear that a pass, which was shown before, is good
// until then: not where it counts as inside until shortly before.
func (s *Sightings) Extend(id [16]byte, until, shortly int64) bool {
	of := &s.shards[id[0]%shards]
	of.mu.Lock()
	defer of.mu.Unlock()
	e, known := of.get(id)
	if known && until-e.until <= shortly {
		return false
	}
	if e.until = until; known {
		of.put(id, e)
	}
	return true
}

func (s *shard) get(id [16]byte) (sighting, bool) {
	if e, ok := s.now[id]; ok {
		return e, true
	}
	e, ok := s.old[id]
	if ok {
		s.put(id, e)
	}
	return e, ok
}

func (s *shard) put(id [16]byte, e sighting) {
	if s.now == nil || len(s.now) >= perShard {
		s.old, s.now = s.now, make(map[[16]byte]sighting)
	}
	s.now[id] = e
}
