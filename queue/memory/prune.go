package memory

import "waitroom/queue"

// expire takes those out of the count of the active whose time is over. More says
// that a bound was reached.
func (s *state) expire(now int64) (more bool) {
	for range pruneBound {
		t, ok := s.expiries.due(now)
		if !ok {
			return false
		}
		r, ok := s.records[t.id]
		switch {
		case !ok || !r.counted || r.queued != t.at:
		case r.expiry > now:
			r.queued = r.expiry
			s.expiries.push(r.expiry, t.id)
			s.records[t.id] = r
		default:
			s.discount(&r)
			s.records[t.id] = r
		}
	}
	return true
}

// touch moves the time until which a pass counts as inside.
func (s *state) touch(p queue.PassID, until int64) {
	r, ok := s.records[p.Ticket()]
	if !ok || r.entry == 0 || queue.PassOf(p.Ticket(), r.entry) != p || s.pace.Clock >= r.end {
		return
	}
	r.expiry = min(until, r.end)
	if !r.counted && r.expiry > s.pace.Clock {
		r.counted = true
		r.queued = r.expiry
		s.active++
		s.expiries.push(r.expiry, p.Ticket())
	}
	if r.counted && r.expiry < r.queued {
		r.queued = r.expiry
		s.expiries.push(r.expiry, p.Ticket())
	}
	s.records[p.Ticket()] = r
}

// prune forgets what no ticket or pass that is still valid can ask for. It needs no
// event: whoever was forgotten is answered as one who was not.
func (s *state) prune(now, hold int64) (more bool) {
	return s.pruneCalled(now, 2*hold) || s.pruneRecords(now, hold+minute) || s.pruneRevoked(now) || s.persons.prune(now)
}

func (s *state) pruneCalled(now, keep int64) (more bool) {
	for range pruneBound {
		t, ok := s.lates.due(now - keep)
		if !ok {
			return false
		}
		if c, ok := s.called[t.id]; ok && c.at == t.at {
			delete(s.called, t.id)
		}
	}
	return true
}

func (s *state) pruneRecords(now, keep int64) (more bool) {
	for range pruneBound {
		t, ok := s.forgotten.due(now - keep)
		if !ok {
			return false
		}
		r, ok := s.records[t.id]
		switch {
		case !ok:
		case r.end <= now-keep:
			s.forget(t.id)
		case r.end != t.at: // another record of the same ticket, with its own timer
		}
	}
	return true
}

func (s *state) pruneRevoked(now int64) (more bool) {
	for range pruneBound {
		if len(s.ended) == 0 || s.ended[0].until > now {
			return false
		}
		if until, ok := s.revoked.Load(s.ended[0].pass); ok && until.(int64) <= now {
			s.revoked.Delete(s.ended[0].pass)
		}
		s.floors.drop(s.ended[0].pass)
		s.ended = s.ended[1:]
	}
	return true
}
