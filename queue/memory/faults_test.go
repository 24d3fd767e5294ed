package memory

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"waitroom/queue"
)

// faulty is a disk that refuses, or that takes its time.
type faulty struct {
	disk
	write, sync atomic.Pointer[error]
	short       atomic.Int64  // bytes of a refused write that get through
	syncing     chan struct{} // told of every sync that begins, if not nil
	goOn        chan struct{} // every sync waits for it, if not nil
	syncs       atomic.Int64
}

type faultyFile struct {
	file
	d *faulty
}

func newFaulty() *faulty {
	d := &faulty{disk: realDisk().unsynced()}
	open := d.open
	d.open = func(path string) (file, error) {
		f, err := open(path)
		return faultyFile{f, d}, err
	}
	return d
}

func (f faultyFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.d.write.Load(); err != nil {
		n, _ := f.file.WriteAt(b[:min(f.d.short.Load(), int64(len(b)))], off)
		return n, *err
	}
	return f.file.WriteAt(b, off)
}

func (f faultyFile) Sync() error {
	f.d.syncs.Add(1)
	if goOn := f.d.goOn; goOn != nil {
		f.d.syncing <- struct{}{}
		<-goOn
	}
	if err := f.d.sync.Load(); err != nil {
		return *err
	}
	return f.file.Sync()
}

// recovered ticks until the line has written what it could not.
func recovered(t *testing.T, l *Line) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, err := l.Tick(bg); err == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("did not recover: %v", err)
		}
	}
}

func TestADiskThatRefusesStopsTheRoomAndLosesNobody(t *testing.T) {
	f := func(name string, fail, heal func(d *faulty)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			folder, d := newFolder(t), newFaulty()
			folder.disk = &d.disk
			l := folder.open()
			for n := range 1000 {
				must(l.Arrive(bg, queue.Arrival{ID: id(n)}))(t)
			}
			folder.clock.Add(1e6)
			must(l.Tick(bg))(t)
			if err := l.Refresh(bg); err != nil {
				t.Fatal(err)
			}
			before := l.View()
			fail(d)
			if _, err := l.Arrive(bg, queue.Arrival{ID: id(1000)}); !errors.Is(err, queue.ErrAway) || !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("arriving: %v", err)
			}
			for range 5 {
				folder.clock.Add(1e6)
				away(t, l)
			}
			if l.View() != before {
				t.Error("the view goes on")
			}
			heal(d)
			recovered(t, l)
			if err := l.Refresh(bg); err != nil || l.View() == before {
				t.Errorf("the view does not go on: %v", err)
			}
			s := must(l.Arrive(bg, queue.Arrival{ID: id(1000)}))(t)
			if s.Number != 1001 || l.state.arrivals != 1001 {
				t.Errorf("who was applied came again as %+v", s)
			}
			want := facts(l.state)
			folder.crash()
			same(t, want, facts(folder.open().state))
		})
	}
	enospc := error(syscall.ENOSPC)
	f("a write that is refused",
		func(d *faulty) { d.write.Store(&enospc) }, func(d *faulty) { d.write.Store(nil) })
	f("a write of which a part got through",
		func(d *faulty) { d.short.Store(37); d.write.Store(&enospc) }, func(d *faulty) { d.write.Store(nil) })
	f("a sync that fails, with all bytes written",
		func(d *faulty) { d.sync.Store(&enospc) }, func(d *faulty) { d.sync.Store(nil) })
}

// away checks that nothing works, and nothing happens.
func away(t *testing.T, l *Line) {
	t.Helper()
	before := facts(l.state)
	_, tick := l.Tick(bg)
	_, enter := l.Enter(bg, id(0), l.View().Front)
	_, back := l.Return(bg, queue.Arrival{ID: id(1), Place: 1})
	for what, err := range map[string]error{
		"tick": tick, "refresh": l.Refresh(bg), "enter": enter, "return": back, "leave": l.Leave(bg, id(2), 1),
		"end": l.End(bg, queue.PassID{}, queue.WhyRevoked, "op"), "set": l.Set(bg, queue.Change{By: "op", FileRate: true}),
	} {
		if !errors.Is(err, queue.ErrAway) {
			t.Errorf("%s: %v", what, err)
		}
	}
	same(t, before, facts(l.state))
}

func TestWhatWasAppliedBehindAFailingBatchIsWrittenWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, d := newFolder(t), newFaulty()
		folder.disk = &d.disk
		l := folder.open()
		d.syncing, d.goOn = make(chan struct{}), make(chan struct{})
		errs := make(chan error, 2)
		arrive := func(n int) {
			_, err := l.Arrive(bg, queue.Arrival{ID: id(n)})
			errs <- err
		}
		go arrive(1)
		<-d.syncing
		go arrive(2)
		synctest.Wait()
		full := error(syscall.ENOSPC)
		d.sync.Store(&full)
		goOn := d.goOn
		d.goOn = nil
		goOn <- struct{}{}
		for range 2 {
			if err := <-errs; !errors.Is(err, queue.ErrAway) {
				t.Errorf("arriving: %v", err)
			}
		}
		d.sync.Store(nil)
		recovered(t, l)
		must(l.Arrive(bg, queue.Arrival{ID: id(3)}))(t)
		want := facts(l.state)
		folder.crash()
		folder.disk = nil
		same(t, want, facts(folder.open().state))
	})
}

