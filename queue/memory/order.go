package memory

import (
	"cmp"
	"slices"
	"sort"
	"sync"

	"waitroom/queue"
)

// chunkSize is how many spots a chunk holds at most: a removal in the middle moves
// half of them, and twelve kilobytes is an allocation class without waste.
const chunkSize = 512

// spot is a ticket in the line.
type spot struct {
	place  int64
	id     queue.ID
	number uint32
}

func compareSpots(a, b spot) int {
	if a.place != b.place {
		return cmp.Compare(a.place, b.place)
	}
	return slices.Compare(a.id[:], b.id[:])
}

// chunk is a run of spots. Top bounds them from above and stays when they go, so
// that an empty chunk can be searched past.
type chunk struct {
	spots []spot
	top   spot
}

// order is the line: spots by place, and by ID where a draw gave one place twice.
// It implements queue.Ranks exactly. Changes come from one goroutine at a time;
// Ahead may be called from any number meanwhile.
type order struct {
	mu     sync.RWMutex
	chunks []*chunk
	counts fenwick // spots per chunk
	first  int     // chunks before it are empty
	count  int64

	places map[queue.ID]int64 // seen by the changing goroutine only
}

func newOrder() *order { return &order{places: map[queue.ID]int64{}} }

// Ahead implements queue.Ranks.
func (o *order) Ahead(place int64) int64 {
	o.mu.RLock()
	defer o.mu.RUnlock()
	at := o.find(spot{place: place})
	if at == len(o.chunks) {
		return o.count
	}
	spots := o.chunks[at].spots
	within := sort.Search(len(spots), func(i int) bool { return spots[i].place >= place })
	return o.counts.before(at) + int64(within)
}

// find is the first chunk whose top is not below the spot.
func (o *order) find(s spot) int {
	return sort.Search(len(o.chunks), func(i int) bool { return compareSpots(o.chunks[i].top, s) >= 0 })
}

// place is where the ticket waits.
func (o *order) place(id queue.ID) (int64, bool) {
	place, ok := o.places[id]
	return place, ok
}

// number is the ticket's count of arrivals, given its place.
func (o *order) number(id queue.ID, place int64) int64 {
	c, i, ok := o.seek(spot{place: place, id: id})
	if !ok {
		return 0
	}
	return int64(o.chunks[c].spots[i].number)
}

func (o *order) seek(s spot) (at, within int, ok bool) {
	at = o.find(s)
	if at == len(o.chunks) {
		return at, 0, false
	}
	within, ok = slices.BinarySearchFunc(o.chunks[at].spots, s, compareSpots)
	return at, within, ok
}

// insert puts a ticket into the line that is not in it.
func (o *order) insert(s spot) {
	o.places[s.id] = s.place
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count++
	if last := len(o.chunks) - 1; last < 0 || compareSpots(o.chunks[last].top, s) < 0 {
		o.push(s) // as nearly all do
		return
	}
	at := o.find(s)
	c := o.chunks[at]
	if len(c.spots) >= chunkSize {
		o.split(at)
		if compareSpots(o.chunks[at].top, s) < 0 {
			at++
		}
		c = o.chunks[at]
	}
	within, _ := slices.BinarySearchFunc(c.spots, s, compareSpots)
	c.spots = slices.Insert(c.spots, within, s)
	o.counts.add(at, 1)
	o.first = min(o.first, at)
}

// push puts a spot behind all others.
func (o *order) push(s spot) {
	last := len(o.chunks) - 1
	if last < 0 || len(o.chunks[last].spots) >= chunkSize {
		o.chunks = append(o.chunks, &chunk{})
		o.counts.grow()
		last++
	}
	c := o.chunks[last]
	c.spots, c.top = append(c.spots, s), s
	o.counts.add(last, 1)
	o.first = min(o.first, last)
}

func (o *order) split(at int) {
	c := o.chunks[at]
	half := len(c.spots) / 2
	tail := &chunk{spots: slices.Clone(c.spots[half:]), top: c.top}
	c.spots = slices.Clone(c.spots[:half])
	c.top = c.spots[half-1]
	o.chunks = slices.Insert(o.chunks, at+1, tail)
	o.recount()
}

// remove takes a ticket out of the line, wherever it is.
func (o *order) remove(id queue.ID) (spot, bool) {
	place, ok := o.places[id]
	if !ok {
		return spot{}, false
	}
	delete(o.places, id)
	o.mu.Lock()
	defer o.mu.Unlock()
	at, within, ok := o.seek(spot{place: place, id: id})
	if !ok {
		panic("BUG: a ticket has a place in the index and none in the order")
	}
	c := o.chunks[at]
	s := c.spots[within]
	if within == 0 {
		c.spots = c.spots[1:]
	} else {
		c.spots = slices.Delete(c.spots, within, within+1)
	}
	o.shrink(at)
	return s, true
}

// shrink notes that a chunk lost a spot.
func (o *order) shrink(at int) {
	o.count--
	o.counts.add(at, -1)
	if len(o.chunks[at].spots) == 0 {
		o.chunks[at].spots = nil
	}
	for o.first < len(o.chunks) && len(o.chunks[o.first].spots) == 0 {
		o.first++
	}
	if o.first > 64 && o.first > len(o.chunks)/2 {
		o.chunks = slices.Clone(o.chunks[o.first:])
		o.first = 0
		o.recount()
	}
}

func (o *order) recount() {
	o.counts = o.counts[:0]
	for _, c := range o.chunks {
		o.counts.grow()
		o.counts.add(len(o.counts)-1, int64(len(c.spots)))
	}
}

// head is the first tickets of the line, at most n.
func (o *order) head(n int64) []spot {
	n = min(n, o.count)
	spots := make([]spot, 0, n)
	for at := o.first; int64(len(spots)) < n; at++ {
		here := o.chunks[at].spots
		spots = append(spots, here[:min(int64(len(here)), n-int64(len(spots)))]...)
	}
	return spots
}

// fenwick is a Fenwick tree: sums of a prefix, and changes, in logarithmic time.
type fenwick []int64

// before is the sum of all values before index i.
func (f fenwick) before(i int) int64 {
	var sum int64
	for ; i > 0; i &= i - 1 {
		sum += f[i-1]
	}
	return sum
}

func (f fenwick) add(i int, n int64) {
	for i++; i <= len(f); i += i & -i {
		f[i-1] += n
	}
}

// grow appends a zero.
func (f *fenwick) grow() {
	i := len(*f) + 1
	*f = append(*f, f.before(i-1)-f.before(i&(i-1)))
}
