package redis

import (
	"cmp"
	"context"
	"errors"
	"math"
	"time"

	"waitroom/queue"
)

// Refresh implements queue.Kept: one trip, whatever the line's length.
func (l *Line) Refresh(ctx context.Context) error {
	l.refreshing.Lock()
	defer l.refreshing.Unlock()
	after := pages{revoked: l.revoked.after(), taken: l.taken.after()}
	for {
		next, err := l.refresh(ctx, after)
		if err != nil || next == (pages{}) {
			return err
		}
		after = next.or(after)
	}
}

// pages are where pages begin: of the passes that were ended, and of the persons who were taken over; "" where there is none.
type pages struct{ revoked, taken string }

// or is p, and what it has not read on is read again from where it was.
func (p pages) or(before pages) pages {
	return pages{revoked: cmp.Or(p.revoked, before.revoked), taken: cmp.Or(p.taken, before.taken)}
}

// refresh reads the view, with a page of either kind; next is where the next ones begin.
func (l *Line) refresh(ctx context.Context, after pages) (next pages, err error) {
	old, rules := l.View(), l.Rules()
	keep, sample := l.knots.Keep(), queue.SampleRanks(old.Waiting)
	args := []any{appendDoubles(nil, keep...), appendDoubles(nil, sample...), queue.DenseRanks, after.revoked, l.now(), after.taken}
	sent := time.Now()
	answer, err := l.run(ctx, l.scripts.view, args)
	read := time.Now()
	if err != nil {
		return next, away("read the view", err)
	}
	v, r, err := readView(answer, rules, keep, sample)
	if err != nil {
		return next, away("read the view", err)
	}
	passes, _ := answer[6].([]any)
	persons, _ := answer[7].([]any)
	next.taken = l.taken.read(persons, v.At, &rules)
	next.revoked = l.revoked.read(passes, v.At-rules.PassTTL, l.entered.over)
	l.show(v.After(old, sent, read), r, old)
	return next, nil
}

// show makes v the view. While the room recovers, positions stay those from before
// the loss: everybody is to stand where they stood.
func (l *Line) show(v *queue.View, r queue.Read, old *queue.View) {
	if v.At >= v.RecoverUntil {
		l.knots = l.knots.Next(r)
	}
	v.Ranks, v.Known = l.knots, l.knots.End()
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

// viewLength is how many doubles tell of a room: four counts, the state's numbers, and the opening; see
// view.lua.
const viewLength = 19

func readView(answer []any, rules queue.Rules, keep, sample []int64) (*queue.View, queue.Read, error) {
	var r queue.Read
	if len(answer) != 8 {
		return nil, r, errShape
	}
	parts := make([][]any, 4)
	for i := range parts {
		parts[i], _ = answer[2+i].([]any)
	}
	epoch, _ := answer[0].(string)
	n, _ := answer[1].(string)
	if len(n) != 8*viewLength || len(parts[0]) != 12 || len(parts[1]) != len(keep) || len(parts[2]) != len(sample) {
		return nil, r, errShape
	}
	if epoch == "" {
		return nil, r, errNew
	}
	at := func(i int) int64 { return int64(math.Ceil(double(n, i))) }
	v := &queue.View{
		At: at(0), Epoch: epoch, Waiting: at(1), Called: at(2), Active: at(3), Last: at(4), Front: at(5), Due: at(6),
		Interval: double(n, 7), Ratio: double(n, 8), Arrivals: at(12), Calls: at(13), Entries: at(14), RecoverUntil: at(15),
		Control: control(parts[0], rules.RatePerHour), Rules: rules,
	}
	if opening := at(17); rules.OpensAt <= opening {
		v.Sold = v.Entries - at(18)
	}
	r = queue.Read{Front: v.Front, Last: v.Last, Waiting: v.Waiting}
	for i, p := range keep {
		r.Kept = append(r.Kept, queue.Knot{Place: p, Rank: whole(parts[1][i])})
	}
	for i, rank := range sample {
		if p := whole(parts[2][i]); p > 0 {
			r.Samples = append(r.Samples, queue.Knot{Place: p, Rank: rank})
		}
	}
	for i, p := range parts[3] {
		r.Dense = append(r.Dense, queue.Knot{Place: whole(p), Rank: int64(i)})
	}
	return v, r, nil
}
