package config

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

const storeForm = "write redis://host:6379/0, rediss://host:6379/0 for TLS, or unix:///path/to/socket"

// store checks where the line is kept.
func (r *reader) store(c *Config) {
	s := c.Store
	if c.Keys.File != "" && r.has("keys.dir") && r.has("keys.file") {
		r.report("keys.file", "both `keys.dir` and `keys.file` are set", "keep one of them")
	}
	r.storeWays(s)
	r.sentinel(s.Sentinel)
	for i, a := range s.Cluster.Addresses {
		r.storeNode(fmt.Sprintf("store.cluster.addresses[%d]", i), a)
	}
	if strings.Trim(strings.ToLower(s.Prefix), "abcdefghijklmnopqrstuvwxyz0123456789_-.:") != "" || s.Prefix == "" || len(s.Prefix) > 64 {
		r.report("store.prefix", "`store.prefix` is not possible", "write 1 to 64 letters, digits, `_`, `-`, `.` or `:`")
	}
	if !r.sound("store.url", "store.url_file", "store.sentinel.addresses", "store.cluster.addresses") {
		return
	}
	if s.Embedded() {
		r.embedded(s)
		return
	}
	r.storeURL(s)
	r.storeTLS(s)
	if c.Keys.File == "" && (c.Keys.Dir == "" || !r.has("keys.dir")) {
		r.report(r.first("keys.dir", "store.url", "store.sentinel.addresses", "store.cluster.addresses"),
			"the line is kept in Redis, and `keys.dir` is not set",
			"set it to the folder of keys that all gateways share; `waitroom keys rotate` makes the first ones")
	}
}

// storeWays refuses two ways to a store at once.
func (r *reader) storeWays(s Store) {
	var ways []string
	if s.URL.IsSet() || r.has("store.url_file") {
		ways = append(ways, r.first("store.url", "store.url_file"))
	}
	for _, way := range []string{"store.sentinel", "store.cluster"} {
		if r.touched(way) {
			ways = append(ways, way)
		}
	}
	for i := 1; i < len(ways); i++ {
		r.report(ways[i], fmt.Sprintf("`%s` and `%s` are both set", ways[0], ways[i]), "keep one way to the store: url, sentinel or cluster")
	}
}

// first is the first of the paths that was set, or else the first of them.
func (r *reader) first(paths ...string) string {
	for _, p := range paths {
		if r.has(p) {
			return p
		}
	}
	return paths[0]
}

// touched says that anything within a section was set.
func (r *reader) touched(section string) bool {
	for path := range r.set {
		if strings.HasPrefix(path, section+".") {
			return true
		}
	}
	return false
}

func (r *reader) sentinel(s Sentinel) {
	if !r.touched("store.sentinel") || !r.sound("store.sentinel.addresses") {
		return
	}
	if len(s.Addresses) == 0 {
		r.report(r.first("store.sentinel.addresses", "store.sentinel"), "`store.sentinel` has no `addresses`", "list the Sentinels, such as [10.0.0.5:26379, 10.0.0.6:26379]")
	}
	if s.Master == "" {
		r.report(r.first("store.sentinel.master", "store.sentinel"), "`store.sentinel` has no `master`", "write the name that the Sentinels know the primary by, such as mymaster")
	}
	for i, a := range s.Addresses {
		r.storeNode(fmt.Sprintf("store.sentinel.addresses[%d]", i), a)
	}
}

func (r *reader) storeNode(path, address string) {
	if err := checkAddress(address, false); err != nil && r.sound(path) {
		r.fault(path, err)
	}
}

// embedded refuses settings that only Redis has a use for.
func (r *reader) embedded(s Store) {
	for _, path := range []string{"store.username", "store.password", "store.password_file"} {
		if r.has(path) && (s.Username != "" || s.Password.IsSet()) {
			r.report(path, fmt.Sprintf("`%s` is set, and the store is embedded", path), "set `store.url`, or remove it")
		}
	}
	if s.TLS != (StoreTLS{}) {
		r.report("store.tls", "`store.tls` is set, and the store is embedded", "set `store.url`, or remove it")
	}
}

// storeURL checks the URL, without ever quoting it: it may hold a password.
func (r *reader) storeURL(s Store) {
	if !s.URL.IsSet() {
		return
	}
	u, err := url.Parse(s.URL.Reveal())
	if err != nil || !redisURL(u) {
		r.report("store.url", "`store.url` is not understood", storeForm)
		return
	}
	if u.User == nil {
		return
	}
	for _, path := range []string{"store.username", "store.password", "store.password_file"} {
		if r.has(path) {
			r.report(path, fmt.Sprintf("`%s` is set, and `store.url` has a user or password, too", path), "keep one of them")
		}
	}
}

func redisURL(u *url.URL) bool {
	db := strings.TrimPrefix(u.Path, "/")
	switch u.Scheme {
	case "unix":
		db = u.Query().Get("db")
		extra := u.RawQuery != "" && u.RawQuery != "db="+db
		return u.Host == "" && len(u.Path) > 1 && digits(db) && len(db) < 6 && !extra && u.Fragment == ""
	case "redis", "rediss":
		address := u.Host
		if u.Port() == "" {
			address = net.JoinHostPort(u.Hostname(), "6379")
		}
		return checkAddress(address, false) == nil && digits(db) && len(db) < 6 && u.RawQuery == "" && u.Fragment == ""
	}
	return false
}

func (r *reader) storeTLS(s Store) {
	switch {
	case s.TLS == (StoreTLS{}) || s.usesTLS() && !s.URL.IsSet():
	case !s.URL.IsSet():
		r.report("store.tls", "`store.tls` has settings and is not enabled", "write `enabled: true`, or remove them")
	case !strings.HasPrefix(s.URL.Reveal(), "rediss://"):
		r.report("store.tls", "`store.tls` is set, and `store.url` is not rediss://", "write rediss:// in the URL, or remove `store.tls`")
	}
}
