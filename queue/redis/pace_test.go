package redis

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"waitroom/queue"
	"waitroom/queue/queuetest"
	"waitroom/queue/redis/redistest"
)

// paceReader reads a room's pace as the scripts keep it.
var paceReader = redis.NewScript(`
local state = redis.call('HMGET', KEYS[1], 'numbers', 'cohorts')
local cohorts = state[2] or ''
local v = {struct.unpack('>dddddd', state[1], 17)} -- behind last and front
for i = 1, 6 do v[i] = string.format('%.17g', v[i]) end
v[7] = tostring(#cohorts / 40)
for i = 1, #cohorts, 8 do v[#v + 1] = string.format('%.17g', (struct.unpack('>d', cohorts, i))) end
return v`)

func readPace(t rapid.TB, c redis.Scripter, room string, burst int) queue.Pace {
	t.Helper()
	texts, err := paceReader.Run(context.Background(), c, []string{keys("waitroom", room)[4]}).StringSlice()
	if err != nil {
		t.Fatal(err)
	}
	numbers := make([]float64, len(texts))
	for i, s := range texts {
		if numbers[i], err = strconv.ParseFloat(s, 64); err != nil {
			t.Fatal(err)
		}
	}
	p := queue.Pace{
		Due: numbers[0], Interval: numbers[1], Burst: burst, Ratio: numbers[2], Clock: int64(numbers[3]),
		Spare: numbers[4], SpareInterval: numbers[5],
	}
	for at := numbers[7:]; len(at) >= 5; at = at[5:] {
		p.Cohorts = append(p.Cohorts, queue.Cohort{
			At: int64(at[0]), From: int64(at[1]), Upto: int64(at[2]), Called: int64(at[3]), Entered: int64(at[4]),
		})
	}
	return p
}

// pair is a room in Redis, and a queue.Pace that is told what happens in it.
type pair struct {
	t       *rapid.T
	line    *Line
	client  *redis.Client
	room    string
	now     int64
	rules   queue.Rules
	rate    float64
	pace    queue.Pace
	waiting []ticket
	called  []ticket
	front   int64
	last    int64
	calls   int64
	entries int64
	next    int
}

type ticket struct {
	id    queue.ID
	place int64
}

func TestTheScriptsReckonAsThePaceDoes(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	defer func() { _ = client.Close() }()
	checks(t, "20")
	rooms := 0
	rapid.Check(t, func(rt *rapid.T) {
		rooms++
		p := &pair{t: rt, client: client, room: fmt.Sprint("room", rooms), now: queuetest.Start}
		p.rules = queue.Rules{
			RatePerHour: rapid.SampledFrom([]float64{0, 900, 36_000, 2e6}).Draw(rt, "file"),
			Burst:       rapid.SampledFrom([]int{1, 2, 25}).Draw(rt, "burst"),
			Hold:        36e9, PassTTL: 36e9,
			MaxActive: rapid.SampledFrom([]int64{0, 0, 0, 12}).Draw(rt, "max active"),
			Quota:     rapid.SampledFrom([]int64{0, 0, 7, 30}).Draw(rt, "quota"),
		}
		store, err := Open(context.Background(), Options{URL: server.URL(), Now: func() int64 { return p.now }, trip: 20 * time.Second})
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		p.rate, p.pace = p.rules.RatePerHour, queue.NewPace(p.now)
		p.pace.Burst = p.rules.Burst
		p.ticked()
		if p.line, err = store.Room(context.Background(), p.room, p.rules); err != nil {
			rt.Fatal(err)
		}
		for range 4 {
			rt.Repeat(map[string]func(*rapid.T){
				"time": p.doTime, "rate": p.doRate, "tick": p.doTick, "arrive": p.doArrive, "enter": p.doEnter, "": p.check,
			})
		}
	})
}

