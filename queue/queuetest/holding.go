package queuetest

import (
	"context"
	"sync"
	"testing"

	"waitroom/queue"
)

// holding tries whether a person is one person, with one place, on one device.
func holding() []trial {
	return []trial{
		{promise: "of 200 devices that verify at once one holds the person", try: holdsOne},
		{promise: "of 200 devices none gets the person in the last microsecond of a lock, and one at its end", try: holdsOneAtTheEnd},
		{promise: "a device holds the person until its lock ends, to the microsecond", try: holdsUntil},
		{promise: "the same device stays the holder, and begins a new lock", try: holdsAgain},
		{promise: "who takes over has the same place, and the same pass", try: takesPlace},
		{promise: "every gateway knows who was taken over, from the next view on", try: takesAtAll},
		{promise: "asking again gives the same answer, of a takeover, too", try: holdsRepeated},
		{promise: "a verification's state is good for one device and one person", try: stateOnce},
		{promise: "an invitation is good for one person, on any device", try: invitesOnce},
		{promise: "an invitation stays with its person under a newer key", try: invitesAcrossKeys},
		{promise: "who is held under an older key stays one person", try: holdsUnderOlder},
		{promise: "a gateway that does not know the newest key yet splits nobody", try: holdsAcrossKeys},
		{promise: "a verification ends", try: holdEnds},
		{promise: "a verification at the end of another one begins anew, and takes nothing from its device", try: holdRenewed},
		{promise: "a crash forgets neither who holds, nor who was taken over, nor what was used", try: holdsCrash},
		{promise: "the journal tells takeovers, and nobody else", try: holdsTold},
		{promise: "a clock that is set back takes from nobody, and gives nobody two devices", try: holdsStep},
		{promise: "a store that lost its state lets one device hold, and tells the former one", try: holdsLoss, loses: true},
		{promise: "who was taken over before a loss stays out", try: takenLoss, loses: true},
		{promise: "long after its first start a room tells nobody who is new as taken over", try: holdsFresh},
	}
}

const (
	lock = 600 * Second
	keep = 2 * 3600 * Second
)

// device names the n-th device, and state the n-th state, of a test.
func device(n int) [16]byte { return [16]byte{byte(n >> 8), byte(n), 1} }
func state(n int) [16]byte  { return [16]byte{byte(n >> 8), byte(n), 2} }

// claim is a wish of the n-th device for the person who, verified with a state of its own.
func claim(who, n int) queue.Claim {
	return queue.Claim{IDs: []queue.ID{ID(who)}, Device: device(n), Family: byte(n), Lock: lock, Keep: keep}
}

func (r *room) hold(c queue.Claim) queue.Holding {
	r.t.Helper()
	h, err := r.gate().Hold(context.Background(), c)
	if err != nil {
		r.t.Fatalf("hold: %v", err)
	}
	return h
}

// held fails unless a claim had an outcome.
func (r *room) held(what string, c queue.Claim, want queue.Outcome) queue.Holding {
	r.t.Helper()
	h := r.hold(c)
	if h.Outcome != want {
		r.t.Fatalf("%s: %+v, want outcome %d", what, h, want)
	}
	return h
}

// taken reads all views, and is what all gateways say.
func (r *room) taken(who int) int64 {
	r.t.Helper()
	r.refresh()
	since := r.gates[0].Taken(ID(who))
	for _, g := range r.gates {
		if other := g.Taken(ID(who)); other != since {
			r.t.Fatalf("one gateway says taken since %d, another %d", since, other)
		}
	}
	return since
}

// old opens a room that began long ago, so that who is new is not told as taken over.
func old(t *testing.T, b *Bench) *room {
	t.Helper()
	r := open(t, b, plain())
	r.later(2 * 3600 * Second)
	return r
}

// later lets time pass of which nothing is to be seen but its end: in steps after which a gateway is not taken for one that is gone.
func (r *room) later(d int64) {
	r.t.Helper()
	for ; d > 0; d -= 1800 * Second {
		r.move(min(d, 1800*Second))
	}
}

// devices lets 200 of them, from the first on, ask for person 1 at once, and gives what each is told, in their order.
func (r *room) devices(first int) []queue.Holding {
	r.t.Helper()
	const n = 200
	answers := make([]queue.Holding, n)
	var ready sync.WaitGroup
	ready.Add(n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			ready.Done()
			ready.Wait()
			h, err := r.gates[i%len(r.gates)].Hold(context.Background(), claim(1, first+i))
			if err != nil {
				r.t.Error(err)
			}
			answers[i] = h
		})
	}
	all.Wait()
	return answers
}

