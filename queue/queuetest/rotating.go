package queuetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"waitroom/queue"
)

// rotating tries whether copies of a pass are found, and honest browsers never taken for
// them.
func rotating() []trial {
	return []trial{
		{promise: "a pass that rotates in one line is never doubted", try: rotatesInLine},
		{promise: "successors that parallel requests got are siblings", try: rotatesInParallel},
		{promise: "who never got the successor comes back with the old pass at any time", try: rotatesLate},
		{promise: "reports that overtake each other do no harm", try: rotatesInterleaved},
		{promise: "two lines of a pass are found one generation after they part", try: forks},
		{promise: "a copy that never takes a successor is found after a grace", try: forksStale},
		{promise: "telling it again changes nothing", try: forksOnce},
		{promise: "who has proved goes on, and the copy stays out", try: forksProved},
		{promise: "without a key nobody is locked out, and it is told once", try: forksKeyless},
		{promise: "floors outlive a crash, and whoever is honest, too", try: forksCrash},
		{promise: "a store that lost its state doubts nobody who is honest, and finds copies again", try: forksLoss, loses: true},
		{promise: "a pass that was ended, or is another's, is not followed", try: forksOver},
		{promise: "showing a pass counts it as inside", try: showsInside},
	}
}

// carried is a pass as a browser carries it.
type carried struct {
	queue.Shown
	tag uint32
}

// guest is somebody inside, with a pass that rotates.
type guest struct {
	*room
	pass    queue.PassID
	until   int64
	carried carried
	tags    uint32
}

// inside opens a room in which guests are inside.
func inside(t *testing.T, b *Bench, n int) (*room, []*guest) {
	t.Helper()
	rules := plain()
	rules.PassTTL = 3600 * Second
	r := open(t, b, rules)
	guests := make([]*guest, n)
	for i := range guests {
		r.move(Second)
		s := r.arrival(queue.Arrival{ID: ID(i), Direct: true})
		r.want("arriving", s, queue.StateAdmitted)
		guests[i] = &guest{room: r, pass: queue.PassOf(ID(i), s.Entry), until: s.End, carried: carried{Shown: queue.Shown{Keyed: true}}}
	}
	r.heard()
	return r, guests
}

// next is a successor of what is carried, as a gateway gives it: each with its own tag.
func (g *guest) next(c carried) carried {
	g.tags++
	return carried{queue.Shown{Gen: c.Gen + 1, Parent: c.tag, Grand: c.Parent, Keyed: c.Keyed}, g.tags}
}

func (g *guest) show(c carried) { g.gate().Show(g.pass, g.until, c.Shown) }

// rotate takes a successor and shows it, a minute later.
func (g *guest) rotate() {
	g.move(60 * Second)
	g.carried = g.next(g.carried)
	g.show(g.carried)
	g.heard()
}

// floor waits until all that was shown has arrived, and is the floor of the guest.
func (g *guest) floor() int64 {
	g.tb.Helper()
	g.heard()
	floor := g.gates[0].Floor(g.pass)
	for _, other := range g.gates {
		if f := other.Floor(g.pass); f != floor {
			g.t.Fatalf("one gateway knows the floor %d, another %d", floor, f)
		}
	}
	return floor
}

// heard waits until all gateways' reports have arrived: a fork of a pass of its own, told
// behind them, is known.
func (r *room) heard() {
	r.tb.Helper()
	s := r.arrival(queue.Arrival{ID: ID(1 << 20), Direct: true})
	for s.State != queue.StateAdmitted {
		r.move(Second)
		s = r.enter(1<<20, s.Place)
	}
	p := queue.PassOf(ID(1<<20), s.Entry)
	for _, g := range r.gates {
		before := g.Floor(p)
		for parent := range uint32(2) {
			g.Show(p, s.End, queue.Shown{Gen: before + 5, Parent: parent + 1, Keyed: true})
		}
		eventually(r.tb, "the reports arrive", func() bool {
			r.refresh()
			return g.Floor(p) > before
		})
	}
	r.refresh() // the last report's answer may have come to its own gateway alone
}

