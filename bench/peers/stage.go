package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"waitroom/bench/measure"
)

// Servers that are measured share one core; visitors, backend and stores the other.
const (
	serverCore = 0
	otherCore  = 1
)

// stage holds the servers that comparisons need. They are started when they are first
// asked for, and go on until the stage is closed: who has nothing to do costs nothing.
type stage struct {
	dir       string
	servers   map[string]*server
	started   []*server
	operators map[string]string // addresses of gateways' operator listeners
}

// newStage makes a stage with a folder of its own.
func newStage() (*stage, error) {
	if runtime.NumCPU() < 2 {
		return nil, errors.New("two cores are needed: one for the servers, one for those who ask them")
	}
	dir, err := os.MkdirTemp("", "peers-")
	if err != nil {
		return nil, err
	}
	s := &stage{dir: dir, servers: map[string]*server{}, operators: map[string]string{}}
	for name, text := range map[string][]byte{"visitors.lua": measure.VisitorsScript, "joins.lua": joinsScript, "successors.lua": successorsScript} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// close ends all servers, last first, and removes the folder.
func (s *stage) close() error {
	var all []error
	for i := len(s.started) - 1; i >= 0; i-- {
		all = append(all, s.started[i].Stop())
	}
	return errors.Join(append(all, os.RemoveAll(s.dir))...)
}

// get gives a server by its name, started if need be.
func (s *stage) get(ctx context.Context, name string) (*server, error) {
	if running := s.servers[name]; running != nil {
		return running, nil
	}
	begin := s.gateway
	switch {
	case strings.HasPrefix(name, "redis"):
		begin = s.redis
	case name == "nginx", name == "haproxy", name == "caddy":
		begin = s.other
	case !strings.HasPrefix(name, "gateway"):
		begin = s.reference
	}
	started, err := begin(ctx, name)
	if err != nil {
		return nil, err
	}
	s.servers[name] = started
	s.started = append(s.started, started)
	return started, nil
}

// redis starts a store of its own for one gateway.
func (s *stage) redis(ctx context.Context, name string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(addr, ":")
	args := []string{"--bind", "127.0.0.1", "--port", port, "--unixsocket", s.socket(name), "--save", "", "--appendonly", "no", "--dir", s.dir}
	return start(ctx, addr, measure.Command{Name: name, Path: find("redis-server"), Args: args, Core: otherCore})
}

func (s *stage) socket(redis string) string {
	return filepath.Join(s.dir, strings.ReplaceAll(redis, " ", "-")+".sock")
}

// ask puts one question to a store.
func (s *stage) ask(name string, question func(c *redis.Client) error) error {
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket(name)})
	err := question(c)
	return errors.Join(err, c.Close())
}

// trips is how many scripts a store has run.
func (s *stage) trips(ctx context.Context, name string) (n int64, err error) {
	err = s.ask(name, func(c *redis.Client) error {
		text, err := c.Info(ctx, "commandstats").Result()
		if err != nil {
			return err
		}
		for _, line := range strings.Split(text, "\r\n") {
			command, stats, _ := strings.Cut(line, ":calls=")
			if command == "cmdstat_evalsha" || command == "cmdstat_eval" {
				calls, _, _ := strings.Cut(stats, ",")
				more, err := strconv.ParseInt(calls, 10, 64)
				if err != nil {
					return fmt.Errorf("read what the store counts: %w", err)
				}
				n += more
			}
		}
		return nil
	})
	return n, err
}

// places is how many tickets a store knows: those who wait, those called, and those who
// have entered.
func (s *stage) places(ctx context.Context, name string) (n int64, err error) {
	err = s.ask(name, func(c *redis.Client) error {
		for _, key := range []string{"line", "called"} {
			more, err := c.ZCard(ctx, "waitroom:{"+roomName+"}:"+key).Result()
			if err != nil {
				return err
			}
			n += more
		}
		more, err := c.HLen(ctx, "waitroom:{"+roomName+"}:entered").Result()
		n += more
		return err
	})
	return n, err
}

// seen is how many requests the backend got below /a or /b.
func (s *stage) seen(ctx context.Context, letter string) (int64, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.servers["backend"].addr+"/counts", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	a, b, _ := strings.Cut(string(text), " ")
	if letter == "b" {
		a = b
	}
	return strconv.ParseInt(a, 10, 64)
}