// winner is the one who got the person, -1 where nobody did.
func winner(t *testing.T, answers []queue.Holding) int {
	t.Helper()
	winner := -1
	for i, h := range answers {
		if h.Outcome != queue.HeldHere {
			continue
		}
		if winner >= 0 {
			t.Fatalf("devices %d and %d both hold the person", winner, i)
		}
		winner = i
	}
	return winner
}

func holdsOne(t *testing.T, b *Bench) {
	r := old(t, b)
	answers := r.devices(0)
	winner := winner(t, answers)
	if winner < 0 {
		t.Fatal("no device holds the person")
	}
	won := answers[winner]
	for i, h := range answers {
		if i != winner && (h.Outcome != queue.HeldElsewhere || h.Since != won.Since || h.Until != won.Until || h.Family != byte(winner)) {
			t.Errorf("device %d is told %+v of %+v", i, h, won)
		}
	}
	if since := r.taken(1); since != 0 {
		t.Errorf("taken over since %d, by nobody", since)
	}
}

func holdsOneAtTheEnd(t *testing.T, b *Bench) {
	r := old(t, b)
	first := r.held("the first", claim(1, 1000), queue.HeldHere)
	r.later(lock - 1)
	for i, h := range r.devices(0) {
		if h.Outcome != queue.HeldElsewhere || h.Since != first.Since || h.Until != first.Until {
			t.Fatalf("in the last microsecond device %d is told %+v of %+v", i, h, first)
		}
	}
	b.Clock.Add(1)
	answers := r.devices(200)
	winner := winner(t, answers)
	if winner < 0 {
		t.Fatal("no device has taken over")
	}
	won := answers[winner]
	if !won.Took || won.Since != first.Until || r.taken(1) != won.Since {
		t.Errorf("taken over as %+v from %+v; all are told %d", won, first, r.taken(1))
	}
}

func holdsUntil(t *testing.T, b *Bench) {
	r := old(t, b)
	r.boundary(1, 0, queue.HeldElsewhere)
	r.boundary(2, Second, queue.HeldElsewhere)
	r.boundary(3, lock-1, queue.HeldElsewhere)
	r.boundary(4, lock, queue.HeldHere)
	r.boundary(5, lock+1, queue.HeldHere)
}

// boundary tries another device some time after the first.
func (r *room) boundary(who int, after int64, want queue.Outcome) {
	r.t.Helper()
	now := r.bench.Clock.Now()
	first := r.held("the first", claim(who, 1), queue.HeldHere)
	if first.Since != now || first.Until != now+lock || first.ID != ID(who) || first.Family != 1 || first.Took {
		r.t.Errorf("the first holds as %+v at %d", first, now)
	}
	r.bench.Clock.Add(after)
	h := r.held("another device", claim(who, 2), want)
	told := queue.Holding{Outcome: want, ID: ID(who), Since: first.Since, Until: first.Until, Family: 1}
	if want == queue.HeldHere {
		told.Since, told.Until, told.Family, told.Took = now+after, now+after+lock, 2, true
	}
	if h != told {
		r.t.Errorf("%d µs after the first another device is told %+v, want %+v", after, h, told)
	}
}

func holdsAgain(t *testing.T, b *Bench) {
	r := old(t, b)
	first := r.held("the first", claim(1, 1), queue.HeldHere)
	r.later(lock - 1)
	again := r.held("the same device", claim(1, 1), queue.HeldHere)
	if again.Since != first.Since || again.Until != first.Until+lock-1 || again.Took {
		t.Errorf("again %+v, first %+v", again, first)
	}
	r.later(lock - 1)
	r.held("another device in the second lock", claim(1, 2), queue.HeldElsewhere)
	r.later(3 * lock)
	if late := r.held("the same device after its lock", claim(1, 1), queue.HeldHere); late.Since != first.Since || late.Took {
		t.Errorf("late %+v, first %+v", late, first)
	}
	if since := r.taken(1); since != 0 {
		t.Errorf("taken over since %d, by nobody", since)
	}
}

