package memory

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"waitroom/queue"
)

func id(n int) queue.ID {
	var i queue.ID
	binary.BigEndian.PutUint64(i[4:], uint64(n))
	return i
}

func (o *order) all() []spot { return o.head(o.count) }

func TestTheOrderIsASortedListWithRanks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOrder()
		var want []spot
		next := 0
		insert := func(place int64) {
			s := spot{place, id(next * 7919 % 100_003), uint32(next)}
			next++
			at, _ := slices.BinarySearchFunc(want, s, compareSpots)
			want = slices.Insert(want, at, s)
			o.insert(s)
		}
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			n := rapid.IntRange(0, 3*chunkSize).Draw(t, "n")
			switch rapid.SampledFrom([]string{"append", "insert", "twins", "pop", "remove"}).Draw(t, "what") {
			case "append":
				for range n {
					insert(int64(1_000_000 + next))
				}
			case "insert":
				for range n {
					insert(int64(next * 31_337 % 1_000_000))
				}
			case "twins":
				for range n {
					insert(int64(next % 5))
				}
			case "pop":
				for _, s := range o.head(int64(n)) {
					o.remove(s.id)
				}
				want = want[min(n, len(want)):]
			case "remove":
				for range min(n, len(want)) {
					at := (next * 131) % len(want)
					next++
					got, ok := o.remove(want[at].id)
					if !ok || got != want[at] {
						t.Fatalf("removed %v, want %v", got, want[at])
					}
					want = slices.Delete(want, at, at+1)
				}
			}
			sameOrder(t, o, want)
		}
	})
}

func sameOrder(t *rapid.T, o *order, want []spot) {
	if d := cmp.Diff(want, o.all(), cmp.AllowUnexported(spot{})); d != "" && len(want)+len(o.all()) > 0 {
		t.Fatalf("the order (-want +got): %s", d)
	}
	for i := 0; i < len(want); i += max(1, len(want)/50) {
		ahead := int64(slices.IndexFunc(want, func(s spot) bool { return s.place >= want[i].place }))
		if got := o.Ahead(want[i].place); got != ahead {
			t.Fatalf("before place %d are %d, want %d", want[i].place, got, ahead)
		}
		if got := o.number(want[i].id, want[i].place); got != int64(want[i].number) {
			t.Fatalf("number %d, want %d", got, want[i].number)
		}
	}
	if got := o.Ahead(1 << 60); got != int64(len(want)) {
		t.Fatalf("before the end are %d, want %d", got, len(want))
	}
}

func TestRanksCanBeReadWhileTheLineMoves(t *testing.T) {
	o := newOrder()
	for n := range 5000 {
		o.insert(spot{int64(n), id(n), 0})
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := int64(5000)
			for {
				select {
				case <-stop:
					return
				default:
				}
				got := o.Ahead(4999)
				if got > last {
					t.Errorf("before the last are %d, were %d", got, last)
					return
				}
				last = got
			}
		})
	}
	for n := range 4999 {
		o.remove(id(n))
		o.insert(spot{int64(10_000 + n), id(10_000 + n), 0})
	}
	close(stop)
	wg.Wait()
	if got := o.Ahead(4999); got != 0 {
		t.Errorf("before the last are %d, want 0", got)
	}
}

func TestTimersComeEarliestFirst(t *testing.T) {
	var h timers[queue.ID]
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		h.push(r.Int64N(500), queue.ID{})
	}
	last, n := int64(-1), 0
	for {
		got, ok := h.due(249)
		if !ok {
			break
		}
		if got.at < last {
			t.Fatalf("%d after %d", got.at, last)
		}
		last = got.at
		n++
	}
	if len(h) != 1000-n || last > 249 || n < 400 {
		t.Errorf("%d were due, the last at %d, %d are left", n, last, len(h))
	}
	for _, left := range h {
		if left.at <= 249 {
			t.Errorf("the timer at %d was not due", left.at)
		}
	}
}
