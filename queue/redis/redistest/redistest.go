// Package redistest starts real Redis servers for tests, on free ports and in
// folders of their own, and ends them with the test.
package redistest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"waitroom/bench/ports"
)

// Server is a redis-server of the test's own.
type Server struct {
	// Port is where it listens, on 127.0.0.1.
	Port int
	Dir  string
	args []string
	env  []string
	cmd  *exec.Cmd
}

// Start starts redis-server with the arguments added to those of a test: no
// snapshots, append-only file off, a free port. It fails the test where
// redis-server is not installed.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return StartWith(t, nil, args...)
}

// StartWith is Start with more in the server's environment, such as another clock.
func StartWith(t testing.TB, env []string, args ...string) *Server {
	t.Helper()
	s := &Server{Port: FreePort(t), Dir: t.TempDir(), args: args, env: env}
	s.Run(t)
	t.Cleanup(func() { s.Kill() })
	return s
}

// FreePort is a port that is free now, as is the one that a Cluster's bus takes.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := ports.Free(10_000)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Run starts the server, again after Kill: with what its folder holds.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	args := append([]string{
		"--port", strconv.Itoa(s.Port), "--bind", "127.0.0.1", "--save", "", "--dir", s.Dir,
		"--unixsocket", s.Socket(), "--loglevel", "warning", "--logfile", filepath.Join(s.Dir, "log"),
	}, s.args...)
	s.cmd = exec.Command("redis-server", args...)
	s.cmd.Env = append(os.Environ(), s.env...)
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("redis-server is needed (apt-get install redis-server): %v", err)
	}
	c := s.Client()
	defer func() { _ = c.Close() }()
	err := Poll(20*time.Second, func() error {
		err := c.Ping(context.Background()).Err()
		if redis.HasErrorPrefix(err, "NOAUTH") {
			return nil // it is there, and does not know the test
		}
		return err
	})
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
		t.Fatalf("redis-server did not start: %v\n%s", err, log)
	}
}

// Poll asks until there is no error, or the time is over; then it returns the last one.
func Poll(within time.Duration, ask func() error) error {
	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	for deadline := time.Now().Add(within); ; <-pause.C {
		err := ask()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Kill ends the server at once, as kill -9 does.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Move makes a running server listen at another port, as where an address is given to
// another machine.
func (s *Server) Move(t testing.TB, port int) {
	t.Helper()
	c := s.Client()
	defer func() { _ = c.Close() }()
	if err := c.ConfigSet(context.Background(), "port", strconv.Itoa(port)).Err(); err != nil {
		t.Fatal(err)
	}
	s.Port = port
}

// Process is the server's process, to be stopped and continued.
func (s *Server) Process() *os.Process { return s.cmd.Process }

// Addr is the server's address.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

// URL is the server's address as a store URL.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Socket is the server's unix socket.
func (s *Server) Socket() string { return filepath.Join(s.Dir, "s") }

// Client is a client of the test's own; the caller closes it.
func (s *Server) Client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr(), ContextTimeoutEnabled: true})
}
