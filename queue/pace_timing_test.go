package queue_test

import (
	"math"
	"testing"

	"waitroom/queue"
)

// busy is a pace in service: every cohort open, half of those called inside.
func busy() queue.Pace {
	p := queue.NewPace(begin)
	p.Interval, p.Burst = 1800, 100
	for i := range int64(40) {
		p.Called(begin+i*second/4, i*100, i*100+100, 100)
		for place := i*100 + 1; place <= i*100+50; place++ {
			p.Entered(place)
		}
	}
	return p
}

func BenchmarkTake(b *testing.B) {
	p, now := busy(), begin+10*second
	b.ReportAllocs()
	for b.Loop() {
		now += 1800
		p.Take(p.At(now))
	}
}

func BenchmarkEntered(b *testing.B) {
	p := busy()
	b.ReportAllocs()
	for b.Loop() {
		p.Entered(3999)
	}
}

func BenchmarkCalls(b *testing.B) {
	p := busy()
	b.ReportAllocs()
	for b.Loop() {
		p.Calls(begin+10*second, math.MaxInt64, math.MaxInt64)
	}
}
