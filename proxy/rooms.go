package proxy

import (
	"fmt"
	"strings"
)

// room is the room that answers for a canonical host and path: the one with the most
// exact host, and of those the one with the longest path; nil for none.
func (o *Options) room(host, path []byte) *Room {
	var best *Room
	exact, longest := -1, -1
	for i := range o.Rooms {
		r := &o.Rooms[i]
		h := matchHost(r.Hosts, host)
		if h < 0 || h < exact {
			continue
		}
		p := matchPath(r.Paths, path)
		if p < 0 || h == exact && p <= longest {
			continue
		}
		best, exact, longest = r, h, p
	}
	return best
}

// answers says whether any room answers for the host.
func (o *Options) answers(host []byte) bool {
	for i := range o.Rooms {
		if matchHost(o.Rooms[i].Hosts, host) >= 0 {
			return true
		}
	}
	return false
}

// named is the room of that name, if it answers for the host.
func (o *Options) named(name string, host []byte) *Room {
	for i := range o.Rooms {
		if r := &o.Rooms[i]; r.Name == name && matchHost(r.Hosts, host) >= 0 {
			return r
		}
	}
	return nil
}

// matchHost says how exactly one of the patterns names the host: more is more exact,
// below 0 is not at all.
func matchHost(patterns []string, host []byte) int {
	best := -1
	for _, p := range patterns {
		switch {
		case p == "*":
			best = max(best, 0)
		case p == string(host):
			return 1 << 16
		case strings.HasPrefix(p, "*.") && len(host) > len(p)-1 && string(host[len(host)-len(p)+1:]) == p[1:]:
			best = max(best, len(p))
		}
	}
	return best
}

// matchPath is the length of the longest prefix that holds the path; below 0 for none.
// The prefix /book/ holds /book, too.
func matchPath(prefixes []string, path []byte) int {
	best := -1
	for _, p := range prefixes {
		if hasPrefix(path, p) || len(path) == len(p)-1 && p[len(p)-1] == '/' && string(path) == p[:len(p)-1] {
			best = max(best, len(p))
		}
	}
	return best
}

// opens says whether the path needs no pass.
func (r *Room) opens(path []byte) bool {
	for _, p := range r.Open {
		if string(path) == p || p[len(p)-1] == '/' && hasPrefix(path, p) {
			return true
		}
	}
	return false
}

// Encoded are paths that were written in letters as a canonical request has them, so
// that one comparison of bytes decides.
func Encoded(paths []string) []string {
	all := make([]string, 0, len(paths))
	for _, p := range paths {
		b := make([]byte, 0, len(p))
		for i := range len(p) {
			if c := p[i]; c >= 0x80 || strings.IndexByte("\"<>^`{|}[]", c) >= 0 {
				b = fmt.Appendf(b, "%%%02X", c)
			} else {
				b = append(b, c)
			}
		}
		all = append(all, string(b))
	}
	return all
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}
