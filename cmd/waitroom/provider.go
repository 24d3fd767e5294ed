package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"waitroom/proxy/operator"
)

func providerCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "provider",
		Short: "See, pause and resume the services that verify people",
		Long: `See how people get through at the services that verify them, and take one out
or let people to it again.`,
	}, providerListCommand(), providerPauseCommand("pause", true), providerPauseCommand("resume", false))
}

func providerListCommand() *cobra.Command {
	return shown(&cobra.Command{
		Use:   "list",
		Short: "List the identity providers with their lights",
		Long: `List the identity providers, one on a line: the light that people see, and what
all gateways counted in the last minute that is over.`,
		Example: "  waitroom provider list\n  waitroom provider list -o json | jq '.providers[].light'",
		Args:    takes(),
	}, func(cmd *cobra.Command, c *client, _ []string) ([]byte, error) {
		return c.do(cmd.Context(), http.MethodGet, "/api/providers", nil)
	}, func(cmd *cobra.Command, c *client, answer []byte) error {
		var all operator.ProviderStates
		if json.Unmarshal(answer, &all) != nil || all.Providers == nil {
			return c.stranger()
		}
		if all.Stale {
			fmt.Fprintln(cmd.ErrOrStderr(), "warning: the store does not answer: these lights are as they last were")
		}
		return printProviders(cmd.OutOrStdout(), all.Providers)
	})
}

func providerPauseCommand(verb string, paused bool) *cobra.Command {
	return shown(&cobra.Command{
		Use:     verb + " NAME",
		Short:   map[bool]string{true: "Send nobody to an identity provider, live", false: "Send people to an identity provider again, live"}[paused],
		Long:    pauseWords[paused],
		Example: "  waitroom provider " + verb + " kakao",
		Args:    takes("NAME"),
	}, func(cmd *cobra.Command, c *client, args []string) ([]byte, error) {
		return c.do(cmd.Context(), http.MethodPatch, "/api/providers/"+url.PathEscape(args[0]), map[string]any{"paused": paused})
	}, func(cmd *cobra.Command, c *client, answer []byte) error {
		var state operator.ProviderState
		if json.Unmarshal(answer, &state) != nil || state.Name == "" {
			return c.stranger()
		}
		told := "%s is paused: nobody is sent there, who is on the way may come back\n"
		if !paused {
			told = "%s takes people again\n"
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), told, state.Name)
		return err
	})
}

var pauseWords = map[bool]string{
	true: `Take an identity provider out, on every gateway within two seconds: it is shown
as paused, and nobody is sent there. Who is on the way may come back. It survives
restarts.`,
	false: `Send people to an identity provider again that was paused.`,
}

func printProviders(w io.Writer, all []operator.ProviderState) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PROVIDER\tLIGHT\tSTARTED\tVERIFIED\tBROKE OFF\tREFUSED\tFAILED\tBUSY\tRETURN\tITS SERVERS\tPAUSED")
	for _, p := range all {
		m, shown := p.LastMinute, p.Light
		if p.GivenUp {
			shown += " (given up here)"
		}
		pause := "no"
		if p.Paused {
			pause = "by " + setBy(p.PausedSetBy, p.PausedSetAt)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Name, shown, count(m.Started), count(m.Verified), count(m.Canceled),
			count(m.Refused), count(m.Unavailable), count(m.Busy), mean(m.ReturnSeconds), mean(m.AskSeconds), pause)
	}
	return t.Flush()
}

// mean is a mean time in seconds, "-" for none.
func mean(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return fmt.Sprintf("%.2fs", *seconds)
}
