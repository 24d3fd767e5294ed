package config

import "time"

// Limits bound what one connection or request may take, so that slow and oversized ones cannot
// crowd out the rest.
type Limits struct {
	// ReadTimeout is how long a visitor may take to send a request. Default 10s.
	ReadTimeout time.Duration `yaml:"read_timeout" in:"100ms..10m" change:"start"`
	// WriteTimeout is how long a visitor may take to receive an answer. Default 30s.
	WriteTimeout time.Duration `yaml:"write_timeout" in:"100ms..1h" change:"start"`
	// IdleTimeout is how long a connection may wait for its next request. Default 60s.
	IdleTimeout time.Duration `yaml:"idle_timeout" in:"1s..1h" change:"start"`
	// MaxHeader is the most that request line and header fields may take together. Default 16KiB.
	MaxHeader Size `yaml:"max_header" in:"4KiB..1MiB" change:"start"`
	// MaxBody is the largest request body that is passed on to the backend. Bodies are streamed;
	// this much is never held in memory. Default 10MiB.
	MaxBody Size `yaml:"max_body" in:"1KiB..1024GiB"`
	// MaxHeaderFields is the most header fields that a request may have. Default 100.
	MaxHeaderFields int `yaml:"max_header_fields" in:"10..1000"`
	// MaxConnections is the most visitors' connections at a time; 0 is the server's own default
	// of 262,144. Default 0.
	MaxConnections int `yaml:"max_connections" in:"0..10000000" change:"start"`
	// Drain is how long requests in flight may take to finish when the gateway is told to stop.
	// Default 20s.
	Drain time.Duration `yaml:"drain" in:"0s..10m"`
}
