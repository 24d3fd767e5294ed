package load

import (
	"context"
	"fmt"
	"net/url"
	"sync"
)

// others are the connections to providers, so that the end of the run ends what is under way on them.
type others struct {
	mu    sync.Mutex
	dials map[string]dialer
	lines map[*line]bool
}

func (o *others) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for l := range o.lines {
		l.close()
	}
}

// dialProvider opens lines to providers by scheme and host. Like the target they are on this machine, or one's own.
func (r *run) dialProvider(ctx context.Context) func(host string) (*line, error) {
	return func(host string) (*line, error) {
		o := &r.others
		o.mu.Lock()
		defer o.mu.Unlock()
		dial := o.dials[host]
		if dial == nil {
			u, err := url.Parse(host)
			if err != nil {
				return nil, fmt.Errorf("a provider's address: %w", err)
			}
			if dial, err = r.plan.dialerTo(ctx, u, u.Host); err != nil {
				return nil, err
			}
			if o.dials == nil {
				o.dials, o.lines = map[string]dialer{}, map[*line]bool{}
			}
			o.dials[host] = dial
		}
		l := newLine(dial)
		o.lines[l] = true
		return l, nil
	}
}

// lineFor is the connection for what a visitor does next.
func (w *worker) lineFor(v *visitor) (exchanger, error) {
	if v.act != atProvider {
		return w.line, nil
	}
	host := v.id.host
	if l := w.others[host]; l != nil {
		return l, nil
	}
	l, err := w.dial(host)
	if err != nil {
		return nil, err
	}
	if w.others == nil {
		w.others = map[string]*line{}
	}
	w.others[host] = l
	return l, nil
}

// closeOthers ends the worker's connections to providers.
func (w *worker) closeOthers() {
	for _, l := range w.others {
		l.close()
	}
}
