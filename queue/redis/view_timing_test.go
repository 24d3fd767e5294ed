package redis

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"

	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// BenchmarkRefresh is the reading of the view that polls are answered from, with the
// trip and what Redis does for it.
func BenchmarkRefresh(b *testing.B) {
	for _, waiting := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			server, ctx := redistest.Start(b), context.Background()
			l := gateway(b, server.URL(), fast())
			c := server.Client()
			defer c.Close()
			for at := 0; at < waiting; at += 20_000 {
				upto := min(at+20_000, waiting) - 1
				err := fill.Run(ctx, c, []string{l.keys[0], l.keys[4]}, at, upto, queuetest.Start).Err()
				if err != nil && !errors.Is(err, redis.Nil) {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Refresh(ctx); err != nil {
					b.Fatal(err)
				}
			}
			if n := l.View().Waiting; n != int64(waiting) {
				b.Fatalf("%d wait", n)
			}
		})
	}
}
