package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func pauseCommand() *cobra.Command {
	return operated(&cobra.Command{
		Use:   "pause ROOM",
		Short: "Stop letting people in, live",
		Long: `Stop letting people into a room. Nobody loses a place: the line stands still and
still takes arrivals, the waiting page says that it is paused, and whoever is
inside stays inside. It survives restarts.`,
		Example: `  waitroom pause booking
  waitroom announce booking "The site is being repaired; we go on at 20:30."
  waitroom resume booking`,
		Args: takes("ROOM"),
	}, func(cmd *cobra.Command, c *client, args []string) error {
		state, err := c.set(cmd.Context(), args[0], map[string]any{"paused": true})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is paused: nobody is let in, %s waiting keep their places\n", state.Name, count(state.Waiting))
		return err
	})
}

func resumeCommand() *cobra.Command {
	return operated(&cobra.Command{
		Use:     "resume ROOM",
		Short:   "Go on letting people in, live",
		Long:    `Go on letting people into a room that was paused, at its rate.`,
		Example: `  waitroom resume booking`,
		Args:    takes("ROOM"),
	}, func(cmd *cobra.Command, c *client, args []string) error {
		state, err := c.set(cmd.Context(), args[0], map[string]any{"paused": false})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s lets people in: %s\n", state.Name, state.Rate)
		if err == nil && state.State != "open" {
			fmt.Fprintf(cmd.ErrOrStderr(), "but its state is %s\n", state.State)
		}
		return err
	})
}
