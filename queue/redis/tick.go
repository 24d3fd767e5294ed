package redis

import (
	"context"
	"fmt"

	"waitroom/queue"
)

// Tick implements queue.Kept.
func (l *Line) Tick(ctx context.Context) (more bool, err error) {
	before := l.known().epoch
	answer, err := l.run(ctx, l.scripts.tick, l.args(0))
	if err := l.told(answer, err); err != nil {
		return false, away("tick", err)
	}
	if after := l.known().epoch; before != "" && after != before {
		if err := l.restore(ctx); err != nil {
			return false, err
		}
	}
	return len(answer) > headLength && whole(answer[headLength]) == 1, nil
}

// Set implements queue.Operated.
func (l *Line) Set(ctx context.Context, c queue.Change) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("set room %s: %w", l.room, err)
	}
	return l.control(ctx, c.By, settings(c), false)
}

// restore gives a store that has lost its state what operators had set, as far as
// this gateway saw it and nobody has set it anew.
func (l *Line) restore(ctx context.Context) error {
	c := l.View().Control
	var s []setting
	if c.RateSet.Live() {
		s = append(s, settings(queue.Change{RatePerHour: &c.RatePerHour})...)
	}
	if c.PausedSet.Live() {
		s = append(s, settings(queue.Change{Paused: &c.Paused})...)
	}
	if c.MessageSet.Live() {
		s = append(s, settings(queue.Change{Message: &c.Message})...)
	}
	if c.SoldOutSet.Live() {
		s = append(s, settings(queue.Change{SoldOut: &c.SoldOut})...)
	}
	if len(s) == 0 {
		return nil
	}
	return l.control(ctx, "waitroom: restored after a loss", s, true)
}

func (l *Line) control(ctx context.Context, by string, set []setting, only bool) error {
	flag, detail := "", ""
	args := l.args(3 + 2*len(set))
	if only {
		flag = "1"
	}
	for _, s := range set {
		if s.told != "" {
			detail += " " + s.told
		}
	}
	if detail != "" {
		detail = detail[1:]
	}
	args = append(args, by, detail, flag)
	for _, s := range set {
		args = append(args, s.name, s.value)
	}
	if err := l.told(l.run(ctx, l.scripts.control, args)); err != nil {
		return away("set", err)
	}
	return l.Refresh(ctx)
}

// End implements queue.Inside and queue.Operated.
func (l *Line) End(ctx context.Context, p queue.PassID, why queue.Why, by string) error {
	l.revoked.add(p)
	args := append(l.args(3), p[:], string(why), by)
	if err := l.told(l.run(ctx, l.scripts.finish, args)); err != nil {
		return away("end a pass", err)
	}
	return nil
}
