package config

import (
	"net/url"
	"strings"
)

// Store says where the line is kept: embedded in this process, or in Redis, which several gateways
// need. At most one of URL, Sentinel and Cluster may be set; none means embedded.
type Store struct {
	// URL is a single Redis: redis://host:6379/0, rediss://… for TLS, unix:///path/to/socket.
	// User and password may be in it, and then nowhere else. Default "", embedded.
	URL Secret `yaml:"url"`
	// URLFile is a file that holds URL, in place of it. Default none.
	URLFile string `yaml:"url_file"`
	// Username for Redis. Default none, Redis's default user.
	Username string `yaml:"username"`
	// Password for Redis. Default none.
	Password Secret `yaml:"password"`
	// PasswordFile is a file that holds Password, in place of it. Default none.
	PasswordFile string `yaml:"password_file"`
	// Sentinel finds the primary by Redis Sentinel.
	Sentinel Sentinel `yaml:"sentinel"`
	// Cluster is a Redis Cluster.
	Cluster Cluster `yaml:"cluster"`
	// TLS is how Redis is spoken to under TLS: with rediss://, and with Sentinel or Cluster where
	// TLS.Enabled is set.
	TLS StoreTLS `yaml:"tls"`
	// Prefix begins the name of every key in Redis, so that installations can share one: 1 to 64
	// letters, digits, `_`, `-`, `.` or `:`. Default waitroom.
	Prefix string `yaml:"prefix"`
}

// Sentinel is a set of Redis Sentinels.
type Sentinel struct {
	// Addresses are the Sentinels, each host:port. Default none.
	Addresses []string `yaml:"addresses"`
	// Master is the name that they know the primary by. Default none; needed with Addresses.
	Master string `yaml:"master"`
	// Username for the Sentinels themselves. Default none.
	Username string `yaml:"username"`
	// Password for the Sentinels themselves. Default none.
	Password Secret `yaml:"password"`
	// PasswordFile is a file that holds Password, in place of it. Default none.
	PasswordFile string `yaml:"password_file"`
}

// Cluster is a Redis Cluster.
type Cluster struct {
	// Addresses are some of its nodes, each host:port; the others are found. Default none.
	Addresses []string `yaml:"addresses"`
}

// StoreTLS is TLS towards Redis. The server's certificate is always verified.
type StoreTLS struct {
	// Enabled turns TLS on for Sentinel and Cluster; for a URL the scheme decides. Default false.
	Enabled bool `yaml:"enabled"`
	// CA is a PEM file with the authorities to trust. Default: those of the system.
	CA string `yaml:"ca"`
	// Cert is a PEM file with the client's certificate. Default none.
	Cert string `yaml:"cert"`
	// Key is a PEM file with its private key. Default none.
	Key string `yaml:"key"`
	// ServerName is the name that the server's certificate has to carry. Default: the host that
	// is connected to.
	ServerName string `yaml:"server_name"`
}

// Embedded says that the line is kept in this process.
func (s Store) Embedded() bool {
	return !s.URL.IsSet() && len(s.Sentinel.Addresses) == 0 && len(s.Cluster.Addresses) == 0
}

// usesTLS says whether Redis is spoken to under TLS.
func (s Store) usesTLS() bool {
	return s.TLS.Enabled || strings.HasPrefix(s.URL.Reveal(), "rediss://")
}

// String names the store for logs: no user, no password.
func (s Store) String() string {
	switch {
	case len(s.Sentinel.Addresses) > 0:
		return "redis sentinel " + s.Sentinel.Master + " at " + strings.Join(s.Sentinel.Addresses, ",")
	case len(s.Cluster.Addresses) > 0:
		return "redis cluster at " + strings.Join(s.Cluster.Addresses, ",")
	case s.URL.IsSet():
		u, err := url.Parse(s.URL.Reveal())
		if err != nil {
			return "redis"
		}
		return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	return "embedded"
}
