package redis

import (
	"context"
	"sync"

	"waitroom/queue"
)

const (
	// batchBound is how many operations go with one trip.
	batchBound = 256
	// queueBound is how many wait for a trip; more are refused with queue.ErrBusy.
	queueBound = 1 << 16
)

// batch collects operations naturally: while one trip is under way those that come
// wait together, and go with the next. Alone, an operation goes at once.
type batch[Q, A any] struct {
	// do makes one trip with at most batchBound operations, and answers each.
	do    func(ctx context.Context, asks []Q) ([]A, error)
	trips *sync.WaitGroup

	mu      sync.Mutex
	waiting []*ask[Q, A]
	running bool
	used    sync.Pool // of asks that were answered and heard
}

type ask[Q, A any] struct {
	question Q
	answer   A
	err      error
	done     chan struct{} // takes one, so that whoever answers never waits
}

func (b *batch[Q, A]) newAsk(question Q) *ask[Q, A] {
	a, ok := b.used.Get().(*ask[Q, A])
	if !ok {
		a = &ask[Q, A]{done: make(chan struct{}, 1)}
	}
	a.question = question
	return a
}

func (a *ask[Q, A]) tell(err error) {
	a.err = err
	a.done <- struct{}{}
}

// ask answers one operation. When the context ends first the operation may still
// take effect.
func (b *batch[Q, A]) ask(ctx context.Context, question Q) (answer A, err error) {
	if oneByOne {
		return b.alone(ctx, question)
	}
	a := b.newAsk(question)
	if err := b.add(a); err != nil {
		return answer, err
	}
	select {
	case <-a.done:
		answer, err = a.answer, a.err
		a.answer = *new(A)
		b.used.Put(a)
		return answer, err
	case <-ctx.Done(): // the trip still has it
		return answer, away("wait for the store", ctx.Err())
	}
}

// alone makes a trip for one operation, while others are under way.
func (b *batch[Q, A]) alone(ctx context.Context, question Q) (answer A, err error) {
	answers, err := b.do(ctx, []Q{question})
	if err != nil {
		return answer, err
	}
	return answers[0], nil
}

func (b *batch[Q, A]) add(a *ask[Q, A]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) >= queueBound {
		return queue.ErrBusy
	}
	b.waiting = append(b.waiting, a)
	if !b.running {
		b.running = true
		b.trips.Go(b.run)
	}
	return nil
}

// run makes trips until nobody waits.
func (b *batch[Q, A]) run() {
	questions := make([]Q, 0, batchBound)
	for {
		asks := b.take()
		if asks == nil {
			return
		}
		questions = questions[:0]
		for _, a := range asks {
			questions = append(questions, a.question)
		}
		answers, err := b.do(context.Background(), questions)
		var waited []*ask[Q, A]
		if err != nil {
			waited = b.takeAll()
		}
		for i, a := range asks {
			if err == nil {
				a.answer = answers[i]
			}
			a.tell(err)
		}
		for _, a := range waited {
			a.tell(err)
		}
	}
}

// takeAll takes those who waited during a trip that failed. They would only wait for
// the next one to fail, each batch in its turn; who asks again after an answer of this
// trip gets a trip of its own.
func (b *batch[Q, A]) takeAll() []*ask[Q, A] {
	b.mu.Lock()
	defer b.mu.Unlock()
	waited := b.waiting
	b.waiting = nil
	return waited
}

func (b *batch[Q, A]) take() []*ask[Q, A] {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), batchBound)
	if n == 0 {
		b.running, b.waiting = false, nil
		return nil
	}
	asks := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	return asks
}
