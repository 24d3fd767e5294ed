package light

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// load is what one slot of a provider has.
type load struct{ started, verified, canceled, unavailable, busy, slow, verySlow, asked, askMillis, took int64 }

func (l load) slot(n int64) Slot {
	return Slot{Number: n, Counts: [Counts]int64{
		Started: l.started, Verified: l.verified, Canceled: l.canceled, Unavailable: l.unavailable, Busy: l.busy,
		Slow: l.slow, VerySlow: l.verySlow, TookMillis: l.verified * l.took, Asked: l.asked, AskedMillis: l.asked * l.askMillis, Seconds: 10,
	}}
}

// lights are what is shown after each slot, by a gateway that keeps the state with each.
func lights(slots []Slot) (shown []Light) {
	for i := range slots {
		s := Of(slots[max(0, i+1-Remembered):i+1], end(slots[i]))
		slots[i].State = s.Pack()
		shown = append(shown, s.Light)
	}
	return shown
}

// end is when a slot is over.
func end(s Slot) int64 { return (s.Number + 1) * SlotLength }

const firstSlot = 170_000_000

// play makes slots of stretches of load.
func play(stretches ...[]load) (slots []Slot) {
	for _, s := range stretches {
		for _, l := range s {
			slots = append(slots, l.slot(firstSlot+int64(len(slots))))
		}
	}
	return slots
}

func of(n int, l load) []load { return slices.Repeat([]load{l}, n) }

var (
	busyEvening = load{started: 1000, verified: 600, canceled: 100, asked: 600, askMillis: 200}
	pageDead    = load{started: 1000}
	tokensDead  = load{started: 1000, unavailable: 600, canceled: 100, asked: 600, askMillis: 5000}
	nobody      = load{}
)

func TestTheLightSaysHowPeopleGetThrough(t *testing.T) {
	f := func(why string, l load, want Light) {
		t.Helper()
		shown := lights(play(of(Remembered, busyEvening), of(Remembered, l)))
		if got := shown[len(shown)-1]; got != want {
			t.Errorf("%s: %s, want %s", why, got, want)
		}
	}
	f("a usual evening", busyEvening, Smooth)
	f("nobody comes", nobody, Smooth)
	f("few start, and none of them comes back", load{started: 1}, Smooth)
	f("one in ten fails", load{started: 1000, verified: 540, unavailable: 60}, Delayed)
	f("one in three fails", load{started: 1000, verified: 400, unavailable: 200}, Congested)
	f("all fail", tokensDead, Down)
	f("all fail where few come", load{started: 3, unavailable: 2}, Down)
	f("one failure a minute where few come", load{started: 3, verified: 2}, Smooth)
	f("nobody comes back", pageDead, Down)
	f("too many are under way for nearly all: a crowd is no outage", load{started: 1000, verified: 30, busy: 600}, Congested)
	f("most people break off, which is no fault", load{started: 1000, verified: 100, canceled: 800}, Smooth)
	f("most do not come back", load{started: 1000, verified: 300}, Delayed)
	f("nearly all do not come back", load{started: 1000, verified: 150}, Congested)
	f("somebody starts without end and never comes back, and people get through", load{started: 100_000, verified: 100}, Congested)
	f("most take longer than they should", load{started: 1000, verified: 600, slow: 400, verySlow: 100}, Delayed)
	f("most take far longer than they should", load{started: 1000, verified: 600, slow: 600, verySlow: 400}, Congested)
	f("its servers take a second and a half", load{started: 1000, verified: 600, asked: 600, askMillis: 1500}, Delayed)
	f("its servers take three seconds", load{started: 1000, verified: 600, asked: 600, askMillis: 3000}, Congested)
}

func TestSingleFailuresProveNothing(t *testing.T) {
	one := load{started: 1, unavailable: 1, asked: 1, askMillis: 5000}
	for i, l := range lights(play(of(20, nobody), of(1, one), of(2, nobody), of(1, one), of(20, nobody))) {
		if l != Smooth {
			t.Fatalf("%s after %d slots", l, i+1)
		}
	}
}

func TestGatewaysThatGaveAProviderUpShowItAsDown(t *testing.T) {
	slots := play(of(Remembered, nobody))
	for i := range slots {
		slots[i].Counts[Seconds], slots[i].Counts[Open] = 20, 15
	}
	if got := Of(slots, end(slots[len(slots)-1])).Light; got != Down {
		t.Errorf("%s", got)
	}
}

