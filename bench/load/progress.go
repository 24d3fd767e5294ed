package load

import (
	"sync"
	"time"
)

// Progress is how far a run is.
type Progress struct {
	Elapsed time.Duration
	// Joined have a place; Absent of them do not come back; Entered have a pass, and
	// Through have used it; Away were told that nothing is left or the
	// room is closed; Lost had their ticket refused.
	Joined, Absent, Entered, Through, Away, Lost int64
	// Joins, Polls, Entries and Requests are those of the last second.
	Joins, Polls, Entries, Requests int64
	// P99 is that of all requests so far, in milliseconds from when they were due.
	P99 float64
	// Queued are requests that are due and wait for a connection.
	Queued int
	// Wrong is what was wrong with the order so far, as far as it shows before the end.
	Wrong int64
	// Failed are requests that were not answered as they should be.
	Failed int64
}

// Waiting are those in the line who mean to come back.
func (p Progress) Waiting() int64 {
	return max(0, p.Joined-p.Absent-p.Entered-p.Away-p.Lost)
}

// tell tells each second how it goes, until the function that it gives is called.
func (r *run) tell() (stop func()) {
	if r.plan.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		var before Progress
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			sum := r.progress()
			now := sum
			now.Joins, now.Polls = sum.Joins-before.Joins, sum.Polls-before.Polls
			now.Entries, now.Requests = sum.Entries-before.Entries, sum.Requests-before.Requests
			before = sum
			r.plan.Progress(now)
		}
	})
	return func() {
		close(done)
		all.Wait()
	}
}

// progress is how it stands, with requests summed from the start.
func (r *run) progress() Progress {
	p := Progress{
		Elapsed: time.Duration(r.clock()), Joined: r.tally.joined.Load(), Absent: r.tally.absent.Load(),
		Entered: r.tally.entered.Load(), Through: r.tally.through.Load(), Away: r.tally.away.Load(), Lost: r.tally.lost.Load(),
		Queued: len(r.ready), Failed: r.failed.sum(),
	}
	p.Entries = p.Entered
	for i := range r.meters {
		n, p99 := r.meters[i].so()
		p.Requests += n
		p.P99 = max(p.P99, p99)
		switch act(i) {
		case join:
			p.Joins = n
		case poll, reload:
			p.Polls += n
		}
	}
	for _, o := range r.rooms {
		p.Wrong += o.wrongs()
	}
	return p
}
