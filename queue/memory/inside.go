package memory

import (
	"context"

	"waitroom/queue"
)

// Revoked implements queue.Inside.
func (l *Line) Revoked(p queue.PassID) bool {
	_, ok := l.state.revoked.Load(p)
	return ok
}

// End implements queue.Inside. A pass that the room does not know is refused from
// then on, too, for as long as it could be valid.
func (l *Line) End(ctx context.Context, p queue.PassID, why queue.Why, by string) error {
	_, err := l.do(ctx, func(now int64) queue.Seat {
		if l.Revoked(p) {
			return queue.Seat{}
		}
		e := event{kind: kindEnd, at: now, pass: p, by: by, detail: string(why), end: now, until: now + l.rules.PassTTL + minute}
		r, ok := l.state.records[p.Ticket()]
		if ok && r.entry != 0 && queue.PassOf(p.Ticket(), r.entry) == p {
			e.flags, e.place, e.entry = flagKnown, r.place, r.entry
			e.end, e.until = min(now, r.end), r.end+minute
		}
		l.commit(e)
		return queue.Seat{}
	})
	return err
}

// Touch implements queue.Inside.
func (l *Line) Touch(p queue.PassID, until int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.state.touch(p, until)
	}
}
