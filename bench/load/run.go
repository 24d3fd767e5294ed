package load

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// The ways in which a run ends.
const (
	Through     = "everybody is through"
	TimeUp      = "the time is up"
	Interrupted = "interrupted"
)

// play lets everybody come, and gives why it ended. Who sets moments and who sends are
// different goroutines, so that a slow answer delays no moment.
func (r *run) play(ctx context.Context, dial dialer) (why string) {
	var ended atomic.Bool
	var all sync.WaitGroup
	lines := make([]*line, r.plan.Connections)
	for i := range lines {
		lines[i] = newLine(dial)
		w := &worker{run: r, line: lines[i], dial: r.dialProvider(ctx)}
		all.Go(func() {
			defer w.closeOthers()
			for i := range r.ready {
				if !ended.Load() {
					w.turn(i)
				}
			}
		})
	}
	stop := context.AfterFunc(ctx, func() {
		ended.Store(true)
		for _, l := range lines {
			l.close()
		}
		r.others.close()
	})
	defer stop()
	told, watched := r.tell(), r.watchLights(ctx, dial)
	why = r.schedule(ctx)
	close(r.ready)
	all.Wait()
	told()
	watched()
	for _, l := range lines {
		l.close()
	}
	return why
}

// schedule hands over everybody whose moment has come, each tick, until all are through
// or the context ends.
func (r *run) schedule(ctx context.Context) (why string) {
	ticker := time.NewTicker(time.Duration(tick))
	defer ticker.Stop()
	coming := newArrivals(&r.plan)
	var due []uint32
	next, nextDue := 0, coming.due()
	for r.left.Load() > 0 {
		now := r.clock()
		for next < len(r.visitors) && nextDue <= now {
			r.arrive(next, nextDue)
			if next++; next < len(r.visitors) {
				nextDue = coming.due()
			}
		}
		due = r.wheel.take(now, due[:0])
		for _, i := range due {
			r.ready <- i
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return TimeUp
			}
			return Interrupted
		}
	}
	return Through
}

// arrive makes the i-th visitor come.
func (r *run) arrive(i int, due int64) {
	v := &r.visitors[i]
	v.due, v.traits, v.room = due, r.plan.traitsOf(i), uint8(i%len(r.rooms))
	if r.plan.Identity != nil {
		v.act, v.id = choose, r.plan.verifyingOf(i)
	}
	r.ready <- uint32(i)
}

// exchanger sends a request and reads its answer, and tells how many bytes both were
// since it was last asked.
type exchanger interface {
	exchange(request []byte, a *fasthttp.Response) error
	traffic() (sent, received int64)
}

// worker is one connection at work.
type worker struct {
	run      *run
	line     exchanger
	dial     func(host string) (*line, error)
	others   map[string]*line // to providers
	request  []byte
	response fasthttp.Response
	answer   answer
}

// turn lets a visitor do what is due, and sets what is due next.
func (w *worker) turn(i uint32) {
	r := w.run
	v := &r.visitors[i]
	doing, due := v.act, v.due
	if doing > leave {
		w.request = r.fresh.identityRequest(w.request[:0], v, &r.plan, r.rooms[v.room].name)
	} else {
		w.request = r.fresh.append(w.request[:0], v, r.rooms[v.room].name)
	}
	sent := r.clock()
	line, err := w.lineFor(v)
	if err == nil {
		err = line.exchange(w.request, &w.response)
	}
	if errors.Is(err, errEnded) {
		return
	}
	now := r.clock()
	var goesOn bool
	if err != nil {
		w.answer = answer{}
		goesOn = r.unheard(v, &w.answer, err, now)
	} else {
		w.answer.read(&w.response)
		goesOn = r.heard(v, &w.answer, now, now-sent)
	}
	s := sample{due: due, done: now, failed: w.answer.failed}
	if line != nil {
		s.sent, s.received = line.traffic()
	}
	r.meters[doing].record(s)
	r.sending.record(sample{due: due, done: sent})
	if goesOn {
		r.wheel.add(i)
		return
	}
	v.ticket, v.pass, v.id = nil, nil, nil
	r.left.Add(-1)
}

// unheard is what follows when no answer came: all but who only wanted to leave try
// again.
func (r *run) unheard(v *visitor, a *answer, err error, now int64) bool {
	a.failed = true
	if v.act == atProvider {
		return r.pageFailed(v, now)
	}
	r.failed.add(v.act.String() + ": " + what(err))
	if v.act == leave {
		r.tally.through.Add(1)
		return false
	}
	v.later(now, patience)
	return true
}

// failure notes an answer that should have been another.
func (r *run) failure(doing act, a *answer) {
	a.failed = true
	what := doing.String() + ": " + strconv.Itoa(a.status)
	if len(a.problem) > 0 {
		what += " " + string(a.problem)
	}
	r.failed.add(what)
}