func takesPlace(t *testing.T, b *Bench) {
	r := old(t, b)
	former := r.held("the first", claim(1, 1), queue.HeldHere)
	waits := r.arrive(1)
	r.arriveAll(2, 50)
	r.later(lock)
	taker := r.held("the second", claim(1, 2), queue.HeldHere)
	if taker.Since <= former.Since || taker.ID != former.ID {
		t.Fatalf("took over as %+v from %+v", taker, former)
	}
	if s := r.arrival(queue.Arrival{ID: taker.ID}); s.Place != waits.Place {
		t.Errorf("the place is %d, was %d", s.Place, waits.Place)
	}
	r.run(20 * Second)
	in := r.enter(1, waits.Place)
	r.want("entering", in, queue.StateAdmitted)
	r.later(lock)
	r.held("the third", claim(1, 3), queue.HeldHere)
	if s := r.enter(1, waits.Place); s.State == queue.StateAdmitted && (s.Entry != in.Entry || s.End != in.End) {
		t.Errorf("the pass is %+v, was %+v", s, in)
	}
	if entries := len(r.journal(queue.KindEnter)); entries != 1 {
		t.Errorf("%d entries of one person", entries)
	}
}

func takesAtAll(t *testing.T, b *Bench) {
	r := old(t, b)
	for who := range 20 {
		r.held("the first", claim(who, 1), queue.HeldHere)
	}
	r.later(lock)
	since := map[int]int64{}
	for who := range 10 {
		h := r.held("the second", claim(who, 2), queue.HeldHere)
		since[who] = h.Since
	}
	for who := range 20 {
		if at := r.taken(who); at != since[who] {
			t.Errorf("person %d is taken over since %d, is told %d", who, since[who], at)
		}
	}
	r.later(lock)
	h := r.held("the third", claim(1, 3), queue.HeldHere)
	if at := r.taken(1); at != h.Since || at <= since[1] {
		t.Errorf("taken over again since %d, is told %d, was %d", h.Since, at, since[1])
	}
}

func holdsRepeated(t *testing.T, b *Bench) {
	r := old(t, b)
	f := func(what string, c queue.Claim) {
		t.Helper()
		first := r.hold(c)
		for range 2 {
			b.Clock.Add(Second)
			if h := r.hold(c); h != first {
				t.Errorf("%s: %+v, was %+v", what, h, first)
			}
		}
	}
	with := func(c queue.Claim, n int) queue.Claim { c.State = state(n); return c }
	f("the first", with(claim(1, 1), 1))
	f("refused", with(claim(1, 2), 2))
	r.later(lock)
	f("a takeover", with(claim(1, 2), 3))
	f("the former", with(claim(1, 1), 4))
}

func stateOnce(t *testing.T, b *Bench) {
	r := old(t, b)
	c := claim(1, 1)
	c.State = state(1)
	r.held("the first", c, queue.HeldHere)
	f := func(what string, who, n int, want queue.Outcome) {
		t.Helper()
		c := claim(who, n)
		c.State = state(1)
		r.held(what, c, want)
	}
	f("another device", 1, 2, queue.StateUsed)
	f("another person", 2, 1, queue.StateUsed)
	f("another of both", 2, 2, queue.StateUsed)
	f("itself", 1, 1, queue.HeldHere)
	r.held("the other person with a state of its own", claim(2, 1), queue.HeldHere)
	r.later(lock)
	f("another device after the lock", 1, 2, queue.StateUsed)
	refused := claim(1, 2)
	r.held("itself", claim(1, 1), queue.HeldHere)
	refused.State = state(2)
	r.held("a refused one", refused, queue.HeldElsewhere)
	refused.Device = device(3)
	r.held("the state of a refused one", refused, queue.StateUsed)
}

func invitesOnce(t *testing.T, b *Bench) {
	r := old(t, b)
	now := b.Clock.Now()
	invited := func(who, n int) queue.Claim {
		c := claim(who, n)
		c.Invitation, c.InvitationEnds = [16]byte{7}, now+3*lock
		return c
	}
	r.held("the first", invited(1, 1), queue.HeldHere)
	r.held("another person", invited(2, 2), queue.InvitationUsed)
	r.held("another person without it", claim(2, 2), queue.HeldHere)
	r.held("the same person again", invited(1, 1), queue.HeldHere)
	r.held("the same person, elsewhere", invited(1, 3), queue.HeldElsewhere)
	r.later(lock)
	r.held("the same person, who takes over", invited(1, 3), queue.HeldHere)
	r.held("another person later", invited(4, 4), queue.InvitationUsed)
}

