package limits

import (
	"net/netip"
	"time"
)

// Door bounds new places in one room, and what is no good at the whole gateway. Its fields are not
// to be changed once in use; the table is shared by all doors of a gateway, and may outlive them.
// The nil Door bounds nothing.
type Door struct {
	Table *Table
	Room  string
	// Joins bound the new places in the room: by device, by address (an IPv4 address, or a /64 of
	// IPv6) and by network (a /24, or a /48).
	PerDevice, PerAddress, PerNetwork Limit
	// Bad bound, over all rooms, the requests that are malformed, ask for calls that there are not,
	// or show a forged ticket or pass.
	BadPerAddress, BadPerNetwork Limit
}

// What is counted.
const (
	kindDevice byte = iota + 1
	kindAddress
	kindNetwork
	kindBadAddress
	kindBadNetwork
	kindOnce
)

// accounts is room for those of one request.
type accounts struct {
	n   int
	all [3]account
}

func (a *accounts) add(l Limit, by, room string, kind byte, bits [16]byte) {
	if !l.Off() {
		a.all[a.n] = account{limit: l, by: by, room: room, kind: kind, bits: bits}
		a.n++
	}
}

// Join takes a new place's worth from everything that who asks is counted by, or from nothing if
// any of it is exceeded.
func (d *Door) Join(w Who, now int64) Verdict {
	if d == nil {
		return Verdict{}
	}
	var a accounts
	d.device(&a, &w)
	if w.Addr.IsValid() {
		a.add(d.PerAddress, "address", d.Room, kindAddress, cut(w.Addr, address4, address6).As16())
		a.add(d.PerNetwork, "network", d.Room, kindNetwork, cut(w.Addr, network4, network6).As16())
	}
	return d.Table.all(a.all[:a.n], now, false)
}

// JoinProved is Join for one who has shown that it costs something: only the device counts.
func (d *Door) JoinProved(w Who, now int64) Verdict {
	if d == nil {
		return Verdict{}
	}
	var a accounts
	d.device(&a, &w)
	return d.Table.all(a.all[:a.n], now, false)
}

func (d *Door) device(a *accounts, w *Who) {
	if w.Known {
		a.add(d.PerDevice, "device", d.Room, kindDevice, w.Device)
	}
}

// Bad counts a request that is no good, and says whether its address has sent too many.
func (d *Door) Bad(from netip.Addr, now int64) Verdict {
	if d == nil {
		return Verdict{}
	}
	return d.bad(from, now, false, d.BadPerAddress, d.BadPerNetwork)
}

// Suspect says whether an address has used up half of the bad requests that it may send, and counts
// nothing: who goes on and on would else be beyond suspicion each time that one more is taken.
func (d *Door) Suspect(from netip.Addr, now int64) bool {
	return d != nil && d.bad(from, now, true, d.BadPerAddress.half(), d.BadPerNetwork.half()).Limited()
}

func (d *Door) bad(from netip.Addr, now int64, look bool, address, network Limit) Verdict {
	if !from.IsValid() {
		return Verdict{}
	}
	var a accounts
	a.add(address, "address", "", kindBadAddress, cut(from, address4, address6).As16())
	a.add(network, "network", "", kindBadNetwork, cut(from, network4, network6).As16())
	return d.Table.all(a.all[:a.n], now, look)
}

// Once says whether something is there for the first time in a while; a gateway whose memory is full
// forgets the oldest before its time.
func (d *Door) Once(what [16]byte, life time.Duration, now int64) bool {
	return d.Table.ask(&account{limit: Limit{Count: 1, Period: life}, room: d.Room, kind: kindOnce, bits: what}, now, false) == 0
}