func (g *guest) honest() {
	g.tb.Helper()
	if f := g.floor(); f != 0 {
		g.t.Fatalf("generation %d of an honest guest has a floor of %d", g.carried.Gen, f)
	}
}

// forks are those that the journal tells of a guest.
func (g *guest) told() []queue.Record {
	g.tb.Helper()
	var told []queue.Record
	for _, rec := range g.journal(queue.KindFork) {
		if len(rec.Tickets) == 1 && rec.Tickets[0].ID == g.pass.Ticket() {
			told = append(told, rec)
		}
	}
	return told
}

func rotatesInLine(t *testing.T, b *Bench) {
	_, guests := inside(t, b, 3)
	for range 30 {
		for _, g := range guests {
			g.carried = g.next(g.carried)
			g.show(g.carried)
			g.show(g.carried)
		}
		guests[0].heard()
		guests[0].move(60 * Second)
	}
	for _, g := range guests {
		g.honest()
	}
}

func rotatesInParallel(t *testing.T, b *Bench) {
	_, guests := inside(t, b, 1)
	g, random := guests[0], rand.New(rand.NewPCG(1, 2))
	for range 20 {
		g.move(60 * Second)
		var siblings []carried
		for range 100 {
			siblings = append(siblings, g.next(g.carried))
		}
		random.Shuffle(len(siblings), func(i, j int) { siblings[i], siblings[j] = siblings[j], siblings[i] })
		for _, s := range siblings[:random.IntN(len(siblings))] {
			g.show(s) // and of the others nothing is heard
		}
		g.carried = siblings[random.IntN(len(siblings))]
		g.heard()
	}
	g.honest()
}

func rotatesLate(t *testing.T, b *Bench) {
	_, guests := inside(t, b, 1)
	g := guests[0]
	for _, away := range []int64{Second, 60 * Second, 300 * Second, 600 * Second} {
		g.rotate()
		for range 5 {
			_ = g.next(g.carried) // lost on its way
			g.move(away)
			g.show(g.carried)
			g.heard()
		}
		g.honest()
	}
}

func rotatesInterleaved(t *testing.T, b *Bench) {
	_, guests := inside(t, b, 1)
	g := guests[0]
	for range 10 {
		old := g.carried
		sibling := g.next(old)
		g.rotate()
		newer := g.carried
		g.move(queue.Grace)
		for _, c := range []carried{sibling, old, newer, old, sibling} {
			g.show(c)
		}
		g.heard()
	}
	g.honest()
}

// stolen is a guest of whose pass there is a copy, after some minutes.
func stolen(t *testing.T, b *Bench) (*guest, carried) {
	t.Helper()
	_, guests := inside(t, b, 1)
	for range 3 {
		guests[0].rotate()
	}
	return guests[0], guests[0].carried
}

func forks(t *testing.T, b *Bench) {
	g, thief := stolen(t, b)
	for range 2 {
		g.honest()
		thief = g.next(thief)
		g.rotate()
		g.show(thief)
	}
	if f := g.floor(); f <= thief.Gen+1 || f <= g.carried.Gen+1 {
		t.Fatalf("the floor is %d; generation %d is in use by two", f, thief.Gen)
	}
	if told := g.told(); len(told) != 1 || told[0].Detail != fmt.Sprintf("floor=%d", g.floor()) {
		t.Errorf("the journal tells %+v", told)
	}
}

func forksStale(t *testing.T, b *Bench) {
	g, thief := stolen(t, b)
	g.rotate()
	g.move(queue.Grace)
	g.show(thief)
	g.honest()
	g.move(1)
	g.show(thief)
	if g.floor() <= g.carried.Gen+1 {
		t.Errorf("a copy one generation behind is in use, the floor is %d", g.floor())
	}
}

func forksOnce(t *testing.T, b *Bench) {
	g, thief := stolen(t, b)
	g.rotate()
	thief = g.next(g.next(thief))
	g.rotate()
	g.show(thief)
	floor := g.floor()
	for range 5 {
		g.show(thief)
		g.show(g.carried)
		g.show(g.next(g.carried))
		g.move(60 * Second)
	}
	if g.floor() != floor || len(g.told()) != 1 {
		t.Errorf("the floor was %d and is %d, told %d times", floor, g.floor(), len(g.told()))
	}
}

