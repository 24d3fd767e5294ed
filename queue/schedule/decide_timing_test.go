package schedule

import "testing"

func BenchmarkDecide(b *testing.B) {
	s, instant := august(b), int64(1628766000000000) // the 12th, 20:00
	for b.Loop() {
		s.Decide(Facts{Digit: 8}, instant)
	}
}
