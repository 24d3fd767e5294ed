package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Answers says whether the room answers for a request by its hosts and paths. Host is in lower
// case and without a port, an IPv6 address in its brackets; path is canonical: decoded, without
// dot segments or doubled slashes.
func (room *Room) Answers(host, path string) bool {
	for _, h := range room.Hosts {
		if coversHost(h, host) {
			for _, p := range room.Paths {
				if strings.HasPrefix(path, p) || path+"/" == p {
					return true
				}
			}
			return false
		}
	}
	return false
}

// Open says whether a canonical path of the room needs no pass.
func (room *Room) Open(path string) bool {
	for _, p := range room.OpenPaths {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

// coversHost says whether pattern, `*`, `*.name` or a name, covers host, which may be a pattern
// itself.
func coversHost(pattern, host string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*."); ok {
		return strings.HasSuffix(host, "."+suffix)
	}
	return pattern == "*" || pattern == host
}

// addresses checks what the room answers for.
func (r *reader) addresses(at string, room Room) {
	r.entries(at+".hosts", room.Hosts, checkHost)
	r.entries(at+".paths", room.Paths, checkPath)
	if len(room.Origins) > 0 {
		r.entries(at+".origins", room.Origins, checkOrigin)
	}
}

// checkOrigin takes an origin as browsers write it (RFC 6454, section 6.2).
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	usual := map[string]string{"https": "443", "http": "80"}
	if err == nil && u.Scheme != "" && u.Host != "" && u.Hostname() != "*" && u.Scheme+"://"+strings.ToLower(u.Host) == origin &&
		(u.Port() == "" || u.Port() != usual[u.Scheme]) && !strings.HasSuffix(u.Host, ":") {
		return nil
	}
	return &fault{quote(origin) + " is no origin",
		"write it as browsers do, in lower case and without the scheme's own port, such as https://app.example.kr"}
}

// entries checks a list that may not be empty.
func (r *reader) entries(path string, list []string, check func(string) error) {
	if !r.sound(path) {
		return
	}
	r.amount(path, len(list))
	seen := map[string]bool{}
	for i, entry := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if err := check(entry); err != nil {
			r.fault(at, err)
			r.bad[path] = true
		} else if seen[entry] {
			r.report(at, fmt.Sprintf("`%s`: %s is in the list twice", label(path), quote(entry)), "keep one of them")
		}
		seen[entry] = true
	}
}

func (r *reader) openPaths(at string, room Room) {
	path := at + ".open_paths"
	if len(room.OpenPaths) > 0 {
		r.entries(path, room.OpenPaths, checkPath)
	}
	if !r.sound(at + ".paths") {
		return
	}
	for i, open := range room.OpenPaths {
		entry := fmt.Sprintf("%s[%d]", path, i)
		if !r.sound(entry) {
			continue
		}
		everything := Room{OpenPaths: []string{open}}
		anyHost := Room{Hosts: []string{"*"}, Paths: room.Paths}
		switch {
		case open == "/":
			r.report(entry, "`open_paths`: \"/\" opens everything, and nobody would have to wait", "name what is to be open, such as /static/; a room that lets all in has a high `rate`")
		case !anyHost.Answers("", open):
			r.report(entry, "`open_paths`: "+quote(open)+" is outside of this room's `paths`", "remove it, or add it to `paths`")
		case opensAll(everything, room.Paths):
			r.report(entry, "`open_paths`: "+quote(open)+" opens everything in this room's `paths`", "name less, or take it out of `paths`")
		}
	}
}

// opensAll says that every one of the protected paths would be open.
func opensAll(open Room, paths []string) bool {
	for _, p := range paths {
		if !open.Open(p) {
			return false
		}
	}
	return true
}

// checkHost refuses what can never be the host of a request.
func checkHost(h string) error {
	name := strings.TrimPrefix(h, "*.")
	const form = "write www.example.kr, *.example.kr or *"
	switch {
	case h == "*":
		return nil
	case strings.HasPrefix(h, "["):
		if a, err := netip.ParseAddr(strings.Trim(h, "[]")); err == nil && h == "["+a.String()+"]" && a.Zone() == "" && a.Is6() {
			return nil
		}
	case strings.Contains(h, "/"):
	case strings.Count(name, ":") == 1:
		return &fault{quote(h) + " has a port", "write the host alone; rooms do not look at ports"}
	case strings.Contains(name, ":"):
		if a, err := netip.ParseAddr(name); err == nil && a.Zone() == "" {
			return &fault{quote(h) + " is an address without brackets", "write [" + a.String() + "]"}
		}
	case strings.ContainsFunc(name, func(c rune) bool { return c > '~' }):
		return &fault{quote(h) + " has letters that a Host header cannot carry", "write it as browsers send it, with xn-- (punycode)"}
	case hostName(name):
		return nil
	}
	return &fault{quote(h) + " is not a host", form}
}

// checkPath refuses what can never be the path of a request that passed the gate, and the
// gateway's own paths.
func checkPath(p string) error {
	switch {
	case p == "" || p[0] != '/':
		return &fault{quote(p) + " does not begin with /", "write " + quote("/"+p)}
	case p == "/.waitroom" || strings.HasPrefix(p, "/.waitroom/"):
		return &fault{quote(p) + " is the gateway's own", "remove it"}
	case strings.ContainsAny(p, "?#"):
		return &fault{quote(p) + " has a query or fragment", "write the path alone"}
	case strings.Contains(p, "//"):
		return &fault{quote(p) + " has an empty segment", "write one / between segments"}
	case strings.Contains(p, "*"):
		return &fault{quote(p) + " has a *", "write the beginning of the path, ending in /"}
	case strings.Contains(p, "%"):
		return &fault{quote(p) + " is percent-encoded", "write the letters themselves"}
	case strings.ContainsAny(p, "\\;") || !utf8.ValidString(p) || strings.ContainsFunc(p, func(c rune) bool { return c <= ' ' || c == 0x7f || !strconv.IsPrint(c) }):
		return &fault{quote(p) + " has characters that the gate refuses in paths", `write it without \, ;, spaces and control characters`}
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "." || segment == ".." {
			return &fault{quote(p) + " has dot segments", "write the path that it leads to"}
		}
	}
	return nil
}