func forksProved(t *testing.T, b *Bench) {
	g, thief := stolen(t, b)
	for round := 1; round <= 3; round++ {
		for range 2 {
			thief = g.next(thief)
			g.rotate()
			g.show(thief)
		}
		floor := g.floor()
		if len(g.told()) != round || floor <= thief.Gen+1 {
			t.Fatalf("round %d: the floor is %d, told %d times", round, floor, len(g.told()))
		}
		for range 2 { // in two tabs
			g.tags++
			g.carried = carried{queue.Shown{Gen: floor, Keyed: true}, g.tags}
			g.show(g.carried)
		}
		for range 5 {
			g.rotate()
			g.show(thief)
		}
		if f := g.floor(); f != floor {
			t.Fatalf("round %d: who has proved is doubted again: the floor was %d and is %d", round, floor, f)
		}
		thief = g.carried // a new copy
	}
}

func forksKeyless(t *testing.T, b *Bench) {
	_, guests := inside(t, b, 1)
	g := guests[0]
	g.carried.Keyed = false
	g.rotate()
	thief := g.carried
	for range 6 {
		thief = g.next(thief)
		g.rotate()
		g.show(thief)
	}
	if f := g.floor(); f != 0 || len(g.told()) != 1 || g.told()[0].Detail != "no key" {
		t.Errorf("the floor is %d, the journal tells %+v", f, g.told())
	}
}

func forksCrash(t *testing.T, b *Bench) {
	r, guests := inside(t, b, 2)
	g, honest := guests[0], guests[1]
	thief := g.carried
	for range 2 {
		thief = g.next(thief)
		g.rotate()
		g.show(thief)
		honest.rotate()
	}
	floor := g.floor()
	for range 3 {
		r.crash()
		honest.rotate()
		g.show(g.carried)
		g.show(thief)
		if f := g.floor(); f != floor || floor == 0 {
			t.Fatalf("the floor was %d, after a crash it is %d", floor, f)
		}
		honest.honest()
	}
	if len(g.told()) != 1 {
		t.Errorf("told %d times", len(g.told()))
	}
}

func forksLoss(t *testing.T, b *Bench) {
	r, guests := inside(t, b, 2)
	honest, g := guests[0], guests[1]
	for range 3 {
		honest.rotate()
		g.rotate()
	}
	thief := g.carried
	r.lose()
	for range 2 {
		honest.rotate()
		thief = g.next(thief)
		g.rotate()
		g.show(thief)
	}
	honest.honest()
	floor := g.floor()
	if floor == 0 {
		t.Fatal("the store that lost its state finds no copies")
	}
	r.lose()
	g.show(thief)
	honest.rotate()
	honest.honest()
	if f := g.floor(); f < floor {
		t.Errorf("the floor was %d, after the loss it is %d", floor, f)
	}
}

func forksOver(t *testing.T, b *Bench) {
	g, thief := stolen(t, b)
	other := queue.PassOf(ID(0), 12345)
	for _, p := range []queue.PassID{other, g.pass} {
		if p == g.pass {
			g.end(g.pass)
		}
		for parent := range uint32(3) {
			g.gate().Show(p, g.until, queue.Shown{Gen: thief.Gen, Parent: 1000 + parent, Keyed: true})
		}
	}
	g.heard()
	if f := g.gates[0].Floor(other); f != 0 || g.floor() != 0 || len(g.told()) != 0 {
		t.Errorf("floors %d and %d, told %+v", f, g.floor(), g.told())
	}
}

func showsInside(t *testing.T, b *Bench) {
	g, _ := stolen(t, b)
	active := func() int64 { g.refresh(); return g.view().Active }
	g.heard()
	g.gate().Show(g.pass, b.Clock.Now()+10*Second, g.carried.Shown)
	g.heard()
	before := active()
	g.move(10 * Second)
	if active() != before-1 {
		t.Errorf("%d are inside after the pass ran out, %d before", active(), before)
	}
	g.gate().Show(g.pass, b.Clock.Now()+10*Second, g.carried.Shown)
	g.heard()
	if active() != before {
		t.Errorf("%d are inside after the pass was shown, want %d", active(), before)
	}
}
