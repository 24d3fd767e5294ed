package queuetest

import (
	"context"

	"pgregory.net/rapid"

	"waitroom/queue"
)

// holders is who holds whom, as the model sees it: each person under an older and a newer id.
type holders struct {
	of    map[int]queue.Holder
	taken map[queue.ID]int64
	used  map[[16]byte]holderOf // states
}

// holderOf is who was verified with a state.
type holderOf struct {
	id     queue.ID
	device [16]byte
}

// doHold has a device verify a person, now and then with a state that was used before.
func (m *model) doHold(rt *rapid.T) {
	who, n := rapid.IntRange(0, 4).Draw(rt, "who"), rapid.IntRange(0, 2).Draw(rt, "device")
	ids := [][]queue.ID{{ID(900 + who)}, {ID(950 + who), ID(900 + who)}}
	c := queue.Claim{IDs: rapid.SampledFrom(ids).Draw(rt, "keys"), Device: device(n), Family: byte(n), Lock: 20 * Second, Keep: 200 * Second}
	if s := rapid.IntRange(0, 6).Draw(rt, "state"); s > 0 {
		c.State = state(s)
	}
	now, h := m.view().At, m.holders.of[who] // time stands still since it was read
	id := c.IDs[0]
	if h.Holds(now) {
		id = h.ID
	}
	got, err := m.gate().Hold(context.Background(), c)
	if err != nil {
		m.t.Fatalf("hold: %v", err)
	}
	user := holderOf{id, c.Device}
	if by, ok := m.holders.used[c.State]; ok && by != user {
		if got.Outcome != queue.StateUsed {
			m.t.Fatalf("a state that was used gave %+v", got)
		}
		return
	}
	if c.State != [16]byte{} {
		m.holders.used[c.State] = user
	}
	next, ok := h.Claimed(&c, now, m.holders.taken[id])
	want := next.Told()
	if !ok {
		want = queue.Holding{Outcome: queue.HeldElsewhere, ID: id, Since: h.Since, Until: h.Until, Family: h.Family}
	}
	m.holds(who, next, got, want)
}

// holds checks an answer, and takes it in. What is told to all gateways rises from one to the next: then Since may be above the
// clock by as much as it was set back.
func (m *model) holds(who int, next queue.Holder, got, want queue.Holding) {
	m.t.Helper()
	if got.Since > want.Since && got.Since < want.Since+300*Second {
		next.Since, next.End, want.Since = got.Since, next.End+got.Since-want.Since, got.Since
	}
	if got != want {
		m.t.Fatalf("held as %+v, want %+v", got, want)
	}
	m.holders.of[who] = next
	if got.Took {
		m.holders.taken[got.ID] = max(m.holders.taken[got.ID], got.Since)
	}
	m.refresh()
	for _, g := range m.gates {
		since := g.Taken(got.ID)
		if since > m.holders.of[who].Since && want.Outcome == queue.HeldHere || since < m.holders.taken[got.ID] {
			m.t.Fatalf("taken since %d, held as %+v; taken before since %d", since, got, m.holders.taken[got.ID])
		}
		m.holders.taken[got.ID] = since
	}
}

// forget is what a loss leaves: who was taken over, as far as gateways know it.
func (h *holders) forget() { h.of, h.used = map[int]queue.Holder{}, map[[16]byte]holderOf{} }
