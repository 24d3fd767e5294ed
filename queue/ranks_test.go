package queue_test

import (
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"waitroom/queue"
)

// crowd is a line as an engine holds it: the places of those who wait, rising.
type crowd struct {
	places      []int64
	front, last int64
	now         int64
}

func (c *crowd) arrive(n int, gap int64) {
	for range n {
		c.now += gap
		c.last = max(c.last+1, c.now)
		c.places = append(c.places, c.last)
	}
}

func (c *crowd) call(n int) {
	n = min(n, len(c.places))
	if n > 0 {
		c.front = c.places[n-1]
		c.places = c.places[n:]
	}
}

// leave takes every nth of those from one rank to another out of the line.
func (c *crowd) leave(from, to, nth int) {
	rank := -1
	c.places = slices.DeleteFunc(c.places, func(int64) bool {
		rank++
		return rank >= from && rank < to && rank%nth == 0
	})
}

func (c *crowd) rank(place int64) int64 {
	return int64(sort.Search(len(c.places), func(i int) bool { return c.places[i] >= place }))
}

// read is what an engine reads for the map after k.
func (c *crowd) read(k *queue.Knots) queue.Read {
	r := queue.Read{Front: c.front, Last: c.last, Waiting: int64(len(c.places))}
	for _, place := range k.Keep() {
		r.Kept = append(r.Kept, queue.Knot{Place: place, Rank: c.rank(place)})
	}
	for i, place := range c.places[:min(len(c.places), queue.DenseRanks)] {
		r.Dense = append(r.Dense, queue.Knot{Place: place, Rank: int64(i)})
	}
	for _, rank := range queue.SampleRanks(r.Waiting) {
		r.Samples = append(r.Samples, queue.Knot{Place: c.places[rank], Rank: rank})
	}
	return r
}

// check compares a map with the line, and with the map before it.
func (c *crowd) check(t *rapid.T, k, old *queue.Knots, covered int64) {
	before := int64(0)
	for rank, place := range c.places {
		rank := int64(rank)
		got := k.Ahead(place)
		if rank < queue.DenseRanks && got != rank {
			t.Fatalf("rank %d near the head is told as %d", rank, got)
		}
		if low, high := rank-rank/32, rank+rank/8; got < low || got > high {
			t.Fatalf("rank %d is told as %d, want %d to %d", rank, got, low, high)
		}
		if got >= int64(len(c.places)) {
			t.Fatalf("rank %d is told that %d of %d are ahead", rank, got, len(c.places))
		}
		if got < before {
			t.Fatalf("rank %d is told as %d, but who stands before as %d", rank, got, before)
		}
		before = got
		if place <= covered && got > old.Ahead(place) {
			t.Fatalf("rank %d rose from %d to %d", rank, old.Ahead(place), got)
		}
	}
	if got := k.Ahead(c.front); got != 0 {
		t.Fatalf("%d are ahead of the place last called", got)
	}
}

func TestPositionsNeverRiseAndAreNearTheTruthHoweverTheLineMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &crowd{now: begin}
		var k *queue.Knots
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			covered := c.last
			for range rapid.IntRange(1, 3).Draw(t, "moves") {
				n := len(c.places)
				switch rapid.IntRange(0, 6).Draw(t, "move") {
				case 0, 1:
					c.arrive(rapid.IntRange(1, 1500).Draw(t, "burst"), 0)
				case 2:
					c.arrive(rapid.IntRange(1, 30).Draw(t, "trickle"), rapid.Int64Range(1, 60*second).Draw(t, "gap"))
				case 3, 4:
					c.call(rapid.IntRange(1, 200).Draw(t, "calls"))
				case 5:
					c.call(rapid.IntRange(0, n).Draw(t, "many calls"))
				case 6:
					from := rapid.IntRange(0, n).Draw(t, "from")
					c.leave(from, rapid.IntRange(from, n).Draw(t, "to"), rapid.IntRange(1, 10).Draw(t, "nth"))
				}
			}
			next := k.Next(c.read(k))
			c.check(t, next, k, covered)
			k = next
		}
	})
}

func TestPositionsAreExactWhereTheWholeLineIsNearTheHead(t *testing.T) {
	c := &crowd{now: begin}
	c.arrive(queue.DenseRanks, 17)
	var none *queue.Knots
	k := none.Next(c.read(none))
	for rank, place := range c.places {
		if got := k.Ahead(place); got != int64(rank) {
			t.Fatalf("rank %d is told as %d", rank, got)
		}
	}
	if got := k.Ahead(c.last + 1); got != queue.DenseRanks {
		t.Errorf("%d are ahead of who comes next, want all %d", got, queue.DenseRanks)
	}
}

func TestAMapOfNothing(t *testing.T) {
	var none *queue.Knots
	f := func(why string, k *queue.Knots, place, want int64) {
		t.Helper()
		if got := k.Ahead(place); got != want {
			t.Errorf("%d are ahead, want %d: %s", got, want, why)
		}
		if got := k.Keep(); got != nil {
			t.Errorf("%v are kept of nothing: %s", got, why)
		}
	}
	f("no map has been read", none, begin, 0)
	f("the zero value", &queue.Knots{}, begin, 0)
	f("an empty line", none.Next(queue.Read{Front: begin, Last: begin}), begin+1, 0)
	f("an empty line whose last ticket left", none.Next(queue.Read{Front: begin, Last: begin + 5}), begin+3, 0)
}

