package forward

import (
	"bufio"
	"fmt"
	"net"
	"time"
)

// Health says how dead addresses are found. Zero fields mean their defaults.
type Health struct {
	// Path is asked for by GET; an answer with 2xx or 3xx is healthy. Where it is
	// empty, an address is healthy when it can be connected.
	Path string
	// Host is the Host field of that request; empty is the address.
	Host string
	// Interval is the time between two checks; 2 s. Below zero there are none, and
	// an address that was removed is tried again after ten seconds.
	Interval time.Duration
	// Timeout bounds one check; 2 s.
	Timeout time.Duration
	// Falls is how many checks have to fail in a row; 2.
	Falls int
	// Failures is how many requests have to fail in a row, by refused or
	// slow connections or nonsense, before the address is removed; 3. Below zero
	// requests remove none.
	Failures int
}

const retryRemoved = 10 * time.Second

func (h *Health) defaults() {
	if h.Interval == 0 {
		h.Interval = 2 * time.Second
	}
	if h.Timeout <= 0 {
		h.Timeout = 2 * time.Second
	}
	if h.Falls <= 0 {
		h.Falls = 2
	}
	if h.Failures == 0 {
		h.Failures = 3
	}
}

// failed counts a request that failed because of the address. Failures other
// than of connecting never remove the last healthy address: a slow backend is
// better than none.
func (b *Backend) failed(a *address, why error, connecting bool) {
	n := a.failures.Add(1)
	limit := b.o.Health.Failures
	if limit < 0 || int(n) < limit {
		return
	}
	if !connecting && b.healthyOthers(a) == 0 {
		return
	}
	b.setDown(a, true, why)
}

func (b *Backend) healthyOthers(a *address) int {
	n := 0
	for _, other := range b.addresses {
		if other != a && !other.down.Load() {
			n++
		}
	}
	return n
}

func (b *Backend) setDown(a *address, down bool, why error) {
	if a.down.Swap(down) == down {
		return
	}
	a.failures.Store(0)
	if down {
		a.closeIdle(time.Time{})
	}
	if b.o.Changed != nil {
		b.o.Changed(a.hostPort, !down, why)
	}
}

// watch checks one address until the backend is closed, and closes what has
// idled for too long.
func (b *Backend) watch(a *address) {
	defer b.running.Done()
	every := b.o.Health.Interval
	if every < 0 {
		every = retryRemoved
	}
	t := time.NewTicker(every)
	defer t.Stop()
	fails := 0
	for {
		select {
		case <-b.closed:
			return
		case <-t.C:
		}
		a.closeIdle(time.Now().Add(-idleKept))
		if b.o.Health.Interval < 0 {
			b.setDown(a, false, nil)
			continue
		}
		if err := a.probe(); err != nil {
			if fails++; fails >= b.o.Health.Falls {
				b.setDown(a, true, err)
			}
			continue
		}
		fails = 0
		b.setDown(a, false, nil)
	}
}

// probe is one check, on a connection of its own.
func (a *address) probe() error {
	h := &a.o.Health
	c, err := a.dial()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if h.Path == "" {
		return nil
	}
	host := h.Host
	if host == "" {
		host = a.hostPort
	}
	if err := c.SetDeadline(time.Now().Add(h.Timeout)); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: waitroom-health\r\nConnection: close\r\n\r\n", h.Path, host); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return readStatus(c)
}

func readStatus(c net.Conn) error {
	line, err := bufio.NewReaderSize(c, 512).ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if len(line) < len("HTTP/1.1 200") || string(line[:7]) != "HTTP/1." || (line[9] != '2' && line[9] != '3') {
		return fmt.Errorf("check: answer %.40q", line)
	}
	return nil
}
