package config

import (
	"fmt"
	"strings"
)

// caches checks what is declared public, and how much memory it may take.
func (r *reader) caches(at string, room Room) {
	seen := map[string]string{}
	for i := range room.Cache {
		rule := fmt.Sprintf("%s.cache[%d]", at, i)
		if !r.sound(rule) && !r.has(rule+".paths") && !r.has(rule+".ttl") {
			continue // not a set of keys
		}
		if !r.has(rule + ".ttl") {
			r.report(rule+".ttl", "a `cache` has no `ttl`", "write how long an answer may be given to everybody, such as 1s")
		}
		if !r.has(rule + ".paths") {
			r.report(rule+".paths", "a `cache` has no `paths`", "name the public queries, such as /slots/*")
			continue
		}
		r.publicPaths(at, rule+".paths", room, seen, room.Cache[i].Paths)
	}
	if room.CacheLimits.MaxAnswer > room.CacheLimits.MaxBytes/8 && r.sound(at+".cache_limits.max_bytes", at+".cache_limits.max_answer") {
		r.report(at+".cache_limits.max_answer", fmt.Sprintf("`cache_limits.max_answer` of %v is more than an eighth of `cache_limits.max_bytes` of %v", room.CacheLimits.MaxAnswer, room.CacheLimits.MaxBytes), "write at most an eighth")
	}
}

// publicPaths checks one list of public paths; seen has those of the lists before it.
func (r *reader) publicPaths(at, path string, room Room, seen map[string]string, list []string) {
	if !r.sound(path) {
		return
	}
	r.amount(path, len(list))
	anyHost := Room{Hosts: []string{"*"}, Paths: room.Paths}
	for i, p := range list {
		entry := fmt.Sprintf("%s[%d]", path, i)
		err := checkPath(p)
		switch first, taken := seen[p]; {
		case err != nil:
			r.fault(entry, err)
			continue
		case p == "/":
			r.report(entry, "`cache.paths`: \"/\" gives everybody the same answer to everything", "name the public queries, such as /slots/*")
		case taken:
			r.report(entry, "`cache.paths`: "+quote(p)+" is there twice"+r.inLine(first), "keep one of them")
		case r.sound(at+".paths") && !anyHost.Answers("", p):
			r.report(entry, "`cache.paths`: "+quote(p)+" is outside of this room's `paths`", "remove it, or add it to `paths`")
		}
		seen[p] = entry
	}
}

// belowStar takes the way of writing /slots/* for what is kept as /slots/.
func belowStar(p string) string {
	if strings.HasSuffix(p, "/*") {
		return p[:len(p)-1]
	}
	return p
}
