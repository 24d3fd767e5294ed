package config

import (
	"fmt"
	"strings"
)

// overlaps refuses two rooms that answer for the same address: which of two lines a visitor
// stands in must not depend on the order of the file.
func (r *reader) overlaps(rooms []Room) {
	for j := range rooms {
		for i := range j {
			if !r.sound(roomAt(i), roomAt(j), roomAt(i)+".hosts", roomAt(j)+".hosts", roomAt(i)+".paths", roomAt(j)+".paths") {
				continue
			}
			host, path := shared(&rooms[i], &rooms[j])
			if host == "" {
				continue
			}
			at := r.first(roomAt(j)+".paths", roomAt(j)+".hosts", roomAt(j))
			r.report(at, fmt.Sprintf("the rooms %s and %s both answer for %s%s", rooms[i].Name, rooms[j].Name, host, path),
				"give them different `hosts` or `paths`")
		}
	}
}

// shared is a host and a path that both rooms answer for, or "".
func shared(a, b *Room) (host, path string) {
	for _, h := range a.Hosts {
		for _, g := range b.Hosts {
			host = narrower(h, g)
			if host == "" {
				continue
			}
			for _, p := range a.Paths {
				for _, q := range b.Paths {
					if strings.HasPrefix(p, q) {
						return host, p
					}
					if strings.HasPrefix(q, p) {
						return host, q
					}
				}
			}
		}
	}
	return "", ""
}

// narrower is what two host patterns have in common: the narrower one, since each covers the
// other or they share nothing; "" for nothing.
func narrower(a, b string) string {
	switch {
	case coversHost(a, b):
		return b
	case coversHost(b, a):
		return a
	}
	return ""
}
