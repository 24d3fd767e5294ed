package conns

import (
	"sync"
	"time"
)

// lazy is a deadline whose timer is touched only where it has to be: it never runs out
// after what is wanted, so that no deadline is missed; where it runs out before, what
// is wanted is looked at, and the timer set anew.
type lazy struct {
	mu   sync.Mutex
	want time.Time // the zero time is never
	// timer is when the timer runs out, the zero time for never.
	timer time.Time
	out   bool // the timer has run out, so that every call fails until it is set
}

// set wants a deadline. The timer is touched at once only where it would run out too
// late, since somebody may be blocked who is to be woken.
func (l *lazy) set(t time.Time, arm func(time.Time) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.want = t
	if t.IsZero() || !l.timer.IsZero() && !t.Before(l.timer) {
		return nil
	}
	return l.arm(t, arm)
}

// ready makes sure that a call which may block comes back by what is wanted, or by the
// time given, if that is sooner and not zero.
func (l *lazy) ready(sooner time.Time, arm func(time.Time) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	by := l.want
	if !sooner.IsZero() && (by.IsZero() || sooner.Before(by)) {
		by = sooner
	}
	if !l.out && (by.IsZero() || !l.timer.IsZero() && !l.timer.After(by)) {
		return nil
	}
	return l.arm(by, arm)
}

func (l *lazy) arm(t time.Time, arm func(time.Time) error) error {
	l.timer, l.out = t, false
	return arm(t)
}

// passed says, after a call that ran out of time, whether what is wanted has passed. If
// it has not, the call is to be made again.
func (l *lazy) passed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = true
	return !l.want.IsZero() && !time.Now().Before(l.want)
}

func (l *lazy) wanted() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.want
}
