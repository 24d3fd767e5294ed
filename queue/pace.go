package queue

import "math"

const (
	second = 1_000_000 // microseconds

	// Prompt is how long a called ticket holds a slot; then it is late.
	Prompt = 10 * second
	// PollNear is the longest pause between two polls near the head of the line.
	PollNear = 2 * second
	// Lookahead is how far ahead of the entries tickets are called, so that a slot
	// never waits for a telephone to poll.
	Lookahead = 2 * PollNear
	// Horizon is how far ahead an entry is promised at most. A called ticket whose slot
	// is further away stays called and asks again: promises cannot be taken back, so few
	// are made, and a rate that is raised again counts at once.
	Horizon = 30 * second
	// TickBound is how many tickets one tick calls at most.
	TickBound = 1000
	// cohortSpan merges calls, so that no more than Prompt/cohortSpan cohorts are
	// open at a time.
	cohortSpan = second / 4
	// stepBack is how far the store's clock may go back before that is taken for a
	// step, and not for jitter.
	stepBack = 2 * second
	// firstRatio is the share of those called that is expected to show up while
	// nothing has been measured.
	firstRatio = 0.9
	// hurriedLeast bounds how many more are called at once where slots go by unused.
	hurriedLeast = 0.1
	// hurriedWeight is how many tickets what was learnt counts for then.
	hurriedWeight = 20
	// hurriedAfter is the shortest pause between two polls: nobody who was called can have
	// come before.
	hurriedAfter = PollNear / 2
	// longestInterval is where an interval counts as never: some 35 years.
	longestInterval = 1 << 50
)

// Interval is the time between two entries at a rate, in microseconds; 0 is
// never. It is rounded up to a quarter: sums of quarters with any time until the
// year 2041 are exact in a float64, and rounding up never passes the ceiling. What
// is no rate (negative, infinite, not a number) is never, too. No rate is above a
// million entries a second.
func Interval(perHour float64) float64 {
	if !(perHour > 0) || math.IsInf(perHour, 1) {
		return 0
	}
	interval := math.Ceil(3600*second/perHour*4) / 4
	if interval > longestInterval {
		return 0
	}
	return math.Max(1, interval)
}

// Cohort is those who were called at about one time.
type Cohort struct {
	At      int64 // when the first of them was called
	From    int64 // the front before they were called
	Upto    int64 // the place of the last of them
	Called  int64
	Entered int64
}

// Pace is the arithmetic of a room's calls and entries. It decides from its
// fields and the arguments alone, so the same history gives the same answers;
// queue/redis has the same arithmetic in Lua, checked against this one.
type Pace struct {
	// Interval is the time between entries, in microseconds; 0 lets nobody in.
	Interval float64
	// Burst is how many entries may come at once, at least 1.
	Burst int
	// Due is when the rate has its next slot.
	Due float64
	// Ratio is the share of those called that shows up, as learnt so far.
	Ratio float64
	// Clock is the latest time seen.
	Clock int64
	// Spare and SpareInterval keep Due-now and the interval from the moment at which the
	// rate became 0, so that a pause at rate 0 earns no slots.
	Spare, SpareInterval float64
	// Cohorts are open: their members may still be prompt. Oldest first.
	Cohorts []Cohort
}

// NewPace is the pace of a room that has let nobody in yet.
func NewPace(now int64) Pace {
	return Pace{Burst: 1, Due: float64(now), Ratio: firstRatio, Clock: now}
}

// At gives the time to reckon with when the store's clock shows now. Jitter
// backwards is held; a step backwards moves everything that was reckoned along,
// so that nothing is given out for it and nobody waits for the clock to catch up.
func (p *Pace) At(now int64) int64 {
	if now >= p.Clock {
		p.Clock = now
		return now
	}
	if p.Clock-now <= stepBack {
		return p.Clock
	}
	back := p.Clock - now
	p.Due -= float64(back)
	for i := range p.Cohorts {
		p.Cohorts[i].At -= back
	}
	p.Clock = now
	return now
}

// Retime changes the interval between entries. What has been earned stays earned,
// in slots and not in time, and entries that were promised ahead stay promised: the
// next one follows the last of them at the new interval. So a rate that is changed
// and changed back costs nothing, and the ceiling holds for the rate in force, a fall
// of it counting from the last entry that was promised before.
func (p *Pace) Retime(interval float64, now int64) {
	old, due, at := p.Interval, p.Due, float64(now)
	if interval == old {
		return
	}
	if old == 0 {
		if p.SpareInterval == 0 { // the first rate of the room
			p.Interval, p.Due = interval, math.Max(due, at)
			return
		}
		old, due = p.SpareInterval, at+p.Spare
	}
	p.Interval = interval
	if interval == 0 {
		p.Spare, p.SpareInterval = due-at, old
		p.Due = due
		return
	}
	slots := math.Min(1, math.Max(due-at, -float64(p.Burst)*old)/old)
	next := at + math.Ceil(slots*interval*4)/4
	if last := p.Due - old; last > at {
		next = last + interval
	}
	p.Due = next
}

