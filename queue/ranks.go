package queue

import "sort"

// Ranks tells how many tickets are before a place. Implementations are safe for
// concurrent use.
type Ranks interface {
	// Ahead is how many tickets wait before the place; 0 at or below the front.
	Ahead(place int64) int64
}

const (
	// DenseRanks is how many tickets at the head have a knot of their own.
	DenseRanks = 128
	// knotGap is how many knots there are, at least, on the way from a rank to its
	// double: the resolution of the sparse part.
	knotGap = 24
)

// Knot is a place in the line and how many tickets wait before it.
type Knot struct{ Place, Rank int64 }

// Knots is a rank map: exact near the head, interpolated between knots behind.
//
// A knot keeps its place while it is in the line, and ranks are taken as no
// greater than the map before said. So the number that a map gives for one place
// never rises from one map to the next, although it is an interpolation: a map
// that only gains knots, at values no greater than its line there, lies below.
type Knots struct {
	knots []Knot // by place, rising
	front int64
	last  Knot // the end of the line: its last place, and how many wait in all
}

// Ahead implements Ranks.
func (k *Knots) Ahead(place int64) int64 {
	if k == nil || place <= k.front {
		return 0
	}
	i := sort.Search(len(k.knots), func(i int) bool { return k.knots[i].Place >= place })
	if i < len(k.knots) && k.knots[i].Place == place {
		return k.knots[i].Rank
	}
	lo, hi := Knot{Place: k.front}, k.last
	if i > 0 {
		lo = k.knots[i-1]
	}
	if i < len(k.knots) {
		hi = k.knots[i]
	}
	if place >= hi.Place || hi.Place == lo.Place {
		return hi.Rank
	}
	share := float64(place-lo.Place) / float64(hi.Place-lo.Place)
	return lo.Rank + int64(share*float64(hi.Rank-lo.Rank))
}

// Keep is the places of the knots behind the dense part, whose ranks the next map
// needs again, whatever else is sampled.
func (k *Knots) Keep() []int64 {
	if k == nil {
		return nil
	}
	var places []int64
	for _, n := range k.knots {
		if n.Rank >= DenseRanks {
			places = append(places, n.Place)
		}
	}
	return places
}

// SampleRanks lists the ranks behind the dense part at which a line of this length
// is sampled for new knots.
func SampleRanks(waiting int64) []int64 {
	var ranks []int64
	for r := int64(DenseRanks); r < waiting; r += max(1, r/knotGap) {
		ranks = append(ranks, r)
	}
	return ranks
}

// Read is what an engine reads of its line for a map.
type Read struct {
	Front, Last, Waiting int64
	// Kept are the knots of Keep, with their ranks now.
	Kept []Knot
	// Dense are the first tickets of the line, from rank 0 on.
	Dense []Knot
	// Samples are those at SampleRanks.
	Samples []Knot
}

// Next is the map after k, from what was read now. Without a map before, nil is
// one: then everything read counts as it is.
func (k *Knots) Next(r Read) *Knots {
	next := &Knots{front: r.Front, last: Knot{max(r.Last, r.Front), r.Waiting}}
	knots := make([]Knot, 0, len(r.Kept)+len(r.Dense)+len(r.Samples))
	knots = append(knots, r.Dense...)
	kept := len(knots)
	for _, n := range r.Kept {
		if n.Place > r.Front && (kept == 0 || n.Place > knots[kept-1].Place) {
			knots = append(knots, n)
		}
	}
	kept = len(knots)
	for _, n := range r.Samples {
		if sparse(knots[:kept], n) {
			knots = append(knots, n)
		}
	}
	sort.Slice(knots, func(i, j int) bool { return knots[i].Place < knots[j].Place })
	if k != nil {
		for i, n := range knots {
			if n.Place <= k.last.Place {
				knots[i].Rank = min(n.Rank, k.Ahead(n.Place))
			}
		}
	}
	next.knots = rising(knots)
	return next
}

// sparse says whether a new knot is far enough from those kept to be worth having.
func sparse(kept []Knot, n Knot) bool {
	i := sort.Search(len(kept), func(i int) bool { return kept[i].Place >= n.Place })
	gap := max(1, n.Rank/(2*knotGap))
	if i < len(kept) && kept[i].Rank-n.Rank < gap {
		return false
	}
	return i == 0 || n.Rank-kept[i-1].Rank >= gap
}

// rising drops double places and makes the ranks rise with them.
func rising(knots []Knot) []Knot {
	out := knots[:0]
	for _, n := range knots {
		if last := len(out) - 1; last >= 0 {
			if out[last].Place == n.Place {
				continue
			}
			n.Rank = max(n.Rank, out[last].Rank)
		}
		out = append(out, n)
	}
	return out
}
