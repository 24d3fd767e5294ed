package measure

import (
	"context"
	_ "embed" // the script
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// VisitorsScript is a Lua file for wrk in which each request is another visitor's. Its
// argument is a file with the cookies of one of them a line.
//
//go:embed visitors.lua
var VisitorsScript []byte

// Load is what wrk sends to a server: one thread, keep-alive connections, the next
// request as soon as the last was answered.
type Load struct {
	URL         string
	Connections int
	Duration    time.Duration
	// Core is where wrk runs, never the server's; or AnyCore.
	Core int
	// Script is a Lua file for wrk, and Args what it gets; "" sends GET requests.
	Script string
	Args   []string
	// Fields are header fields, each as "Name: value".
	Fields []string
}

// Result is what wrk tells of a run.
type Result struct {
	// Requests were answered within Elapsed; Bytes came with them.
	Requests int64
	Bytes    int64
	Elapsed  time.Duration
	// Errors are connections that failed, were cut, or answered too late; NotOK are
	// answers with a status of 400 or more.
	Errors, NotOK int64
	// Successors are the passes that took the place of others, where the script counts them.
	Successors int64
	// P50 to P99 are latencies of answers.
	P50, P75, P90, P99 time.Duration
}

// Sound is an error where any request was not answered, or not with success.
func (r *Result) Sound() error {
	if r.Requests == 0 || r.Errors > 0 || r.NotOK > 0 {
		return fmt.Errorf("%d requests answered, %d of them with a status of 400 or more, and %d errors of connections",
			r.Requests, r.NotOK, r.Errors)
	}
	return nil
}

// Run loads the server for the duration.
func (l *Load) Run(ctx context.Context) (Result, error) { return l.start(ctx)() }

// start begins the load, and gives how to wait for its end.
func (l *Load) start(ctx context.Context) func() (Result, error) {
	seconds := max(1, int((l.Duration+time.Second-1)/time.Second))
	args := []string{"--threads", "1", "--connections", strconv.Itoa(l.Connections),
		"--duration", strconv.Itoa(seconds) + "s", "--timeout", "10s", "--latency"}
	if l.Script != "" {
		args = append(args, "--script", l.Script)
	}
	for _, f := range l.Fields {
		args = append(args, "--header", f)
	}
	args = append(append(args, l.URL), l.Args...)
	path := "wrk"
	if l.Core != AnyCore {
		path, args = "taskset", append([]string{"-c", strconv.Itoa(l.Core), "wrk"}, args...)
	}
	type end struct {
		out []byte
		err error
	}
	ended := make(chan end, 1)
	cmd := exec.CommandContext(ctx, path, args...)
	go func() {
		out, err := cmd.CombinedOutput()
		ended <- end{out, err}
	}()
	return func() (Result, error) {
		e := <-ended
		if e.err != nil {
			return Result{}, fmt.Errorf("wrk %s: %w\n%s", l.URL, e.err, tail(e.out))
		}
		return ParseWrk(string(e.out))
	}
}

var (
	wrkTotal  = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([\d.]+)(us|ms|s|m|h), ([\d.]+)([KMGT]?B) read`)
	wrkErrors = regexp.MustCompile(`(?m)^\s*Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkNotOK  = regexp.MustCompile(`(?m)^\s*Non-2xx or 3xx responses: (\d+)`)
	// Each thread of successors.lua tells its own.
	wrkSuccessors = regexp.MustCompile(`(?m)^Successors taken: (\d+)`)

	wrkAt = regexp.MustCompile(`(?m)^\s*(50|75|90|99)%\s+([\d.]+)(us|ms|s|m|h)`)
)

// ParseWrk reads what wrk prints with --latency.
func ParseWrk(text string) (Result, error) {
	total := wrkTotal.FindStringSubmatch(text)
	if total == nil {
		return Result{}, errors.New("this is not what wrk prints at its end:\n" + string(tail([]byte(text))))
	}
	var r Result
	var err error
	number := func(text string) float64 {
		f, bad := strconv.ParseFloat(text, 64)
		err = errors.Join(err, bad)
		return f
	}
	r.Requests = int64(number(total[1]))
	r.Elapsed = time.Duration(number(total[2]) * float64(units[total[3]]))
	r.Bytes = int64(number(total[4]) * sizes[total[5]])
	if m := wrkErrors.FindStringSubmatch(text); m != nil {
		for _, n := range m[1:] {
			r.Errors += int64(number(n))
		}
	}
	if m := wrkNotOK.FindStringSubmatch(text); m != nil {
		r.NotOK = int64(number(m[1]))
	}
	at := map[string]*time.Duration{"50": &r.P50, "75": &r.P75, "90": &r.P90, "99": &r.P99}
	for _, m := range wrkSuccessors.FindAllStringSubmatch(text, -1) {
		r.Successors += int64(number(m[1]))
	}
	for _, m := range wrkAt.FindAllStringSubmatch(text, -1) {
		*at[m[1]] = time.Duration(number(m[2]) * float64(units[m[3]]))
	}
	return r, err
}

var (
	units = map[string]time.Duration{"us": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour}
	sizes = map[string]float64{"B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
)
