package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9/logging" //nolint:depguard // the library's log is the process's affair, not an engine's

	"waitroom/config"
	"waitroom/queue"
	"waitroom/queue/memory"
	"waitroom/queue/redis"
)

// line is everything that the program does with one room's line.
type line interface {
	queue.Line
	queue.Inside
	queue.Operated
	persons
	SetRules(queue.Rules)
}

// persons is the part of a line that knows them, and keeps itself going.
type persons interface {
	queue.Kept
	queue.Held
}

// store is where the lines are kept.
type store struct {
	room    func(ctx context.Context, name string, rules queue.Rules) (line, error)
	tallies queue.Tallying
	close   func() error
}

// openTimeout bounds the first conversation with a store.
const openTimeout = 5 * time.Second

// openStore opens the store that the configuration names.
func openStore(ctx context.Context, c *config.Config) (store, error) {
	if c.Store.Embedded() {
		s, err := memory.Open(memory.Options{Dir: c.DataDir})
		if err != nil {
			return store{}, fmt.Errorf("data_dir %s: %w", c.DataDir, err)
		}
		tallies, err := s.Tallies()
		if err != nil {
			return store{}, errors.Join(fmt.Errorf("data_dir: %w", err), s.Close())
		}
		return store{
			room:    func(_ context.Context, name string, r queue.Rules) (line, error) { return s.Room(name, r) },
			tallies: tallies, close: s.Close,
		}, nil
	}
	o, err := redisOptions(&c.Store)
	if err != nil {
		return store{}, err
	}
	logging.Disable() // it would write around our own log, and each failure is told there
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	s, err := redis.Open(ctx, o)
	if err != nil {
		return store{}, fmt.Errorf("store: %w", err)
	}
	return store{
		room: func(ctx context.Context, name string, r queue.Rules) (line, error) {
			ctx, cancel := context.WithTimeout(ctx, openTimeout)
			defer cancel()
			return s.Room(ctx, name, r)
		},
		tallies: s.Tallies(), close: s.Close,
	}, nil
}

func redisOptions(c *config.Store) (redis.Options, error) {
	o := redis.Options{
		URL: c.URL.Reveal(), Username: c.Username, Password: c.Password.Reveal(),
		Sentinels: c.Sentinel.Addresses, Master: c.Sentinel.Master,
		SentinelUsername: c.Sentinel.Username, SentinelPassword: c.Sentinel.Password.Reveal(),
		Cluster: c.Cluster.Addresses, Prefix: c.Prefix,
	}
	t, err := storeTLS(&c.TLS)
	o.TLS = t
	return o, err
}

// storeTLS is TLS towards Redis; nil where none is asked for.
func storeTLS(c *config.StoreTLS) (*tls.Config, error) {
	if !c.Enabled && c.CA == "" && c.Cert == "" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CA != "" {
		pool, err := certificates(c.CA)
		if err != nil {
			return nil, fmt.Errorf("store.tls.ca: %w", err)
		}
		t.RootCAs = pool
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("store.tls.cert: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

func certificates(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(file + " holds no certificate in PEM form")
	}
	return pool, nil
}