func TestManyWhoComeAtOnceBehindAFewAreNotTakenForFew(t *testing.T) {
	c := &crowd{now: begin}
	c.arrive(2000, 10*second)
	var none *queue.Knots
	k := none.Next(c.read(none))
	seen := c.last
	c.arrive(50_000, 0) // all within 50 ms, and then nobody for an hour
	c.now += 3600 * second
	c.arrive(1, 0)
	k = k.Next(c.read(k))
	if got := k.Ahead(seen); got > 1999+1 {
		t.Errorf("the last of the few was 2000th and is told %d are ahead", got)
	}
	place := c.places[40_000]
	for len(c.places) > 0 && place > c.front {
		truth, got := c.rank(place), k.Ahead(place)
		if got < truth-truth/32 || got > truth+truth/8 {
			t.Fatalf("rank %d is told as %d", truth, got)
		}
		c.call(997)
		k = k.Next(c.read(k))
	}
}

func TestTicketsPutBackCountForThoseBehindThem(t *testing.T) {
	f := func(why string, before, after int) {
		t.Helper()
		c := &crowd{now: begin}
		c.arrive(before+after, 10)
		all := c.places
		c.places = slices.Clone(all[before:])
		var none *queue.Knots
		k := none.Next(c.read(none))
		c.places = all
		k = k.Next(c.read(k))
		for rank, place := range all {
			truth, got := int64(rank), k.Ahead(place)
			if got < truth-truth/32 || got > truth+truth/8 {
				t.Errorf("rank %d is told as %d: %s", truth, got, why)
				return
			}
		}
	}
	f("a store lost all but the last ticket, and all came back", 20_000, 1)
	f("one came back", 1, 20_000)
	f("as many as are shown exactly, among as many", queue.DenseRanks, queue.DenseRanks)
	f("a draw puts newcomers before those who came first", 10_000, 10_000)
}

// sums is a line of millions, of which only formulas exist: ticket i has a place by
// its arrival, those below head were called, and of every ten the first few left.
type sums struct {
	head, tail int64
	left       int64
	burst      int64 // how many come at once; then a second of silence
}

func (s *sums) place(i int64) int64 { return begin + i/s.burst*second + i%s.burst }

// below is how many tickets before ticket i have not left.
func (s *sums) below(i int64) int64 { return i/10*(10-s.left) + max(0, i%10-s.left) }

func (s *sums) waiting() int64 { return s.below(s.tail) - s.below(s.head) }

// at is the ticket at a rank.
func (s *sums) at(rank int64) int64 {
	rank += s.below(s.head)
	return rank/(10-s.left)*10 + s.left + rank%(10-s.left)
}

func (s *sums) rank(place int64) int64 {
	i := sort.Search(int(s.tail), func(i int) bool { return s.place(int64(i)) >= place })
	return max(0, s.below(int64(i))-s.below(s.head))
}

func (s *sums) read(k *queue.Knots) queue.Read {
	r := queue.Read{Front: s.place(s.head) - 1, Last: s.place(s.tail - 1), Waiting: s.waiting()}
	for _, place := range k.Keep() {
		r.Kept = append(r.Kept, queue.Knot{Place: place, Rank: s.rank(place)})
	}
	for i := range min(r.Waiting, queue.DenseRanks) {
		r.Dense = append(r.Dense, queue.Knot{Place: s.place(s.at(i)), Rank: i})
	}
	for _, rank := range queue.SampleRanks(r.Waiting) {
		r.Samples = append(r.Samples, queue.Knot{Place: s.place(s.at(rank)), Rank: rank})
	}
	return r
}

// mostKnots is how many knots a map of ten million has at most.
const mostKnots = 600

func TestTenMillionWaitInAFewHundredKnots(t *testing.T) {
	f := func(why string, burst int64) {
		t.Helper()
		s := &sums{tail: 1, burst: burst}
		var k *queue.Knots
		check := func() {
			t.Helper()
			k = k.Next(s.read(k))
			if n := len(k.Keep()); n+queue.DenseRanks > mostKnots {
				t.Fatalf("%d knots are kept behind the head of %d: %s", n, s.waiting(), why)
			}
			for rank := int64(1); rank < s.waiting(); rank += 1 + rank/7 {
				got := k.Ahead(s.place(s.at(rank)))
				if got < rank-rank/32 || got > rank+rank/8 {
					t.Fatalf("rank %d of %d is told as %d: %s", rank, s.waiting(), got, why)
				}
			}
		}
		for s.tail < 10_000_000 {
			s.tail += 1 + s.tail/50
			check()
		}
		for range 5 { // they go, a tenth at a time
			s.left++
			check()
		}
		for s.head < s.tail-1000 {
			s.head += 1 + (s.tail-s.head)/50
			check()
		}
	}
	f("one each second", 1)
	f("evenly", 1_000)
	f("in bursts of a hundred thousand", 100_000)
}

func TestSampleRanksStayFew(t *testing.T) {
	f := func(waiting int64, most int) {
		t.Helper()
		ranks := queue.SampleRanks(waiting)
		if len(ranks) > most {
			t.Errorf("%d samples of a line of %d, want at most %d", len(ranks), waiting, most)
		}
		for _, r := range ranks {
			if r < queue.DenseRanks || r >= waiting {
				t.Errorf("rank %d is sampled in a line of %d", r, waiting)
			}
		}
	}
	f(0, 0)
	f(queue.DenseRanks, 0)
	f(queue.DenseRanks+1, 1)
	f(10_000_000, 300)
}
