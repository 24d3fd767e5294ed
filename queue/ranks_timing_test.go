package queue_test

import (
	"fmt"
	"testing"
	"time"

	"waitroom/queue"
)

// mapped is the map of a line that grew to so many, and what is read for the next.
func mapped(waiting int64) (*queue.Knots, queue.Read, *sums) {
	s := &sums{tail: 1, burst: 100_000}
	var k *queue.Knots
	for s.tail < waiting {
		s.tail = min(waiting, s.tail+1+s.tail/50)
		k = k.Next(s.read(k))
	}
	return k, s.read(k), s
}

func BenchmarkAhead(b *testing.B) {
	for _, waiting := range []int64{1_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			k, _, s := mapped(waiting)
			first, last := s.place(0), s.place(waiting-1)
			place, step := first, (last-first)/1009+1
			b.ReportAllocs()
			for b.Loop() {
				if place += step; place > last {
					place = first
				}
				k.Ahead(place)
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	for _, waiting := range []int64{1_000, 1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			k, read, _ := mapped(waiting)
			b.ReportAllocs()
			b.ReportMetric(float64(len(read.Kept)+len(read.Samples)), "ranks-read")
			for b.Loop() {
				k.Next(read)
			}
		})
	}
}

func BenchmarkStanding(b *testing.B) {
	k, read, s := mapped(10_000_000)
	v := open()
	v.Front, v.Last, v.Waiting, v.Ranks = read.Front, read.Last, read.Waiting, k
	v.After(nil, time.Now(), time.Now())
	place := s.place(5_000_000)
	b.ReportAllocs()
	for b.Loop() {
		v.Standing(place, 0, v.At, 0.5)
	}
}

func BenchmarkAfter(b *testing.B) {
	w := &watch{nil, open().After(nil, time.Now(), time.Now())}
	w.calls(60, 400)
	next := *w.view
	next.At += second / 4
	b.ReportAllocs()
	for b.Loop() {
		v := next
		v.After(w.view, time.Time{}, time.Time{})
	}
}
