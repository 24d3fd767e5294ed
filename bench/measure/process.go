package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// AnyCore lets a process run on every core.
const AnyCore = -1

// Command says what to start, and where.
type Command struct {
	// Name is for messages; the program's by default.
	Name string
	Path string
	Args []string
	// Core is the one core that the process and all its children run on, or AnyCore.
	Core int
	// Dir is the working folder; Env is added to this process's own environment.
	Dir string
	Env []string
	// Ready is an address (host:port) that accepts connections once the process serves;
	// "" does not wait.
	Ready string
}

// Process is a running server.
type Process struct {
	name string
	cmd  *exec.Cmd
	log  *lastWords
	done chan struct{}
}

const (
	startLimit = 20 * time.Second
	stopLimit  = 10 * time.Second
	lookEvery  = 5 * time.Millisecond
)

// Start starts a process and waits until it accepts connections. It needs Linux, and
// taskset where a core is given.
func Start(ctx context.Context, c Command) (*Process, error) {
	if c.Name == "" {
		c.Name = c.Path
	}
	path, args := c.Path, c.Args
	if c.Core != AnyCore {
		path, args = "taskset", append([]string{"-c", strconv.Itoa(c.Core), c.Path}, c.Args...)
	}
	p := &Process{name: c.Name, cmd: exec.Command(path, args...), log: &lastWords{}, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	// In a group of its own, so that its children end with it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	if c.Ready != "" {
		if err := p.await(ctx, c.Ready); err != nil {
			_ = p.Stop()
			return nil, err
		}
	}
	return p, nil
}

func (p *Process) await(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address); err == nil {
			_ = conn.Close()
			return nil
		}
		select {
		case <-look.C:
		case <-p.done:
			return fmt.Errorf("%s ended at its start:\n%s", p.name, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("%s does not accept connections at %s: %w\n%s", p.name, address, ctx.Err(), p.Log())
		}
	}
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Log is the end of what the process has written.
func (p *Process) Log() string { return p.log.String() }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop asks the process to end, ends it and its children by force where it does not
// within ten seconds, and waits until it has. Stopping twice is harmless.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	defer func() { _ = syscall.Kill(-p.PID(), syscall.SIGKILL) }() // children that were left behind
	select {
	case <-p.done:
		return nil
	case <-time.After(stopLimit):
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
		<-p.done
		return fmt.Errorf("%s did not end by itself within %s", p.name, stopLimit)
	}
}

// CPU is the time that the process and its children have used so far, in user mode and
// in the kernel. The kernel accounts it exactly, and tells it in hundredths of a second.
func (p *Process) CPU() (time.Duration, error) {
	select {
	case <-p.done:
		return 0, fmt.Errorf("%s has ended:\n%s", p.name, p.Log())
	default:
	}
	return cpuOfTree(p.PID())
}

// cpuOfTree sums a process, its living children, and those that it has waited for.
func cpuOfTree(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	total, err := parseStat(text)
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of process %d: %w", pid, err)
	}
	for _, child := range children(pid) {
		used, err := cpuOfTree(child)
		if errors.Is(err, os.ErrNotExist) {
			continue // it ended just now, and is in its parent's sum from then on
		}
		if err != nil {
			return 0, err
		}
		total += used
	}
	return total, nil
}

// children are the processes that the threads of a process have started.
func children(pid int) []int {
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	var all []int
	for _, t := range threads {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, t.Name()))
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// tick is the unit of /proc/PID/stat: USER_HZ, the same on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// parseStat adds up utime, stime, cutime and cstime, fields 14 to 17 of proc(5).
func parseStat(text []byte) (time.Duration, error) {
	// The second field is the program's name in brackets, and may hold anything.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const first = 14 - 3
	if len(fields) < first+4 {
		return 0, fmt.Errorf("%d fields after the name, where %d are needed", len(fields), first+4)
	}
	var total time.Duration
	for _, field := range fields[first : first+4] {
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("a field is no number: %w", err)
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// lastWords keeps the end of what a process writes.
type lastWords struct {
	mu sync.Mutex
	b  []byte
}

const wordsKept = 1 << 16

func (l *lastWords) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = append(l.b, p...)
	if len(l.b) > 2*wordsKept {
		l.b = append(l.b[:0], l.b[len(l.b)-wordsKept:]...)
	}
	return len(p), nil
}

func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(tail(l.b))
}
