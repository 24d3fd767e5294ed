package queue

import (
	"cmp"
	"slices"
	"sort"
)

// Ranks tells how many tickets are before a place. Implementations are safe for
// concurrent use.
type Ranks interface {
	// Ahead is how many tickets wait before the place; 0 at or below the front.
	Ahead(place int64) int64
}

const (
	// DenseRanks is how many tickets at the head have a knot of their own.
	DenseRanks = 128
	// sampleShare is the distance between two samples, as a part of their rank.
	sampleShare = 24
	// knotShare is the least distance between two knots, as a part of their rank.
	knotShare = 40
)

// Knot is a place in the line and how many tickets wait before it.
type Knot struct{ Place, Rank int64 }

// Knots is a rank map: exact near the head, and behind it the rank of the next knot
// at or after a place. That is never too low, so it never has to rise: however
// unevenly people came, refining a map only lowers its numbers, and at the head they
// are exact. An interpolation would be too low wherever many came at once, and would
// have to stay so.
//
// The number for a place that a map covers does not rise from one map to the next
// while people arrive behind, are called from the head, or leave anywhere. Where
// tickets are put back before a place, its number may rise by as many.
type Knots struct {
	knots   []knot // by place, rising; the last is the end of the line
	dense   int    // how many of them are the tickets at the head
	front   int64
	waiting int64
}

// knot is a knot with what is told of it: less than its rank for a while, where it
// took the place of one that had been told less.
type knot struct{ place, rank, told int64 }

// Ahead implements Ranks. A place behind the end of the line that the map knows has
// all of it ahead.
func (k *Knots) Ahead(place int64) int64 {
	if k == nil || place <= k.front {
		return 0
	}
	i := sort.Search(len(k.knots), func(i int) bool { return k.knots[i].place >= place })
	if i == len(k.knots) {
		return k.waiting
	}
	return k.knots[i].told
}

// Keep is the places whose ranks the next map needs, whatever else is sampled: how
// many wait before each, whether or not somebody still waits there.
func (k *Knots) Keep() []int64 {
	if k == nil || len(k.knots) == 0 {
		return nil
	}
	var places []int64
	for _, n := range k.knots[min(k.dense, len(k.knots)-1):] {
		places = append(places, n.place)
	}
	return places
}

// SampleRanks lists the ranks behind the dense part at which a line of this length
// is sampled for new knots.
func SampleRanks(waiting int64) []int64 {
	var ranks []int64
	for r := int64(DenseRanks); r < waiting; r += max(1, r/sampleShare) {
		ranks = append(ranks, r)
	}
	return ranks
}

// Read is what an engine reads of its line for a map.
type Read struct {
	Front, Last, Waiting int64
	// Kept are the knots of Keep, with their ranks now.
	Kept []Knot
	// Dense are the first tickets of the line, from rank 0 on, as many as there are up
	// to DenseRanks.
	Dense []Knot
	// Samples are those at SampleRanks.
	Samples []Knot
}

// Next is the map after k, from what was read now; k may be nil. All that was read
// is of one moment.
func (k *Knots) Next(r Read) *Knots {
	next := &Knots{front: r.Front, waiting: r.Waiting, dense: len(r.Dense)}
	head := r.Front
	for _, n := range r.Dense {
		next.knots = append(next.knots, knot{n.Place, n.Rank, n.Rank})
		head = n.Place
	}
	kept := k.thin(k.told(r.Kept, head, r))
	for _, n := range k.told(r.Samples, head, r) {
		if apart(kept, n) {
			next.knots = append(next.knots, n)
		}
	}
	next.knots = append(next.knots, kept...)
	slices.SortFunc(next.knots, func(a, b knot) int { return cmp.Compare(a.place, b.place) })
	if r.Waiting > 0 && r.Last > max(r.Front, next.End()) {
		next.knots = append(next.knots, knot{r.Last, r.Waiting, r.Waiting - 1})
	}
	return next
}

// End is the last place that the map tells of, 0 where nobody waits.
func (k *Knots) End() int64 {
	if k == nil || len(k.knots) == 0 {
		return 0
	}
	return k.knots[len(k.knots)-1].place
}

// told makes knots of what was read behind the head: nothing is told that is more
// than the map before said, with what was put back since, or than all others who wait.
func (k *Knots) told(read []Knot, head int64, r Read) []knot {
	grown := k.grown(r.Kept)
	var knots []knot
	for _, n := range read {
		if n.Place <= head {
			continue
		}
		told := min(n.Rank, max(0, r.Waiting-1))
		if n.Place <= k.End() {
			told = min(told, k.Ahead(n.Place)+grown)
		}
		knots = append(knots, knot{n.Place, n.Rank, told})
	}
	return knots
}

// grown is how many tickets were put back before a place since this map, as far as
// the ranks of its own knots show it.
func (k *Knots) grown(kept []Knot) int64 {
	var most int64
	if k == nil {
		return 0
	}
	for _, n := range kept {
		i := sort.Search(len(k.knots), func(i int) bool { return k.knots[i].place >= n.Place })
		if i < len(k.knots) && k.knots[i].place == n.Place {
			most = max(most, n.Rank-k.knots[i].rank)
		}
	}
	return most
}

// thin drops knots that came too near to the next, which is then told what they
// were: the end of the line as it moves, and those between whom many left.
func (k *Knots) thin(knots []knot) []knot {
	out := knots[:0]
	for _, n := range knots {
		if last := len(out) - 1; last >= 0 && n.rank-out[last].told < least(n.rank) {
			n.told = min(n.told, out[last].told)
			out = out[:last]
		}
		out = append(out, n)
	}
	return out
}

// apart says whether a new knot is far enough from those kept to be worth having. By
// the same measure as thin: none may come between a knot and those it stands for.
func apart(kept []knot, n knot) bool {
	i := sort.Search(len(kept), func(i int) bool { return kept[i].place >= n.place })
	if i < len(kept) && kept[i].rank-n.rank < least(kept[i].rank) {
		return false
	}
	return i == 0 || n.rank-kept[i-1].rank >= least(n.rank)
}

// least is the least distance of two knots at a rank.
func least(rank int64) int64 { return max(1, rank/knotShare) }
