package redis

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/redis/go-redis/v9"

	"waitroom/queue"
)

// recordedLength is the length of one ticket in a record: id, place, entry.
const recordedLength = 12 + 8 + 8

// Journal implements queue.Operated. A cursor is the id of a stream entry.
func (l *Line) Journal(ctx context.Context, after string, limit int) ([]queue.Record, error) {
	var entries []redis.XMessage
	var err error
	name := l.keys[5]
	switch after {
	case "-":
		entries, err = l.store.client.XRevRangeN(ctx, name, "+", "-", int64(limit)).Result()
		for i, j := 0, len(entries)-1; i < j; i, j = i+1, j-1 {
			entries[i], entries[j] = entries[j], entries[i]
		}
	case "":
		entries, err = l.store.client.XRangeN(ctx, name, "-", "+", int64(limit)).Result()
	default:
		entries, err = l.store.client.XRangeN(ctx, name, "("+after, "+", int64(limit)).Result()
	}
	if redis.HasErrorPrefix(err, "Invalid stream ID") || redis.HasErrorPrefix(err, "invalid start ID") {
		return nil, fmt.Errorf("%q is no cursor: %w", after, err)
	}
	if err != nil {
		return nil, away("read the journal", err)
	}
	records := make([]queue.Record, 0, len(entries))
	for _, e := range entries {
		text := func(name string) string { s, _ := e.Values[name].(string); return s }
		records = append(records, queue.Record{
			Cursor: e.ID, At: whole(text("t")), Kind: queue.Kind(text("k")), By: text("by"), Detail: text("w"),
			Tickets: recorded([]byte(text("d"))),
		})
	}
	return records, nil
}

func recorded(packed []byte) []queue.Recorded {
	var tickets []queue.Recorded
	for ; len(packed) >= recordedLength; packed = packed[recordedLength:] {
		tickets = append(tickets, queue.Recorded{
			ID:    queue.ID(packed[:12]),
			Place: int64(math.Float64frombits(binary.BigEndian.Uint64(packed[12:]))),
			Entry: int64(math.Float64frombits(binary.BigEndian.Uint64(packed[20:]))),
		})
	}
	return tickets
}
