package load

import (
	"math"
	"math/rand/v2"
	"time"
)

// Pattern is when visitors come.
type Pattern string

// The patterns.
const (
	// Wall is everybody at the opening: evenly within a minute.
	Wall Pattern = "wall"
	// Steady is a stream: evenly within an hour.
	Steady Pattern = "steady"
	// Evening is a long evening of three hours, with 40 % in its first 30 minutes.
	Evening Pattern = "evening"
)

// usual is the time in which all come.
func (p Pattern) usual() time.Duration {
	return map[Pattern]time.Duration{Wall: time.Minute, Steady: time.Hour, Evening: 3 * time.Hour}[p]
}

func (p Pattern) known() bool { return p.usual() > 0 }

// eveningShape makes 40 % come in the first sixth: 1 - (5/6)^shape = 0.4.
var eveningShape = math.Log(0.6) / math.Log(5.0/6)

// at is when the share u of the visitors has come, as a share of the whole time.
func (p Pattern) at(u float64) float64 {
	if p == Evening {
		return 1 - math.Pow(1-u, 1/eveningShape)
	}
	return u
}

// arrivals gives the moments at which visitors come, in order.
type arrivals struct {
	pattern Pattern
	n       int
	within  float64
	random  *rand.Rand
	next    int
}

func newArrivals(p *Plan) *arrivals {
	return &arrivals{p.Pattern, p.Visitors, float64(p.Within), rand.New(rand.NewPCG(p.Seed, 1)), 0} //nolint:gosec // who comes when is no secret
}

// due is when the next visitor comes, in nanoseconds, on the wheel's grid. Each comes at
// a random moment of their own part of the pattern, so that they are not in step.
func (a *arrivals) due() int64 {
	u := (float64(a.next) + a.random.Float64()) / float64(a.n)
	a.next++
	return grid(int64(a.pattern.at(u) * a.within))
}

// traits are what a visitor will do.
type traits uint8

// The traits.
const (
	absent traits = 1 << iota
	late
	impatient
)

// traitsOf decides by the seed what the i-th visitor will do, the same in each run.
func (p *Plan) traitsOf(i int) (t traits) {
	random := rand.New(rand.NewPCG(p.Seed, uint64(i)+2)) //nolint:gosec // who does what is no secret
	for _, c := range []struct {
		share float64
		trait traits
	}{{p.NoShow, absent}, {p.Late, late}, {p.Reload, impatient}} {
		if random.Float64() < c.share {
			t |= c.trait
		}
	}
	return t
}
