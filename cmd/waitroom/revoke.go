package main

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

func revokeCommand() *cobra.Command {
	return operated(&cobra.Command{
		Use:   "revoke ROOM PASS-ID",
		Short: "End one pass",
		Long: `End one pass: its holder is refused on every gateway within a second, and may
join the line again at its end. The id is the "jti" in the pass, which the
backend gets with each request as Waitroom-Pass, or "pass" in the room's journal
(GET /api/rooms/ROOM/journal).`,
		Example: `  waitroom revoke booking AAECAwQFBgcICQoLDA0ODw
  waitroom revoke booking -- -Ahc3kFRT0uYb1cLqVxJZg      an id may begin with a dash`,
		Args: takes("ROOM", "PASS-ID"),
	}, func(cmd *cobra.Command, c *client, args []string) error {
		if _, err := c.room(cmd.Context(), http.MethodDelete, args[0], "/passes/"+url.PathEscape(args[1]), nil); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "the pass %s is ended\n", args[1])
		return err
	})
}
