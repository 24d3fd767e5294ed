package queue_test

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"waitroom/queue"
)

// answer is a called visitor's next poll.
type answer struct{ at, place, called int64 }

type answers []answer

func (a answers) Len() int           { return len(a) }
func (a answers) Less(i, j int) bool { return a[i].at < a[j].at }
func (a answers) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *answers) Push(x any)        { *a = append(*a, x.(answer)) }
func (a *answers) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// rush is a line without end in front of a pace, ticked ten times a second. Of those
// called a share enters at its next poll, within two seconds; the rest never comes.
type rush struct {
	perSecond float64
	burst     int
	seconds   int64
	show      func(second int64) float64

	entries, delays []int64
}

func (r *rush) run() queue.Pace {
	random := rand.New(rand.NewPCG(1, 2))
	p := queue.NewPace(begin)
	p.Burst = r.burst
	p.Retime(queue.Interval(r.perSecond*3600), begin)
	var polls answers
	place := int64(0)
	for now := begin; now < begin+r.seconds*second; {
		now += second / 10
		for len(polls) > 0 && polls[0].at <= now {
			a := heap.Pop(&polls).(answer)
			entry := p.Take(p.At(a.at))
			p.Entered(a.place)
			r.entries, r.delays = append(r.entries, entry), append(r.delays, entry-a.called)
		}
		p.Close(p.At(now))
		for {
			n := p.Calls(now, math.MaxInt64, math.MaxInt64)
			if n > 0 {
				p.Called(now, place, place+n, n)
			}
			for range n {
				place++
				if random.Float64() < r.show((now-begin)/second) {
					heap.Push(&polls, answer{now + random.Int64N(queue.PollNear), place, now})
				}
			}
			if n < queue.TickBound {
				break
			}
		}
	}
	return p
}

// used is the share of the rate that was used after the first minute.
func (r *rush) used() float64 {
	from, _ := slices.BinarySearch(r.entries, begin+60*second)
	to, _ := slices.BinarySearch(r.entries, begin+r.seconds*second)
	return float64(to-from) / float64(r.seconds-60) / r.perSecond
}

func TestCallsUseTheRateWhateverShareShowsUp(t *testing.T) {
	always := func(share float64) func(int64) float64 { return func(int64) float64 { return share } }
	falls := func(at int64) float64 {
		if at < 100 || at >= 200 {
			return 0.9
		}
		return 0.1
	}
	f := func(why string, perSecond float64, show func(int64) float64, least float64, median int64) {
		t.Helper()
		r := &rush{perSecond: perSecond, burst: 10, seconds: 300, show: show}
		if perSecond < 1 {
			r.seconds = 4000
		}
		if perSecond > 1000 {
			r.seconds = 90
		}
		p := r.run()
		if used := r.used(); used < least || used > 1+float64(r.burst)/perSecond/float64(r.seconds-60) {
			t.Errorf("%g/s, %s: %.4f of the rate was used, want at least %.2f", perSecond, why, used, least)
		}
		if over := excess(r.entries, p.Interval, r.burst); over > 1e-6 {
			t.Errorf("%g/s, %s: %v entries above the ceiling", perSecond, why, over)
		}
		slices.Sort(r.delays)
		if got := r.delays[len(r.delays)/2]; median > 0 && (got < median-second || got > median+second) {
			t.Errorf("%g/s, %s: median from call to entry %d ms, want about %d", perSecond, why, got/1000, median/1000)
		}
	}
	for _, perSecond := range []float64{10, 100, 2_000_000 / 3600.0, 5000} {
		f("all show up", perSecond, always(1), 0.98, 4*second)
		f("a fifth does not", perSecond, always(0.8), 0.98, 4*second)
		f("three fifths do not", perSecond, always(0.4), 0.98, 4*second)
		f("nine tenths do not", perSecond, always(0.1), 0.98, 4*second)
		f("one in twenty does", perSecond, always(0.05), 0.98, 4*second)
	}
	for _, perSecond := range []float64{10, 100, 2_000_000 / 3600.0} {
		f("it falls from 90 % to 10 % and comes back", perSecond, falls, 0.94, 4*second)
	}
	f("the most that is promised, all show up", 20_000, always(1), 0.98, 4*second)
	f("the most that is promised, a fifth does not", 20_000, always(0.8), 0.98, 4*second)
	f("the most that is promised, nine tenths do not", 20_000, always(0.1), 0.98, 4*second)
	f("one in five seconds, all show up", 0.2, always(1), 0.97, 0)
	f("one in five seconds, three fifths do not", 0.2, always(0.4), 0.90, 0)
	f("one in five seconds, nine tenths do not: calls come one by one, and wait", 0.2, always(0.1), 0.75, 0)
}

func TestARoomWhereFewComeLosesLittleOfItsFirstMinute(t *testing.T) {
	for _, perSecond := range []float64{10, 100, 2_000_000 / 3600.0, 5000} {
		for _, share := range []float64{1, 0.4, 0.1} {
			r := &rush{perSecond: perSecond, burst: 10, seconds: 70, show: func(int64) float64 { return share }}
			r.run()
			first, _ := slices.BinarySearch(r.entries, begin+60*second)
			if used := float64(first) / 60 / perSecond; used < 0.95 {
				t.Errorf("%g/s, %.0f %% show up: %.3f of the rate was used", perSecond, share*100, used)
			}
		}
	}
}

func TestTheRatioIsLearnt(t *testing.T) {
	for _, share := range []float64{1, 0.8, 0.4, 0.1, 0.05} {
		r := &rush{perSecond: 556, burst: 10, seconds: 120, show: func(int64) float64 { return share }}
		p := r.run()
		if math.Abs(p.Ratio-share) > 0.03+share/10 {
			t.Errorf("the share that shows up is %v, learnt was %v", share, p.Ratio)
		}
	}
}

