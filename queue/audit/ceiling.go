package audit

import (
	"math"
	"strconv"
	"strings"

	"waitroom/queue"
)

// ceiling proves that in every window of length W at most rate × W + burst entries lie: the level of a bucket that leaks at
// the rate never gets above the burst. Entries are promised ahead, and the rate may rise until they are due: those wait.
// A lower rate counts from the last entry on that had been promised before it.
type ceiling struct {
	known           bool // the rate
	burst           int
	interval, least float64
	level           float64
	at, last        int64
	pending         []promised
}

// promised is an entry, and the record that tells it.
type promised struct {
	entry, record, at int64
	cursor            string
	id                queue.ID
}

func (c *ceiling) promise(p promised) {
	c.pending = append(c.pending, p)
	c.last = max(c.last, p.entry)
}

// settle takes the entries until a time into account, and gives the first that is over the ceiling, with by how much.
func (c *ceiling) settle(until int64) (promised, float64) {
	n := 0
	for ; n < len(c.pending) && c.pending[n].entry <= until; n++ {
		p := c.pending[n]
		if !c.known || c.burst == 0 {
			continue
		}
		c.leak(p.entry)
		c.level++
		slack := 1e-6
		if c.least > 0 {
			slack += 1 / c.least // entries are whole microseconds, rounded up: a window may seem one shorter
		}
		if over := c.level - float64(c.burst) - slack; over > 0 {
			return p, over
		}
	}
	if n == len(c.pending) {
		c.pending = c.pending[:0]
	} else {
		c.pending = c.pending[n:]
	}
	return promised{}, 0
}

func (c *ceiling) leak(upto int64) {
	if upto <= c.at {
		return
	}
	if c.interval > 0 {
		c.level = math.Max(0, c.level-float64(upto-c.at)/c.interval)
	}
	c.at = upto
}

// forget begins anew, where the clock went back. Nothing is pending.
func (c *ceiling) forget() { c.level, c.at, c.last = 0, 0, 0 }

// control follows the rate that was set.
func (a *audit) control(r *queue.Record) {
	rate, ok := strings.CutPrefix(r.Detail, "rate=")
	if !ok {
		return
	}
	rate, _, _ = strings.Cut(rate, " ")
	if rate == "file" {
		if a.options.FileRate == nil {
			a.settle(math.MaxInt64)
			a.ceiling.known, a.result.CeilingFrom = false, 0
			return
		}
		a.retime(r.At, *a.options.FileRate)
		return
	}
	perHour, err := strconv.ParseFloat(strings.TrimSuffix(rate, "/h"), 64)
	if err != nil {
		a.broken(queue.ID{}, "sets a rate that cannot be read: %q", rate)
		return
	}
	a.retime(r.At, perHour)
}

func (a *audit) retime(at int64, perHour float64) {
	c, interval := &a.ceiling, queue.Interval(perHour)
	slower := interval == 0 || c.interval != 0 && interval > c.interval
	if !c.known || slower {
		a.settle(math.MaxInt64)
	}
	if !c.known {
		c.known, c.level, c.at = true, 0, max(at, c.last)
		if c.burst > 0 {
			a.result.CeilingFrom = c.at
		}
	}
	c.leak(at)
	if interval > 0 && (c.least == 0 || interval < c.least) {
		c.least = interval
	}
	c.interval = interval
}