func TestADiskThatIsFullAtACrashLosesNobodyWhoWasAnswered(t *testing.T) {
	folder, d := newFolder(t), newFaulty()
	folder.disk = &d.disk
	l := folder.open()
	s := must(l.Arrive(bg, queue.Arrival{ID: id(1)}))(t)
	full := error(syscall.ENOSPC)
	d.short.Store(30)
	d.write.Store(&full)
	if _, err := l.Arrive(bg, queue.Arrival{ID: id(2)}); !errors.Is(err, queue.ErrAway) {
		t.Fatal(err)
	}
	folder.crash()
	d.write.Store(nil)
	l = folder.open()
	if again := must(l.Arrive(bg, queue.Arrival{ID: id(1)}))(t); again.Place != s.Place || again.Number != s.Number {
		t.Errorf("was %+v, is %+v", s, again)
	}
}

func TestClosingAFullDiskTellsSo(t *testing.T) {
	folder, d := newFolder(t), newFaulty()
	folder.disk = &d.disk
	l := folder.open()
	full := error(syscall.ENOSPC)
	d.write.Store(&full)
	if _, err := l.Arrive(bg, queue.Arrival{ID: id(2)}); err == nil {
		t.Fatal("arrived")
	}
	if err := folder.store.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("closing: %v", err)
	}
	folder.store = nil
}

func TestAnAnswerIsGivenWhenItIsDurableAndManySyncTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, d := newFolder(t), newFaulty()
		folder.disk = &d.disk
		l := folder.open()
		d.syncing, d.goOn = make(chan struct{}), make(chan struct{})
		before := d.syncs.Load()
		var answered atomic.Int64
		var wg sync.WaitGroup
		arrive := func(from, upto int) {
			for n := from; n < upto; n++ {
				wg.Go(func() {
					must(l.Arrive(bg, queue.Arrival{ID: id(n)}))(t)
					answered.Add(1)
				})
			}
		}
		step := func(want int64) {
			t.Helper()
			synctest.Wait()
			if got := answered.Load(); got != want {
				t.Fatalf("%d answers, want %d", got, want)
			}
		}
		arrive(0, 1)
		<-d.syncing
		arrive(1, 51)
		step(0)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		if _, err := l.Arrive(ctx, queue.Arrival{ID: id(0)}); !errors.Is(err, queue.ErrAway) {
			t.Errorf("asked again before it was durable: %v", err)
		}
		if err := l.Refresh(ctx); !errors.Is(err, queue.ErrAway) {
			t.Errorf("refreshed: %v", err)
		}
		d.goOn <- struct{}{}
		<-d.syncing
		step(1)
		d.goOn <- struct{}{}
		step(51)
		if n := d.syncs.Load() - before; n != 2 {
			t.Errorf("51 answers took %d syncs, want 2", n)
		}
		wg.Wait()
		d.goOn = nil
		folder.close()
	})
}

func TestAnEngineThatIsBehindSaysBusyAndDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, d := newFolder(t), newFaulty()
		d.backlog = 1000
		folder.disk = &d.disk
		l := folder.open()
		d.syncing, d.goOn = make(chan struct{}), make(chan struct{})
		done := make(chan error, 1)
		go func() {
			_, err := l.Arrive(bg, queue.Arrival{ID: id(0)})
			done <- err
		}()
		<-d.syncing
		over, cancel := context.WithCancel(bg)
		cancel()
		var err error
		n := 1
		for ; n < 1000 && !errors.Is(err, queue.ErrBusy); n++ {
			_, err = l.Arrive(over, queue.Arrival{ID: id(n)})
		}
		if !errors.Is(err, queue.ErrBusy) || l.state.arrivals != int64(n-1) {
			t.Errorf("after %d arrivals, %d of them counted: %v", n, l.state.arrivals, err)
		}
		goOn := d.goOn
		go func() {
			for {
				if _, ok := <-d.syncing; !ok {
					return
				}
				goOn <- struct{}{}
			}
		}()
		goOn <- struct{}{}
		if err := <-done; err != nil {
			t.Error(err)
		}
		folder.close()
		close(d.syncing)
	})
}

func TestAClosedLineIsAway(t *testing.T) {
	folder := newFolder(t)
	l := folder.open()
	folder.close()
	if _, err := l.Arrive(bg, queue.Arrival{ID: id(1)}); !errors.Is(err, queue.ErrAway) {
		t.Errorf("arriving: %v", err)
	}
	l.Touch(queue.PassID{}, 1)
	l.SetRules(rules())
}