func TestCallsAreBounded(t *testing.T) {
	f := func(why string, set func(*queue.Pace), waiting, seats, want int64) {
		t.Helper()
		p := queue.NewPace(begin)
		p.Interval, p.Burst = 1800, 100
		set(&p)
		if got := p.Calls(begin, waiting, seats); got != want {
			t.Errorf("%d are called, want %d: %s", got, want, why)
		}
	}
	nothing := func(*queue.Pace) {}
	f("a tick calls so many at most", nothing, 1e9, 1e9, queue.TickBound)
	f("nobody waits", nothing, 0, 1e9, 0)
	f("few wait", nothing, 3, 1e9, 3)
	f("few seats are free", nothing, 1e9, 3, 3)
	f("no seat is free", nothing, 1e9, 0, 0)
	f("more are inside than may be", nothing, 1e9, -5, 0)
	f("a rate of 0 calls nobody", func(p *queue.Pace) { p.Interval = 0 }, 1e9, 1e9, 0)
	f("all slots of the lookahead are promised",
		func(p *queue.Pace) { p.Due = float64(begin + queue.Lookahead) }, 1e9, 1e9, 0)
	f("those called will fill it",
		func(p *queue.Pace) { p.Called(begin, 0, 1, 4000) }, 1e9, 1e9, 0)
	f("those called long ago no longer count as coming", func(p *queue.Pace) {
		p.Called(begin-2*queue.PollNear, 0, 1, 4000)
	}, 1e9, 1e9, queue.TickBound)
	f("one an hour: the free slot goes to one", func(p *queue.Pace) { p.Interval = 3600e6 }, 1e9, 1e9, 1)
	f("one an hour: who is called and may still come is waited for", func(p *queue.Pace) {
		p.Interval = 3600e6
		p.Called(begin, 0, 1, 1)
	}, 1e9, 1e9, 0)
	f("little is known of a share of none: still bounded",
		func(p *queue.Pace) { p.Ratio = 0 }, 1e9, 1e9, queue.TickBound)
	f("a slot years ahead calls nobody", func(p *queue.Pace) { p.Due = 1e18 }, 1e9, 1e9, 0)
}

func TestCohortsCountTheirOwn(t *testing.T) {
	p := queue.NewPace(begin)
	p.Interval = 1000
	p.Called(begin, 0, 10, 10)
	p.Called(begin+second/4-1, 10, 20, 10)
	p.Called(begin+second, 20, 30, 10)
	if len(p.Cohorts) != 2 || p.Cohorts[0].Called != 20 || p.Cohorts[0].Upto != 20 {
		t.Fatalf("calls within a moment are one cohort: %+v", p.Cohorts)
	}
	for _, place := range []int64{1, 20, 21, 30, 31, 0} {
		p.Entered(place)
	}
	if a, b := p.Cohorts[0].Entered, p.Cohorts[1].Entered; a != 2 || b != 2 {
		t.Errorf("%d and %d entered, want 2 and 2: places 0 and 31 belong to nobody called", a, b)
	}
	if got := p.Pending(); got != 26 {
		t.Errorf("%d are pending, want 26", got)
	}
}

func TestNoMoreCohortsAreOpenThanTheirTimeAllows(t *testing.T) {
	p := queue.NewPace(begin)
	p.Interval = 1000
	for now := begin; now < begin+60*second; now += second / 100 {
		p.Close(now)
		p.Called(now, 0, 1, 1)
	}
	if got := len(p.Cohorts); got > 41 {
		t.Errorf("%d cohorts are open", got)
	}
}

func TestTheRatioStaysAShare(t *testing.T) {
	f := func(why string, called, entered int64, least, most float64) {
		t.Helper()
		p := queue.NewPace(begin)
		p.Interval = 1800
		for now := begin; now < begin+600*second; now += queue.Prompt {
			p.Called(now, 0, 1, called)
			for range entered {
				p.Entered(1)
			}
			p.Close(now + queue.Prompt)
		}
		if p.Ratio < least || p.Ratio > most {
			t.Errorf("the ratio is %v, want %v to %v: %s", p.Ratio, least, most, why)
		}
	}
	f("nobody ever comes: it keeps a hundredth, or calls would have no bound", 5000, 0, 0.01, 0.01)
	f("more enter than were called, because tickets were put back", 500, 900, 1, 1)
	f("nothing was called: nothing is learnt", 0, 0, 0.9, 0.9)
	f("one who was called in a great rate teaches little", 1, 0, 0.85, 0.95)
}

func TestAnArrivalEntersAtOnceOnlyBeforeNobody(t *testing.T) {
	f := func(why string, want bool, set func(*queue.Pace)) {
		t.Helper()
		p := queue.NewPace(begin)
		p.Interval, p.Burst = 1000, 3
		set(&p)
		if got := p.Free(begin); got != want {
			t.Errorf("free is %v: %s", got, why)
		}
	}
	f("the slot is due", true, func(*queue.Pace) {})
	f("a burst is left", true, func(p *queue.Pace) { p.Due = float64(begin - 5000) })
	f("the slot is to come", false, func(p *queue.Pace) { p.Due = float64(begin + 1) })
	f("those called are expected before", false, func(p *queue.Pace) { p.Called(begin, 0, 10, 10) })
	f("the burst has room for them, too", true, func(p *queue.Pace) {
		p.Due = float64(begin - 5000)
		p.Called(begin, 0, 2, 2)
	})
	f("nobody is let in at all", false, func(p *queue.Pace) { p.Interval = 0 })
}
