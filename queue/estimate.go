package queue

import (
	"math"
	"time"
)

const (
	// PollFar is the longest pause between two polls, far from the head.
	PollFar = 120 * second
	// pollShare is the share of the estimated wait that a visitor sleeps.
	pollShare = 0.05
	// pollsAtRest bounds the polls per second of a line that does not move, while it
	// is short enough to be asked again within PollFar: 5 million.
	pollsAtRest = 50_000
	// untilIn is the time from a call to the entry, in seconds, at most, of somebody whose
	// page is open: the poll that tells, and a slot that is called ahead for.
	untilIn = (Lookahead + PollNear) / second
	// measureSpan is the window in which the rate of calls is measured.
	measureSpan = 30 * second
	// measureLeast is the least time that makes a measurement.
	measureLeast = 5 * second
	// measureCalls is how many calls, made or promised, make a measurement; of fewer
	// the count says nothing.
	measureCalls = 10
)

// Wait is an estimate of the time until an entry, in seconds. Low is -1 where
// nothing can be said.
type Wait struct{ Low, High int64 }

// unknown is the estimate where nothing can be said.
var unknown = Wait{-1, -1}

// EstimateWait is the honest range for ahead tickets at a rate of calls per
// second: the dead in the line leave faster than the living enter, so the calls
// count and not the configured rate.
func EstimateWait(ahead int64, callsPerSecond float64) Wait {
	if !(callsPerSecond > 0) {
		return unknown
	}
	seconds := float64(ahead) / callsPerSecond
	return Wait{
		Low:  int64(math.Min(seconds*0.85, 1e9)),
		High: int64(math.Min(math.Ceil(seconds*1.2)+untilIn, 1e9)),
	}
}

// after is the estimate of somebody whose wait begins in so many seconds.
func (w Wait) after(seconds int64) Wait {
	if w.Low < 0 {
		return w
	}
	return Wait{w.Low + seconds, w.High + seconds}
}

// NextPoll is how long to wait before asking again: a share of the estimated wait.
// Where nothing is estimated, as in a pause, it grows with the number of those
// waiting, so that their polls stay bounded. Random is from [0, 1) and spreads
// those who came together. It is never longer than PollFar.
func NextPoll(w Wait, waiting int64, random float64) time.Duration {
	pause := math.Max(10, float64(waiting)/pollsAtRest) * second
	if w.Low >= 0 {
		pause = float64(w.Low+w.High) / 2 * pollShare * second
	}
	pause = math.Max(PollNear/2, math.Min(pause, PollFar/1.1))
	return time.Duration(pause*(0.9+0.2*random)) * time.Microsecond
}

// meter measures the rate of calls from the counter that views carry.
type meter struct {
	marks []mark
}

type mark struct{ at, calls int64 }

// next is the meter after a view, and the calls per second in the window. Known is
// false while too little was seen: less than measureLeast, or no call where the
// settings promise fewer than measureCalls. A counter that fell back, or a line that
// was empty, starts anew.
func (m meter) next(at, calls, waiting int64, promised float64) (next meter, perSecond float64, known bool) {
	if n := len(m.marks); waiting == 0 || n > 0 && (calls < m.marks[n-1].calls || at < m.marks[n-1].at) {
		return meter{}, 0, false
	}
	first := 0
	for first < len(m.marks) && at-m.marks[first].at > measureSpan {
		first++
	}
	marks := append(append([]mark(nil), m.marks[first:]...), mark{at, calls})
	span, counted := at-marks[0].at, calls-marks[0].calls
	if n := len(marks) - 1; n > 0 && at-marks[n-1].at < second/2 {
		marks = marks[:n]
	}
	seconds := float64(span) / second
	if span < measureLeast || math.Max(float64(counted), promised*seconds) < measureCalls {
		return meter{marks}, 0, false
	}
	return meter{marks}, float64(counted) / seconds, true
}
