package queue_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"waitroom/queue"
)

// stretch is a time in which a rate counts: while it is in force, and until the last
// entry that was promised under it.
type stretch struct {
	from, to int64
	interval float64
}

// allowance is how many entries the stretches allow up to each of the times, at the
// highest rate of each moment. The times rise.
func allowance(stretches []stretch, times []int64) []float64 {
	edges := slices.Clone(times)
	for _, s := range stretches {
		edges = append(edges, s.from, s.to)
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	sums, sum := map[int64]float64{edges[0]: 0}, 0.0
	for i, to := range edges[1:] {
		from, most := edges[i], 0.0
		for _, s := range stretches {
			if s.from <= from && to <= s.to && s.interval > 0 {
				most = math.Max(most, 1/s.interval)
			}
		}
		sum += most * float64(to-from)
		sums[to] = sum
	}
	allowed := make([]float64, len(times))
	for i, at := range times {
		allowed[i] = sums[at]
	}
	return allowed
}

// changing is a room whose rate changes while entries are taken.
type changing struct {
	pace      queue.Pace
	now       int64
	entries   []int64
	stretches []stretch
	promised  int64
	most      int // the largest burst
}

func newChanging(interval float64, burst int) *changing {
	c := &changing{pace: queue.NewPace(begin), now: begin, most: burst}
	c.pace.Burst = burst
	c.pace.Retime(interval, begin)
	c.stretches = []stretch{{begin, begin, interval}}
	return c
}

func (c *changing) wait(d int64) { c.now += d }

func (c *changing) retime(interval float64) {
	c.close()
	c.pace.Retime(interval, c.now)
	c.stretches = append(c.stretches, stretch{c.now, c.now, interval})
}

// close ends the stretch of the rate in force.
func (c *changing) close() {
	c.stretches[len(c.stretches)-1].to = max(c.now, c.promised)
}

func (c *changing) take() int64 {
	entry := c.pace.Take(c.now)
	c.entries, c.promised = append(c.entries, entry), max(c.promised, entry)
	return entry
}

// excess is by how many entries the worst window is above what was allowed.
func (c *changing) excess() float64 {
	c.close()
	least, worst := math.Inf(1), math.Inf(-1)
	for i, allowed := range allowance(c.stretches, c.entries) {
		x := float64(i) - allowed
		least = math.Min(least, x)
		worst = math.Max(worst, x-least+1-float64(c.most))
	}
	return worst
}

func TestTheCeilingHoldsAcrossChangesOfTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newChanging(drawInterval(t, "rate"), drawBurst(t))
		last := int64(0)
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				c.retime(drawInterval(t, "rate"))
			case 1:
				c.retime(0)
			case 2:
				c.retime(math.Max(1, math.Ceil(c.pace.Interval/1000)))
			case 3:
				c.retime(math.Min(c.pace.Interval*1000, 3600e6))
			case 4:
				c.pace.Burst = drawBurst(t)
				c.most = max(c.most, c.pace.Burst)
			case 5:
				c.wait(rapid.Int64Range(0, 20*second).Draw(t, "wait"))
			default:
				c.wait(drawGap(t, c.pace.Interval))
				for range rapid.IntRange(0, 30).Draw(t, "asks") {
					if c.pace.Interval == 0 {
						break
					}
					entry := c.take()
					if entry < last {
						t.Fatalf("entry %d lies before %d, which was promised", entry, last)
					}
					last = entry
				}
			}
		}
		if over := c.excess(); over > 1e-6 {
			t.Fatalf("%v entries above the ceiling", over)
		}
	})
}

func TestNothingIsEarnedWhileTheRateIsZero(t *testing.T) {
	f := func(why string, wait int64, burst, taken, want int) {
		t.Helper()
		c := newChanging(1000, burst)
		c.wait(int64(burst) * 1000)
		for range taken {
			c.take()
		}
		c.retime(0)
		c.wait(wait)
		c.retime(1000)
		got := 0
		for c.take() == c.now {
			got++
		}
		if got != want {
			t.Errorf("%d may enter at once after a rate of 0 for %d s, want %d: %s", got, wait/second, want, why)
		}
	}
	f("all of the burst was taken before", 3600*second, 10, 10, 0)
	f("some of it was left", 3600*second, 10, 7, 3)
	f("none was taken", 3600*second, 10, 0, 10)
	f("a moment of 0 is like an hour of it", 1, 10, 7, 3)
	f("more than the burst was taken: the rest had passed", 3600*second, 10, 12, 0)
}

