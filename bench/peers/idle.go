package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"waitroom/bench/measure"
)

const (
	// batch is how many connections are opened between two looks at the memory.
	batch   = 3000
	batches = 6
	// settle is how long connections are idle before memory is looked at; waiting pages
	// ask again after some seconds or minutes.
	settle = 2 * time.Second
)

// idle measures what a connection costs the gateway in memory that has polled and waits
// for its next poll, as a phone's does: the growth of the resident set, batch by batch.
// The first batch is left out, since it fills pools; the value is that of all the others
// together. The kernel's own part is not in it.
func (s *stage) idle(ctx context.Context) (line, error) {
	file, err := s.people(ctx, "gateway polled", false)
	if err != nil {
		return line{}, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return line{}, err
	}
	g := s.servers["gateway polled"]
	cookies := strings.Split(strings.TrimSpace(string(text)), "\n")
	var open []net.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	var each []float64
	var first, before int64
	for n := range batches {
		for i := range batch {
			c, err := pollOnce(ctx, g.addr, cookies[i%len(cookies)])
			if err != nil {
				return line{}, fmt.Errorf("connection %d: %w", len(open)+1, err)
			}
			open = append(open, c)
		}
		select {
		case <-time.After(settle):
		case <-ctx.Done():
			return line{}, ctx.Err()
		}
		now, err := resident(g.PID())
		if err != nil {
			return line{}, err
		}
		if n == 0 {
			first = now
		} else {
			each = append(each, float64(now-before)/1024/batch)
		}
		before = now
	}
	value := measure.SpreadOf(each...)
	value.Median = float64(before-first) / 1024 / batch / (batches - 1)
	name := fmt.Sprintf("memory of an idle connection after a poll, of %d", len(open))
	return line{Name: name, Value: value, Unit: "KiB", Target: 6.5, Aim: "at most 6.5", Rounds: each}, nil
}

// pollOnce opens a connection and polls once.
func pollOnce(ctx context.Context, addr, cookies string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	var q bytes.Buffer
	fmt.Fprintf(&q, "GET /.waitroom/%s/status HTTP/1.1\r\nHost: %s\r\n%s\r\nCookie: %s\r\n\r\n",
		roomName, addr, strings.Join(scriptFields, "\r\n"), cookies)
	if _, err = c.Write(q.Bytes()); err == nil {
		err = answered(bufio.NewReaderSize(c, 1024))
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func answered(r *bufio.Reader) error {
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Close {
		return fmt.Errorf("the poll was answered with %s, and the connection is kept: %v", answer.Status, !answer.Close)
	}
	return nil
}

// resident is a process's memory that is in use, in bytes.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	kib, _, _ := strings.Cut(strings.TrimSpace(after(string(text), "VmRSS:")), " ")
	n, err := strconv.ParseInt(kib, 10, 64)
	return n << 10, err
}
