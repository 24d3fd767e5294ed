package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in how a command was called.
type usageError struct{ what string }

func (e *usageError) Error() string { return e.what }

func misused(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...) + "; see `" + cmd.CommandPath() + " --help`"}
}

// errShown is a failure that the command has already told about in full.
var errShown = errors.New("already shown")

// execute runs the command that the arguments name, and gives the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if !errors.Is(err, errShown) {
		fmt.Fprintln(stderr, "waitroom:", err)
	}
	if wrong := (*usageError)(nil); errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "waitroom",
		Short: "A virtual waiting room in front of a site that many want at once",
		Long: `waitroom stands in front of a booking site, takes the rush, keeps one honest
line, and lets people in at the rate that the site can carry.

See it work, with nothing installed and nothing to configure:

  waitroom demo

Put it in front of a site of your own:

  waitroom check -c waitroom.yaml     say what is wrong with the configuration
  waitroom serve -c waitroom.yaml     run the gateway

And while it runs, from another terminal:

  waitroom room list                  how long the lines are
  waitroom rate booking 500,000/h     let more or fewer people in
  waitroom pause booking              let nobody in for now`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	},
		serveCommand(), demoCommand(), checkCommand(),
		roomCommand(), rateCommand(), pauseCommand(), resumeCommand(), announceCommand(), revokeCommand(), auditCommand(), providerCommand(),
		keysCommand(), inviteCommand(), planCommand(), healthCommand(), versionCommand())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return misused(cmd, "%v", err) })
	return root
}

// group is a command that only holds others.
func group(cmd *cobra.Command, members ...*cobra.Command) *cobra.Command {
	cmd.AddCommand(members...)
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help()
			return &usageError{"name a command"}
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return misused(cmd, "there is no command %q; was it %s?", args[0], strings.Join(near, " or "))
		}
		return misused(cmd, "there is no command %q", args[0])
	}
	return cmd
}

// takes checks the arguments against their names; those in brackets may be left out.
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		for i, name := range names {
			if i >= len(args) && !strings.HasPrefix(name, "[") {
				return misused(cmd, "%s is missing", name)
			}
		}
		if len(args) > len(names) {
			return misused(cmd, "%q is too much", args[len(names)])
		}
		return nil
	}
}
