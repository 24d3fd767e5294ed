package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"waitroom/bench/measure"
)

// server is a redis-server of the bench's own, on a unix socket in a folder of its own.
type server struct {
	dir, socket string
	process     *measure.Process
	client      *redis.Client
}

// startRedis starts a server and waits until it answers.
func startRedis(ctx context.Context, dir string) (*server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &server{dir: dir, socket: filepath.Join(dir, "socket")}
	var err error
	s.process, err = measure.Start(ctx, measure.Command{Path: "redis-server", Core: measure.AnyCore, Args: []string{
		"--port", "0", "--unixsocket", s.socket, "--dir", dir, "--save", "", "--loglevel", "warning",
		"--aof-use-rdb-preamble", "yes", "--appendfsync", "everysec",
	}})
	if err != nil {
		return nil, fmt.Errorf("%w (apt-get install redis-server)", err)
	}
	s.client = redis.NewClient(&redis.Options{
		Network: "unix", Addr: s.socket, ReadTimeout: time.Minute, WriteTimeout: time.Minute, MaxRetries: -1,
	})
	if err := s.answers(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// answers waits until the server has read what its folder holds.
func (s *server) answers(ctx context.Context) error {
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for end := time.Now().Add(3 * time.Minute); ; <-pause.C {
		err := s.client.Ping(ctx).Err()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return fmt.Errorf("redis-server does not answer: %w\n%s", err, s.process.Log())
		}
	}
}

func (s *server) url() string { return "unix://" + s.socket }

// stop ends the server and waits for its end.
func (s *server) stop() {
	_ = s.client.Close()
	_ = s.process.Stop()
}

// settled waits until the append-only file has begun.
func (s *server) settled(ctx context.Context) error {
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for end := time.Now().Add(3 * time.Minute); ; <-pause.C {
		info, err := s.client.Info(ctx, "persistence").Result()
		if err != nil {
			return err
		}
		if strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0") {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("redis does not finish writing its append-only file:\n%s", info)
		}
	}
}

// size is how many megabytes the files in a folder, or one file, have.
func size(path string) (float64, error) {
	var bytes int64
	err := filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return float64(bytes) / 1e6, err
}

// ownTime is the CPU time of this process.
func ownTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("BUG: read this process's CPU time: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpu is how long the main thread has run, which does all the work on the line.
func (s *server) cpu() (time.Duration, error) {
	return threadTime(fmt.Sprintf("/proc/%d/task/%[1]d/schedstat", s.process.PID()))
}

// threadTime reads the first number of a schedstat file: nanoseconds on a core.
func threadTime(path string) (time.Duration, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of a thread (Linux only): %w", err)
	}
	first, _, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(first, 10, 64)
	return time.Duration(n), err
}

var memoryLine = regexp.MustCompile(`(?m)^used_memory:(\d+)`)

// memory is used_memory: what the server has given out, without fragmentation.
func (s *server) memory(ctx context.Context) (int64, error) {
	info, err := s.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	m := memoryLine.FindStringSubmatch(info)
	if m == nil {
		return 0, fmt.Errorf("redis tells no used_memory")
	}
	return strconv.ParseInt(m[1], 10, 64)
}

var scriptLine = regexp.MustCompile(`(?m)^cmdstat_evalsha:calls=(\d+)`)

// trips is how many scripts have run.
func (s *server) trips(ctx context.Context) (int64, error) {
	info, err := s.client.Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, err
	}
	m := scriptLine.FindStringSubmatch(info)
	if m == nil {
		return 0, nil
	}
	return strconv.ParseInt(m[1], 10, 64)
}
