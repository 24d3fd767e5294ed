package queue_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"waitroom/queue"
)

// stepped is a room whose store's clock is set while real time goes on.
type stepped struct {
	pace    queue.Pace
	real    int64 // since the beginning
	off     int64 // how far the clock is from real time
	entries []int64
}

func newStepped(interval float64, burst int) *stepped {
	s := &stepped{pace: queue.NewPace(begin)}
	s.pace.Interval, s.pace.Burst = interval, burst
	return s
}

func (s *stepped) wait(d int64) { s.real += d }
func (s *stepped) step(d int64) { s.off += d }

// ask lets somebody in where the rate has a slot now, and says whether it had.
func (s *stepped) ask() bool {
	now := s.pace.At(begin + s.real + s.off)
	if s.pace.Slot(now) > float64(now) {
		return false
	}
	if entry := s.pace.Take(now); entry != now {
		panic("BUG: a slot that was due is not now")
	}
	s.entries = append(s.entries, begin+s.real)
	return true
}

// drain lets in all who may enter now.
func (s *stepped) drain() (n int) {
	for s.ask() {
		n++
	}
	return n
}

func TestAClockThatIsSetBackGivesOutNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStepped(math.Ceil(drawInterval(t, "rate")), rapid.IntRange(1, 50).Draw(t, "burst"))
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				s.step(-rapid.OneOf(
					rapid.Int64Range(0, 3*second), rapid.Int64Range(0, 86400*second),
				).Draw(t, "back"))
			case 1:
				s.wait(drawGap(t, s.pace.Interval))
			default:
				s.ask()
			}
		}
		if over := excess(s.entries, s.pace.Interval, s.pace.Burst); over > 1e-6 {
			t.Fatalf("%v entries above the ceiling in real time", over)
		}
	})
}

func TestEachStepForwardCostsAtMostABurst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStepped(math.Ceil(drawInterval(t, "rate")), rapid.IntRange(1, 50).Draw(t, "burst"))
		forward := 0
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				s.step(-rapid.Int64Range(0, 86400*second).Draw(t, "back"))
			case 1:
				s.step(rapid.Int64Range(1, 86400*second).Draw(t, "forward"))
				forward++
			case 2:
				s.wait(drawGap(t, s.pace.Interval))
			default:
				s.ask()
			}
		}
		if over := excess(s.entries, s.pace.Interval, s.pace.Burst*(1+forward)); over > 1e-6 {
			t.Fatalf("%v entries more than a burst for each of %d steps forward", over, forward)
		}
	})
}

func TestAStepOfTheClock(t *testing.T) {
	f := func(why string, step, wait int64, want int) {
		t.Helper()
		s := newStepped(1000, 10)
		s.wait(second)
		if got := s.drain(); got != 10 {
			t.Fatalf("%d entered at first, want the burst", got)
		}
		s.step(step)
		s.wait(wait)
		s.ask() // the store sees the step when it is asked
		s.entries = nil
		s.wait(5000)
		if got := s.drain(); got != want {
			t.Errorf("%d entered in 5 intervals after a step of %d s, want %d: %s", got, step/second, want, why)
		}
	}
	f("no step: one each interval", 0, 0, 5)
	f("an hour back: nobody waits an hour, nothing is given out", -3600*second, 0, 5)
	f("a second back is held until the clock has caught up", -second, 0, 0)
	f("and then all goes on", -second, second, 5)
	f("an hour on: the burst, but no hour of entries", 3600*second, 0, 10)
}

func TestAClockThatTremblesNeitherGivesNorTakes(t *testing.T) {
	s := newStepped(1000, 5)
	n := 0
	for i := range 10_000 {
		s.wait(1000)
		s.step([]int64{-1500, 1500, -700, 700}[i%4])
		n += s.drain()
	}
	if n > 10_004 || n < 9_990 {
		t.Errorf("%d entered in 10000 intervals", n)
	}
}

func TestAtNeverGoesBackByTrembling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, last := queue.NewPace(begin), begin
		for range rapid.IntRange(1, 50).Draw(t, "asks") {
			raw := last + rapid.Int64Range(-2*second, 2*second).Draw(t, "off")
			now := p.At(raw)
			if now < last {
				t.Fatalf("time went from %d to %d", last, now)
			}
			last = now
		}
	})
}

func TestAStepBackKeepsCohortsAsPromptAsTheyWere(t *testing.T) {
	p := queue.NewPace(begin)
	p.Interval = 1000
	p.Called(begin, 0, 100, 50)
	now := p.At(begin + second)
	want := p.Expected(now)
	now = p.At(begin + second - 3600*second)
	if got := p.Expected(now); got != want {
		t.Errorf("%v are expected after a step back, want %v", got, want)
	}
	p.Close(p.At(now + queue.Prompt - second - 1))
	if len(p.Cohorts) != 1 {
		t.Fatal("the cohort was closed before its time")
	}
	p.Close(p.At(now + queue.Prompt - second))
	if len(p.Cohorts) != 0 {
		t.Error("the cohort is open for longer than it is prompt")
	}
}

// A store answers with its own time, and its answers take their time: both ways.
func TestTheReckonedTimeNeverGoesBackAndIsNeverAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		start := time.Now()
		clock := func() int64 { return 1_000_000_000 + time.Since(start).Microseconds() }
		var v *queue.View
		last := int64(0)
		look := func() {
			t.Helper()
			now, store := v.Now(), clock()
			if now < last || now > store {
				t.Fatalf("reckoned %d after %d, and the store has %d", now, last, store)
			}
			last = now
		}
		trip := func(there, back time.Duration) {
			sent := time.Now()
			time.Sleep(there)
			next := &queue.View{At: clock(), Epoch: "a"}
			time.Sleep(back)
			v = next.After(v, sent, time.Now())
			look()
		}
		for range 1000 {
			trip(time.Duration(random.IntN(50_000))*time.Microsecond, time.Duration(random.IntN(50_000))*time.Microsecond)
			time.Sleep(time.Duration(random.IntN(300_000)) * time.Microsecond)
			look()
		}
		trip(time.Millisecond, time.Microsecond)
		if behind := clock() - v.Now(); behind > 1 {
			t.Errorf("behind by %d after an answer that came at once", behind)
		}

		start = start.Add(time.Hour) // the store's clock is set back
		sent, old := time.Now(), v
		v = (&queue.View{At: clock(), Epoch: "a"}).After(old, sent, sent.Add(time.Millisecond))
		if ahead := v.Now() - clock(); ahead < 0 || ahead > 1000 {
			t.Errorf("ahead by %d of a clock that was set back", ahead)
		}
	})
}