func TestADeadProviderIsDownWithinThirtySeconds(t *testing.T) {
	f := func(why string, l load) {
		t.Helper()
		rapid.Check(t, func(t *rapid.T) {
			// It dies somewhere in a slot: those before are as usual, those after are not.
			part := rapid.Int64Range(0, 99).Draw(t, "hundredths of the slot before")
			dying := load{
				started: 1000, verified: busyEvening.verified * part / 100, canceled: busyEvening.canceled,
				unavailable: l.unavailable * (100 - part) / 100, asked: 600, askMillis: 200,
			}
			slots := play(of(Remembered, busyEvening), []load{dying}, of(2, l))
			if got := lights(slots); got[len(got)-1] != Down {
				t.Fatalf("%s: %s", why, got[len(got)-1])
			}
		})
	}
	f("its page is dead", pageDead)
	f("its servers are dead", tokensDead)
}

func TestAPageThatDiesInTheFirstMinuteOfAnOpeningIsDownWithinThirtySecondsOfWhatPeopleTake(t *testing.T) {
	f := func(took int64, until int, within int) {
		t.Helper()
		l := load{started: 1000, verified: 600, took: took}
		shown := lights(play(of(Remembered, nobody), of(1, load{started: 1000}), of(until-1, l), of(within, pageDead)))
		if got := shown[len(shown)-1]; got != Down {
			t.Errorf("after %d slots of %d ms, and %d of none: %s", until, took, within, got)
		}
	}
	f(8_000, 4, 2)  // it opens, and dies after 40 s
	f(8_000, 2, 4)  // after 20 s
	f(20_000, 6, 3) // people take longer
	f(20_000, 30, 2)
}

func TestPeopleOfWhomSomeTakeFarLongerThanOthersAreNotMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// Each takes a time of their own: so many slots come with so many of a thousand, on average 25 s.
		const crowd = 1000
		var slots []Slot
		for i := range 2 * Remembered {
			l := load{started: crowd}
			for takes, share := range []int64{150, 200, 150, 100, 60, 30, 10} {
				if i >= takes {
					sway := rapid.Int64Range(-share/10, share/10).Draw(t, "sway")
					l.verified += share + sway
					l.took += (share + sway) * (int64(takes)*10_000 + 5_000)
				}
			}
			l.took /= max(1, l.verified)
			slots = append(slots, l.slot(firstSlot+int64(i)))
		}
		for i, l := range lights(slots) {
			if l != Smooth {
				t.Fatalf("%s after %d slots", l, i+1)
			}
		}
	})
}

func TestWhoIsStillOnTheWayIsNotMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// The opening: from nobody to very many at once, who all take the same time of up to a minute and a half.
		takes := rapid.IntRange(0, patience).Draw(t, "slots that people take")
		crowd := rapid.Int64Range(1, 100_000).Draw(t, "crowd")
		var slots []Slot
		for i := range 2 * Remembered {
			l := load{started: crowd}
			if i >= takes {
				l.verified, l.took = crowd*7/10, int64(takes)*10_000
			}
			slots = append(slots, l.slot(firstSlot+int64(i)))
		}
		for i, l := range lights(slots) {
			if l != Smooth {
				t.Fatalf("%s after %d slots", l, i+1)
			}
		}
	})
}

func TestACrowdThatRisesAndFallsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		takes := rapid.IntRange(0, 4).Draw(t, "slots that people take")
		sizes := rapid.SliceOfN(rapid.Int64Range(0, 50_000), 60, 60).Draw(t, "crowds")
		var slots []Slot
		for i := range sizes {
			l := load{started: sizes[i]}
			if i >= takes {
				l.verified, l.took = sizes[i-takes]*7/10, int64(takes)*10_000
			}
			slots = append(slots, l.slot(firstSlot+int64(i)))
		}
		for i, l := range lights(slots) {
			if l != Smooth {
				t.Fatalf("%s after %d slots of %v", l, i+1, sizes)
			}
		}
	})
}

func anyLoad(t *rapid.T) load {
	n := func(name string) int64 { return rapid.Int64Range(0, 3000).Draw(t, name) }
	l := load{started: n("started"), verified: n("verified"), canceled: n("canceled"), unavailable: n("unavailable"), busy: n("busy"), asked: n("asked"), askMillis: n("ms")}
	l.slow = rapid.Int64Range(0, l.verified).Draw(t, "slow")
	l.verySlow = rapid.Int64Range(0, l.slow).Draw(t, "very slow")
	return l
}

func TestAConstantLoadChangesTheLightNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := anyLoad(t), anyLoad(t)
		shown := lights(play(of(Remembered, before), of(3*Remembered, after)))
		settled := shown[2*Remembered:]
		for i, l := range settled {
			if l != settled[0] {
				t.Fatalf("%s after %s, %d slots on, with %+v after %+v", l, settled[0], i, after, before)
			}
		}
	})
}

// changes are the slots after which the light is another.
func changes(shown []Light) (at []int) {
	for i := 1; i < len(shown); i++ {
		if shown[i] != shown[i-1] {
			at = append(at, i)
		}
	}
	return at
}

func TestARateThatSwaysAboutAThresholdChangesTheLightOnceAMinuteAtMost(t *testing.T) {
	measures := map[string]func(part float64) load{
		"failing": func(x float64) load {
			n := int64(1000 * x)
			return load{started: 1000, verified: 1000 - n, unavailable: n}
		},
		"missing": func(x float64) load { return load{started: 1000, verified: int64(1000 * (1 - x))} },
		"slow":    func(x float64) load { return load{started: 1000, verified: 1000, slow: int64(1000 * x)} },
		"asking": func(x float64) load {
			return load{started: 1000, verified: 900, asked: 900, askMillis: int64(1000 * x)}
		},
	}
	at := map[string][]float64{"failing": failing[:], "missing": missing[:], "slow": slow[:1], "asking": asking[:2]}
	for name, make := range measures {
		rapid.Check(t, func(t *rapid.T) {
			threshold := rapid.SampledFrom(at[name]).Draw(t, "threshold")
			var loads []load
			for range 4 * Remembered {
				x := threshold * (1 + rapid.Float64Range(-0.1, 0.1).Draw(t, "sway"))
				if name != "asking" {
					x = min(1, x)
				}
				loads = append(loads, make(x))
			}
			found := changes(lights(play(loads))[Remembered:])
			for i := 1; i < len(found); i++ {
				if found[i]-found[i-1] < 6 {
					t.Fatalf("%s: changes after slots %v", name, found)
				}
			}
		})
	}
}

func TestTheLightGetsBetterAMinuteAfterItGotWorseAtTheEarliest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var loads []load
		for len(loads) < 3*Remembered {
			loads = append(loads, of(rapid.IntRange(1, 12).Draw(t, "slots"), anyLoad(t))...)
		}
		last, shown := -6, lights(play(loads))
		for _, i := range changes(shown) {
			if shown[i] < shown[i-1] && i-last < 6 {
				t.Fatalf("better after slot %d, another change after slot %d", i, last)
			}
			last = i
		}
	})
}

func TestAProviderThatIsBackIsShownSo(t *testing.T) {
	f := func(why string, dead, back load, within int) {
		t.Helper()
		shown := lights(play(of(Remembered, busyEvening), of(12, dead), of(within, back)))
		if got := shown[Remembered+11]; got != Down {
			t.Errorf("%s: %s while it is dead", why, got)
		}
		if got := shown[len(shown)-1]; got != Smooth {
			t.Errorf("%s: %s %d slots after", why, got, within)
		}
	}
	f("its servers were dead", tokensDead, busyEvening, 16)
	f("its page was dead", pageDead, busyEvening, 16)
	f("few people try it", tokensDead, load{started: 2, verified: 1}, 14)
	f("nobody tries it any more", tokensDead, nobody, untried+calm+longWindow)
}

func TestAGatewayThatStartsLateOrWasAwayShowsWhatTheOthersShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var loads []load
		for len(loads) < 3*Remembered {
			loads = append(loads, of(rapid.IntRange(1, 12).Draw(t, "slots"), anyLoad(t))...)
		}
		slots := play(loads)
		shown := lights(slots)
		at := rapid.IntRange(Remembered, len(slots)-1).Draw(t, "slot")
		read := slices.Clone(slots[at-Remembered+1 : at+1])
		// It reads before any of the others has kept the last states.
		for i := range rapid.IntRange(0, lead).Draw(t, "not kept yet") {
			read[len(read)-1-i].State = 0
		}
		if got := Of(read, end(slots[at])).Light; got != shown[at] {
			t.Fatalf("%s, others show %s", got, shown[at])
		}
	})
}

