// Package limits bounds what one address, one network or one device may ask for: new places, and
// requests that are no good.
//
// It decides and remembers, and does nothing else: who asks is told to it, the time is passed in, and
// what becomes of a refusal is the business of package waiting and of the gate. Whoever shows a valid
// ticket or pass never comes here. What it remembers is bounded by the number of keys: where that
// does not do, those with the least to their account are forgotten first. Nothing is kept in the
// store, so that each gateway counts what it sees by itself, and nothing outlives the process.
//
// Addresses are shared: thousands of telephones stand behind one of a carrier's. A limit by address
// is therefore a bound on machines, never on people, and it is off where nobody sets it.
package limits

import (
	"net/netip"
	"strconv"
	"time"
)

// Limit is so many in a time; so many may also come at once. The zero value is no limit.
type Limit struct {
	Count  int
	Period time.Duration
}

// Off says that nothing is limited.
func (l Limit) Off() bool { return l.Count <= 0 || l.Period <= 0 }

// half is as fast, and half of it may come at once.
func (l Limit) half() Limit { return Limit{max(l.Count/2, min(l.Count, 1)), l.Period / 2} }

// take is the generic cell rate algorithm (ITU-T I.371) for one key whose theoretical arrival time is
// at: the next one, and how long to wait where there is none. A refusal costs nothing: who asks
// too often waits no longer for it. Times are in nanoseconds.
func (l Limit) take(at, now int64) (next int64, wait time.Duration) {
	each := max(int64(l.Period)/int64(l.Count), 1)
	next = max(at, now) + each
	if ahead := next - now - int64(l.Period); ahead > 0 {
		return at, time.Duration(ahead)
	}
	return next, 0
}

// Verdict is whether something is too much. The zero value says that it is not.
type Verdict struct {
	// By names what was exceeded: device, address or network; "" is nothing.
	By string
	// Limit is what was exceeded, and Wait how long until one more is taken.
	Limit Limit
	Wait  time.Duration
}

// Limited says whether it is too much.
func (v Verdict) Limited() bool { return v.By != "" }

// Seconds is Wait in whole seconds, at least one.
func (v Verdict) Seconds() int64 { return max(1, int64((v.Wait+time.Second-1)/time.Second)) }

// Policy is the value of the field RateLimit-Policy, and Left that of RateLimit, as
// draft-ietf-httpapi-ratelimit-headers-10 has them: quota and window, what is left, and the
// seconds until there is more.
func (v Verdict) Policy() string {
	return `"` + v.By + `";q=` + strconv.Itoa(v.Limit.Count) + ";w=" + strconv.FormatInt(int64((v.Limit.Period+time.Second-1)/time.Second), 10)
}

// Left is described with Policy.
func (v Verdict) Left() string {
	return `"` + v.By + `";r=0;t=` + strconv.FormatInt(v.Seconds(), 10)
}

// Who asks.
type Who struct {
	// Addr is the visitor's address as far as it can be believed; the zero Addr, that of a Unix
	// socket, is limited by nothing.
	Addr netip.Addr
	// Device is the device that is shown, if Known.
	Device [16]byte
	Known  bool
}

// What one address and one network are: a subscriber's line has at least a /64 of IPv6 for itself
// (RFC 6177), and a site at most a /48; of IPv4 an address, and the smallest network that is routed.
const (
	address4, network4 = 32, 24
	address6, network6 = 64, 48
)

// cut is the first bits of an address, by its family.
func cut(a netip.Addr, four, six int) netip.Addr {
	bits := six
	if a = a.Unmap(); a.Is4() {
		bits = four
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr()
}
