package main

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"waitroom/config"
	"waitroom/proxy/operator"
)

func rateCommand() *cobra.Command {
	return operated(&cobra.Command{
		Use:   "rate ROOM [RATE]",
		Short: "Show or set how many people are let in, live",
		Long: `Show the admit rate of a room, or set it. A new rate counts on every gateway
within a second and survives restarts, until it is set again; "file" goes back
to the rate of the configuration file. 0 admits nobody: those who wait keep
their places.`,
		Example: `  waitroom rate booking                 show it, and who set it
  waitroom rate booking 2,000,000/h     two million an hour
  waitroom rate booking 30000/min
  waitroom rate booking 100/10s
  waitroom rate booking file            what waitroom.yaml says`,
		Args: takes("ROOM", "[RATE]"),
	}, runRate)
}

func runRate(cmd *cobra.Command, c *client, args []string) error {
	if len(args) == 1 {
		answer, err := c.room(cmd.Context(), http.MethodGet, args[0], "", nil)
		if err != nil {
			return err
		}
		state, err := c.state(answer)
		if err != nil {
			return err
		}
		return printRate(cmd, state)
	}
	change := map[string]any{"rate": args[1]}
	if args[1] == "file" {
		change["rate"] = nil
	} else if _, err := config.ParseRate(args[1]); err != nil {
		return misused(cmd, "%v", err)
	}
	state, err := c.set(cmd.Context(), args[0], change)
	if err != nil {
		return err
	}
	return printRate(cmd, state)
}

// printRate puts the rate on standard output, and where it comes from beside it.
func printRate(cmd *cobra.Command, r *operator.RoomState) error {
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), r.Rate); err != nil {
		return err
	}
	from := "from the configuration file"
	if r.LiveRate != nil {
		from = "set by " + setBy(r.RateSetBy, r.RateSetAt) + "; the file says " + r.FileRate
	}
	fmt.Fprintln(cmd.ErrOrStderr(), from)
	if r.Paused {
		fmt.Fprintf(cmd.ErrOrStderr(), "the room is paused: `waitroom resume %s` lets people in\n", r.Name)
	}
	return nil
}

// parseRate reads a rate in entries per hour.
func parseRate(text string) (float64, error) {
	rate, err := config.ParseRate(text)
	return rate.PerHour(), err
}

// formatRate is a rate in every notation, as all echoes show it.
func formatRate(perHour float64) string {
	rate, err := config.ParseRate(strconv.FormatFloat(perHour, 'f', 6, 64) + "/h")
	if err != nil { // outside the bounds of what can be written
		return strconv.FormatFloat(perHour, 'g', -1, 64) + "/h"
	}
	return rate.String()
}
