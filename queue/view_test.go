package queue_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"waitroom/queue"
)

// tenth is a rank map in which ten tickets wait for each microsecond of place.
type tenth struct{ front int64 }

func (r tenth) Ahead(place int64) int64 { return max(0, place-r.front) * 10 }

// open is the view of a room that lets people in: front at begin, 1000 waiting.
func open() *queue.View {
	return &queue.View{
		At: begin, Epoch: "e", Front: begin, Last: begin + 100, Waiting: 1000,
		Interval: 1800, Ratio: 1, CallsPerSecond: 10, Ranks: tenth{begin},
	}
}

func TestTheStateOfAStanding(t *testing.T) {
	early := func(v *queue.View) { v.Rules.OpensAt = begin + 1 }
	opening := func(v *queue.View) { v.Rules.OpensAt = begin }
	closed := func(v *queue.View) { v.Rules.ClosesAt = begin }
	closing := func(v *queue.View) { v.Rules.ClosesAt = begin + 1 }
	sold := func(v *queue.View) { v.Control.SoldOut = true }
	paused := func(v *queue.View) { v.Control.Paused = true }
	never := func(v *queue.View) { v.Interval = 0 }
	recovering := func(v *queue.View) { v.RecoverUntil = begin + 1 }
	recovered := func(v *queue.View) { v.RecoverUntil = begin }
	full := func(v *queue.View) { v.Rules.MaxActive, v.Active = 5, 5 }
	nearly := func(v *queue.View) { v.Rules.MaxActive, v.Active = 5, 4 }
	type sets []func(*queue.View)
	const waits, called = begin + 1, begin
	for _, row := range []struct {
		why   string
		place int64
		sets  sets
		want  queue.State
	}{
		{"behind the front", waits, nil, queue.StateWaiting},
		{"at the front", called, nil, queue.StateCalled},
		{"before the front", called - 5, nil, queue.StateCalled},
		{"before the opening nobody is in, whatever else is", called,
			sets{early, sold, paused, never, recovering, full}, queue.StateEarly},
		{"the opening itself is open", called, sets{opening}, queue.StateCalled},
		{"closed ends the wait, whatever else is", called,
			sets{closed, sold, paused, never, recovering, full}, queue.StateClosed},
		{"the moment before closing is open", called, sets{closing}, queue.StateCalled},
		{"sold out ends the wait: neither a pause nor a recovery matters", called,
			sets{sold, paused, never, recovering, full}, queue.StateSoldOut},
		{"a pause holds the called, too, or they would try in vain", called,
			sets{paused, recovering, full}, queue.StatePaused},
		{"a rate of nothing is a pause", called, sets{never, recovering, full}, queue.StatePaused},
		{"who recovers calls nobody", called, sets{recovering, full}, queue.StateRecovering},
		{"a recovery that is over is none", called, sets{recovered}, queue.StateCalled},
		{"who was called and finds no seat free is told so, and does not ask the store in vain", called,
			sets{full}, queue.StateFull},
		{"who waits is told why the line stands", waits, sets{full}, queue.StateFull},
		{"one seat is free", waits, sets{nearly}, queue.StateWaiting},
	} {
		v := open()
		for _, set := range row.sets {
			set(v)
		}
		if got := v.Standing(row.place, 0, begin, 0).State; got != row.want {
			t.Errorf("the state is %s, want %s: %s", got, row.want, row.why)
		}
	}
}

func TestThePositionOfAStanding(t *testing.T) {
	f := func(why string, set func(*queue.View), place, low, want int64) {
		t.Helper()
		v := open()
		set(v)
		if got := v.Standing(place, low, begin, 0).Position; got != want {
			t.Errorf("position %d, want %d: %s", got, want, why)
		}
	}
	nothing := func(*queue.View) {}
	blind := func(v *queue.View) { v.Ranks = nil }
	draw := func(in int64) func(*queue.View) {
		return func(v *queue.View) { v.Rules.Draw, v.Rules.OpensAt = true, begin+in }
	}
	f("ten are ahead", nothing, begin+1, 0, 11)
	f("less was shown before", nothing, begin+1, 7, 7)
	f("more was shown before", nothing, begin+1, 12, 11)
	f("called is 1", nothing, begin, 0, 1)
	f("called is 1, whatever was shown", nothing, begin, 9, 1)
	f("no ranks are known: nothing is made up", blind, begin+1, 0, 0)
	f("no ranks are known: what was shown holds", blind, begin+1, 7, 7)
	f("no ranks are needed for who is called", blind, begin, 0, 1)
	f("a draw hides the position an hour before", draw(3600*second), begin+1, 7, 0)
	f("and in the last moment", draw(1), begin+1, 0, 0)
	f("and even of the first", draw(1), begin, 0, 0)
	f("until the opening", draw(0), begin+1, 0, 11)
	f("without a draw the position is shown early",
		func(v *queue.View) { v.Rules.OpensAt = begin + second }, begin+1, 0, 11)
}

func TestThePositionShownNeverRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low, place := int64(0), begin+rapid.Int64Range(1, 1000).Draw(t, "place")
		for range rapid.IntRange(1, 30).Draw(t, "polls") {
			v := open()
			v.Front = begin - rapid.Int64Range(0, 1000).Draw(t, "front goes back by")
			v.Ranks = tenth{v.Front}
			s := v.Standing(place, low, begin, 0)
			if low > 0 && s.Position > low {
				t.Fatalf("position %d after %d", s.Position, low)
			}
			if s.Position < 1 || s.Waiting < s.Position {
				t.Fatalf("position %d of %d", s.Position, s.Waiting)
			}
			low = s.Position
		}
	})
}

func TestTheWaitOfAStanding(t *testing.T) {
	unknown := queue.Wait{Low: -1, High: -1}
	f := func(why string, set func(*queue.View), want queue.Wait) {
		t.Helper()
		v := open()
		set(v)
		if got := v.Standing(begin+10, 0, begin, 0).Wait; got != want {
			t.Errorf("wait %+v, want %+v: %s", got, want, why)
		}
	}
	f("a hundred ahead at ten a second", func(*queue.View) {}, queue.Wait{Low: 8, High: 18})
	f("before the opening the time until then counts, too",
		func(v *queue.View) { v.Rules.OpensAt = begin + 60*second }, queue.Wait{Low: 68, High: 78})
	f("a pause ends when it ends", func(v *queue.View) { v.Control.Paused = true }, unknown)
	f("nobody waits for what is sold out", func(v *queue.View) { v.Control.SoldOut = true }, unknown)
	f("nor after closing", func(v *queue.View) { v.Rules.ClosesAt = begin }, unknown)
	f("nobody is called", func(v *queue.View) { v.CallsPerSecond = 0 }, unknown)
	f("no position, no wait", func(v *queue.View) { v.Ranks = nil }, unknown)
	f("before a draw nobody knows", func(v *queue.View) {
		v.Rules.Draw, v.Rules.OpensAt = true, begin+60*second
	}, unknown)
}

func TestNoPollIsToldAPauseAboveTheLongest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := open()
		v.Waiting = rapid.OneOf(rapid.Int64Range(0, 100), rapid.Int64Range(0, 20_000_000)).Draw(t, "waiting")
		v.Ranks = tenth{begin}
		v.Last = begin + v.Waiting/10
		v.CallsPerSecond = rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.01, 1e4)).Draw(t, "calls")
		v.Control.Paused = rapid.Bool().Draw(t, "paused")
		v.Rules.Draw = rapid.Bool().Draw(t, "draw")
		v.Rules.OpensAt = begin + rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 7200*second)).Draw(t, "opens in")
		if rapid.Bool().Draw(t, "blind") {
			v.Ranks = nil
		}
		place := rapid.Int64Range(begin-5, v.Last).Draw(t, "place")
		now := begin + rapid.Int64Range(0, 10*second).Draw(t, "after the reading")
		low := rapid.Int64Range(0, 100).Draw(t, "low")
		got := v.Standing(place, low, now, rapid.Float64Range(0, 1-1e-9).Draw(t, "random")).NextPoll.Microseconds()
		if got > v.LongestPoll() {
			t.Fatalf("a pause of %d µs was told, the longest is %d", got, v.LongestPoll())
		}
		if v.LongestPoll() > queue.PollFar || got < queue.PollNear/4 {
			t.Fatalf("pause %d µs, the longest %d", got, v.LongestPoll())
		}
	})
}

