package config

import (
	"fmt"
	"net"
	"strings"
)

const (
	maxRooms   = 256
	maxEntries = 256 // of each list in a room
)

// rooms checks each room, and then that no two of them answer for the same address.
func (r *reader) rooms(c *Config) {
	if len(c.Rooms) == 0 && r.sound("rooms") {
		r.report("rooms", "there are no rooms", "write at least one with `name`, `backend` and `rate` under `rooms:`")
	}
	if len(c.Rooms) > maxRooms {
		r.report("rooms", fmt.Sprintf("there are %d rooms", len(c.Rooms)), fmt.Sprintf("write at most %d", maxRooms))
		return
	}
	names := map[string]int{}
	for i, room := range c.Rooms {
		at := roomAt(i)
		if !r.sound(at) {
			continue
		}
		r.name(at, room.Name, names, i)
		r.addresses(at, room)
		r.openPaths(at, room)
		r.backends(at, room, c.Listen)
		r.entering(at, room)
		r.lengths(at, room)
		r.device(at, room, c.Cookies.Secure)
		r.eligibility(at, room)
		r.caches(at, room)
		r.allows(at, room)
		r.captcha(at+".limits", room.Limits)
	}
	r.overlaps(c.Rooms)
}

func roomAt(i int) string { return fmt.Sprintf("rooms[%d]", i) }

func (r *reader) name(at, name string, names map[string]int, i int) {
	path := at + ".name"
	if !r.has(path) {
		r.report(path, "the room has no `name`", "write one of lower-case letters, digits and `-`, such as booking")
	}
	if !r.sound(path) {
		return
	}
	if !roomName(name) {
		r.report(path, "`name`: "+quote(name)+" is not possible", "write 1 to 32 lower-case letters, digits and `-`, a letter or digit first")
		return
	}
	if first, taken := names[name]; taken {
		r.report(path, fmt.Sprintf("`name`: there is another room %s%s", name, r.inLine(roomAt(first)+".name")), "give each room a name of its own")
		return
	}
	names[name] = i
}

// roomName says whether a name may stand in addresses and metrics.
func roomName(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && name != "" && len(name) <= 32 && name[0] != '-'
}

// inLine points at the line of another setting.
func (r *reader) inLine(path string) string {
	if s, ok := r.set[path]; ok && s.line > 0 {
		return fmt.Sprintf(", in line %d", s.line)
	}
	return ""
}

// backends checks where the room's requests go.
func (r *reader) backends(at string, room Room, listen string) {
	path := at + ".backend"
	if !r.has(path) {
		r.report(path, "the room has no `backend`", "write the address of the site that it protects, such as http://127.0.0.1:9000")
	}
	if !r.sound(path) {
		return
	}
	r.amount(path, len(room.Backend))
	seen, secure := map[string]bool{}, false
	for i, b := range room.Backend {
		entry := fmt.Sprintf("%s[%d]", path, i)
		secure = secure || b.TLS
		if seen[b.Addr] {
			r.report(entry, "`backend`: "+b.Addr+" is in the list twice", "keep one of them")
		}
		seen[b.Addr] = true
		if r.sound("listen") && loops(b.Addr, listen) {
			r.report(entry, "`backend`: "+b.Addr+" is the gateway itself (`listen`)", "write the address of the site behind it")
		}
	}
	if room.BackendTLS != (BackendTLS{}) && !secure {
		r.report(at+".backend_tls", "`backend_tls` is set, and no backend is https://", "write https:// in `backend`, or remove it")
	}
	if room.BackendTLS.ServerName != "" && !hostName(room.BackendTLS.ServerName) {
		r.report(at+".backend_tls.server_name", "`backend_tls.server_name` is not a host name", "write a name such as www.example.kr")
	}
}

// loops says that requests to a backend would come back to the gateway's own listener.
func loops(backend, listen string) bool {
	host, _, _ := net.SplitHostPort(backend)
	if !loopback(backend) && !wildcard(host) {
		listenHost, _, _ := net.SplitHostPort(listen)
		return meet(backend, listen) && !wildcard(listenHost)
	}
	return meet(backend, listen)
}

// amount refuses lists that are empty or endless.
func (r *reader) amount(path string, n int) {
	switch {
	case n == 0:
		r.report(path, "`"+label(path)+"` is an empty list", "write at least one entry, or remove it")
	case n > maxEntries:
		r.report(path, fmt.Sprintf("`%s` has %d entries", label(path), n), fmt.Sprintf("write at most %d", maxEntries))
	}
}

// entering checks when and how fast the room lets people in.
func (r *reader) entering(at string, room Room) {
	if !r.has(at + ".rate") {
		r.report(at+".rate", "the room has no `rate`, and rooms without a rate admit nobody", "write one such as 2,000,000/h, or `rate: 0` if that is meant")
	}
	if !r.sound(at+".opens_at", at+".closes_at") {
		return
	}
	if !room.ClosesAt.IsZero() && !room.ClosesAt.After(room.OpensAt) {
		r.report(at+".closes_at", "`closes_at` is not after `opens_at`", "write a later time, and mind the zones")
	}
	if room.BeforeOpening.Order == OrderDraw && room.OpensAt.IsZero() && !r.has(at+".eligibility.windows") {
		r.report(at+".before_opening.order", "`before_opening.order` is draw, and the room has no `opens_at`", "write `opens_at`: the draw is at the opening")
	}
}

// lengths checks the times that bound one another, and the path of the health check.
func (r *reader) lengths(at string, room Room) {
	if room.Pass.Idle > room.Pass.TTL && r.sound(at+".pass.idle", at+".pass.ttl") {
		r.report(at+".pass.idle", fmt.Sprintf("`pass.idle` of %v is longer than `pass.ttl` of %v", room.Pass.Idle, room.Pass.TTL), "write at most the ttl")
	}
	if room.Pass.Rotate > room.Pass.Idle/2 && r.sound(at+".pass.rotate", at+".pass.idle") {
		r.report(at+".pass.rotate", fmt.Sprintf("`pass.rotate` of %v is longer than half of `pass.idle` of %v", room.Pass.Rotate, room.Pass.Idle), "write at most half of it")
	}
	if room.Health.Timeout > room.Health.Interval && r.sound(at+".health.timeout", at+".health.interval") {
		r.report(at+".health.timeout", fmt.Sprintf("`health.timeout` of %v is longer than `health.interval` of %v", room.Health.Timeout, room.Health.Interval), "write at most the interval")
	}
	if p := room.Health.Path; p != "" && r.sound(at+".health.path") && (p[0] != '/' || strings.ContainsFunc(p, func(c rune) bool { return c <= ' ' || c > '~' || c == '#' })) {
		r.report(at+".health.path", "`health.path`: "+quote(p)+" is not a path", "write one such as /health")
	}
}
