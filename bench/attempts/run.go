package attempts

import (
	"context"
	"strings"
	"sync"
	"time"

	"waitroom/bench/canary"
)

// Runner runs attempts against a site.
type Runner struct {
	// Site is what is attacked; it has begun.
	Site *Site
	// Parallel is how many attempts run at a time; 0 is 4.
	Parallel int
	// Limit is how long one attempt may take; 0 is 5 minutes. Attempts that hang on
	// longer end as unclear when what they wait for ends.
	Limit time.Duration
	// Progress is told of each outcome, one at a time; nil is nobody.
	Progress func(done, all int, o *Outcome)
}

// Run tries all of them, those that go together first, and gives the outcomes in the
// order of the attempts. It blocks until all have ended, or ctx has: what has not begun
// by then is not tried.
func (r *Runner) Run(ctx context.Context, all []Attempt) []Outcome {
	outcomes := make([]Outcome, len(all))
	stages := make([]*Stage, len(all))
	var mu sync.Mutex
	done := 0
	one := func(i int) {
		outcomes[i], stages[i] = r.try(ctx, &all[i])
		mu.Lock()
		defer mu.Unlock()
		if done++; r.Progress != nil {
			r.Progress(done, len(all), &outcomes[i])
		}
	}
	queue := make(chan int)
	var workers sync.WaitGroup
	for range max(1, r.parallel()) {
		workers.Go(func() {
			for i := range queue {
				one(i)
			}
		})
	}
	for i := range all {
		if !all[i].Alone {
			queue <- i
		}
	}
	close(queue)
	workers.Wait()
	for i := range all {
		if all[i].Alone {
			one(i)
		}
	}
	seen := r.Site.seen()
	for i := range outcomes {
		stages[i].late(&outcomes[i], seen)
	}
	return outcomes
}

func (r *Runner) parallel() int {
	if r.Parallel > 0 {
		return r.Parallel
	}
	return 4
}

func (r *Runner) limit() time.Duration {
	if r.Limit > 0 {
		return r.Limit
	}
	return 5 * time.Minute
}

// try runs one attempt.
func (r *Runner) try(ctx context.Context, a *Attempt) (Outcome, *Stage) {
	o := Outcome{Attempt: a, Verdict: Untried}
	s := &Stage{Site: r.Site, attempt: a, marks: map[string]watched{}}
	switch {
	case ctx.Err() != nil:
		o.Because = "the run was interrupted"
		return o, s
	case a.Driver == Static:
		o.Because = "it is checked in the code, not from outside: " + a.Steps
		return o, s
	}
	if o.Because = r.Site.Lacks(a); o.Because != "" {
		return o, s
	}
	ctx, cancel := context.WithTimeout(ctx, r.limit())
	defer cancel()
	start := time.Now()
	t := newTrial(ctx, a.ID)
	s.TB = t
	t.run(func() { a.Run(s) })
	s.sweep(r.Site.seen())
	o.Took, o.Tried, o.Found, o.Notes = time.Since(start), s.tried, s.found, t.notes()
	switch {
	case len(o.Found) > 0:
		o.Verdict = Through
	case len(s.wronged) > 0:
		o.Verdict, o.Found = Wronged, s.wronged
	case t.Failed():
		o.Verdict, o.Because = Unclear, first(o.Notes)
	case t.Skipped():
		o.Because = first(o.Notes)
	case o.Tried == 0:
		o.Verdict, o.Because = Unclear, "it tried nothing"
	default:
		o.Verdict = Refused
	}
	return o, s
}

// late asks the backend again, for what came after the attempt had ended.
func (s *Stage) late(o *Outcome, seen map[string]canary.Sighting) {
	if s.TB == nil {
		return
	}
	s.sweep(seen)
	if len(s.found) > 0 {
		o.Verdict, o.Found = Through, s.found
	}
}

// first is the first note, in one line: what follows a failure explains it.
func first(notes []string) string {
	if len(notes) == 0 {
		return "it ended without a word"
	}
	return strings.Join(strings.Fields(notes[0]), " ")
}
