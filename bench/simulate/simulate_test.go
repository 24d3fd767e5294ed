package simulate_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"waitroom/bench/simulate"
	"waitroom/queue"
)

// options are a wall of visitors in front of a room, at so many entries a second.
func options(arrivals int, perSecond, showUp float64) simulate.Options {
	return simulate.Options{
		Seed:  1,
		Crowd: simulate.Crowd{Arrivals: arrivals, Curve: simulate.Wall, ShowUp: showUp},
		Rules: queue.Rules{RatePerHour: perSecond * 3600, Burst: 10, Hold: 1800e6, PassTTL: 600e6},
	}
}

func run(t rapid.TB, o simulate.Options) *simulate.Result {
	t.Helper()
	r, err := simulate.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func share[T any](v T) *T { return &v }

func TestTheSameSeedGivesTheSameResult(t *testing.T) {
	t.Parallel()
	o := options(5_000, 100, 0.8)
	o.Crowd.Early, o.Crowd.EarlyOver, o.Rules.Draw = 0.3, 10*time.Minute, true
	o.Crowd.Late, o.Crowd.LateBy = 0.1, 5*time.Minute
	text := func(seed uint64) string {
		o.Seed = seed
		b, err := json.Marshal(run(t, o))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := text(7)
	if diff := cmp.Diff(first, text(7)); diff != "" {
		t.Error(diff)
	}
	if first == text(8) {
		t.Error("another seed gives the same result")
	}
}

// drawOptions draws a small opening of any kind.
func drawOptions(t *rapid.T) simulate.Options {
	perSecond := rapid.SampledFrom([]float64{0, 0.5, 7, 100, 1000}).Draw(t, "rate")
	o := options(rapid.IntRange(0, 1000).Draw(t, "arrivals"), perSecond, rapid.Float64Range(0, 1).Draw(t, "show up"))
	o.Seed = rapid.Uint64().Draw(t, "seed")
	o.Follow = rapid.SampledFrom([]int{1, 100, 10_000}).Draw(t, "followed")
	o.Limit = 20 * time.Minute
	o.Rules.Burst = rapid.SampledFrom([]int{1, 10, 500}).Draw(t, "burst")
	o.Rules.Draw = rapid.Bool().Draw(t, "draw")
	o.Crowd.Curve = rapid.SampledFrom([]simulate.Curve{simulate.Wall, simulate.Steady, simulate.Evening}).Draw(t, "curve")
	if o.Crowd.Curve != simulate.Wall {
		o.Crowd.Over = 31 * time.Minute
	}
	if rapid.Bool().Draw(t, "early") {
		o.Crowd.Early, o.Crowd.EarlyOver = 0.5, 10*time.Minute
	}
	if rapid.Bool().Draw(t, "late") {
		o.Crowd.Late, o.Crowd.LateBy = 0.2, 20*time.Minute
	}
	var after time.Duration
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		after += time.Duration(rapid.Int64Range(0, 300).Draw(t, "after")) * time.Second
		c := simulate.Change{After: after}
		if rapid.Bool().Draw(t, "of the rate") {
			c.RatePerHour = share(rapid.SampledFrom([]float64{0, 3600, 360_000, 3_600_000}).Draw(t, "new rate"))
		} else {
			c.Paused = share(rapid.Bool().Draw(t, "paused"))
		}
		o.Changes = append(o.Changes, c)
	}
	return o
}

func TestNobodyIsLostAndTheCeilingHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		r := run(t, o)
		if r.Arrivals != r.Entered+r.NoShows+r.Waiting {
			t.Errorf("%d came, %d entered, %d did not show up, %d wait", r.Arrivals, r.Entered, r.NoShows, r.Waiting)
		}
		if len(o.Changes) == 0 && o.Rules.RatePerHour >= 7*3600 && o.Crowd.Late == 0 && (r.Waiting > 0 || r.Arrivals != int64(o.Crowd.Arrivals)) && o.Crowd.Curve == simulate.Wall {
			t.Errorf("%d of %d came, %d wait at the end", r.Arrivals, o.Crowd.Arrivals, r.Waiting)
		}
		if r.Excess > 1e-6 {
			t.Errorf("%v entries above the ceiling", r.Excess)
		}
		if r.RateUsed > 1.01+float64(10*o.Rules.Burst) && r.Entered > 0 {
			t.Errorf("%v of the rate was used", r.RateUsed)
		}
	})
}

