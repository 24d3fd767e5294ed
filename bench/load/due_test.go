package load

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/valyala/fasthttp"
)

// stalled is a server of one connection that answers nothing for a second and is quick
// from then on, on a clock of its own.
type stalled struct {
	now   int64
	calls int
}

func (s *stalled) exchange(_ []byte, a *fasthttp.Response) error {
	if s.calls++; s.calls == 1 {
		s.now += int64(time.Second)
	}
	a.Reset()
	a.SetBodyString(`{"state":"waiting","next_poll_ms":60000,"ticket":"e30.e30.x"}`)
	return nil
}

func (s *stalled) traffic() (sent, received int64) { return 10, 20 }

func TestLatencyCountsFromTheMomentThatARequestWasDue(t *testing.T) {
	s := &stalled{}
	p, err := Plan{Target: "http://127.0.0.1:1", Visitors: 10}.filled()
	if err != nil {
		t.Fatal(err)
	}
	r := newRun(p, func() int64 { return s.now })
	w := &worker{run: r, line: s}
	for i := range 10 {
		r.visitors[i].due = int64(i) * 100 * int64(time.Millisecond)
	}
	for i := range uint32(10) {
		// The first is sent when it is due; the others wait for the one connection, though
		// each was due 100 ms after the one before.
		s.now = max(s.now, r.visitors[i].due)
		w.turn(i)
	}
	k := r.meters[join].kind("join")
	if k.Count != 10 || k.Sent != 100 || k.Received != 200 || k.Failed != 0 {
		t.Errorf("%+v", k)
	}
	// 1000, 900, … 100 ms. Counted from when they were sent it would be 1000 and nine of 0.
	if !near(k.P50, 500) || !near(k.Max, 1000) || !near(float64(r.meters[join].took.Min())/1000, 100) {
		t.Errorf("from due to answered: %+v, at least %d µs", k.Latency, r.meters[join].took.Min())
	}
	if unsent := latency(r.sending.took); !near(unsent.P50, 400) || !near(unsent.Max, 900) {
		t.Errorf("from due to sent: %+v", unsent)
	}
}

// near allows for the three digits of the histogram.
func near(got, want float64) bool { return got > want*0.998 && got < want*1.002 }

func TestTheWheelGivesEverybodyAtTheirMomentAndNotBefore(t *testing.T) {
	visitors := make([]visitor, 5)
	w := newWheel(visitors)
	const round = slots * tick
	for i, due := range []int64{0, 3 * tick, 3 * tick, 3*tick + round, 3*tick + 2*round} {
		visitors[i].due = due
		w.add(uint32(i))
	}
	var got []uint32
	f := func(now int64, want ...uint32) {
		t.Helper()
		got = w.take(now, got[:0])
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("at %s: %v, not %v", time.Duration(now), got, want)
		}
	}
	f(0, 0)
	f(3*tick - 1)
	f(3*tick, 1, 2)
	visitors[0].due = tick // in the past: at once
	w.add(0)
	f(4*tick, 0)
	f(3*tick + round - 1)
	f(3*tick+round, 3)
	f(3*tick + 2*round - 1)
	f(9*tick+2*round, 4)
}

func TestArrivalsFollowThePattern(t *testing.T) {
	f := func(pattern Pattern, sixth, half int) {
		t.Helper()
		a := newArrivals(&Plan{Pattern: pattern, Visitors: 10_000, Within: time.Hour})
		var all []int64
		for range 10_000 {
			all = append(all, a.due())
		}
		before := func(d time.Duration) int {
			n, _ := slices.BinarySearch(all, int64(d))
			return n
		}
		if !slices.IsSorted(all) || all[0] < 0 || all[9999] > int64(time.Hour) {
			t.Errorf("%s: from %d to %d", pattern, all[0], all[9999])
		}
		if got := before(10 * time.Minute); got < sixth-2 || got > sixth+2 {
			t.Errorf("%s: %d in the first sixth, not %d", pattern, got, sixth)
		}
		if got := before(30 * time.Minute); got < half-2 || got > half+2 {
			t.Errorf("%s: %d in the first half, not %d", pattern, got, half)
		}
	}
	f(Wall, 1667, 5000)
	f(Steady, 1667, 5000)
	f(Evening, 4000, 8564)
}

func TestSharesAreKeptAndTheSameSeedGivesTheSamePeople(t *testing.T) {
	p := Plan{NoShow: 0.2, Late: 0.1, Reload: 0.05, Seed: 7}
	counts := map[traits]int{}
	for i := range 20_000 {
		has := p.traitsOf(i)
		if has != p.traitsOf(i) {
			t.Fatalf("visitor %d changes", i)
		}
		for _, one := range []traits{absent, late, impatient} {
			if has&one != 0 {
				counts[one]++
			}
		}
	}
	for trait, want := range map[traits]int{absent: 4000, late: 2000, impatient: 1000} {
		if got := counts[trait]; got < want*9/10 || got > want*11/10 {
			t.Errorf("%d, not %d", got, want)
		}
	}
}

func TestWhoWasKnownToBeCalledWhenIsKept(t *testing.T) {
	var f fronts
	f.called(100_000, 10)
	f.called(200_000, 30)
	f.called(150_000, 20) // heard of later
	f.called(300_000, 5)  // says nothing new
	f.called(210_000, 25) // neither
	f.called(1_000_000, 50)
	f.called(900_000, 60) // makes the one before needless
	for _, c := range []struct{ at, place, want int64 }{
		{250_000, 5, 150_000}, {250_000, 10, 150_000}, {250_000, 20, 100_000}, {250_000, 11, 100_000}, {250_000, 30, 50_000},
		{250_000, 31, 0}, {1_000_000, 50, 100_000}, {5_000_000, 61, 0}, {90_000, 10, 0},
	} {
		if got := f.behind(c.at, c.place); got != c.want {
			t.Errorf("at %d place %d is %d behind, not %d", c.at, c.place, got, c.want)
		}
	}
	if len(f) != 4 {
		t.Errorf("%v", f)
	}
}

