package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"waitroom/proxy/operator"
)

func roomCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "room",
		Short: "See the rooms of a running gateway",
		Long:  `See the rooms of a running gateway: the length of their lines, the rate, who set what.`,
	}, roomListCommand(), roomShowCommand())
}

func roomListCommand() *cobra.Command {
	return shown(&cobra.Command{
		Use:     "list",
		Short:   "List the rooms",
		Long:    `List the rooms, one on a line.`,
		Example: "  waitroom room list\n  waitroom room list -o json | jq '.rooms[].waiting'",
		Args:    takes(),
	}, func(cmd *cobra.Command, c *client, _ []string) ([]byte, error) {
		return c.do(cmd.Context(), http.MethodGet, "/api/rooms", nil)
	}, func(cmd *cobra.Command, c *client, answer []byte) error {
		var all operator.RoomStates
		if json.Unmarshal(answer, &all) != nil || all.Rooms == nil {
			return c.stranger()
		}
		if all.Warning != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), "warning:", all.Warning)
		}
		return printRooms(cmd.OutOrStdout(), all.Rooms)
	})
}

func roomShowCommand() *cobra.Command {
	return shown(&cobra.Command{
		Use:     "show ROOM",
		Short:   "Show everything about a room",
		Long:    `Show a room: its line, its rate in the file and live, what was set, by whom and when.`,
		Example: "  waitroom room show booking\n  waitroom room show booking -o json",
		Args:    takes("ROOM"),
	}, func(cmd *cobra.Command, c *client, args []string) ([]byte, error) {
		return c.room(cmd.Context(), http.MethodGet, args[0], "", nil)
	}, func(cmd *cobra.Command, c *client, answer []byte) error {
		state, err := c.state(answer)
		if err != nil {
			return err
		}
		return printRoom(cmd.OutOrStdout(), state)
	})
}

// shown makes cmd a command that asks a running gateway, and shows its answer: as it came with -o json, or by write.
func shown(cmd *cobra.Command, ask func(cmd *cobra.Command, c *client, args []string) ([]byte, error),
	write func(cmd *cobra.Command, c *client, answer []byte) error,
) *cobra.Command {
	var format string
	formatFlag(cmd, &format)
	return operated(cmd, func(cmd *cobra.Command, c *client, args []string) error {
		if err := known(cmd, format); err != nil {
			return err
		}
		answer, err := ask(cmd, c, args)
		if err != nil {
			return err
		}
		if format == "json" {
			return printJSON(cmd.OutOrStdout(), answer)
		}
		return write(cmd, c, answer)
	})
}

func formatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVarP(format, "output", "o", "text", "`FORMAT` of the output: text or json")
}

func known(cmd *cobra.Command, format string) error {
	if format != "text" && format != "json" {
		return misused(cmd, "there is no output format %q: use text or json", format)
	}
	return nil
}

func printJSON(w io.Writer, text []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(text), "", "  "); err != nil {
		return fmt.Errorf("read the gateway's answer: %w", err)
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(w)
	return err
}

func printRooms(w io.Writer, rooms []operator.RoomState) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROOM\tSTATE\tWAITING\tCALLED\tINSIDE\tENTERED\tRATE")
	for _, r := range rooms {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.State, count(r.Waiting), count(r.Called), count(r.Active), count(r.Entries), r.Rate)
	}
	return t.Flush()
}

func printRoom(w io.Writer, r *operator.RoomState) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	line("room", "%s", r.Name)
	line("state", "%s", r.State)
	line("rate", "%s", r.Rate)
	line("  file", "%s", r.FileRate)
	if r.LiveRate != nil {
		line("  live", "%s, set by %s", *r.LiveRate, setBy(r.RateSetBy, r.RateSetAt))
	} else {
		line("  live", "not set")
	}
	line("paused", "%s%s", yes(r.Paused), since(r.PausedSetBy, r.PausedSetAt))
	line("sold out", "%s%s", yes(r.SoldOut), since(r.SoldOutSetBy, r.SoldOutSetAt))
	if r.Quota > 0 {
		line("quota", "%s of %s entered by this opening", count(r.Sold), count(r.Quota))
	}
	line("message", "%s%s", cmp.Or(r.Message, "none"), since(r.MessageSetBy, r.MessageSetAt))
	line("opens, closes", "%s, %s", or(r.OpensAt, "always open"), or(r.ClosesAt, "never"))
	line("waiting", "%s", count(r.Waiting))
	line("called", "%s", count(r.Called))
	line("inside", "%s%s", count(r.Active), capped(r.MaxActive))
	line("so far", "%s arrived, %s called, %s entered", count(r.Arrivals), count(r.Calls), count(r.Entries))
	line("calls", "%.1f/s, %.0f %% of those called show up", r.CallsPerSecond, r.ShowUpRatio*100)
	line("burst, hold, pass", "%d, %s, %s", r.Burst, duration(r.HoldSeconds), duration(r.PassSeconds))
	line("store", "%s", r.Store)
	for _, b := range r.Backends {
		health := "healthy"
		if !b.Healthy {
			health = "not healthy: " + b.Detail
		}
		line("backend", "%s %s", b.Address, health)
	}
	return t.Flush()
}

// count writes a number in groups of three, as rates are written.
func count(n int64) string {
	if n < 0 {
		return "-" + count(-n)
	}
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func setBy(who string, at *string) string {
	return cmp.Or(who, "somebody") + " at " + or(at, "an unknown time")
}

func since(who string, at *string) string {
	if at == nil {
		return ""
	}
	return " (set by " + setBy(who, at) + ")"
}

func or(text *string, none string) string {
	if text == nil {
		return none
	}
	return *text
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func capped(most int64) string {
	if most == 0 {
		return ""
	}
	return " of at most " + count(most)
}

func duration(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).String()
}
