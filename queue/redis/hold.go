package redis

import (
	"context"
	"encoding/base64"
	"strconv"
	"sync"

	"waitroom/queue"
)

// Hold implements queue.Held: a trip of its own for each verification. The record of a person has a key of its own, which Redis forgets
// by itself; a verification's state and an invitation have one, too. What is known of a person takes 245 bytes for Keep, of a state 197
// for queue.StateKept.
func (l *Line) Hold(ctx context.Context, c queue.Claim) (queue.Holding, error) {
	if len(c.IDs) == 0 || len(c.IDs) > queue.MaxIDs {
		panic("BUG: a claim of a person with " + strconv.Itoa(len(c.IDs)) + " ids")
	}
	keep := max(c.Keep, c.Lock)
	args := append(l.args(5), l.ids(c.IDs), c.Device[:], given(c.State), given(c.Invitation),
		appendDoubles(nil, int64(c.Family), c.Lock, keep, c.InvitationEnds, queue.StateKept))
	answer, err := l.runOn(ctx, l.scripts.hold, l.heldKeys(&c), args)
	if err := l.told(answer, err); err != nil {
		return queue.Holding{}, away("hold", err)
	}
	h, told, err := holding(answer)
	if err != nil {
		return queue.Holding{}, away("hold", err)
	}
	l.taken.keep(keep)
	if told {
		l.taken.add(h.ID, h.Since)
	}
	return h, nil
}

// heldKeys are the room's, and those of a claim; see hold.lua.
func (l *Line) heldKeys(c *queue.Claim) []string {
	base := l.store.prefix + ":{" + l.room + "}:held:"
	name := base64.RawURLEncoding.EncodeToString
	all := make([]string, 0, len(l.keys)+2+len(c.IDs))
	all = append(append(all, l.keys...), base+"state:"+name(c.State[:]), base+"invitation:"+name(c.Invitation[:]))
	for _, id := range c.IDs {
		all = append(all, base+"person:"+name(id[:]))
	}
	return all
}

func (l *Line) ids(ids []queue.ID) []byte {
	b := make([]byte, 0, idLength*len(ids))
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return b
}

// given is a name as an argument of a script; of zeros it is none.
func given(name [16]byte) []byte {
	if name == [16]byte{} {
		return nil
	}
	return name[:]
}

// holding reads the answer of hold.lua. Told says that the Since is one that all gateways hear of.
func holding(answer []any) (h queue.Holding, told bool, err error) {
	if len(answer) != headLength+2 {
		return h, false, errShape
	}
	numbers, _ := answer[headLength].(string)
	id, _ := answer[headLength+1].(string)
	if len(numbers) != 8*6 || len(id) != idLength {
		return h, false, errShape
	}
	n := func(i int) int64 { return int64(double(numbers, i)) }
	h.Outcome, h.ID = queue.Outcome(n(0)), queue.ID([]byte(id)) // #nosec G115 -- one of four
	if h.Outcome == queue.HeldHere || h.Outcome == queue.HeldElsewhere {
		h.Since, h.Until, h.Family = n(1), n(2), byte(n(3)) // #nosec G115 -- as it was told
	}
	h.Took = h.Outcome == queue.HeldHere && n(4) == 1
	return h, n(5) == 1, nil
}

// taken is who was taken over by another device, and since when, as far as a ticket or pass of the former one can still be
// shown. Reading it costs one look into a map.
type taken struct {
	mu     sync.RWMutex
	since  map[queue.ID]int64
	latest int64
	swept  int64
	kept   int64 // the longest Keep of claims here, if above the default
}

// Taken implements queue.Held.
func (l *Line) Taken(id queue.ID) int64 {
	l.taken.mu.RLock()
	defer l.taken.mu.RUnlock()
	return l.taken.since[id]
}

func (t *taken) keep(keep int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = max(t.kept, keep)
}

func (t *taken) add(id queue.ID, since int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(id, since)
}

func (t *taken) put(id queue.ID, since int64) {
	if t.since == nil {
		t.since = map[queue.ID]int64{}
	}
	t.since[id] = max(t.since[id], since)
}

// after is the bound of times from which on to read.
func (t *taken) after() string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return strconv.FormatInt(max(0, t.latest-revokedAgain), 10)
}

// read adds a page, and now and then drops who was taken over too long ago to matter. It returns the bound at which the next
// page begins, "" where there is none.
func (t *taken) read(flat []any, now int64, rules *queue.Rules) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var last int64
	for i := 0; i+1 < len(flat); i += 2 {
		last = whole(flat[i+1])
		if name, _ := flat[i].(string); len(name) == idLength {
			t.put(queue.ID([]byte(name)), last)
		}
	}
	t.latest = max(t.latest, last)
	if len(flat) >= 2*revokedPage {
		return "(" + strconv.FormatInt(last, 10)
	}
	if oldest := now - queue.TakenKept(max(t.kept, queue.DefaultKeep), rules); oldest-t.swept > revokedSweep {
		t.sweep(oldest)
	}
	return ""
}

func (t *taken) sweep(oldest int64) {
	t.swept = oldest
	for id, since := range t.since {
		if since < oldest {
			delete(t.since, id)
		}
	}
}

// all lists whom this gateway knows to have been taken over.
func (t *taken) all() []heldSince {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]heldSince, 0, len(t.since))
	for id, since := range t.since {
		list = append(list, heldSince{id, since})
	}
	return list
}

type heldSince struct {
	id    queue.ID
	since int64
}