func TestTheCeilingHoldsInEveryWindow(t *testing.T) {
	f := func(why string, above int64, at ...int64) {
		t.Helper()
		var r RoomReport
		r.time(at, &Plan{RatePerHour: 3600, Burst: 2})
		if r.Wrong.Above != above {
			t.Errorf("%s: %d above, not %d (%.2f)", why, r.Wrong.Above, above, r.Excess)
		}
	}
	const s = 1_000_000
	f("nobody", 0)
	f("the burst, then the rate", 0, 5*s, 5*s, 6*s, 7*s, 8*s)
	f("one more than the burst", 1, 5*s, 5*s, 5*s)
	f("the burst saved, and spent again", 0, 0, 0, 5*s, 5*s, 6*s)
	f("a burst in the middle of the rate", 2, 0, s, 2*s, 2*s, 2*s, 3*s)
}

func TestHowWellTheRateWasHeldIsToldByStretches(t *testing.T) {
	var times []int64
	for i := range 55 { // one a second, of which the 20th to 24th stayed away, and a part of a stretch at the end
		if i < 20 || i > 24 {
			times = append(times, 7+int64(i)*1_000_000)
		}
	}
	var r RoomReport
	r.time(times, &Plan{RatePerHour: 3600, Burst: 1})
	h := r.Held
	if h == nil || !near(h.Least, 0.5) || !near(h.Median, 1) || !near(h.Most, 1) {
		t.Errorf("%+v", h)
	}
	r.time(times[:10], &Plan{RatePerHour: 3600, Burst: 1})
	if r.Held != nil {
		t.Errorf("%+v of less than a stretch", r.Held)
	}
}

func FuzzObjectsAreReadAsEncodingJSONDoes(f *testing.F) {
	f.Add(`{"room":"a","eta":{"low":1,"high":[2,"}"]},"n":null, "s" : "x\"y\\" }`)
	f.Add(`{}`)
	f.Add(`{"a":1,"b":true,"c":-1.5e3}`)
	f.Add("{\"\xb1\":0}")
	f.Fuzz(func(t *testing.T, text string) {
		got := map[string]json.RawMessage{}
		ok := object([]byte(text), func(name, value []byte) { got[string(name)] = slices.Clone(value) })
		want := map[string]json.RawMessage{}
		if json.Unmarshal([]byte(text), &want) != nil || strings.TrimSpace(text) == "null" || strings.Contains(text, `\`) || !utf8.ValidString(text) {
			return // what is no JSON may be anything, and names are neither unescaped nor mended
		}
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			t.Fatalf("%q: %v %v", text, ok, got)
		}
		for name := range want {
			if string(got[name]) != string(want[name]) {
				t.Errorf("%q: %s is %s, not %s", text, name, got[name], want[name])
			}
		}
	})
}

func TestWhatIsImpossibleIsRefused(t *testing.T) {
	f := func(why string, p Plan, want string) {
		t.Helper()
		if p.Target == "" {
			p.Target = "http://127.0.0.1:1"
		}
		_, err := p.filled()
		if !errors.Is(err, ErrImpossible) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", why, err)
		}
	}
	f("no scheme", Plan{Target: "127.0.0.1:80"}, "target")
	f("a path", Plan{Target: "http://a/b"}, "http://HOST:PORT")
	f("too many", Plan{Visitors: maxVisitors + 1}, "visitors")
	f("a share above 1", Plan{NoShow: 1.1}, "shares")
	f("an unknown pattern", Plan{Pattern: "tsunami"}, "wall, steady or evening")
	f("a room that ends the line", Plan{Rooms: []string{"a\r\nb"}}, "request")
	f("a host with a space", Plan{Host: "a b"}, "host")
	f("a page without a slash", Plan{Pages: []string{"book"}}, "slash")
	f("a negative time", Plan{Think: -1}, "negative")
	f("too many connections", Plan{Connections: maxConnections + 1, Visitors: maxConnections + 1}, "connections")
}

func TestOnlyThisMachineIsTheTargetUnlessItIsOnesOwn(t *testing.T) {
	f := func(target string, own bool, want error) {
		t.Helper()
		p, err := Plan{Target: target, IOwnIt: own}.filled()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.dialer(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: %v", target, err)
		}
	}
	f("http://192.0.2.1", false, ErrNotOurs)
	f("http://[2001:db8::1]:80", false, ErrNotOurs)
	f("http://192.0.2.1", true, nil)
	f("http://127.0.0.9:8080", false, nil)
	f("http://[::1]:8080", false, nil)
}

func TestAPlanForetellsHowLongItTakes(t *testing.T) {
	f := func(p Plan, want time.Duration) {
		t.Helper()
		p.Target = "http://127.0.0.1:1"
		if got := p.Least(); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	f(Plan{Visitors: 100}, time.Minute)
	f(Plan{Visitors: 7200, RatePerHour: 3600, NoShow: 0.5, For: 5 * time.Hour}, time.Hour)
	f(Plan{Visitors: 7200, RatePerHour: 3600, NoShow: 0.5, For: time.Minute}, time.Minute)
	f(Plan{Visitors: 7200, RatePerHour: 3600, Rooms: []string{"a", "b"}, For: 5 * time.Hour}, time.Hour)
}

func TestACountIsWrittenWithSeparators(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1_900_000: "1,900,000", -100: "-100", -1234: "-1,234"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
