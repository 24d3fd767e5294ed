package queue_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"waitroom/queue"
)

const second = int64(1_000_000)

// begin is the time at which tests begin: a real one, so that floats are as large as
// they are in service.
const begin = 1_792_000_000 * second

func TestIntervalIsTheTimeBetweenTwoEntries(t *testing.T) {
	for _, row := range []struct {
		why     string
		perHour float64
		want    float64
	}{
		{"the rate of August 2021 is exact", 2_000_000, 1800},
		{"and that of the rush test", 36_000_000, 100},
		{"and the most that is promised", 72_000_000, 50},
		{"one an hour is an hour", 1, 3600e6},
		{"what is not whole is rounded up to a quarter", 7_000_000, 514.5},
		{"a quarter itself stays", 3600e6 / 1.25, 1.25},
		{"nothing is faster than a million a second", 1e12, 1},
		{"a rate of nothing is never", 0, 0},
		{"less than nothing is never", -5, 0},
		{"what is no number is never", math.NaN(), 0},
		{"without bounds is a mistake, and never", math.Inf(1), 0},
		{"nor below all bounds", math.Inf(-1), 0},
		{"one in a thousand years is never, and overflows nothing", 1e-7, 0},
		{"the smallest float is never", math.SmallestNonzeroFloat64, 0},
		{"one in ten years is that", 1 / 87600.0, 87600 * 3600e6},
	} {
		if got := queue.Interval(row.perHour); got != row.want {
			t.Errorf("Interval(%v) = %v, want %v: %s", row.perHour, got, row.want, row.why)
		}
	}
}

func TestIntervalIsNeverShorterThanTheRateAllowsNorMuchLonger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perHour := math.Pow(10, rapid.Float64Range(-3, 9.5).Draw(t, "log of the rate"))
		exact, got := 3600e6/perHour, queue.Interval(perHour)
		if got < exact {
			t.Fatalf("Interval(%v) = %v is below %v", perHour, got, exact)
		}
		if got > exact+0.25 {
			t.Fatalf("Interval(%v) = %v is more than a quarter above %v", perHour, got, exact)
		}
		if got*4 != math.Trunc(got*4) {
			t.Fatalf("Interval(%v) = %v is no whole number of quarters", perHour, got)
		}
	})
}

// excess is by how many entries the worst window is above W/interval + burst; not
// positive where the ceiling holds. Every pair of entries bounds a window.
func excess(entries []int64, interval float64, burst int) float64 {
	least, worst := math.Inf(1), math.Inf(-1)
	for i, e := range entries {
		x := float64(i) - float64(e-begin)/interval
		least = math.Min(least, x)
		worst = math.Max(worst, x-least+1-float64(burst))
	}
	return worst
}

// drawInterval draws an interval as some rate has it: from 1 µs to an hour.
func drawInterval(t *rapid.T, name string) float64 {
	return queue.Interval(math.Pow(10, rapid.Float64Range(0, 9.6).Draw(t, name)))
}

func drawBurst(t *rapid.T) int {
	return rapid.OneOf(rapid.IntRange(1, 3), rapid.IntRange(1, 200), rapid.Just(100_000)).Draw(t, "burst")
}

// drawGap draws how long nobody asks: mostly not at all, around one interval, or for long.
func drawGap(t *rapid.T, interval float64) int64 {
	return rapid.OneOf(
		rapid.Just(int64(0)),
		rapid.Int64Range(0, int64(2*interval)+1),
		rapid.Int64Range(0, int64(300*interval)+1),
	).Draw(t, "gap")
}

func TestTakeKeepsTheCeilingInEveryWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := queue.NewPace(begin)
		p.Interval, p.Burst = drawInterval(t, "rate"), drawBurst(t)
		now, asks := begin, rapid.IntRange(1, 400).Draw(t, "asks")
		var entries []int64
		for range asks {
			now += drawGap(t, p.Interval)
			entry := p.Take(now)
			if entry < now {
				t.Fatalf("asked at %d, entry %d lies before", now, entry)
			}
			if n := len(entries); n > 0 && entry < entries[n-1] {
				t.Fatalf("entry %d overtakes %d", entry, entries[n-1])
			}
			entries = append(entries, entry)
		}
		if over := excess(entries, p.Interval, p.Burst); over > 1e-6 {
			t.Fatalf("%v entries above the ceiling at interval %v, burst %d", over, p.Interval, p.Burst)
		}
	})
}

func TestTakeDelaysNobodyMoreThanTheCeilingAsks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := queue.NewPace(begin)
		p.Interval, p.Burst = math.Ceil(drawInterval(t, "rate")), drawBurst(t)
		now := begin + int64(p.Interval)*int64(p.Burst)
		var entries []int64
		for range rapid.IntRange(1, 400).Draw(t, "asks") {
			now += drawGap(t, p.Interval)
			entry := p.Take(now)
			entries = append(entries, entry)
			if entry == now {
				continue
			}
			entries[len(entries)-1]--
			if excess(entries, p.Interval, p.Burst) <= 0 {
				t.Fatalf("asked at %d, entry %d could have been earlier", now, entry)
			}
			entries[len(entries)-1]++
		}
	})
}

func TestWhoAsksOftenGainsNothingAndWhoAsksOnceIsNotStarved(t *testing.T) {
	p := queue.NewPace(begin)
	p.Interval, p.Burst = 1800, 100
	for i := range 10_000 {
		p.Take(begin + int64(i)) // a crowd takes all there is, and ahead of it
	}
	asked := begin + 10_000
	want := begin + 10_000*1800
	if got := p.Take(asked); got > want {
		t.Errorf("entry %d µs after the start, want at most one interval for each before: %d", got-begin, want-begin)
	}
}

func TestSlotTellsTheNextEntryWithoutTakingIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := queue.NewPace(begin)
		p.Interval, p.Burst = drawInterval(t, "rate"), drawBurst(t)
		now := begin
		for range rapid.IntRange(1, 50).Draw(t, "asks") {
			now += drawGap(t, p.Interval)
			before := p.Due
			slot := p.Slot(now)
			if p.Due != before {
				t.Fatal("looking at the slot took it")
			}
			if got, want := p.Take(now), int64(math.Ceil(math.Max(float64(now), slot))); got != want {
				t.Fatalf("entry %d, but the slot said %d", got, want)
			}
		}
	})
}

func TestABurstOfOneKeepsTheCeilingToTheMicrosecond(t *testing.T) {
	p := queue.NewPace(begin)
	p.Interval, p.Burst = 1800.25, 1
	last := p.Take(begin)
	for range 10 {
		entry := p.Take(begin)
		if float64(entry-last) < p.Interval {
			t.Fatalf("%d µs between two entries, want at least %v", entry-last, p.Interval)
		}
		last = entry
	}
}