func TestTheRateIsUsedWhateverShareShowsUp(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{20, 200} {
		for _, showUp := range []float64{1, 0.8, 0.4, 0.1} {
			// The share is learnt once, in the first ten seconds: a long line makes that little.
			o := options(int(perSecond*900/showUp), perSecond, showUp)
			o.Follow = 100
			r := run(t, o)
			if r.RateUsed < 0.98 || r.RateUsed > 1.001 {
				t.Errorf("%.0f/s, %.0f %% show up: %.4f of the rate was used", perSecond, showUp*100, r.RateUsed)
			}
			if r.Excess > 1e-6 {
				t.Errorf("%.0f/s, %.0f %% show up: %v entries above the ceiling", perSecond, showUp*100, r.Excess)
			}
			if got := float64(r.Entered) / float64(r.Arrivals); math.Abs(got-showUp) > 0.01 {
				t.Errorf("%.3f of all entered, not %g", got, showUp)
			}
		}
	}
}

func TestWhoIsAskedAboutWhenCalledWaitsAsLongAsWhoIsFollowed(t *testing.T) {
	t.Parallel()
	f := func(why string, set func(*simulate.Options)) {
		t.Helper()
		o := options(12_000, 100, 0.8)
		set(&o)
		o.Follow = o.Crowd.Arrivals
		all := run(t, o)
		o.Follow = 300
		few := run(t, o)
		near := func(what string, a, b, part, least float64) {
			t.Helper()
			if math.Abs(a-b) > math.Max(least, part*a) {
				t.Errorf("%s: %s is %.4g with everybody followed, %.4g with few", why, what, a, b)
			}
		}
		near("the median wait", all.Wait.P50, few.Wait.P50, 0.01, 1)
		near("the longest wait", all.Wait.Max, few.Wait.Max, 0.02, 5)
		near("the last entry", all.LastEntry, few.LastEntry, 0.02, 5)
		near("the share of the rate", all.RateUsed, few.RateUsed, 0, 0.015)
		near("the mean of polls", all.Polls.Mean, few.Polls.Mean, 0.1, 0)
		near("the longest line", float64(all.LongestLine), float64(few.LongestLine), 0.02, 100)
	}
	f("a wall", func(*simulate.Options) {})
	f("all before the opening", func(o *simulate.Options) { o.Crowd.Early, o.Crowd.EarlyOver = 1, 30*time.Minute })
	f("a draw", func(o *simulate.Options) {
		o.Crowd.Early, o.Crowd.EarlyOver, o.Rules.Draw = 1, 30*time.Minute, true
	})
	f("a rate of 0 for a while", func(o *simulate.Options) {
		o.Changes = []simulate.Change{
			{After: time.Minute, RatePerHour: share(0.0)}, {After: 3 * time.Minute, RatePerHour: share(360_000.0)},
		}
	})
}

func TestInAPauseVisitorsAskAsSeldomAsTheyAreTold(t *testing.T) {
	t.Parallel()
	o := options(1000, 0, 1)
	o.Crowd.Over, o.Limit = time.Second, time.Hour
	r := run(t, o)
	// Where nothing can be estimated a thousand ask once in ten seconds each.
	if r.Polls.Mean < 97 || r.Polls.Mean > 103 || r.Entered != 0 || r.Waiting != 1000 {
		t.Errorf("%.1f polls a second, %d entered, %d wait", r.Polls.Mean, r.Entered, r.Waiting)
	}
}

func TestAQuietRoomLetsEverybodyInAtOnce(t *testing.T) {
	o := options(1000, 100, 0.5)
	o.Crowd.Curve = simulate.Steady
	r := run(t, o)
	if r.Entered != 1000 || r.Wait.Max != 0 || r.Polls.Peak != 0 || r.LongestLine != 0 {
		t.Errorf("%d entered, the longest wait was %g s, %g polls/s, a line of %d", r.Entered, r.Wait.Max, r.Polls.Peak, r.LongestLine)
	}
}

