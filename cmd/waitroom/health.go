package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// healthTime bounds the question, so that a container's probe never hangs.
const healthTime = 3 * time.Second

func healthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running gateway whether it is ready for visitors",
		Long: `Ask a running gateway whether it is ready for visitors, as a container's or a
load balancer's probe does: exit code 0 if it is, 1 with the reason if it is not.
No token is needed.`,
		Example: `  waitroom health
  waitroom health --operator http://127.0.0.1:8081`,
		Args: takes(),
	}
	return operated(cmd, func(cmd *cobra.Command, c *client, _ []string) error {
		ctx, cancel := context.WithTimeout(cmd.Context(), healthTime)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := c.http.Do(r)
		if err != nil {
			return fmt.Errorf("no gateway answers at %s; is it running?", c.base)
		}
		defer func() { _ = answer.Body.Close() }()
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
		text := strings.TrimSpace(string(body))
		switch {
		case answer.StatusCode == http.StatusServiceUnavailable && strings.HasPrefix(text, "not ready"):
			return errors.New(text)
		case answer.StatusCode != http.StatusOK || text != "ready":
			return c.stranger()
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "ready")
		return err
	})
}
