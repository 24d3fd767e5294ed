// Package config turns waitroom.yaml into a Config.
//
// The Config type is the manual: each field says what it does, in which unit, what its default
// is, and whether a change is taken over while running or only at the next start.
//
// The package promises that a Config it returns is possible as a whole: every key was known, every
// value within its bounds, every file that it names readable. Every mistake is reported at once,
// with its line and with what would be right (Problems). Scalars outside of rooms can be overridden
// by environment variables, and a changed file is read again while running (Watcher). Secrets never
// appear in messages.
//
// It does not open listeners, connect to a store, resolve host names, or look at the clock, and it
// keeps no state of its own.
//
// Tags on the fields are part of the manual, and are enforced: `yaml` is the key; `in` the values
// that are possible, as `low..high` or `this|that`; `change:"start"` marks what is taken only at
// start (see Config.NeedsRestart). Everything else changes live.
package config

import "net/netip"

// Config is a whole waitroom.yaml. Only rooms have to be written; the rest has a default.
//
// Files that are read (certificates, `…_file`, a waiting page) are named relative to the folder of
// the configuration file; folders that are written to (data_dir, keys.dir) relative to the working
// directory. Names that come from the environment are all relative to the working directory.
type Config struct {
	// Listen is the address for visitors, host:port. Without a host, all addresses. Port 0 takes
	// a free one. Default 127.0.0.1:8080.
	Listen string `yaml:"listen" change:"start"`
	// TLS is the certificate of the visitors' listener. Default: none, plain HTTP.
	TLS TLS `yaml:"tls" change:"start"`
	// Operator is the listener for operators.
	Operator Operator `yaml:"operator"`
	// Store says where the line is kept. Default: embedded, in DataDir.
	Store Store `yaml:"store" change:"start"`
	// DataDir is the folder of the embedded store, and of keys where keys.dir is not set. It is
	// made when it is missing; one process at a time may use it. Default ./waitroom-data.
	DataDir string `yaml:"data_dir" change:"start"`
	// Keys are what tickets and passes are signed with.
	Keys Keys `yaml:"keys" change:"start"`
	// TrustedProxies are the addresses and networks whose X-Forwarded-For and X-Forwarded-Proto
	// are believed. Default: none, the peer's address counts.
	TrustedProxies []netip.Prefix `yaml:"trusted_proxies"`
	// Cookies are the gateway's own cookies; the backend's are left alone.
	Cookies Cookies `yaml:"cookies" change:"start"`
	// Log is what is logged, on standard error.
	Log Log `yaml:"log"`
	// Limits bound what a single connection or request may take.
	Limits Limits `yaml:"limits"`
	// Identity is how visitors are verified, where a room asks for it. Default: nobody is.
	Identity Identity `yaml:"identity"`
	// Rooms are the lines, each in front of one protected set of hosts and paths. At least one is
	// needed, at most 256; no two may answer for the same address. A request that no room answers
	// for reaches no backend.
	Rooms []Room `yaml:"rooms"`
}

// TLS is a server certificate. Both files or neither.
type TLS struct {
	// Cert is a PEM file with the certificate and those that it was issued by. Default none.
	Cert string `yaml:"cert"`
	// Key is a PEM file with its private key. Default none.
	Key string `yaml:"key"`
}

// Operator is the listener with the API, the console, /metrics, /healthz and /readyz.
type Operator struct {
	// Listen is its address, host:port; never the visitors' one. Without a token it has to be a
	// loopback address. Default 127.0.0.1:8081.
	Listen string `yaml:"listen" change:"start"`
	// Token is what operators show as `Authorization: Bearer TOKEN`: printable ASCII without
	// spaces, best 32 random characters or more. Default none.
	Token Secret `yaml:"token"`
	// TokenFile is a file that holds Token, in place of it. Default none.
	TokenFile string `yaml:"token_file"`
}

// Keys are the signing keys.
type Keys struct {
	// Dir is the folder of the key files. Default data_dir/keys, where the embedded store makes
	// the first ones at its first start. With Redis it has to be set, because all gateways need
	// the same keys: `waitroom keys rotate` makes them, the first ones, too.
	Dir string `yaml:"dir"`
	// File is used in place of Dir: one file with all key files of a folder, one after another
	// (`cat keys/*.key`), as a secret that something else hands out. Relative to the configuration
	// file. Default none.
	File string `yaml:"file"`
}

// Path is where the keys are: the file if one is set, else the folder.
func (k Keys) Path() string {
	if k.File != "" {
		return k.File
	}
	return k.Dir
}

// Cookies are the gateway's cookies for ticket, pass and device.
type Cookies struct {
	// Secure gives them the attribute Secure and the prefix __Host-, so that they work over HTTPS
	// only. False is for plain HTTP in tests. Default true.
	Secure bool `yaml:"secure"`
}

// Log is the log.
type Log struct {
	// Level is the least that is logged. Default info.
	Level string `yaml:"level" in:"debug|info|warn|error"`
	// Format is json for machines or console for people. Default json.
	Format string `yaml:"format" in:"json|console" change:"start"`
}
