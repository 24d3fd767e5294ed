package light

import (
	"math"
	"time"
)

// What people take for the way to the provider and back is mostly their own time: a code from a message, a password, an app that
// has to be found. Ten to thirty seconds are usual.
const (
	// SlowAfter is longer than people take who know the way.
	SlowAfter = 45 * time.Second
	// VerySlowAfter is longer than people take who do not.
	VerySlowAfter = 90 * time.Second
)

// Windows, in slots. The short one sees quickly where many come, the long one sees at all where few do.
const (
	shortWindow = 2
	longWindow  = 6
	// patience is how long somebody may take until it counts as not having come back: 90 s, or less where it is known what
	// people take. What came back in a window is compared with the fewest that were sent in a window of that length up to
	// so much before: whatever people take up to there, and however the numbers rise or fall, those who are still on their
	// way never count as missing.
	patience = 9
	// longer is how many times what people take on average, plus a slot, those who come back at all have come back: so a
	// provider that dies in the first minute of an opening is seen to.
	longer = 3
)

// Floors: what is less proves nothing.
const (
	// fewSent: with half of those sent coming back, none of 20 does by chance once in a million slots.
	fewSent = 20
	// fewFailed: single failures are everywhere.
	fewFailed = 5
	// fewVerified show that a provider lives.
	fewVerified = 5
	// fewTimed are enough for a share of one half to mean something.
	fewTimed = 20
)

// thresholds are those of one measure for Delayed, Congested and Down; above 1 is never.
type thresholds [3]float64

const never = 1e9

// The thresholds. Shares are compared with what they are at least, after what chance does: see atLeast.
var (
	// Of those who came back, the share that failed for the provider's fault. One in twenty is noticed by people, one in five
	// is the talk of the evening; where more than half fail, it is not the place to send anybody.
	failing = thresholds{0.05, 0.20, 0.60}
	// Of those sent, the share that did not come back in time. Up to a half give up on a good day, too: they look what it is,
	// or wait for a code that they do not get.
	missing = thresholds{0.60, 0.75, 0.90}
	// Of those verified, the share that took longer than SlowAfter, or VerySlowAfter: as its median.
	slow     = thresholds{0.50, never, never}
	verySlow = thresholds{never, 0.50, never}
	// Mean seconds of a call to the provider's servers. They answer in 50 to 300 ms; a call is given up after 5 s.
	asking = thresholds{1, 2.5, never}
	// Share of the gateways that have given the provider up for a while.
	givenUp = thresholds{never, 0.25, 0.50}
)

// release is the part of a threshold that has to be kept to get better: a measure that sways by a tenth about a threshold changes
// nothing.
const release = 0.8

// history are slots by their distance from the first.
type history []Slot

// sum is what was counted in so many slots up to one.
func (h history) sum(c Count, upTo, length int) (n int64) {
	for i := max(0, upTo-length+1); i <= upTo; i++ {
		n += h[i].Counts[c]
	}
	return n
}

// came is how many came back at all, whatever with.
func (h history) came(upTo, length int) (n int64) {
	for _, c := range [...]Count{Verified, Canceled, Refused, Unavailable, Busy} {
		n += h.sum(c, upTo, length)
	}
	return n
}

// sent is the fewest that were sent in a window, of those that end here and up to patience before.
func (h history) sent(upTo, length int) int64 {
	least := h.sum(Started, upTo, length)
	for back := 1; back <= h.patience(upTo); back++ {
		if upTo-back < length-1 {
			return 0
		}
		least = min(least, h.sum(Started, upTo-back, length))
	}
	return least
}

// patience is how many slots people may take.
func (h history) patience(upTo int) int {
	verified, millis := h.sum(Verified, upTo, lead), h.sum(TookMillis, upTo, lead)
	if verified < fewTimed {
		return patience
	}
	return int(min(patience, 2+longer*millis/verified*1000/SlotLength))
}

// judge is what the slots up to one say by themselves, with all thresholds taken times part.
func (h history) judge(upTo int, part float64) Light {
	worst := Smooth
	for _, length := range [...]int{shortWindow, longWindow} {
		worst = max(worst, h.failing(upTo, length, part), h.missing(upTo, length, part), h.asking(upTo, length, part))
	}
	if seconds := h.sum(Seconds, upTo, shortWindow); seconds > 0 {
		worst = max(worst, givenUp.light(share(h.sum(Open, upTo, shortWindow), seconds), part))
	}
	if n := h.sum(Verified, upTo, longWindow); n >= fewTimed {
		worst = max(worst, slow.light(atLeast(h.sum(Slow, upTo, longWindow), n), part))
		worst = max(worst, verySlow.light(atLeast(h.sum(VerySlow, upTo, longWindow), n), part))
	}
	return worst
}

// failing judges what came back and failed. Down is a provider that does not answer, not one with too many visitors.
func (h history) failing(upTo, length int, part float64) Light {
	verified, unavailable := h.sum(Verified, upTo, length), h.sum(Unavailable, upTo, length)
	failed := unavailable + h.sum(Busy, upTo, length)
	if failed < fewFailed {
		return Smooth
	}
	l := min(Congested, failing.light(atLeast(failed, verified+failed), part))
	if unavailable >= fewFailed && failing.light(atLeast(unavailable, verified+unavailable), part) == Down {
		return Down
	}
	return l
}

// missing judges what did not come back. Who is sent and never comes back costs nothing to make, so no number of them shows a
// provider as down that verifies people.
func (h history) missing(upTo, length int, part float64) Light {
	sent := h.sent(upTo, length)
	if sent < fewSent {
		return Smooth
	}
	l := missing.light(atLeast(sent-h.came(upTo, length), sent), part)
	if l == Down && h.sum(Verified, upTo, length) >= fewVerified {
		return Congested
	}
	return l
}

func (h history) asking(upTo, length int, part float64) Light {
	asked := h.sum(Asked, upTo, length)
	if asked < fewFailed {
		return Smooth
	}
	return asking.light(float64(h.sum(AskedMillis, upTo, length))/1000/float64(asked), part)
}

// alive says whether there is any sign that people get through.
func (h history) alive(upTo int) bool { return h.sum(Verified, upTo, longWindow) >= fewVerified }

func (t thresholds) light(value, part float64) Light {
	l := Smooth
	for i, at := range t {
		if value >= at*part {
			l = Light(i + 1) // #nosec G115 -- three of them
		}
	}
	return l
}

// atLeast is the share that n of so many show, less twice its standard deviation: what ten or a hundred people do by chance is
// no reason to change a light.
func atLeast(n, of int64) float64 {
	x := min(1, max(0, share(n, of)))
	if of <= 0 {
		return 0
	}
	return max(0, x-2*math.Sqrt(x*(1-x)/float64(of)))
}

func share(n, of int64) float64 {
	if of <= 0 {
		return 0
	}
	return float64(n) / float64(of)
}