func TestLatePeopleEnterAndHoldUpNobody(t *testing.T) {
	t.Parallel()
	o := options(12_000, 100, 1)
	punctual := run(t, o)
	o.Crowd.Late, o.Crowd.LateBy = 0.3, 3*time.Minute
	r := run(t, o)
	if r.Entered != 12_000 || r.Late < 3400 || r.Late > 3800 {
		t.Errorf("%d entered, %d of them late", r.Entered, r.Late)
	}
	if r.RateUsed < 0.97 || r.LastEntry > punctual.LastEntry+200 {
		t.Errorf("%.4f of the rate was used, and the last entered after %.0f s in place of %.0f", r.RateUsed, r.LastEntry, punctual.LastEntry)
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := simulate.Run(ctx, options(1000, 1, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestNeedsAreWhatHappenedTimesWhatItCosts(t *testing.T) {
	o := options(36_000, 100, 1)
	o.Crowd.Over = 10 * time.Second
	r := run(t, o)
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > want/50 {
			t.Errorf("%s: %g, want about %g", what, got, want)
		}
	}
	hour := time.Hour
	near("the CPU of joins", r.Needs(simulate.Costs{Join: time.Millisecond}, hour).GatewayCPU, 3.6)
	near("the CPU of polls", r.Needs(simulate.Costs{Poll: time.Millisecond}, hour).GatewayCPU, r.Polls.Peak/1000)
	near("the CPU of entries", r.Needs(simulate.Costs{Enter: 10 * time.Millisecond}, hour).GatewayCPU, r.Enters.Peak/100)
	near("Redis at the joins", r.Needs(simulate.Costs{StoreJoin: time.Millisecond, Poll: hour}, hour).StoreCPU, 3.6)
	near("those waiting", r.Needs(simulate.Costs{Waiting: 100}, hour).StoreBytes, 100*float64(r.LongestLine))
	near("entries, all kept", r.Needs(simulate.Costs{Entered: 1}, hour).StoreBytes, 36_000)
	near("entries, kept a minute", r.Needs(simulate.Costs{Entered: 1}, time.Minute).StoreBytes, 7000)
	near("the journal", r.Needs(simulate.Costs{Recorded: 1}, time.Minute).StoreBytes, 36_000)
	if n := r.Needs(simulate.Costs{Join: time.Millisecond}, hour); n.Gateways != 4 {
		t.Errorf("%d gateways of two cores, half used, for 3.6 cores", n.Gateways)
	}
	if n := r.Needs(simulate.Measured(), hour); n.Gateways != 1 {
		t.Errorf("%d gateways for 100 entries a second", n.Gateways)
	}
}

func TestOptionsThatCannotBePlayedAreRefused(t *testing.T) {
	f := func(set func(*simulate.Options)) {
		t.Helper()
		o := options(10, 1, 1)
		set(&o)
		if _, err := simulate.Run(context.Background(), o); err == nil {
			t.Errorf("%+v was played", o)
		}
	}
	f(func(o *simulate.Options) { o.Crowd.Arrivals = -1 })
	f(func(o *simulate.Options) { o.Crowd.Curve = "flood" })
	f(func(o *simulate.Options) { o.Crowd.ShowUp = 1.1 })
	f(func(o *simulate.Options) { o.Crowd.Early = 0.5 }) // in no time
	f(func(o *simulate.Options) { o.Crowd.Curve, o.Crowd.Over = simulate.Evening, time.Minute })
	f(func(o *simulate.Options) { o.Crowd.Late, o.Crowd.LateBy = 0.5, time.Hour }) // longer than the hold
	f(func(o *simulate.Options) { o.Rules.Burst = 0 })
	f(func(o *simulate.Options) { o.Rules.RatePerHour = -1 })
	f(func(o *simulate.Options) { o.Rules.Hold = 0 })
	f(func(o *simulate.Options) { o.Rules.MaxActive = 1 })
	f(func(o *simulate.Options) { o.Follow = -1 })
	f(func(o *simulate.Options) { o.Changes = []simulate.Change{{After: 2}, {After: 1}} })
	f(func(o *simulate.Options) { o.Changes = []simulate.Change{{RatePerHour: share(-1.0)}} })
}
