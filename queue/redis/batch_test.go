package redis

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"waitroom/queue"
)

// trip is one call of a batch's do: what was asked, and how it is to end.
type trip struct {
	asks []int
	end  chan error
}

// batcher answers each number with its double, when the test lets it.
func batcher() (*batch[int, int], chan trip) {
	trips := make(chan trip)
	b := &batch[int, int]{trips: &sync.WaitGroup{}}
	b.do = func(_ context.Context, asks []int) ([]int, error) {
		t := trip{slices.Clone(asks), make(chan error)}
		trips <- t
		err := <-t.end
		answers := make([]int, len(asks))
		for i, a := range asks {
			answers[i] = 2 * a
		}
		return answers, err
	}
	return b, trips
}

type answered struct {
	question, answer int
	err              error
}

// askAll asks from..upto-1 in order, and returns where the answers come.
func askAll(b *batch[int, int], from, upto int) chan answered {
	answers := make(chan answered, upto-from)
	for n := from; n < upto; n++ {
		a := &ask[int, int]{question: n, done: make(chan struct{})}
		if err := b.add(a); err != nil {
			answers <- answered{n, 0, err}
			continue
		}
		go func() {
			<-a.done
			answers <- answered{n, a.answer, a.err}
		}()
	}
	return answers
}

func TestWhatComesDuringATripGoesWithTheNext(t *testing.T) {
	b, trips := batcher()
	first := askAll(b, 0, 1)
	one := <-trips
	rest := askAll(b, 1, 1+batchBound+10)
	one.end <- nil
	two := <-trips
	two.end <- nil
	three := <-trips
	three.end <- nil
	if len(one.asks) != 1 || len(two.asks) != batchBound || len(three.asks) != 10 {
		t.Errorf("the trips carried %d, %d and %d", len(one.asks), len(two.asks), len(three.asks))
	}
	if !slices.IsSorted(append(two.asks, three.asks...)) {
		t.Error("the order of asking is lost")
	}
	for range 1 + batchBound + 10 {
		var a answered
		select {
		case a = <-first:
		case a = <-rest:
		}
		if a.err != nil || a.answer != 2*a.question {
			t.Errorf("%d was answered with %d, %v", a.question, a.answer, a.err)
		}
	}
	b.trips.Wait()
}

func TestATripThatFailsFailsForAllWhoWait(t *testing.T) {
	b, trips := batcher()
	first := askAll(b, 0, 1)
	one := <-trips
	rest := askAll(b, 1, 2000)
	bad := errors.New("bad")
	one.end <- bad
	for range 2000 {
		var a answered
		select {
		case a = <-first:
		case a = <-rest:
		}
		if !errors.Is(a.err, bad) || a.answer != 0 {
			t.Fatalf("%d was answered with %d, %v", a.question, a.answer, a.err)
		}
	}
	again := askAll(b, 5, 6)
	(<-trips).end <- nil
	if a := <-again; a.err != nil || a.answer != 10 {
		t.Errorf("after the failure: %+v", a)
	}
	b.trips.Wait()
}

func TestWhoAsksAgainAfterAFailureGetsATripOfItsOwn(t *testing.T) {
	b, trips := batcher()
	bad := errors.New("bad")
	for range 2000 {
		first := askAll(b, 0, 1)
		(<-trips).end <- bad
		if a := <-first; !errors.Is(a.err, bad) {
			t.Fatalf("got %+v", a)
		}
		again := askAll(b, 1, 2)
		(<-trips).end <- nil
		if a := <-again; a.err != nil || a.answer != 2 {
			t.Fatalf("asked again: %+v", a)
		}
	}
	b.trips.Wait()
}

func TestMoreThanTheQueueHoldsAreRefused(t *testing.T) {
	b, trips := batcher()
	first := askAll(b, 0, 1)
	one := <-trips
	rest := askAll(b, 1, 1+queueBound)
	if _, err := b.ask(context.Background(), 7); !errors.Is(err, queue.ErrBusy) {
		t.Errorf("got %v, want %v", err, queue.ErrBusy)
	}
	one.end <- errors.New("bad")
	<-first
	for range queueBound {
		if a := <-rest; errors.Is(a.err, queue.ErrBusy) {
			t.Fatal("refused with room in the queue")
		}
	}
	b.trips.Wait()
}

func TestWhoStopsWaitingIsToldThatTheOutcomeIsUnknown(t *testing.T) {
	b, trips := batcher()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := b.ask(ctx, 1)
		done <- err
	}()
	one := <-trips
	cancel()
	if err := <-done; !errors.Is(err, queue.ErrAway) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	one.end <- nil
	b.trips.Wait() // Close waits so for what is under way
}

func TestNobodyGetsTheAnswerOfWhoStoppedWaiting(t *testing.T) {
	b := &batch[int, int]{trips: &sync.WaitGroup{}}
	b.do = func(_ context.Context, asks []int) ([]int, error) {
		runtime.Gosched() // so that some stop waiting meanwhile
		answers := make([]int, len(asks))
		for i, a := range asks {
			answers[i] = 2 * a
		}
		if asks[0]%7 == 0 {
			return nil, errors.New("bad")
		}
		return answers, nil
	}
	var stopped, heard atomic.Int64
	var all sync.WaitGroup
	for who := range 16 {
		all.Go(func() {
			for n := who; n < 64_000; n += 16 {
				ctx, cancel := context.WithCancel(context.Background())
				if n%3 == 0 {
					go cancel()
				}
				answer, err := b.ask(ctx, n)
				cancel()
				switch {
				case errors.Is(err, context.Canceled):
					stopped.Add(1)
				case err == nil && answer != 2*n:
					t.Errorf("%d was answered with %d", n, answer)
				case err == nil:
					heard.Add(1)
				}
			}
		})
	}
	all.Wait()
	b.trips.Wait()
	if stopped.Load() == 0 || heard.Load() == 0 {
		t.Errorf("%d stopped waiting, %d were answered", stopped.Load(), heard.Load())
	}
}
