package memory

import (
	"fmt"
	"testing"
)

// BenchmarkRefresh is the reading of the view that polls are answered from.
func BenchmarkRefresh(b *testing.B) {
	for _, waiting := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			s, err := Open(Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			l, err := s.Room("booking", rules())
			if err != nil {
				b.Fatal(err)
			}
			l.mu.Lock()
			for i := range waiting {
				l.state.line.insert(spot{int64(i), id(i), uint32(i)})
			}
			l.mu.Unlock()
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Refresh(bg); err != nil {
					b.Fatal(err)
				}
			}
			if n := l.View().Waiting; n != int64(waiting) {
				b.Fatalf("%d wait", n)
			}
		})
	}
}