// watch reads views of a room one after the other.
type watch struct {
	t    *testing.T
	view *queue.View
}

func (w *watch) read(after time.Duration, set func(*queue.View)) {
	next := *w.view
	next.At += after.Microseconds()
	set(&next)
	w.view = next.After(w.view, time.Now(), time.Now())
}

// calls reads a view four times a second while so many are called in each second.
func (w *watch) calls(seconds int, perSecond int64) {
	for range seconds * 4 {
		w.read(time.Second/4, func(v *queue.View) { v.Calls += perSecond / 4 })
	}
}

func (w *watch) want(why string, want float64) {
	w.t.Helper()
	if got := w.view.CallsPerSecond; math.Abs(got-want) > want/20 {
		w.t.Errorf("%v calls a second, want %v: %s", got, want, why)
	}
}

func TestTheRateOfCallsIsMeasured(t *testing.T) {
	watched := func(interval, ratio float64) *watch {
		v := open()
		v.Interval, v.Ratio = interval, ratio
		return &watch{t, v.After(nil, time.Now(), time.Now())}
	}

	w := watched(1000, 0.5)
	w.want("nothing was measured: what the settings promise", 2000)
	w.calls(4, 800)
	w.want("too little was measured", 2000)
	w.calls(2, 800)
	w.want("the measured rate", 800)
	w.calls(300, 400)
	w.want("only the last half minute counts", 400)

	w.read(time.Second/4, func(v *queue.View) { v.Interval = 500 })
	w.want("a new rate is measured anew", 4000)
	w.calls(6, 3200)
	w.want("and then counts", 3200)

	w.read(time.Second/4, func(v *queue.View) { v.Epoch, v.Calls = "another", v.Calls+1_000_000 })
	w.want("another epoch counts its own calls", 4000)
	w.calls(6, 1600)
	w.want("and is measured, too", 1600)

	w.read(time.Second/4, func(v *queue.View) { v.Calls = 0 })
	w.want("a counter that fell back starts anew", 4000)
	w.calls(6, 1200)
	w.read(time.Second/4, func(v *queue.View) { v.Waiting = 0 })
	w.want("so does a line that was empty: nobody was there to be called", 4000)
	w.read(time.Second/4, func(v *queue.View) { v.Waiting = 1000 })
	w.calls(6, 800)
	w.want("and goes on when people wait", 800)

	w.read(time.Minute, func(v *queue.View) { v.Calls += 60_000 })
	w.want("after a minute without the store the past says nothing", 4000)

	w.calls(60, 0)
	w.want("people wait and nobody is called, for lack of seats", 0)
}

func TestTheRateOfCallsIsNotMeasuredWhileNobodyMayBeCalled(t *testing.T) {
	f := func(why string, halt, resume func(*queue.View)) {
		t.Helper()
		v := open()
		v.Interval = 1000
		w := &watch{t, v.After(nil, time.Now(), time.Now())}
		w.read(0, halt)
		w.calls(60, 0)
		w.want("halted: "+why, 1000)
		w.read(time.Second/4, resume)
		w.calls(6, 800)
		w.want("resumed: "+why, 800)
	}
	f("a pause", func(v *queue.View) { v.Control.Paused = true }, func(v *queue.View) { v.Control.Paused = false })
	f("sold out", func(v *queue.View) { v.Control.SoldOut = true }, func(v *queue.View) { v.Control.SoldOut = false })
	f("early", func(v *queue.View) { v.Rules.OpensAt = begin + 3600*second }, func(v *queue.View) { v.Rules.OpensAt = 0 })
	f("recovering", func(v *queue.View) { v.RecoverUntil = begin + 3600*second }, func(v *queue.View) { v.RecoverUntil = 0 })
}

func TestAFewCallsAMinuteAreNotMeasuredByCounting(t *testing.T) {
	v := open()
	v.Interval, v.Ratio = 10e6, 0.5 // six a minute enter, twelve are called
	w := &watch{t, v.After(nil, time.Now(), time.Now())}
	for i := range 400 {
		w.read(time.Second/4, func(v *queue.View) {
			if i%20 == 0 {
				v.Calls++
			}
		})
		w.want("what the settings promise", 0.2)
	}
}

func TestTheTimeOfAViewGoesOnByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := open().After(nil, time.Now(), time.Now())
		time.Sleep(1500 * time.Millisecond)
		if got := v.Now(); got != begin+1500_000 {
			t.Errorf("the store's time went on by %d µs, want 1500000", got-begin)
		}
		if got := v.Age(); got != 1500*time.Millisecond || v.Away() {
			t.Errorf("the view is %v old, away is %v", got, v.Away())
		}
		time.Sleep(queue.Stale)
		if !v.Away() {
			t.Errorf("the view is %v old, and the store does not count as away", v.Age())
		}
	})
}

func TestAViewThatNoStoreAnswered(t *testing.T) {
	v := &queue.View{At: begin}
	if !v.Away() {
		t.Error("the store counts as there")
	}
	if v.Now() != begin {
		t.Error("time goes on without a reading")
	}
	s := v.Standing(begin+1, 0, v.Now(), 0)
	if s.State != queue.StatePaused || s.Position != 0 || s.Wait.Low != -1 || s.NextPoll < 9*time.Second {
		t.Errorf("the standing is %+v, want a pause of which nothing is known", s)
	}
}

func TestWhoWatchesARoomThatIsOverAsksSeldom(t *testing.T) {
	for _, over := range []func(*queue.View){
		func(v *queue.View) { v.Control.SoldOut = true },
		func(v *queue.View) { v.Rules.ClosesAt = begin },
	} {
		v := &queue.View{At: begin, Epoch: "e", Interval: 1e6, Ratio: 1, CallsPerSecond: 1, Last: begin, Front: begin + 1, Rules: queue.Rules{Burst: 1}}
		if pause := v.Standing(begin+1, 1, begin, 0).NextPoll.Seconds(); pause > 2 {
			t.Fatalf("at the head of an open room the next poll is after %v s", pause)
		}
		if over(v); v.Standing(begin+1, 1, begin, 0).NextPoll.Seconds() < 5 {
			t.Errorf("%s: the next poll is after %v", v.Standing(begin+1, 1, begin, 0).State, v.Standing(begin+1, 1, begin, 0).NextPoll)
		}
	}
}

func TestAPollComesWellWithinTheHold(t *testing.T) {
	v := &queue.View{At: begin, Epoch: "e", Waiting: 10_000_000, Interval: 1e6, Ratio: 1, CallsPerSecond: 1, Last: begin,
		Rules: queue.Rules{Hold: 60 * second, Burst: 1}}
	if pause := v.Standing(begin+1, 9_000_000, begin, 0.5).NextPoll.Microseconds(); pause > 20*second {
		t.Errorf("the next poll is after %d s, and the ticket lives for 60", pause/second)
	}
	v.Rules.Hold = 3600 * second
	if pause := v.Standing(begin+1, 9_000_000, begin, 0.5).NextPoll.Microseconds(); pause < 60*second {
		t.Errorf("the next poll is after %d s, far from the head", pause/second)
	}
}

func TestWhoIsNearTheHeadStaysAwakeAtARateOfNothing(t *testing.T) {
	w := &watch{t, open().After(nil, time.Now(), time.Now())}
	w.calls(10, 400)
	f := func(why string, longest time.Duration) {
		t.Helper()
		s := w.view.Standing(begin+1, 0, begin, 1)
		if s.NextPoll > longest {
			t.Errorf("the eleventh sleeps for %s: %s", s.NextPoll, why)
		}
	}
	f("the rate is as it was", 2*time.Second)
	w.read(time.Second/4, func(v *queue.View) { v.Interval = 0 })
	f("the rate became nothing", 2*time.Second)
	w.read(time.Second/4, func(*queue.View) {})
	f("it stays nothing", 2*time.Second)
	if s := w.view.Standing(begin+50, 0, begin, 0); s.Wait != (queue.Wait{Low: -1, High: -1}) || w.view.CallsPerSecond != 0 {
		t.Errorf("at a rate of nothing %+v is promised, %v calls a second", s.Wait, w.view.CallsPerSecond)
	}
}