// Slot is when the next entry would be, at the earliest, without taking it. An entry
// is rounded up to whole microseconds; a burst of 2 or more covers that, for a burst
// of 1 the slot itself is rounded.
func (p *Pace) Slot(now int64) float64 {
	slot := math.Max(p.Due, float64(now)-float64(p.Burst-1)*p.Interval)
	if p.Burst <= 1 {
		return math.Ceil(slot)
	}
	return slot
}

// Near says whether the next slot is near enough to be promised.
func (p *Pace) Near(now int64) bool { return p.Slot(now) <= float64(now+Horizon) }

// Take takes the next slot and gives the entry: now, or the time at which the
// rate has the slot. The caller has seen to it that Interval is not 0.
//
// This is the generic cell rate algorithm with Due as its theoretical arrival
// time: in every window of length W at most W/Interval + Burst entries lie.
func (p *Pace) Take(now int64) int64 {
	slot := p.Slot(now)
	p.Due = slot + p.Interval
	return int64(math.Ceil(math.Max(float64(now), slot)))
}

// Expected is how many of those called promptly are still expected to enter.
func (p *Pace) Expected(now int64) float64 { return p.expected(now, p.Ratio) }

func (p *Pace) expected(now int64, ratio float64) float64 {
	sum := 0.0
	for _, c := range p.Cohorts {
		sum += math.Max(0, ratio*float64(c.Called)-float64(c.Entered)) * (1 - c.come(now))
	}
	return sum
}

// come is the share of those in the cohort who show up that has done so: evenly, over
// twice the longest pause near the head.
func (c *Cohort) come(now int64) float64 {
	return math.Max(0, math.Min(1, float64(now-c.At)/(2*PollNear)))
}

// hurried is the ratio to call by: what was learnt, or where slots go by unused what the
// open cohorts have shown until now, if that is less. So a room does not lose its rate for
// as long as it takes to learn that few come.
func (p *Pace) hurried(now int64) float64 {
	if p.Due > float64(now) {
		return p.Ratio
	}
	came, due := p.Ratio*hurriedWeight, float64(hurriedWeight)
	for _, c := range p.Cohorts {
		came += float64(c.Entered)
		due += float64(c.Called) * c.come(now-hurriedAfter)
	}
	return math.Min(p.Ratio, math.Max(hurriedLeast, came/due))
}

// Close ends the cohorts that are no longer prompt, and learns from them which
// share of those called shows up.
func (p *Pace) Close(now int64) {
	open := p.Cohorts[:0]
	for _, c := range p.Cohorts {
		if now-c.At < Prompt {
			open = append(open, c)
			continue
		}
		if p.Interval == 0 || c.Called == 0 {
			continue
		}
		perSecond := second / p.Interval
		weight := math.Min(1, float64(c.Called)/(perSecond*2+20))
		p.Ratio += weight * (float64(c.Entered)/float64(c.Called) - p.Ratio)
		p.Ratio = math.Min(1, math.Max(0.01, p.Ratio))
	}
	p.Cohorts = open
}

// Calls is how many tickets to call now, of those that wait, where seats more may
// be inside. At most TickBound.
func (p *Pace) Calls(now, waiting, seats int64) int64 {
	if p.Interval == 0 || waiting <= 0 || seats <= 0 {
		return 0
	}
	ratio := p.hurried(now)
	expected := p.expected(now, ratio)
	ahead := math.Max(Lookahead, p.Interval)
	reserved := math.Max(0, p.Due-float64(now)) + p.Interval*expected
	n := math.Floor((ahead - reserved) / p.Interval / ratio)
	if n < 1 && p.Due <= float64(now) && expected < 0.5 && !p.pending() {
		n = 1
	}
	return max(0, min(int64(math.Min(n, TickBound)), waiting, seats))
}

func (p *Pace) pending() bool {
	for _, c := range p.Cohorts {
		if c.Called > c.Entered {
			return true
		}
	}
	return false
}

// Pending is how many of those called promptly have not entered.
func (p *Pace) Pending() int64 {
	var n int64
	for _, c := range p.Cohorts {
		n += max(0, c.Called-c.Entered)
	}
	return n
}

// Called notes that n tickets behind the front were called, up to a place.
func (p *Pace) Called(now, front, upto, n int64) {
	if last := len(p.Cohorts) - 1; last >= 0 && now-p.Cohorts[last].At < cohortSpan {
		p.Cohorts[last].Upto, p.Cohorts[last].Called = upto, p.Cohorts[last].Called+n
		return
	}
	p.Cohorts = append(p.Cohorts, Cohort{At: now, From: front, Upto: upto, Called: n})
}

// Entered notes that the ticket with this place entered. Those called earlier, or
// put back, are late and belong to no open cohort.
func (p *Pace) Entered(place int64) {
	for i := range p.Cohorts {
		if c := &p.Cohorts[i]; place > c.From && place <= c.Upto {
			c.Entered++
			return
		}
	}
}

// Free says whether an arrival may enter at once: the next slot is due, even with
// all who are expected before.
func (p *Pace) Free(now int64) bool {
	return p.Interval > 0 && p.Slot(now)+p.Interval*p.Expected(now) <= float64(now)
}
