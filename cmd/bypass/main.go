// Command bypass replays the catalogue of known ways to jump a waiting room's line
// against a gateway: one that runs already and is one's own, or one that it starts itself
// with a recording backend behind it. It goes to this machine only, unless it is told
// that the target is one's own.
//
// The exit codes: 0 everything that was tried was refused, 1 something got through or is
// unclear, 2 a mistake in how it was called. The result goes to standard output,
// everything else to standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"waitroom/bench/attempts"
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

// execute does what the arguments say, and gives the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "bypass: %v; see `bypass -help`\n", err)
		return exitUsage
	}
	switch {
	case c.explain != "":
		err = c.chosen[0].Explain(stdout, &c.site)
	case c.list && c.output == "markdown":
		err = attempts.Markdown(stdout, c.chosen)
	case c.list:
		err = attempts.List(stdout, c.chosen)
	default:
		return c.try(ctx, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bypass:", err)
		return exitFailed
	}
	return exitDone
}

// try runs the attempts and shows what came of them.
func (c *command) try(ctx context.Context, stdout, stderr io.Writer) int {
	var report attempts.Report
	var err error
	if c.selftest {
		err = c.runOwn(ctx, &report, stderr)
	} else {
		err = c.runTarget(ctx, &report, stderr)
	}
	if len(report.Runs) > 0 {
		show := map[string]func(io.Writer) error{"table": report.Table, "json": report.JSON, "junit": report.JUnit}[c.output]
		if wrong := show(stdout); wrong != nil {
			fmt.Fprintln(stderr, "bypass: print the result:", wrong)
			return exitFailed
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "bypass:", err)
		return exitFailed
	}
	if report.Failed() {
		return exitFailed
	}
	if !report.Held() {
		fmt.Fprintln(stderr, "bypass: nothing was refused: nothing is shown")
		return exitFailed
	}
	return exitDone
}
