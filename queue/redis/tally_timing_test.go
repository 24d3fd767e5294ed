package redis

import (
	"context"
	"testing"

	"waitroom/queue"
	"waitroom/queue/redis/redistest"
)

// BenchmarkTally is what a gateway does once a second for four identity providers.
func BenchmarkTally(b *testing.B) {
	g := open(b, Options{URL: redistest.Start(b).URL()}).Tallies()
	told := make([]queue.Counted, 4)
	for i, name := range []string{"kakao", "naver", "pass", "mobile"} {
		told[i] = queue.Counted{Name: name, Counts: []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}}
	}
	var after int64
	for b.Loop() {
		answer, err := g.Tally(context.Background(), told, queue.Ask{Length: 10_000_000, After: after, Most: 48})
		if err != nil {
			b.Fatal(err)
		}
		after = answer.Now/10_000_000 - 1
	}
}
