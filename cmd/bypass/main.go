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
	"fmt"
	"io"

	"waitroom/bench/attempts"
	"waitroom/bench/tester"
)

func main() { tester.Main("bypass", execute) }

// execute does what the arguments say.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stdout)
	switch {
	case err != nil:
		return err
	case c.explain != "":
		return c.chosen[0].Explain(stdout, &c.site)
	case c.list && c.output == "markdown":
		return attempts.Markdown(stdout, c.chosen)
	case c.list:
		return attempts.List(stdout, c.chosen)
	}
	return c.try(ctx, stdout, stderr)
}

// try runs the attempts and shows what came of them.
func (c *command) try(ctx context.Context, stdout, stderr io.Writer) error {
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
			return fmt.Errorf("print the result: %w", wrong)
		}
	}
	switch {
	case err != nil:
		return err
	case report.Failed():
		return tester.ErrWrong
	case !report.Held():
		return errors.New("nothing was refused: nothing is shown")
	}
	return nil
}
