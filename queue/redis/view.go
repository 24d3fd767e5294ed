package redis

import (
	"context"
	"errors"
	"math"
	"strconv"
	"sync"
	"time"

	"waitroom/queue"
)

// Refresh implements queue.Kept: one trip, whatever the line's length.
func (l *Line) Refresh(ctx context.Context) error {
	l.refreshing.Lock()
	defer l.refreshing.Unlock()
	after := l.revoked.after()
	for {
		next, err := l.refresh(ctx, after)
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}

// refresh reads the view, and a page of the passes that were ended; next is where the
// next page begins, "" where this was the last.
func (l *Line) refresh(ctx context.Context, after string) (next string, err error) {
	old, rules := l.View(), l.Rules()
	keep, sample := l.knots.Keep(), queue.SampleRanks(old.Waiting)
	args := []any{appendDoubles(nil, keep...), appendDoubles(nil, sample...), queue.DenseRanks, after, l.now()}
	sent := time.Now()
	answer, err := l.run(ctx, l.scripts.view, args)
	read := time.Now()
	if err != nil {
		return "", away("read the view", err)
	}
	v, r, err := readView(answer, rules, keep, sample)
	if err != nil {
		return "", away("read the view", err)
	}
	passes, _ := answer[5].([]any)
	next = l.revoked.read(passes, v.At-rules.PassTTL, l.entered.over)
	l.show(v.After(old, sent, read), r, old)
	return next, nil
}

// show makes v the view. While the room recovers, positions stay those from before
// the loss: everybody is to stand where they stood.
func (l *Line) show(v *queue.View, r queue.Read, old *queue.View) {
	if v.At >= v.RecoverUntil || l.knots == nil {
		l.knots = l.knots.Next(r)
	}
	v.Ranks = l.knots
	if old.Epoch != "" && old.Epoch != v.Epoch {
		l.mu.Lock()
		l.forgot(1)
		l.mu.Unlock()
	}
	l.view.Store(v)
}

var errShape = errors.New("the store's answer has the wrong shape")

// errNew is the answer of a store that holds no state yet, or no longer. The next
// tick begins one.
var errNew = errors.New("the store holds no state of this room")

func readView(answer []any, rules queue.Rules, keep, sample []int64) (*queue.View, queue.Read, error) {
	var r queue.Read
	if len(answer) != 6 {
		return nil, r, errShape
	}
	parts := make([][]any, 5)
	for i := range parts {
		parts[i], _ = answer[i].([]any)
	}
	n, live := parts[0], parts[1]
	if len(n) != 14 || len(live) != 12 || len(parts[2]) != len(keep) || len(parts[3]) != len(sample) {
		return nil, r, errShape
	}
	epoch, _ := n[1].(string)
	if epoch == "" {
		return nil, r, errNew
	}
	v := &queue.View{
		At: whole(n[0]), Epoch: epoch, Last: whole(n[2]), Front: whole(n[3]), Due: int64(math.Ceil(float(n[4]))),
		Interval: float(n[5]), Ratio: float(n[6]), RecoverUntil: whole(n[7]),
		Waiting: whole(n[8]), Called: whole(n[9]), Active: whole(n[10]),
		Arrivals: whole(n[11]), Calls: whole(n[12]), Entries: whole(n[13]),
		Control: control(live, rules.RatePerHour), Rules: rules,
	}
	r = queue.Read{Front: v.Front, Last: v.Last, Waiting: v.Waiting}
	for i, p := range keep {
		r.Kept = append(r.Kept, queue.Knot{Place: p, Rank: whole(parts[2][i])})
	}
	for i, rank := range sample {
		if p := whole(parts[3][i]); p > 0 {
			r.Samples = append(r.Samples, queue.Knot{Place: p, Rank: rank})
		}
	}
	for i, p := range parts[4] {
		r.Dense = append(r.Dense, queue.Knot{Place: whole(p), Rank: int64(i)})
	}
	return v, r, nil
}

func float(v any) float64 {
	s, _ := v.(string)
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

// revoked is the passes that were ended before their time, as far as they can still
// be shown. Reading it costs the gate one look into a map.
type revoked struct {
	mu     sync.RWMutex
	passes map[queue.PassID]int64
	latest int64
	swept  int64
}

const (
	// revokedPage is how many are read at a time; see view.lua.
	revokedPage = 5000
	// revokedAgain is how far back each reading begins, for those that a store wrote
	// after it had forgotten its last writes.
	revokedAgain = 2 * second
	// revokedSweep is how often those are dropped that no pass can carry any more, and
	// how much longer than a pass they are kept.
	revokedSweep = 60 * second
)

// Revoked implements queue.Inside.
func (l *Line) Revoked(p queue.PassID) bool {
	l.revoked.mu.RLock()
	defer l.revoked.mu.RUnlock()
	_, ok := l.revoked.passes[p]
	return ok
}

// after is the bound of scores from which on to read.
func (r *revoked) after() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return strconv.FormatInt(max(0, r.latest-revokedAgain), 10)
}

func (r *revoked) add(p queue.PassID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(p, r.latest)
}

// put keeps the latest time there is for a pass, and says whether it is new.
func (r *revoked) put(p queue.PassID, at int64) bool {
	if r.passes == nil {
		r.passes = map[queue.PassID]int64{}
	}
	was, known := r.passes[p]
	r.passes[p] = max(was, at)
	return !known
}

// read adds a page of passes, shows those that are new, and now and then drops those
// that ended before the oldest that can still be shown. It returns the bound at which
// the next page begins, "" where there is none.
func (r *revoked) read(flat []any, oldest int64, show func(queue.PassID)) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last int64
	for i := 0; i+1 < len(flat); i += 2 {
		name, _ := flat[i].(string)
		last = whole(flat[i+1])
		if len(name) != len(queue.PassID{}) {
			continue
		}
		if p := queue.PassID([]byte(name)); r.put(p, last) {
			show(p)
		}
	}
	r.latest = max(r.latest, last)
	if len(flat) >= 2*revokedPage {
		return "(" + strconv.FormatInt(last, 10)
	}
	if oldest-r.swept > revokedSweep {
		r.swept = oldest
		for p, at := range r.passes {
			if at < oldest-revokedSweep {
				delete(r.passes, p)
			}
		}
	}
	return ""
}
