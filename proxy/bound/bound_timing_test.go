//go:build !race

package bound

import (
	"testing"

	"waitroom/proxy/visitor"
)

func TestJudgingAllocatesNothing(t *testing.T) {
	s := begin(t, true)
	p := s.pass
	p.Bound = key
	q, v := s.request(s.confirmed(key, noon+1)), visitor.Visitor{Device: p.Device, Known: true, Bound: key}
	if n := testing.AllocsPerRun(200, func() {
		if s.room.Judge(q, &v, &p, noon) != Fresh {
			t.Fatal("not fresh")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkJudge is what a bound pass costs a request beyond the pass itself, without reading the device's cookie.
func BenchmarkJudge(b *testing.B) {
	s := begin(b, true)
	p := s.pass
	p.Bound = key
	q, v := s.request(s.confirmed(key, noon+1)), visitor.Visitor{Device: p.Device, Known: true, Bound: key}
	b.ReportAllocs()
	for b.Loop() {
		s.room.Judge(q, &v, &p, noon)
	}
}
