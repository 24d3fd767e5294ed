package redis

import (
	"context"
	"fmt"

	"waitroom/queue"
)

// Tick implements queue.Kept. After a loss it also gives the store back what this
// gateway still knows.
func (l *Line) Tick(ctx context.Context) (more bool, err error) {
	answer, err := l.run(ctx, l.scripts.tick, l.args(0))
	if err := l.told(answer, err); err != nil {
		return false, away("tick", err)
	}
	unmended, err := l.mend(ctx)
	if err != nil {
		return false, err
	}
	return unmended || len(answer) > headLength && whole(answer[headLength]) == 1, nil
}

// Set implements queue.Operated.
func (l *Line) Set(ctx context.Context, c queue.Change) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("set room %s: %w", l.room, err)
	}
	if err := l.control(ctx, c, 0); err != nil {
		return err
	}
	return l.Refresh(ctx)
}

// control sets what was set at a time, after a loss; 0 is now.
func (l *Line) control(ctx context.Context, c queue.Change, at int64) error {
	s := settings(c)
	args := append(l.args(4+2*len(s.pairs)), c.By, s.told(at), stamp(at), s.interval)
	if err := l.told(l.run(ctx, l.scripts.control, append(args, s.pairs...))); err != nil {
		return away("set", err)
	}
	return nil
}

// End implements queue.Inside and queue.Operated.
func (l *Line) End(ctx context.Context, p queue.PassID, why queue.Why, by string) error {
	l.revoked.add(p)
	l.entered.over(p)
	args := append(l.args(4), p[:idLength], p[:], string(why), by)
	if err := l.told(l.run(ctx, l.scripts.finish, args)); err != nil {
		return away("end a pass", err)
	}
	return nil
}
