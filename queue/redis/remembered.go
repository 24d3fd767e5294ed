package redis

import (
	"sync"

	"waitroom/queue"
)

// remembered is who entered through this gateway, for as long as a ticket could
// still be shown. A store that has forgotten an entry, after a failover or a loss,
// is told again, so that the ticket does not enter twice.
//
// It keeps two generations and drops the older one when the younger has lived as
// long as a ticket and a pass can.
type remembered struct {
	mu         sync.Mutex
	young, old map[queue.ID]entry
	since      int64
}

type entry struct{ place, entry, end int64 }

func (r *remembered) put(id queue.ID, s queue.Seat, rules queue.Rules) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || s.Entry-r.since > rules.Hold+rules.PassTTL {
		r.old, r.young, r.since = r.young, map[queue.ID]entry{}, s.Entry
	}
	r.young[id] = entry{s.Place, s.Entry, s.End}
}

// get gives the entry and end of the ticket with this place, or one given later;
// zeros for one that is not known to have entered.
func (r *remembered) get(id queue.ID, place int64) (int64, int64) {
	if place == 0 {
		return 0, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.young[id]
	if !ok {
		e, ok = r.old[id]
	}
	if !ok || e.place < place {
		return 0, 0
	}
	return e.entry, e.end
}
