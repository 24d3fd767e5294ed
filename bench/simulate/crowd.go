package simulate

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Curve is how those who come after the opening are spread over time.
type Curve string

// The curves.
const (
	// Wall is everybody at once: evenly over a short time, a minute unless told otherwise.
	Wall Curve = "wall"
	// Steady is evenly over a long time, four hours unless told otherwise.
	Steady Curve = "steady"
	// Evening is 40 % in the first 30 minutes, evenly, and the rest in ever smaller
	// numbers until the end, four hours after the opening unless told otherwise.
	Evening Curve = "evening"
)

const (
	// eveningShare comes in the first eveningRush of an evening.
	eveningShare = 0.4
	eveningRush  = 30 * time.Minute
)

// Crowd is who comes, when, and how they behave.
type Crowd struct {
	// Arrivals is how many come.
	Arrivals int
	// Curve and Over say when: Over is how long after the opening the last one comes;
	// 0 is the curve's own.
	Curve Curve
	Over  time.Duration
	// Early is the share of them that comes before the opening instead, evenly over EarlyOver.
	Early     float64
	EarlyOver time.Duration
	// ShowUp is the share that is there when it is called. The others close the page
	// at some time before, and are found out by not entering.
	ShowUp float64
	// Late is the share of those who show up that looks away when called, and enters
	// after its slot is gone: up to LateBy after the call was to be answered.
	Late   float64
	LateBy time.Duration
}

// over is how long the curve is.
func (c *Crowd) over() time.Duration {
	switch {
	case c.Over != 0:
		return c.Over
	case c.Curve == Wall:
		return time.Minute
	}
	return 4 * time.Hour
}

func (c *Crowd) check() error {
	share := func(f float64) bool { return f >= 0 && f <= 1 }
	switch {
	case c.Arrivals < 0 || c.Arrivals > mostArrivals:
		return fmt.Errorf("%d arrivals: from 0 to %d can be played", c.Arrivals, mostArrivals)
	case c.Curve != Wall && c.Curve != Steady && c.Curve != Evening:
		return fmt.Errorf("there is no curve %q: use wall, steady or evening", c.Curve)
	case c.Over < 0 || c.EarlyOver < 0 || c.LateBy < 0:
		return errors.New("no time can be negative")
	case c.Curve == Evening && c.over() <= eveningRush:
		return fmt.Errorf("an evening is longer than %s", eveningRush)
	case !share(c.Early) || !share(c.ShowUp) || !share(c.Late):
		return errors.New("a share is from 0 to 1")
	case c.Early > 0 && c.EarlyOver == 0:
		return errors.New("those who come before the opening need a time to come in")
	}
	return nil
}

// crowd is who comes, drawn: visitors are numbered as they arrive.
type crowd struct {
	o      Crowd
	arrive []int64
	seed   uint64
	every  int      // each so-manieth is followed
	people []person // who is followed
}

// person is a visitor who is followed.
type person struct {
	called int64 // when they were called
	entry  int64 // when they entered, promptly; 0 for not
	quit   int64 // when the page is closed; 0 for not known
	low    int64 // the lowest position shown
}

func newCrowd(o Crowd, seed uint64, follow int, random *rand.Rand) *crowd {
	early := int(math.Round(o.Early * float64(o.Arrivals)))
	arrive := make([]int64, 0, o.Arrivals)
	over := float64(o.EarlyOver.Microseconds())
	for _, u := range ordered(early, random) {
		arrive = append(arrive, opening-int64(over*(1-u))-1)
	}
	for _, u := range ordered(o.Arrivals-early, random) {
		arrive = append(arrive, opening+int64(o.when(u)*float64(o.over().Microseconds())))
	}
	every := max(1, o.Arrivals/follow)
	return &crowd{
		o: o, arrive: arrive, seed: seed, every: every,
		people: make([]person, (o.Arrivals+every-1)/every),
	}
}

// when is by which part of the curve's time a share of all have come.
func (c *Crowd) when(share float64) float64 {
	if c.Curve != Evening {
		return share
	}
	rush := float64(eveningRush) / float64(c.over())
	if share < eveningShare {
		return share / eveningShare * rush
	}
	rest := (share - eveningShare) / (1 - eveningShare)
	return rush + (1-rush)*(1-math.Sqrt(1-rest))
}

// ordered draws n numbers from [0, 1) and gives them in rising order, without sorting:
// they lie as the sums of exponential gaps do.
func ordered(n int, random *rand.Rand) []float64 {
	sums := make([]float64, n)
	sum := 0.0
	for i := range sums {
		sum += random.ExpFloat64()
		sums[i] = sum
	}
	sum += random.ExpFloat64()
	for i := range sums {
		sums[i] /= sum
	}
	return sums
}

// followed is the visitor's person, nil for those who are not followed.
func (c *crowd) followed(visitor uint32) *person {
	if int(visitor)%c.every != 0 {
		return nil
	}
	return &c.people[int(visitor)/c.every]
}

// What is drawn of a visitor once and for all.
const (
	drawShow uint64 = iota + 1
	drawLate
	drawDelay
	drawQuit
)

// fate is a number from [0, 1) that belongs to a visitor: SplitMix64 of seed, visitor
// and what it is for.
func (c *crowd) fate(visitor uint32, what uint64) float64 {
	x := c.seed + (uint64(visitor)<<3|what)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

func (c *crowd) absent(visitor uint32) bool { return c.fate(visitor, drawShow) >= c.o.ShowUp }

func (c *crowd) late(visitor uint32) bool { return c.fate(visitor, drawLate) < c.o.Late }
