package memory

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"waitroom/queue"
)

func TestAPassThatWasEndedStaysOverIfTheClockGoesBack(t *testing.T) {
	f := newFolder(t)
	l := f.open()
	s := must(l.Arrive(bg, queue.Arrival{ID: id(1), Direct: true}))(t)
	f.clock.Add(50e6)
	if err := l.End(bg, queue.PassOf(id(1), s.Entry), queue.WhyReleased, "backend"); err != nil {
		t.Fatal(err)
	}
	f.clock.Add(-40e6)
	if again := must(l.Enter(bg, id(1), s.Place))(t); again.State != queue.StateOver {
		t.Errorf("entered again: %+v", again)
	}
}

func TestGivingUpALaterPlaceDoesNotEndThePass(t *testing.T) {
	f := newFolder(t)
	l := f.open()
	s := must(l.Arrive(bg, queue.Arrival{ID: id(1), Direct: true}))(t)
	if err := l.Leave(bg, id(1), s.Place+5); err != nil {
		t.Fatal(err)
	}
	for _, place := range []int64{s.Place, s.Place + 5} {
		if again := must(l.Enter(bg, id(1), place))(t); again.State != queue.StateAdmitted || again.Entry != s.Entry {
			t.Errorf("place %d: %+v, was %+v", place, again, s)
		}
	}
}

func TestWhatNobodyCanAskForAnyMoreIsForgotten(t *testing.T) {
	f := newFolder(t)
	l := f.open()
	for n := range 200 {
		s := must(l.Arrive(bg, queue.Arrival{ID: id(n)}))(t)
		f.clock.Add(1e6)
		must(l.Tick(bg))(t)
		switch e := must(l.Enter(bg, id(n), s.Place))(t); {
		case n%4 == 0 && e.State == queue.StateAdmitted:
			if err := l.End(bg, queue.PassOf(id(n), e.Entry), queue.WhyReleased, "x"); err != nil {
				t.Fatal(err)
			}
		case n%4 == 1:
			if err := l.Leave(bg, id(n), s.Place); err != nil {
				t.Fatal(err)
			}
		}
	}
	for n := range 50 {
		must(l.Return(bg, queue.Arrival{ID: id(1000 + n), Place: int64(n) + 1}))(t)
	}
	sizes := func() [5]int {
		s, revoked := l.state, 0
		s.revoked.Range(func(any, any) bool { revoked++; return true })
		return [5]int{len(s.records), len(s.called), revoked, len(s.lates) + len(s.expiries) + len(s.forgotten) + len(s.ended), int(s.active)}
	}
	if got := sizes(); got[0] < 100 || got[1] < 50 || got[2] < 20 {
		t.Fatalf("records, called, revoked, timers, active: %v", got)
	}
	f.clock.Add(rules().PassTTL + rules().Hold)
	must(l.Tick(bg))(t)
	if got := sizes(); got[0] < 50 || got[4] != 0 {
		t.Errorf("too soon: %v", got)
	}
	f.clock.Add(rules().Hold + 2*minute)
	must(l.Tick(bg))(t)
	if got := sizes(); got != [5]int{} {
		t.Errorf("left over: %v", got)
	}
}

func TestRoomsAreApart(t *testing.T) {
	f := newFolder(t)
	a := f.open()
	b, err := f.store.Room("../b/c", rules())
	if err != nil {
		t.Fatal(err)
	}
	must(a.Arrive(bg, queue.Arrival{ID: id(1)}))(t)
	if err := b.Refresh(bg); err != nil || b.View().Arrivals != 0 || b.View().Epoch == a.View().Epoch {
		t.Errorf("%+v, %v", b.View(), err)
	}
	if _, err := os.Stat(f.dir + "/rooms/..%2Fb%2Fc/00000001.log"); err != nil {
		t.Error(err)
	}
}

// BenchmarkTicketsInTheLine shows what a waiting ticket costs in memory.
func BenchmarkTicketsInTheLine(b *testing.B) {
	for _, n := range []int{1_000_000, 5_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				o := newOrder()
				for i := range n {
					o.insert(spot{int64(i), id(i), uint32(i)})
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/ticket")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/ticket")
				runtime.KeepAlive(o)
			}
		})
	}
}

func BenchmarkAhead(b *testing.B) {
	o := newOrder()
	for i := range 2_000_000 {
		o.insert(spot{int64(i), id(i), 0})
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := int64(0); pb.Next(); i += 7919 {
			o.Ahead(i % 2_000_000)
		}
	})
}

// BenchmarkArrive shows durable arrivals, by many at once.
func BenchmarkArrive(b *testing.B) {
	s, err := Open(Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	l, err := s.Room("booking", rules())
	if err != nil {
		b.Fatal(err)
	}
	next := make(chan int, 1024)
	go func() {
		for n := range b.N {
			next <- n
		}
		close(next)
	}()
	b.SetParallelism(500)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Arrive(bg, queue.Arrival{ID: id(<-next)}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkReplay shows how long a start takes for a record.
func BenchmarkReplay(b *testing.B) {
	d := realDisk().unsynced()
	dir := b.TempDir()
	j := newJournal(dir, d, func() int64 { return 1 })
	const n = 1_000_000
	go j.run()
	for i := range n {
		j.append(&event{kind: kindArrive, at: int64(i), id: id(i), place: int64(i) + 1})
	}
	close(j.stop)
	<-j.over
	for b.Loop() {
		state := newState()
		if _, _, err := replay(dir, state.apply); err != nil || state.arrivals != n {
			b.Fatal(state.arrivals, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
}