func TestARateOfZeroIsNoDebtForWhatWasPromisedBeforeIt(t *testing.T) {
	c := newChanging(1000, 1)
	for range 10_000 {
		c.take()
	}
	c.retime(0)
	c.wait(3600 * second)
	c.retime(1000)
	if got := c.take(); got != c.now+1000 {
		t.Errorf("the next entry is %d µs away, want one interval", got-c.now)
	}
}

func TestARateOfZeroTwiceIsLikeOnce(t *testing.T) {
	c := newChanging(1000, 10)
	c.wait(10_000)
	c.take()
	for range 3 {
		c.retime(0)
		c.wait(second)
		c.retime(0)
		c.wait(second)
		c.retime(1000)
	}
	got := 0
	for c.take() == c.now {
		got++
	}
	if got != 9 {
		t.Errorf("%d may enter at once, want the 9 that were left", got)
	}
}

func TestTheFirstRateOfARoomEarnsNothingForTheTimeBefore(t *testing.T) {
	p := queue.NewPace(begin)
	p.Burst = 100
	p.Retime(1000, begin+3600*second)
	got := 0
	for p.Take(begin+3600*second) == begin+3600*second {
		got++
	}
	if got != 1 {
		t.Errorf("%d may enter at once, want 1", got)
	}
}

func TestAHigherRateCountsAtOnceWhereNothingIsPromised(t *testing.T) {
	f := func(why string, from, to float64, after int64) {
		t.Helper()
		c := newChanging(from, 1)
		c.take()
		c.wait(after)
		c.retime(to)
		if got := c.take(); float64(got-c.now) > to {
			t.Errorf("the next entry is %d µs away, want at most %v: %s", got-c.now, to, why)
		}
	}
	f("one an hour, then two million: nobody waits for the hour to end", 3600e6, 1800, second)
	f("at the moment of the entry itself", 3600e6, 1800, 0)
	f("when the next was nearly due", 3600e6, 1800, 3599*second)
	f("when it was long due", 3600e6, 1800, 7200*second)
}

func TestNothingIsGivenBeforeTheLastEntryPromised(t *testing.T) {
	f := func(why string, to ...float64) {
		t.Helper()
		c := newChanging(1000, 5)
		var last int64
		for range 3000 {
			last = c.take()
		}
		for _, interval := range to {
			c.wait(1000)
			c.retime(interval)
		}
		now := to[len(to)-1]
		if got, want := c.take(), last+int64(now); got != want {
			t.Errorf("the next entry is %d µs behind the last promised, want %v: %s", got-last, now, why)
		}
	}
	f("the rate rises a thousandfold", 1)
	f("it falls a thousandfold", 1_000_000)
	f("it falls and is set right: a slip of the hand must not close the room", 1_000_000, 1000)
	f("it rises and is set right", 1, 1000)
	f("it is 0 for a moment", 0, 1000)
	f("0, and then another", 0, 50_000)
	f("two gateways whose files differ take turns", 1000.25, 1000, 1000.25, 1000, 1000.25, 1000)
}

func TestChangingTheRateBackAndForthCostsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval, burst := math.Ceil(drawInterval(t, "rate")), drawBurst(t)
		c := newChanging(interval, burst)
		for range rapid.IntRange(0, 300).Draw(t, "asks") {
			c.wait(drawGap(t, interval))
			c.take()
		}
		want := c.pace.Slot(c.now)
		for range rapid.IntRange(1, 50).Draw(t, "times") {
			c.retime(1000 + math.Ceil(drawInterval(t, "other")))
			c.retime(interval)
		}
		// Each change rounds up to a quarter of a microsecond.
		got := c.pace.Slot(c.now)
		if got < want-1e-3 || got > want+100+interval {
			t.Fatalf("the next slot is at %v, want %v", got-float64(c.now), want-float64(c.now))
		}
	})
}

func TestALargeBurstSurvivesAChangeOfTheRate(t *testing.T) {
	c := newChanging(3600e6, 1_000_000)
	c.wait(3600 * second)
	c.retime(1)
	c.wait(second)
	got := 0
	for got <= 2_000_000 && c.pace.Take(c.now) == c.now {
		got++
	}
	if got != 1_000_000 {
		t.Errorf("%d may enter at once, want the burst of 1000000", got)
	}
}

func TestAChangeToTheSameRateIsNone(t *testing.T) {
	c := newChanging(1000, 3)
	c.take()
	before := c.pace.Due
	c.wait(50)
	c.pace.Retime(1000, c.now)
	if c.pace.Due != before {
		t.Errorf("the next slot moved by %v", c.pace.Due-before)
	}
}