func invitesAcrossKeys(t *testing.T, b *Bench) {
	r := old(t, b)
	invited := func(n int, ids ...int) queue.Claim {
		c := under(n, ids...)
		c.Invitation, c.InvitationEnds = [16]byte{7}, b.Clock.Now()+9*keep
		return c
	}
	r.held("under the old key", invited(1, 10), queue.HeldHere)
	r.later(keep)
	if h := r.held("under both, when the verification is over", invited(1, 20, 10), queue.HeldHere); h.ID != ID(20) {
		t.Errorf("held as %+v", h)
	}
	r.later(keep)
	r.held("under the new one", invited(1, 30, 20), queue.HeldHere)
	r.held("another person", invited(2, 50, 40), queue.InvitationUsed)
}

// under is a claim of a person with older ids.
func under(n int, ids ...int) queue.Claim {
	c := claim(0, n)
	c.IDs = nil
	for _, id := range ids {
		c.IDs = append(c.IDs, ID(id))
	}
	return c
}

func holdsUnderOlder(t *testing.T, b *Bench) {
	r := old(t, b)
	first := r.held("under the old key", under(1, 10), queue.HeldHere)
	if h := r.held("another device, under both", under(2, 20, 10), queue.HeldElsewhere); h.ID != ID(10) || h.Since != first.Since {
		t.Errorf("held as %+v, first as %+v", h, first)
	}
	if h := r.held("the same device, under both", under(1, 20, 10), queue.HeldHere); h.ID != ID(10) || h.Since != first.Since {
		t.Errorf("held as %+v, first as %+v", h, first)
	}
	// The old key is gone, and the person is still who they were.
	if h := r.held("another device, under the new one", under(2, 20), queue.HeldElsewhere); h.ID != ID(10) {
		t.Errorf("held as %+v", h)
	}
	r.later(lock)
	taker := r.held("taking over, under the new one", under(2, 20), queue.HeldHere)
	if taker.ID != ID(10) || !taker.Took || r.taken(10) != taker.Since {
		t.Errorf("took over as %+v; taken %d", taker, r.taken(10))
	}
	if h := r.held("who is new", under(3, 40, 30), queue.HeldHere); h.ID != ID(40) {
		t.Errorf("held as %+v", h)
	}
}

func holdsAcrossKeys(t *testing.T, b *Bench) {
	r := old(t, b)
	r.held("at a gateway with both keys", under(1, 20, 10), queue.HeldHere)
	if h := r.held("at one with the old key", under(2, 10), queue.HeldElsewhere); h.ID != ID(20) {
		t.Errorf("held as %+v", h)
	}
	r.later(lock)
	taker := r.held("at one with the old key, after the lock", under(2, 10), queue.HeldHere)
	if taker.ID != ID(20) || !taker.Took {
		t.Errorf("took over as %+v", taker)
	}
	if h := r.held("at one with both", under(1, 20, 10), queue.HeldElsewhere); h.Since != taker.Since {
		t.Errorf("held as %+v, was taken over as %+v", h, taker)
	}
}

func holdEnds(t *testing.T, b *Bench) {
	r := old(t, b)
	c := claim(1, 1)
	first := r.held("the first", c, queue.HeldHere)
	r.later(keep - 1)
	if h := r.held("another device, while it is known", claim(1, 2), queue.HeldHere); !h.Took {
		t.Errorf("took over as %+v", h)
	}
	second := r.held("another person", claim(2, 1), queue.HeldHere)
	r.later(keep)
	h := r.held("another device, when nothing is known any more", claim(2, 2), queue.HeldHere)
	if h.Took || h.Since <= second.Since || h.ID != ID(2) || first.ID != ID(1) {
		t.Errorf("held as %+v after %+v", h, second)
	}
	if since := r.taken(2); since != 0 {
		t.Errorf("taken over since %d, by nobody", since)
	}
}

func holdRenewed(t *testing.T, b *Bench) {
	r := old(t, b)
	first := r.held("the first", claim(1, 1), queue.HeldHere)
	r.later(keep - lock)
	if h := r.held("with room for a lock", claim(1, 1), queue.HeldHere); h.Since != first.Since || h.Until != first.Since+keep {
		t.Errorf("held as %+v after %+v", h, first)
	}
	r.later(1)
	h := r.held("without", claim(1, 1), queue.HeldHere)
	if h.Since != b.Clock.Now() || h.Took {
		t.Errorf("held as %+v at %d", h, b.Clock.Now())
	}
	if since := r.taken(1); since != 0 {
		t.Errorf("taken over since %d, by nobody", since)
	}
	r.later(keep - 2*lock)
	r.held("another device", claim(1, 2), queue.HeldHere)
	if since := r.taken(1); since <= h.Since {
		t.Errorf("taken over since %d, was held since %d", since, h.Since)
	}
}
