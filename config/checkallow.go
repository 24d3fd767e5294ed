package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// minSecret is the least length of a secret that stands in for a pass.
const minSecret = 16

// allows checks who goes through without a pass.
func (r *reader) allows(at string, room Room) {
	names := map[string]bool{}
	for i, entry := range room.Allow {
		rule := fmt.Sprintf("%s.allow[%d]", at, i)
		if !r.sound(rule) && !r.has(rule+".name") {
			continue // not a set of keys
		}
		switch name := entry.Name; {
		case !r.sound(rule + ".name"):
		case !plainName(name):
			r.report(rule+".name", "`allow.name`: "+quote(name)+" is not possible", "write 1 to 32 lower-case letters, digits and `-`, a letter or digit first")
		case names[name]:
			r.report(rule+".name", "`allow.name`: "+name+" is there twice", "give each entry a name of its own")
		}
		names[entry.Name] = true
		r.allowPaths(at, rule, room, entry)
		r.allowWho(rule, entry)
		for j, m := range entry.Methods {
			if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, m) {
				r.report(fmt.Sprintf("%s.methods[%d]", rule, j), "`allow.methods`: "+quote(m)+" is no method that is passed on", "write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")
			}
		}
	}
}

func plainName(name string) bool {
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && name != "" && len(name) <= 32 && name[0] != '-'
}

func (r *reader) allowPaths(at, rule string, room Room, entry Allow) {
	path := rule + ".paths"
	if !r.has(path) {
		r.report(path, "an `allow` has no `paths`", "name what may be asked for without a pass, such as /health")
		return
	}
	r.entries(path, entry.Paths, checkPath)
	anyHost := Room{Hosts: []string{"*"}, Paths: room.Paths}
	for i, p := range entry.Paths {
		if in := fmt.Sprintf("%s[%d]", path, i); r.sound(in, at+".paths") && !anyHost.Answers("", p) {
			r.report(in, "`allow.paths`: "+quote(p)+" is outside of this room's `paths`", "remove it, or add it to `paths`")
		}
	}
}

// allowWho checks that an entry says who may ask, and that its secret is one.
func (r *reader) allowWho(rule string, entry Allow) {
	header := rule + ".header"
	if len(entry.Addresses) == 0 && entry.RangesFile == "" && len(entry.ReverseNames) == 0 && entry.Header == (AllowHeader{}) &&
		r.sound(rule+".addresses", rule+".ranges_file", rule+".reverse_names", header, header+".name") {
		r.report(rule, "an `allow` does not say who may ask", "write `addresses`, `ranges_file`, `reverse_names` or `header`; what everybody may ask for belongs into `open_paths`")
	}
	for i, name := range entry.ReverseNames {
		if !hostName(name) || !strings.Contains(name, ".") {
			r.report(fmt.Sprintf("%s.reverse_names[%d]", rule, i), "`allow.reverse_names`: "+quote(name)+" is not a domain", "write one such as googlebot.com")
		}
	}
	h := entry.Header
	if h.Name == "" && !h.Secret.IsSet() || !r.sound(header, header+".name", header+".secret", header+".secret_file") {
		return
	}
	secret := h.Secret.Reveal()
	switch {
	case h.Name == "":
		r.report(header, "`allow.header` has a secret and no `name`", "name the field, such as X-Monitor-Key")
	case !fieldName(h.Name):
		r.report(header+".name", "`allow.header.name`: "+quote(h.Name)+" is not a field for a secret", "name one of your own, such as X-Monitor-Key")
	case len(secret) < minSecret || strings.ContainsFunc(secret, func(c rune) bool { return c <= ' ' || c > '~' }):
		r.report(header, fmt.Sprintf("the secret of `allow.header` is not one of %d characters or more", minSecret), "write printable ASCII without spaces, best 32 random characters, into `secret_file`")
	}
}

// fieldName says whether a secret may stand in that field: one that means nothing else, and which
// the gateway passes on and reads as any other.
func fieldName(name string) bool {
	low := strings.ToLower(name)
	for _, taken := range []string{"x-forwarded-", "x-original-", "x-accel-", "x-waitroom-", "x-wr-", "x-arr-"} {
		if strings.HasPrefix(low, taken) {
			return false
		}
	}
	return strings.HasPrefix(low, "x-") && len(low) > 2 && len(low) <= 64 && strings.Trim(low, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// ranges reads what a file adds to an entry's addresses.
func (r *reader) ranges(rule string, entry *Allow) {
	path := rule + ".ranges_file"
	data := r.read(path, &entry.RangesFile)
	if data == nil {
		return
	}
	var file struct {
		Prefixes []struct{ IPv4Prefix, IPv6Prefix string }
	}
	if err := json.Unmarshal(data, &file); err != nil || len(file.Prefixes) == 0 {
		r.report(path, fmt.Sprintf("`allow.ranges_file`: there are no ranges in %s", entry.RangesFile), `name a file with {"prefixes": [{"ipv4Prefix": "192.0.2.0/24"}]}`)
		return
	}
	for _, p := range file.Prefixes {
		text := p.IPv4Prefix + p.IPv6Prefix
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix.Bits() < 8 {
			r.report(path, fmt.Sprintf("`allow.ranges_file`: %s in %s is not a network", quote(text), entry.RangesFile), "write networks of /8 or longer")
			return
		}
		entry.Addresses = append(entry.Addresses, prefix.Masked())
	}
}
