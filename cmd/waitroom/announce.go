package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func announceCommand() *cobra.Command {
	return operated(&cobra.Command{
		Use:   "announce ROOM [TEXT]",
		Short: "Put a message on every waiting page, live",
		Long: `Put a message on every waiting page of a room, or remove it: without TEXT there
is none. It is shown as plain text, at most 500 characters on one line; people
see it when their page asks next.`,
		Example: `  waitroom announce booking "Vaccines for 12 August are booked out; 13 August goes on."
  waitroom announce booking`,
		Args: takes("ROOM", "[TEXT]"),
	}, func(cmd *cobra.Command, c *client, args []string) error {
		text := ""
		if len(args) > 1 {
			text = args[1]
		}
		state, err := c.set(cmd.Context(), args[0], map[string]any{"message": text})
		if err != nil {
			return err
		}
		if text == "" {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s has no message now\n", state.Name)
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s shows: %s\n", state.Name, text)
		return err
	})
}
