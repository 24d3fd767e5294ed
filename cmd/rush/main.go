// Command rush plays a rush of visitors against a running gateway: they join, poll,
// enter, browse and leave. It prints rates, latencies, and what was wrong with the
// order. It goes to this machine only, unless it is told that the target is one's own.
//
// The exit codes: 0 nothing was wrong with the order, 1 something was, or nothing
// could be measured, 2 a mistake in how it was called. The result goes to standard
// output, everything else to standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"waitroom/bench/load"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run()) }

// run is main with its exit code.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	return execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// execute plays what the arguments say, and gives the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "rush: %v; see `rush -help`\n", err)
		return exitUsage
	}
	see := newWatcher(stderr, c.quiet)
	see.foretell(&c.plan)
	told := stderr
	if c.quiet {
		told = io.Discard
	}
	stop, err := c.people.provide(ctx, told)
	if err != nil {
		fmt.Fprintln(stderr, "rush:", err)
		return exitFailed
	}
	defer stop()
	c.plan.Progress = see.progress
	report, err := load.Run(ctx, c.plan)
	see.end()
	if errors.Is(err, load.ErrImpossible) {
		fmt.Fprintf(stderr, "rush: %v; see `rush -help`\n", err)
		return exitUsage
	}
	if len(report.Kinds) > 0 {
		if err := show(c, &report, stdout); err != nil {
			fmt.Fprintln(stderr, "rush: print the result:", err)
			return exitFailed
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "rush:", err)
		return exitFailed
	}
	if report.Wrong.Sum() > 0 {
		return exitFailed
	}
	return exitDone
}

// result is what is printed as JSON.
type result struct {
	load.Report
	// Self is what rush itself cost.
	Self self `json:"self"`
}

func show(c *command, report *load.Report, to io.Writer) error {
	own := spent(report.Requests())
	if c.output == "json" {
		e := json.NewEncoder(to)
		e.SetIndent("", "  ")
		return e.Encode(result{*report, own})
	}
	if err := report.Table(to); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to, "\nrush itself used %.1f s of CPU, %.1f µs a request, and %.0f MiB of memory\n", own.CPU, own.PerRequest, own.Memory)
	return err
}

// self is what the process used; 0 where the system does not tell.
type self struct {
	CPU        float64 `json:"cpu_seconds"`
	PerRequest float64 `json:"cpu_us_per_request"`
	Memory     float64 `json:"max_memory_mib"`
}
