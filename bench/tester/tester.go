// Package tester is the frame of the testers' commands, bypass and rush: arguments, help, signals and exit codes.
//
// It promises 0 for done, 1 for failed and 2 for called in a wrong way, and that the first signal ends a command in good
// order and the second at once. It knows nothing of what they try.
package tester

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// ErrWrong ends a command with 1 and without a word: its result has said what was wrong.
var ErrWrong = errors.New("something was wrong")

// Misused is an error in how a command was called.
type Misused struct{ Err error }

func (m Misused) Error() string { return m.Err.Error() }

// Main runs a command, and exits with its code. Its error goes to standard error, under the command's name.
func Main(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	code := 1
	switch misused := (Misused{}); {
	case err == nil, errors.Is(err, flag.ErrHelp):
		code = 0
	case errors.As(err, &misused):
		fmt.Fprintf(os.Stderr, "%s: %v; see `%s -help`\n", name, err, name)
		code = 2
	case !errors.Is(err, ErrWrong):
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	}
	os.Exit(code)
}

// Parse reads arguments. Where they ask for help, it goes to out, and the error is flag.ErrHelp.
func Parse(f *flag.FlagSet, args []string, teach string, out io.Writer) error {
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = io.WriteString(out, teach)
		f.SetOutput(out)
		f.PrintDefaults()
	}
	return err
}
