package memory

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"waitroom/queue"
)

// Hold implements queue.Held.
func (l *Line) Hold(ctx context.Context, c queue.Claim) (queue.Holding, error) {
	if len(c.IDs) == 0 || len(c.IDs) > queue.MaxIDs {
		panic("BUG: a claim without a person's ids, or with too many")
	}
	var h queue.Holding
	_, err := l.do(ctx, func(now int64) queue.Seat {
		h = l.hold(now, &c)
		return queue.Seat{}
	})
	if err != nil {
		return queue.Holding{}, err
	}
	return h, nil
}

func (l *Line) hold(now int64, c *queue.Claim) queue.Holding {
	h := l.state.persons.holder(c.IDs)
	id := c.IDs[0]
	if h.Holds(now) {
		id = h.ID
	}
	if l.state.persons.used(now, c, id) {
		return queue.Holding{Outcome: queue.StateUsed, ID: id}
	}
	if l.state.persons.spent(now, c, id) {
		return queue.Holding{Outcome: queue.InvitationUsed, ID: id}
	}
	next, ok := h.Claimed(c, now, l.Taken(id))
	e := event{kind: kindHold, at: now, id: id, claim: *c, holder: next}
	if ok && (next != h || c.State == [16]byte{}) { // asked again, nothing is new
		e.flags = flagHolds
		keep := max(c.Keep, c.Lock)
		if next.Took || !h.Holds(now) && queue.Doubtful(now, l.state.began, l.state.lostAt, keep, &l.rules) {
			e.flags |= flagTaken
			e.until = now + queue.TakenKept(keep, &l.rules)
		}
		if next.Took {
			e.flags |= flagTook
		}
	}
	if e.flags != 0 || c.State != [16]byte{} || c.Invitation != [16]byte{} {
		l.commit(e)
	}
	if !ok {
		return queue.Holding{Outcome: queue.HeldElsewhere, ID: id, Since: h.Since, Until: h.Until, Family: h.Family}
	}
	return next.Told()
}

// Taken implements queue.Held.
func (l *Line) Taken(id queue.ID) int64 { return l.state.persons.taken(id) }

// persons are those of a room who are held, the states of their verifications, and the invitations that they used.
type persons struct {
	held        map[queue.ID]queue.Holder
	states      map[[16]byte]used
	invitations map[[16]byte]used
	ends        timers[queue.ID]
	statesEnd   timers[[16]byte]
	invitesEnd  timers[[16]byte]
	takenEnd    timers[queue.ID]

	mu    sync.RWMutex // guards since, which is read without the line's lock
	since map[queue.ID]takenAt
}

// takenAt is when a person was taken over, and until when that matters.
type takenAt struct{ since, until int64 }

// stepped is how much longer than their end records are kept, in microseconds: a clock that was ahead may be set back.
const stepped = 10 * minute

// used is who has used something, and until when that is known. Device counts for states only.
type used struct {
	id     queue.ID
	device [16]byte
	until  int64
}

func newPersons() *persons {
	return &persons{
		held: map[queue.ID]queue.Holder{}, states: map[[16]byte]used{}, invitations: map[[16]byte]used{}, since: map[queue.ID]takenAt{},
	}
}

// holder is what was told last of a person.
func (h *persons) holder(ids []queue.ID) (last queue.Holder) {
	for _, id := range ids {
		if p, ok := h.held[id]; ok && p.Since >= last.Since {
			last = p
		}
	}
	return last
}

// used says whether another device or person was verified with the claim's state.
func (h *persons) used(now int64, c *queue.Claim, id queue.ID) bool {
	u, ok := h.states[c.State]
	return ok && now < u.until && (u.id != id || u.device != c.Device)
}

// spent says whether another person has used the claim's invitation. Under an older key it was the same one.
func (h *persons) spent(now int64, c *queue.Claim, id queue.ID) bool {
	u, ok := h.invitations[c.Invitation]
	return ok && now < u.until && u.id != id && !slices.Contains(c.IDs, u.id)
}

func (h *persons) taken(id queue.ID) int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.since[id].since
}

// apply makes a claim count.
func (h *persons) apply(e *event) {
	c := &e.claim
	if c.State != [16]byte{} {
		h.states[c.State] = used{e.id, c.Device, e.at + queue.StateKept}
		h.statesEnd.push(e.at+queue.StateKept, c.State)
	}
	if c.Invitation != [16]byte{} {
		h.invitations[c.Invitation] = used{id: e.id, until: c.InvitationEnds}
		h.invitesEnd.push(c.InvitationEnds, c.Invitation)
	}
	if e.flags&flagHolds == 0 {
		return
	}
	for _, id := range c.IDs {
		h.held[id] = e.holder
		h.ends.push(e.holder.End+stepped, id)
	}
	if e.flags&flagTaken != 0 {
		h.mu.Lock()
		h.since[e.id] = takenAt{max(h.since[e.id].since, e.holder.Since), e.until}
		h.mu.Unlock()
		h.takenEnd.push(e.until, e.id)
	}
}

// prune forgets what is over. More says that a bound was reached.
func (h *persons) prune(now int64) (more bool) {
	persons := h.ends.sweep(now, func(id queue.ID) {
		if p, ok := h.held[id]; ok && !p.Holds(now-stepped) {
			delete(h.held, id)
		}
	})
	states := h.statesEnd.sweep(now, func(state [16]byte) { forgetUsed(h.states, state, now) })
	invitations := h.invitesEnd.sweep(now, func(code [16]byte) { forgetUsed(h.invitations, code, now) })
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.takenEnd.sweep(now, func(id queue.ID) {
		if h.since[id].until <= now {
			delete(h.since, id)
		}
	}) || persons || states || invitations
}

func forgetUsed(of map[[16]byte]used, name [16]byte, now int64) {
	if of[name].until <= now {
		delete(of, name)
	}
}

// appendHold appends what a claim came to.
func (e *event) appendHold(b []byte) []byte {
	c, h := &e.claim, &e.holder
	b = append(append(append(append(b, e.id[:]...), c.Device[:]...), c.State[:]...), c.Invitation[:]...)
	b = appendVarints(b, c.InvitationEnds-e.at)
	b = append(b, byte(len(c.IDs))) // #nosec G115 -- at most MaxIDs
	for _, id := range c.IDs {
		b = append(b, id[:]...)
	}
	if e.flags&flagHolds != 0 {
		b = appendVarints(append(b, h.Family), h.Since-e.at, h.Until-e.at, h.End-e.at)
	}
	if e.flags&flagTaken != 0 {
		b = binary.AppendVarint(b, e.until-e.at)
	}
	return b
}

// hold reads what appendHold writes.
func (r *reader) hold(e *event) {
	c, h := &e.claim, &e.holder
	e.id, c.Device, c.State, c.Invitation = queue.ID(r.take(12)), [16]byte(r.take(16)), [16]byte(r.take(16)), [16]byte(r.take(16))
	c.InvitationEnds = e.at + r.varint()
	n := int(r.take(1)[0])
	r.failed = r.failed || n == 0 || n > queue.MaxIDs
	for range min(n, queue.MaxIDs) {
		c.IDs = append(c.IDs, queue.ID(r.take(12)))
	}
	if e.flags&flagHolds != 0 {
		*h = queue.Holder{ID: e.id, Device: c.Device, State: c.State, Family: r.take(1)[0], Took: e.flags&flagTook != 0}
		h.Since, h.Until, h.End = e.at+r.varint(), e.at+r.varint(), e.at+r.varint()
	}
	if e.flags&flagTaken != 0 {
		e.until = e.at + r.varint()
	}
}
