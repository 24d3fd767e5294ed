package memory

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"waitroom/queue"
)

// Rules implements queue.Operated.
func (l *Line) Rules() queue.Rules {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rules
}

// SetRules replaces the rules that the configuration gives. It counts at once, and
// shows in the next view.
func (l *Line) SetRules(rules queue.Rules) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules = rules
	if l.ready() == nil {
		l.retime(l.clock())
	}
}

// Set implements queue.Operated.
func (l *Line) Set(ctx context.Context, c queue.Change) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("set room %s: %w", l.name, err)
	}
	_, err := l.do(ctx, func(now int64) queue.Seat {
		control, detail := change(l.state.control, c, queue.Setting{By: c.By, At: now})
		if detail != "" {
			l.commit(event{kind: kindControl, at: now, by: c.By, detail: detail, control: control})
			l.retime(now)
		}
		return queue.Seat{}
	})
	return err
}

// change is the control after a change, and what of it the journal tells.
func change(control queue.Control, c queue.Change, set queue.Setting) (queue.Control, string) {
	var detail []string
	if c.FileRate {
		control.RatePerHour, control.RateSet = 0, queue.Setting{}
		detail = append(detail, "rate=file")
	}
	if c.RatePerHour != nil {
		control.RatePerHour, control.RateSet = *c.RatePerHour, set
		detail = append(detail, "rate="+strconv.FormatFloat(*c.RatePerHour, 'f', -1, 64)+"/h")
	}
	if c.Paused != nil {
		control.Paused, control.PausedSet = *c.Paused, set
		detail = append(detail, fmt.Sprintf("paused=%t", *c.Paused))
	}
	if c.Message != nil {
		control.Message, control.MessageSet = *c.Message, set
		detail = append(detail, fmt.Sprintf("message=%q", *c.Message))
	}
	if c.SoldOut != nil {
		control.SoldOut, control.SoldOutSet = *c.SoldOut, set
		detail = append(detail, fmt.Sprintf("sold_out=%t", *c.SoldOut))
	}
	return control, strings.Join(detail, " ")
}
