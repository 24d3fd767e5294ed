package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"

	"waitroom/queue"
	"waitroom/queue/redis"
)

const (
	second = 1_000_000
	// room is the name of the line that is measured.
	room = "growth"
	// together is how many visitors ask at the same moment where many come at once.
	together = 512
	// cohort is how many join, are called and enter in one round: what one tick calls.
	cohort = 1000
)

// rules let in more than any machine can, so that each tick calls a whole cohort.
func rules() queue.Rules {
	return queue.Rules{RatePerHour: 1e9, Burst: cohort, Hold: 1800 * second, PassTTL: 600 * second}
}

// line is one room in a Redis of the bench's own, and those who were called last.
type line struct {
	server *server
	store  *redis.Store
	room   *redis.Line
	key    string // of the sorted set of those who wait
	state  string
	called string
	next   uint64 // number of the next visitor
	front  int64
}

func openLine(ctx context.Context, s *server, r queue.Rules) (*line, error) {
	store, err := redis.Open(ctx, redis.Options{URL: s.url()})
	if err != nil {
		return nil, err
	}
	l, err := store.Room(ctx, room, r)
	if err != nil {
		return nil, err
	}
	base := "waitroom:{" + room + "}:"
	return &line{server: s, store: store, room: l, key: base + "line", state: base + "state", called: base + "called"}, nil
}

// visitor is the id of the nth visitor: spread like the keyed hash that real ones are.
func visitor(n uint64) (id queue.ID) {
	mix := func(z uint64) uint64 { // splitmix64
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	binary.BigEndian.PutUint64(id[:8], mix(n*0x9e3779b97f4a7c15))
	binary.BigEndian.PutUint32(id[8:], uint32(mix(n+1)))
	return id
}

// fill makes the line as long as wanted: it writes the sorted set itself, for which
// joining would take ten times as long.
func (l *line) fill(ctx context.Context, wanted int64) error {
	c := l.server.client
	has, err := c.ZCard(ctx, l.key).Result()
	if err != nil {
		return err
	}
	numbers, err := c.HGet(ctx, l.state, "numbers").Bytes() // the first is the place given last
	if err != nil || len(numbers) < 8 {
		return fmt.Errorf("read the place given last: %w", err)
	}
	last := max(int64(math.Float64frombits(binary.BigEndian.Uint64(numbers))), l.room.View().Now()-(wanted-has))
	before := has
	for has < wanted {
		pipe := c.Pipeline()
		for range 20 {
			n := min(wanted-has, 1000)
			members := make([]goredis.Z, n)
			for i := range members {
				last++
				id := visitor(l.number())
				members[i] = goredis.Z{Score: float64(last), Member: id[:]}
			}
			if n > 0 {
				pipe.ZAdd(ctx, l.key, members...)
			}
			has += n
		}
		binary.BigEndian.PutUint64(numbers, math.Float64bits(float64(last)))
		pipe.HSet(ctx, l.state, "numbers", numbers)
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("fill the line: %w", err)
		}
	}
	if bits.Len64(uint64(before)) == bits.Len64(uint64(wanted)) {
		return nil
	}
	return l.settle(ctx, wanted)
}

// settle looks up as many as wait. Redis moves the line to a larger hash table a step
// with each command; a line that was filled at once would still be at it while it is measured.
func (l *line) settle(ctx context.Context, waiting int64) error {
	const trip = 1000
	names := make([]string, trip)
	for looked := int64(0); looked < waiting; looked += 20 * trip {
		pipe := l.server.client.Pipeline()
		for n := range uint64(20) {
			for i := range names {
				id := visitor(n*trip + uint64(i))
				names[i] = string(id[:])
			}
			pipe.ZMScore(ctx, l.key, names...)
		}
		if _, err := pipe.Exec(ctx); err != nil {
			return fmt.Errorf("settle the line: %w", err)
		}
	}
	return nil
}

func (l *line) number() uint64 { l.next++; return l.next }

// holds says whether the line is as long as it should be.
func (l *line) holds(ctx context.Context, wanted int64) error {
	n, err := l.server.client.ZCard(ctx, l.key).Result()
	if err == nil && n != wanted {
		err = fmt.Errorf("wrong: %d wait, and it should be %d", n, wanted)
	}
	return err
}