func (p *pair) check(*rapid.T) {
	got := readPace(p.t, p.client, p.room, p.rules.Burst)
	if diff := cmp.Diff(p.pace, got, cmpopts.EquateEmpty()); diff != "" {
		p.t.Fatalf("the pace in Redis (+) differs:\n%s", diff)
	}
	if err := p.line.Refresh(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	v := p.line.View()
	facts := [...]int64{v.Front, v.Waiting, v.Calls, v.Entries, v.Due, v.Last}
	if want := [...]int64{p.front, int64(len(p.waiting)), p.calls, p.entries, int64(math.Ceil(p.pace.Due)), p.last}; facts != want {
		p.t.Fatalf("front, waiting, calls, entries, due, last are %v in Redis, want %v", facts, want)
	}
}

func (p *pair) doTime(rt *rapid.T) {
	p.now += rapid.SampledFrom([]int64{
		0, 1, 90_001, 250_000, 1_000_003, 3_999_999, 10_000_000, 61_000_000, // passes
		-1, -1_999_999, -2_000_000, // jitter
		-2_000_001, -30_000_000, // a step
	}).Draw(rt, "time")
}

func (p *pair) doRate(rt *rapid.T) {
	p.rate = rapid.SampledFrom([]float64{0, 0, 1, 900, 1234.5, 36_000, 777_777, 2e6, 18e6, 7e9}).Draw(rt, "rate")
	if err := p.line.Set(context.Background(), queue.Change{By: "op", RatePerHour: &p.rate}); err != nil {
		p.t.Fatal(err)
	}
	p.pace.Retime(queue.Interval(p.rate), p.pace.At(p.now))
}

func (p *pair) doTick(*rapid.T) {
	if _, err := p.line.Tick(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	p.ticked()
}

// ticked is what a tick does to a pace.
func (p *pair) ticked() {
	now := p.pace.At(p.now)
	p.pace.Retime(queue.Interval(p.rate), now)
	p.pace.Close(now)
	n := p.pace.Calls(now, int64(len(p.waiting)), p.seats())
	if n == 0 || p.soldOut() {
		return
	}
	p.called = append(p.called, p.waiting[:n]...)
	upto := p.waiting[n-1].place
	p.pace.Called(now, p.front, upto, n)
	p.waiting, p.front, p.calls = p.waiting[n:], upto, p.calls+n
}

func (p *pair) seats() int64 {
	most := int64(math.MaxInt64)
	for _, limit := range []int64{p.rules.MaxActive, p.rules.Quota} {
		if limit > 0 {
			most = min(most, limit-p.entries-p.pace.Pending())
		}
	}
	return most
}

func (p *pair) soldOut() bool { return p.rules.Quota > 0 && p.entries >= p.rules.Quota }

func (p *pair) doArrive(rt *rapid.T) {
	direct := rapid.Bool().Draw(rt, "direct")
	for range rapid.SampledFrom([]int{1, 1, 3, 40}).Draw(rt, "how many") {
		p.next++
		id := queuetest.ID(p.next)
		s, err := p.line.Arrive(context.Background(), queue.Arrival{ID: id, Direct: direct})
		if err != nil {
			p.t.Fatal(err)
		}
		now := p.pace.At(p.now)
		p.last = max(p.last+1, now)
		if direct && len(p.waiting) == 0 && p.seats() > 0 && p.pace.Free(now) {
			p.front, p.calls = p.last, p.calls+1
			p.entered(s, p.pace.Take(now), p.last)
			continue
		}
		if s.State != queue.StateWaiting || s.Place != p.last || s.Ahead != int64(len(p.waiting)) {
			p.t.Fatalf("arrived as %+v, want place %d behind %d", s, p.last, len(p.waiting))
		}
		p.waiting = append(p.waiting, ticket{id, s.Place})
	}
}

func (p *pair) doEnter(rt *rapid.T) {
	if len(p.called) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.called)-1).Draw(rt, "who")
	it := p.called[i]
	s, err := p.line.Enter(context.Background(), it.id, it.place)
	if err != nil {
		p.t.Fatal(err)
	}
	now := p.pace.At(p.now)
	switch {
	case p.soldOut():
		p.is(s, queue.StateSoldOut)
	case p.pace.Interval == 0:
		p.is(s, queue.StatePaused)
	case !p.pace.Near(now):
		p.is(s, queue.StateCalled)
	case p.rules.MaxActive > 0 && p.entries >= p.rules.MaxActive:
		p.is(s, queue.StateFull)
	default:
		p.called = append(p.called[:i:i], p.called[i+1:]...)
		p.entered(s, p.pace.Take(now), it.place)
	}
}

func (p *pair) entered(s queue.Seat, entry, place int64) {
	p.t.Helper()
	p.pace.Entered(place)
	p.entries++
	p.is(s, queue.StateAdmitted)
	if s.Entry != entry || s.Place != place {
		p.t.Fatalf("entered as %+v, want place %d at %d", s, place, entry)
	}
}

func (p *pair) is(s queue.Seat, want queue.State) {
	p.t.Helper()
	if s.State != want {
		p.t.Fatalf("got %+v, want %s", s, want)
	}
}
