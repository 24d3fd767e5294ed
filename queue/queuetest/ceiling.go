package queuetest

import (
	"fmt"
	"math"
	"sort"
	"sync"

	"waitroom/queue"
)

// ceiling collects entries and checks that in every window of length W at most
// rate × W + burst of them lie, whatever the rate was when.
//
// It reckons in the store's time with the steps backwards taken out, so that time
// rises: a step back neither gives entries nor takes them away. A lower rate counts
// from the last entry on that had been promised at the higher one.
type ceiling struct {
	mu    sync.Mutex
	seen  int64 // the store's clock, jitter held
	back  int64 // how far it was set back in all
	pace  []stretch
	burst int
	given []int64 // reckoned
	known map[[2]int64]bool
}

// stretch is a time from which on the interval counts.
type stretch struct {
	from     int64
	interval float64
}

func newCeiling(now int64) *ceiling {
	return &ceiling{seen: now, known: map[[2]int64]bool{}, burst: 1}
}

// see follows the clock as queue.Pace.At does.
func (c *ceiling) see(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen-now > 2*Second {
		c.back += c.seen - now
		c.seen = now
		return
	}
	c.seen = max(c.seen, now)
}

// note takes an answer's entry in, once per ticket's place and entry.
func (c *ceiling) note(s queue.Seat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := [2]int64{s.Place, s.Entry}
	if s.State != queue.StateAdmitted || c.known[key] {
		return
	}
	c.known[key] = true
	c.given = append(c.given, s.Entry+c.back)
}

// retime notes that the rate is another from now on.
func (c *ceiling) retime(interval float64, burst int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.burst = max(c.burst, burst, 1)
	from := c.seen + c.back
	n := len(c.pace)
	if n > 0 && c.pace[n-1].interval == interval {
		return
	}
	if n > 0 && slower(interval, c.pace[n-1].interval) {
		for _, e := range c.given {
			from = max(from, e)
		}
	}
	if n > 0 {
		from = max(from, c.pace[n-1].from)
	}
	c.pace = append(c.pace, stretch{from, interval})
}

func slower(a, b float64) bool { return a == 0 || b != 0 && a > b }

// slots is how many entries the rate allows from the beginning until a time.
func (c *ceiling) slots(at float64) float64 {
	sum := 0.0
	for i, s := range c.pace {
		upto := math.Inf(1)
		if i+1 < len(c.pace) {
			upto = float64(c.pace[i+1].from)
		}
		if s.interval > 0 && at > float64(s.from) {
			sum += (math.Min(at, upto) - float64(s.from)) / s.interval
		}
	}
	return sum
}

// check looks at every window that begins and ends with an entry.
func (c *ceiling) check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	given := append([]int64(nil), c.given...)
	sort.Slice(given, func(i, j int) bool { return given[i] < given[j] })
	least, from := math.Inf(1), 0
	for i, e := range given {
		// Entries are whole microseconds, rounded up: a window may seem one shorter.
		if f := float64(i) - c.slots(float64(e)); f < least {
			least, from = f, i
		}
		if over := float64(i) - c.slots(float64(e)+1) - least + 1 - float64(c.burst); over > 1e-6 {
			return fmt.Errorf("%d entries in %d µs from %d on: %.4f more than the rate allows, with a burst of %d",
				i-from+1, e-given[from], given[from], over, c.burst)
		}
	}
	return nil
}