// join lets n visitors come, so many at the same moment, and looks at their places:
// each has its own.
func (l *line) join(ctx context.Context, n, at int) error {
	ids := make([]queue.ID, n)
	for i := range ids {
		ids[i] = visitor(l.number())
	}
	seats, err := ask(n, at, func(i int) (queue.Seat, error) {
		return l.room.Arrive(ctx, queue.Arrival{ID: ids[i]})
	})
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	places := make(map[int64]bool, n)
	for i, s := range seats {
		if s.State != queue.StateWaiting || places[s.Place] {
			return fmt.Errorf("wrong: visitor %x got %+v", ids[i], s)
		}
		places[s.Place] = true
	}
	return nil
}

// call makes one tick, which has to call a whole cohort.
func (l *line) call(ctx context.Context) error {
	return patient(func() error {
		if n, err := l.server.client.ZCard(ctx, l.called).Result(); n > 0 || err != nil {
			return err // a tick whose answer was lost
		}
		return l.tick(ctx)
	})
}

func (l *line) tick(ctx context.Context) error {
	_, err := l.room.Tick(ctx)
	return err
}

// patient asks again where a machine that is too busy lost an answer: as the store
// promises, that gives the same one.
func patient(do func() error) (err error) {
	for range 20 {
		if err = do(); !errors.Is(err, queue.ErrAway) {
			return err
		}
	}
	return err
}

// ticket is one that was called.
type ticket struct {
	id    queue.ID
	place int64
}

// cohort reads who is called, and looks whether it is those at the head: as many as one
// tick calls, in order, and behind all who were called before.
func (l *line) cohort(ctx context.Context) ([]ticket, error) {
	called, err := l.server.client.ZRangeWithScores(ctx, l.called, 0, -1).Result()
	if err != nil {
		return nil, err
	}
	head, err := l.server.client.ZRangeWithScores(ctx, l.key, 0, 0).Result()
	if err != nil {
		return nil, err
	}
	if len(called) != cohort {
		return nil, fmt.Errorf("wrong: %d are called, and it should be %d", len(called), cohort)
	}
	tickets := make([]ticket, len(called))
	for i, z := range called {
		name, _ := z.Member.(string)
		tickets[i] = ticket{queue.ID([]byte(name)), int64(z.Score)}
		if tickets[i].place <= l.front {
			return nil, fmt.Errorf("wrong: place %d is called behind %d", tickets[i].place, l.front)
		}
		l.front = tickets[i].place
	}
	if len(head) > 0 && int64(head[0].Score) <= l.front {
		return nil, fmt.Errorf("wrong: place %.0f waits, and %d is called", head[0].Score, l.front)
	}
	return tickets, nil
}

// enter lets tickets in, so many at the same moment, and looks whether each got an
// entry of its own.
func (l *line) enter(ctx context.Context, tickets []ticket, at int) error {
	seats, err := ask(len(tickets), at, func(i int) (queue.Seat, error) {
		return l.room.Enter(ctx, tickets[i].id, tickets[i].place)
	})
	if err != nil {
		return fmt.Errorf("enter: %w", err)
	}
	for i, s := range seats {
		if s.State != queue.StateAdmitted || s.Place != tickets[i].place || s.Entry == 0 {
			return fmt.Errorf("wrong: ticket %x at %d got %+v", tickets[i].id, tickets[i].place, s)
		}
	}
	return nil
}

func (l *line) close() error { return l.store.Close() }

// ask does n operations, so many at the same moment; each goes on with the next one
// when it has its answer.
func ask(n, at int, do func(i int) (queue.Seat, error)) ([]queue.Seat, error) {
	seats := make([]queue.Seat, n)
	errs := make(chan error, at)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(at, n) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				var seat queue.Seat
				err := patient(func() (err error) {
					seat, err = do(int(i))
					return err
				})
				if err != nil {
					errs <- err
					return
				}
				seats[i] = seat
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
		return seats, nil
	}
}

// measured adds what the work cost Redis to a list: microseconds for one operation of n.
func (l *line) measured(into *[]float64, n int, work func() error) error {
	before, err := l.server.cpu()
	if err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	after, err := l.server.cpu()
	*into = append(*into, float64((after-before).Nanoseconds())/1e3/float64(n))
	return err
}

// pause lets nobody in, or goes on.
func (l *line) pause(ctx context.Context, paused bool) error {
	return patient(func() error { return l.room.Set(ctx, queue.Change{Paused: &paused, By: "growth"}) })
}