func TestAStateSurvivesItsNumberAndNothingElseIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := State{Light: Light(rapid.IntRange(0, 3).Draw(t, "light")), better: Light(rapid.IntRange(0, 3).Draw(t, "better")), since: rapid.Uint8Max(calm-1).Draw(t, "since"), quiet: rapid.Uint8Max(untried-1).Draw(t, "quiet")}
		if got, ok := unpack(s.Pack()); !ok || got != s {
			t.Fatalf("%v became %v, %v", s, got, ok)
		}
		n := rapid.Int64().Draw(t, "number")
		if got, ok := unpack(n); ok && got.Pack() != n {
			t.Fatalf("%d is %v", n, got)
		}
	})
}

func TestADownProviderThatNobodyTriesStaysDownForMinutes(t *testing.T) {
	shown := lights(play(of(Remembered, busyEvening), of(6, tokensDead), of(24, nobody)))
	if got := shown[len(shown)-1]; got != Down {
		t.Errorf("%s four minutes after", got)
	}
}

func TestSlotsThatAreNotOverOrLongOverHaveNoSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var slots []Slot
		for i := range Remembered {
			slots = append(slots, anyLoad(t).slot(firstSlot+int64(i)))
		}
		now := (slots[len(slots)-1].Number+1)*SlotLength + rapid.Int64Range(0, SlotLength-1).Draw(t, "into the slot")
		want := Of(slots, now) // none has a state, so all are judged
		more := append([]Slot{anyLoad(t).slot(firstSlot - 1)}, slots...)
		more = append(more, anyLoad(t).slot(firstSlot+Remembered), anyLoad(t).slot(firstSlot+Remembered+7))
		if got := Of(more, now); got != want {
			t.Fatalf("%v, and with them %v", want, got)
		}
	})
}

func TestAGapIsASlotWithoutCounts(t *testing.T) {
	slots := play(of(Remembered, busyEvening))
	with := slices.Clone(slots)
	with[40] = Slot{Number: with[40].Number}
	without := slices.Delete(slices.Clone(slots), 40, 41)
	now := end(slots[len(slots)-1])
	if Of(with, now) != Of(without, now) {
		t.Error("they differ")
	}
	if got := Of(nil, now); got != (State{}) {
		t.Errorf("of nothing: %v", got)
	}
}

func TestOrderPutsFirstWhatFlowsAndHidesNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Shown {
			return Shown{Name: rapid.StringMatching("[a-z]{4}").Draw(t, "name"), Light: Light(rapid.IntRange(0, 3).Draw(t, "light")), Paused: rapid.Bool().Draw(t, "paused")} // #nosec G115
		})).Draw(t, "providers")
		got := slices.Clone(given)
		Order(got)
		if len(got) != len(given) {
			t.Fatalf("%d of %d", len(got), len(given))
		}
		for i := range got {
			if !slices.Contains(given, got[i]) {
				t.Fatalf("%v is new", got[i])
			}
			if i > 0 && got[i-1].rank() > got[i].rank() {
				t.Fatalf("%v before %v", got[i-1], got[i])
			}
		}
		for rank := Smooth; rank <= Down+1; rank++ {
			of := func(all []Shown) (some []Shown) {
				for _, s := range all {
					if s.rank() == rank {
						some = append(some, s)
					}
				}
				return some
			}
			if !slices.Equal(of(given), of(got)) {
				t.Fatalf("equal ones are in another order: %v, %v", given, got)
			}
		}
	})
}

func TestDownAndPausedAreNeverFirstWhereAnyOtherIs(t *testing.T) {
	all := []Shown{{Name: "a", Paused: true}, {Name: "b", Light: Down}, {Name: "c", Light: Congested}, {Name: "d", Light: Smooth}, {Name: "e", Light: Smooth}}
	Order(all)
	var names string
	for _, s := range all {
		names += s.Name
	}
	if names != "decba" {
		t.Errorf("%s", names)
	}
}

func TestMeasuresAreThoseOfTheLastMinute(t *testing.T) {
	slots := play(of(10, tokensDead), of(6, load{started: 10, verified: 5, canceled: 1, asked: 5, askMillis: 400}))
	for i := range slots {
		slots[i].Counts[TookMillis] = 5 * 12_000
		slots[i].Counts[Waiting] = 30
	}
	got := MeasuresOf(slots, end(slots[15]))
	want := Measures{Started: 60, Verified: 30, Canceled: 6, ReturnSeconds: 12, AskSeconds: 0.4, Waiting: 3}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
