package allow

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// lookupWait bounds the questions for one address, and with them how long its request waits.
	lookupWait = 1500 * time.Millisecond
	// maxLookups bounds how many addresses are asked about at a time; others are not confirmed then.
	maxLookups = 8
	// maxKnown bounds how many addresses are remembered.
	maxKnown = 4096
	// knownFor is how long a confirmed name counts, unknownFor how long none is asked for again.
	knownFor, unknownFor = time.Hour, 5 * time.Minute
)

// Names confirms what an address is called: its reverse name counts if that name leads back to the
// address. Make it with NewNames; it may be used by many goroutines.
type Names struct {
	resolver *net.Resolver
	now      func() time.Time
	asking   chan struct{}

	mu    sync.Mutex
	known map[netip.Addr]found
}

// found is what was found out about an address.
type found struct {
	names []string
	until time.Time
}

// NewNames asks a resolver; nil is the system's.
func NewNames(r *net.Resolver) *Names {
	if r == nil {
		r = net.DefaultResolver
	}
	return &Names{resolver: r, now: time.Now, asking: make(chan struct{}, maxLookups), known: map[netip.Addr]found{}}
}

// Confirmed says whether a confirmed name of the address ends in one of the names, at a dot. It blocks
// for at most lookupWait; what is not known by then is not confirmed.
func (n *Names) Confirmed(addr netip.Addr, ends []string) bool {
	if n == nil || !addr.IsValid() {
		return false
	}
	for _, name := range n.of(addr.Unmap()) {
		for _, end := range ends {
			if name == end || strings.HasSuffix(name, "."+end) {
				return true
			}
		}
	}
	return false
}

// of is the confirmed names of an address.
func (n *Names) of(addr netip.Addr) []string {
	n.mu.Lock()
	f, ok := n.known[addr]
	n.mu.Unlock()
	if ok && n.now().Before(f.until) {
		return f.names
	}
	select {
	case n.asking <- struct{}{}:
		defer func() { <-n.asking }()
	default:
		return nil
	}
	f = found{names: n.lookup(addr), until: n.now().Add(unknownFor)}
	if len(f.names) > 0 {
		f.until = n.now().Add(knownFor)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for old := range n.known {
		if len(n.known) < maxKnown {
			break
		}
		delete(n.known, old)
	}
	n.known[addr] = f
	return f.names
}

// lookup asks for the names of an address, and for each whether it leads back.
func (n *Names) lookup(addr netip.Addr) (confirmed []string) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupWait)
	defer cancel()
	names, err := n.resolver.LookupAddr(ctx, addr.String())
	if err != nil {
		return nil
	}
	for _, name := range names[:min(len(names), 4)] {
		back, err := n.resolver.LookupNetIP(ctx, "ip", name)
		if err == nil && slices.ContainsFunc(back, func(a netip.Addr) bool { return a.Unmap() == addr }) {
			confirmed = append(confirmed, strings.ToLower(strings.TrimSuffix(name, ".")))
		}
	}
	return confirmed
}
