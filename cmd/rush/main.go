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
	"fmt"
	"io"

	"waitroom/bench/load"
	"waitroom/bench/tester"
)

func main() { tester.Main("rush", execute) }

// execute plays what the arguments say.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stdout)
	if err != nil {
		return err
	}
	see := newWatcher(stderr, c.quiet)
	see.foretell(&c.plan)
	told := stderr
	if c.quiet {
		told = io.Discard
	}
	stop, err := c.people.provide(ctx, told)
	if err != nil {
		return err
	}
	defer stop()
	c.plan.Progress = see.progress
	report, err := load.Run(ctx, c.plan)
	see.end()
	if errors.Is(err, load.ErrImpossible) {
		return tester.Misused{Err: err}
	}
	if len(report.Kinds) > 0 {
		if err := show(c, &report, stdout); err != nil {
			return fmt.Errorf("print the result: %w", err)
		}
	}
	if err == nil && report.Wrong.Sum() > 0 {
		return tester.ErrWrong
	}
	return err
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
