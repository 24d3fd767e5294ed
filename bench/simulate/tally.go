package simulate

import (
	"math"

	"waitroom/queue"
)

// load is what gateways do in one window of time, and the most that the store holds in
// it: entered counts those whose pass begins in it.
type load struct{ polls, joins, enters, entered, waiting, called int64 }

// tally counts what happens.
type tally struct {
	start int64
	loads []load

	waits               []uint32 // of all who entered, in milliseconds
	entered, noShows    int64
	late, refused       int64
	longest, longestAt  int64 // the line
	lastEntry           int64
	busy                []bool   // by tick: somebody waited and the room was open
	entries             []uint32 // by tick
	slots               float64  // that the rate had in the busy ticks
	level, lastInterval float64  // of the ceiling; see enter
	excess              float64
	shown               []shown
}

// shown is an estimate that somebody was shown, times in milliseconds since the start.
type shown struct {
	person    uint32
	at        uint32
	low, high int32 // seconds
}

func newTally(start int64, arrivals int) *tally {
	return &tally{start: start, waits: make([]uint32, 0, arrivals), excess: math.Inf(-1)}
}

func (t *tally) load(at int64) *load {
	i := int((at - t.start) / window)
	for i >= len(t.loads) {
		t.loads = append(t.loads, load{})
	}
	return &t.loads[i]
}

func (t *tally) join(at int64) { t.load(at).joins++ }

// poll counts a poll that stands for so many.
func (t *tally) poll(at int64, weight int) { t.load(at).polls += int64(weight) }

func (t *tally) show(person int, at int64, w queue.Wait) {
	t.shown = append(t.shown, shown{
		person: uint32(person), at: uint32((at - t.start) / 1000),
		low: int32(min(w.Low, math.MaxInt32)), high: int32(min(w.High, math.MaxInt32)),
	})
}

// before notes how long the line is when a tick begins.
func (t *tally) before(now int64, l *line) {
	if waiting := l.waiting(); waiting > t.longest {
		t.longest, t.longestAt = waiting, now
	}
	d := t.load(now)
	d.waiting, d.called = max(d.waiting, l.waiting()), max(d.called, l.called)
}

// after notes whether anybody still waits when a tick has called whom it may.
func (t *tally) after(now int64, l *line) {
	busy := l.waiting() > 0 && !l.shut(now)
	t.busy[t.tickAt(now)] = busy
	if busy {
		t.slots += float64(queue.TickEvery.Microseconds()) / l.pace.Interval
	}
}

func (t *tally) tickAt(at int64) int {
	i := int((at - t.start) / queue.TickEvery.Microseconds())
	for i >= len(t.busy) {
		t.busy = append(t.busy, false)
		t.entries = append(t.entries, 0)
	}
	return i
}

// enter counts an entry that was asked for at a time by somebody who waited since
// another, and holds it against the ceiling: level is the most entries above the rate
// in any window that ends here.
func (t *tally) enter(at, since, entry int64, interval float64) {
	t.load(at).enters++
	t.load(entry).entered++
	t.entered++
	t.entries[t.tickAt(entry)]++
	t.waits = append(t.waits, uint32(min((entry-since)/1000, math.MaxUint32)))
	least := interval
	if t.lastInterval > 0 {
		least = min(interval, t.lastInterval)
	}
	t.level = max(0, t.level-float64(entry-t.lastEntry)/least) + 1
	t.excess = max(t.excess, t.level)
	t.lastEntry, t.lastInterval = entry, interval
}
