package redis

import (
	"sync"

	"waitroom/queue"
)

// rememberedBound is how many entries a generation holds at most: of some 50 bytes.
const rememberedBound = 1 << 19

// remembered is who entered through this gateway, for as long as a ticket could
// still be shown. A store that has forgotten an entry, after a failover or a loss,
// is told again, so that the ticket does not enter twice.
//
// It keeps two generations, and drops the older one when the younger is full, or has
// lived as long as a ticket and a pass can.
type remembered struct {
	mu         sync.Mutex
	young, old map[queue.ID]entry
	since      int64
}

// entry is a ticket that entered, and when the store said so; entry 0 is of a pass
// that was ended.
type entry struct{ place, entry, end, told int64 }

func (r *remembered) put(id queue.ID, s queue.Seat, now int64, rules queue.Rules) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.find(id); ok && e.place >= s.Place {
		return
	}
	if r.young == nil || len(r.young) >= rememberedBound || now-r.since > rules.Hold+rules.PassTTL {
		r.old, r.young, r.since = r.young, map[queue.ID]entry{}, now
	}
	r.young[id] = entry{s.Place, s.Entry, s.End, now}
}

func (r *remembered) find(id queue.ID) (entry, bool) {
	e, ok := r.young[id]
	if !ok {
		e, ok = r.old[id]
	}
	return e, ok
}

// get gives the record, as seats.lua has it, of the ticket with this place, or of one
// given later; "" for one that is not known to have entered.
func (r *remembered) get(id queue.ID, place int64) string {
	if place == 0 {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.find(id)
	if !ok || e.place < place {
		return ""
	}
	return string(appendDoubles(make([]byte, 0, 32), e.place, e.entry, e.end, e.told))
}

// over notes that a pass was ended.
func (r *remembered) over(p queue.PassID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := p.Ticket()
	for _, generation := range [...]map[queue.ID]entry{r.young, r.old} {
		if e, ok := generation[id]; ok && queue.PassOf(id, e.entry) == p {
			e.entry = 0
			generation[id] = e
		}
	}
}

// from lists the tickets of whose entry the store told at a time or later.
func (r *remembered) from(told int64) []queue.Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	var tickets []queue.Arrival
	for _, generation := range [...]map[queue.ID]entry{r.old, r.young} {
		for id, e := range generation {
			if e.told >= told {
				tickets = append(tickets, queue.Arrival{ID: id, Place: e.place})
			}
		}
	}
	return tickets
}
