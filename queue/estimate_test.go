package queue_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"waitroom/queue"
)

func TestEstimateWaitIsAnHonestRange(t *testing.T) {
	unknown := queue.Wait{Low: -1, High: -1}
	for _, row := range []struct {
		why            string
		ahead          int64
		callsPerSecond float64
		want           queue.Wait
	}{
		{"next in line", 0, 555, queue.Wait{Low: 0, High: 6}},
		{"an hour", 1_998_000, 555, queue.Wait{Low: 3060, High: 4326}},
		{"nobody is called: nothing can be said", 10, 0, unknown},
		{"no rate at all", 10, math.NaN(), unknown},
		{"a rate that cannot be", 10, -1, unknown},
		{"so slow that it overflows nothing", math.MaxInt64, 1e-300, queue.Wait{Low: 1e9, High: 1e9}},
		{"so fast that nobody waits", 10, math.Inf(1), queue.Wait{Low: 0, High: 6}},
	} {
		if got := queue.EstimateWait(row.ahead, row.callsPerSecond); got != row.want {
			t.Errorf("EstimateWait(%d, %v) = %+v, want %+v: %s", row.ahead, row.callsPerSecond, got, row.want, row.why)
		}
	}
}

func TestEstimateWaitContainsTheSteadyWaitAndGrowsWithTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := math.Pow(10, rapid.Float64Range(-4, 5).Draw(t, "log of the rate"))
		ahead := rapid.Int64Range(0, 20_000_000).Draw(t, "ahead")
		w, more := queue.EstimateWait(ahead, rate), queue.EstimateWait(ahead+1, rate)
		if exact := float64(ahead) / rate; exact < 1e8 && (float64(w.Low) > exact || float64(w.High) < exact) {
			t.Fatalf("%v s is not within %+v", exact, w)
		}
		if w.Low > w.High || more.Low < w.Low || more.High < w.High {
			t.Fatalf("%+v, and with one more ahead %+v", w, more)
		}
	})
}

func TestNextPoll(t *testing.T) {
	unknown := queue.Wait{Low: -1, High: -1}
	for _, row := range []struct {
		why         string
		wait        queue.Wait
		waiting     int64
		least, most time.Duration
	}{
		{"at the head every second", queue.Wait{}, 10, 900 * time.Millisecond, 1100 * time.Millisecond},
		{"so near that the lookahead counts on it: two seconds at most",
			queue.Wait{Low: 30, High: 40}, 1e7, 0, queue.PollNear * time.Microsecond},
		{"a twentieth of the wait", queue.Wait{Low: 590, High: 610}, 1e7, 27 * time.Second, 33 * time.Second},
		{"far away", queue.Wait{Low: 3600, High: 7200}, 1e7, 98 * time.Second, queue.PollFar * time.Microsecond},
		{"a small room at rest", unknown, 10, 9 * time.Second, 11 * time.Second},
		{"a large room at rest", unknown, 1_000_000, 18 * time.Second, 22 * time.Second},
		{"the largest", unknown, 1e12, 98 * time.Second, queue.PollFar * time.Microsecond},
	} {
		for _, random := range []float64{0, 0.3, 0.7, 1 - 1e-16} {
			if got := queue.NextPoll(row.wait, row.waiting, random); got < row.least || got > row.most {
				t.Errorf("NextPoll is %v, want %v to %v: %s", got, row.least, row.most, row.why)
			}
		}
	}
}

// pollsPerSecond is how many polls a line makes each second, summed over those who wait.
func pollsPerSecond(waiting int64, callsPerSecond float64, add int64) float64 {
	sum := 0.0
	for ahead, step := int64(0), int64(0); ahead < waiting; ahead += step {
		step = min(1+ahead/1000, waiting-ahead)
		w := queue.EstimateWait(ahead, callsPerSecond)
		if w.Low >= 0 {
			w.Low, w.High = w.Low+add, w.High+add
		}
		sum += float64(step) / queue.NextPoll(w, waiting, 0.5).Seconds()
	}
	return sum
}

func TestThePollsOfALongLineStayBounded(t *testing.T) {
	const perSecond = 2_000_000 / 3600.0
	f := func(why string, waiting int64, callsPerSecond float64, untilOpening int64, most float64) {
		t.Helper()
		if got := pollsPerSecond(waiting, callsPerSecond, untilOpening); got > most || got < most/2 {
			t.Errorf("%.0f polls a second, want %.0f to %.0f: %s", got, most/2, most, why)
		}
	}
	f("ten million at two million an hour", 10_000_000, perSecond, 0, 150_000)
	f("a day's 1.9 million", 1_900_000, perSecond, 0, 75_000)
	f("ten million at rest", 10_000_000, 0, 0, 95_000)
	f("three million at rest", 3_000_000, 0, 0, 51_000)
	f("ten million an hour before the opening", 10_000_000, perSecond, 3600, 95_000)
	f("ten million a minute before the opening", 10_000_000, perSecond, 60, 125_000)
}
