package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"waitroom/config"
	"waitroom/proxy/waiting/page"
)

func checkCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with the configuration",
		Long: `Read the configuration as the gateway would, with the WAITROOM_ variables of the
environment over it, and print every mistake on a line of its own, as
file:line:column: what is wrong; what would be right. A waiting page of your own
is read, too; what it lacks is told beside it, as advice.

Nothing is started or changed. The exit code is 1 if there is any mistake.`,
		Example: `  waitroom check
  waitroom check -c /etc/waitroom/waitroom.yaml`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runCheck(cmd, file) },
	}
	configFlag(cmd, &file)
	return cmd
}

func runCheck(cmd *cobra.Command, file string) error {
	out := cmd.OutOrStdout()
	c, err := config.Load(file, os.Environ())
	if problems := (config.Problems)(nil); errors.As(err, &problems) {
		fmt.Fprintln(out, problems.Error())
		return fmt.Errorf("%s has %s", file, mistakes(len(problems)))
	}
	if err != nil {
		return err
	}
	wrong := 0
	for _, room := range c.Rooms {
		mistakes, advice := lookAtPage(room.Waiting.Page)
		for _, what := range mistakes {
			fmt.Fprintln(out, what)
		}
		for _, what := range advice {
			fmt.Fprintln(cmd.ErrOrStderr(), what)
		}
		wrong += len(mistakes)
	}
	if wrong > 0 {
		return fmt.Errorf("%s names a waiting page that has %s", file, mistakes(wrong))
	}
	for i := range c.Rooms {
		s, err := eligibility(&c.Rooms[i])
		if err != nil {
			return fmt.Errorf("%s: room %s: %w", file, c.Rooms[i].Name, err)
		}
		if advice := quotaAdvice(&c.Rooms[i], s); advice != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), advice)
		}
	}
	return summary(out, file, c)
}

// lookAtPage is what is wrong with a waiting page of the operator's own, and what
// it had better have, too.
func lookAtPage(name string) (mistakes, advice []string) {
	if name == "" {
		return nil, nil
	}
	own, err := os.ReadFile(name)
	if err != nil {
		return []string{err.Error()}, nil
	}
	if _, err := page.New(own); err != nil {
		for what := range strings.SplitSeq(err.Error(), "\n") {
			mistakes = append(mistakes, name+":"+what)
		}
	}
	for _, what := range page.Missing(own) {
		advice = append(advice, name+": "+what)
	}
	return mistakes, advice
}

// summary says how the configuration was understood.
func summary(w io.Writer, file string, c *config.Config) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s "+format+"\n", append([]any{name}, args...)...)
	}
	fmt.Fprintf(&b, "%s is good\n", file)
	scheme := "http"
	if c.TLS.Cert != "" {
		scheme = "https"
	}
	line("visitors", "%s://%s", scheme, c.Listen)
	guarded := "without a token: this machine only"
	if c.Operator.Token.IsSet() {
		guarded = "with a token"
	}
	line("operators", "http://%s, %s", c.Operator.Listen, guarded)
	if c.Store.Embedded() {
		line("store", "embedded, in %s", c.DataDir)
	} else {
		line("store", "%s", c.Store)
	}
	line("keys", "%s", c.Keys.Path())
	for _, room := range c.Rooms {
		line("room", "%s", room.Name)
		line("  hosts", "%s", strings.Join(room.Hosts, ", "))
		line("  backend", "%s", backends(room))
		line("  rate", "%s, burst %s", room.Rate, count(int64(room.Burst)))
		line("  open", "%s", hours(room))
		if s, err := eligibility(&room); err == nil && s != nil {
			line("  windows", "in %s", s.Zone())
			writeTurns(&b, &room.Eligibility, s)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func backends(room config.Room) string {
	var all []string
	for _, b := range room.Backend {
		all = append(all, b.String())
	}
	return strings.Join(all, ", ")
}

func hours(room config.Room) string {
	if room.OpensAt.IsZero() && room.ClosesAt.IsZero() && len(room.Eligibility.Windows) > 0 {
		return "by its windows"
	}
	if room.OpensAt.IsZero() && room.ClosesAt.IsZero() {
		return "always"
	}
	var parts []string
	if !room.OpensAt.IsZero() {
		parts = append(parts, "from "+room.OpensAt.Format(time.RFC3339))
	}
	if !room.ClosesAt.IsZero() {
		parts = append(parts, "until "+room.ClosesAt.Format(time.RFC3339))
	}
	return strings.Join(parts, " ")
}
