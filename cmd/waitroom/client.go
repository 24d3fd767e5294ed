package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"waitroom/proxy/operator"
)

const (
	operatorURL   = "WAITROOM_OPERATOR_URL"
	operatorToken = "WAITROOM_OPERATOR_TOKEN"
	defaultURL    = "http://127.0.0.1:8081"
	// answerTime is how long an operator command waits for the gateway.
	answerTime = 15 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 16 << 20
)

// client speaks to the operator listener of a running gateway.
type client struct {
	base, token, name string
	http              *http.Client
}

// operated makes cmd a command that speaks to a running gateway: it adds the flag
// and the words about it, and gives run a client.
func operated(cmd *cobra.Command, run func(cmd *cobra.Command, c *client, args []string) error) *cobra.Command {
	where := cmd.Flags().String("operator", "", "`URL` of the operator listener (default $"+operatorURL+" or "+defaultURL+")")
	cmd.Long += `

It asks the gateway's operator listener. Where that has a token, set it in
` + operatorToken + `, or the name of a file that holds it in ` + operatorToken + `_FILE.`
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd, cmp.Or(*where, os.Getenv(operatorURL), defaultURL))
		if err != nil {
			return err
		}
		return run(cmd, c, args)
	}
	return cmd
}

func newClient(cmd *cobra.Command, base string) (*client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return nil, misused(cmd, "the operator URL must be like %s", defaultURL)
	}
	token := os.Getenv(operatorToken)
	if file := os.Getenv(operatorToken + "_FILE"); token == "" && file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the operator token: %w", err)
		}
		token = strings.TrimSpace(string(text))
	}
	return &client{
		base: strings.TrimSuffix(base, "/"), token: token, name: userName(),
		// The token goes to the address that was named, and nowhere else.
		http: &http.Client{Timeout: answerTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// userName is the system's name of who calls, for the journal; "" where it has none
// that a header can carry.
func userName() string {
	u, err := user.Current()
	if err != nil || len(u.Username) > 64 || strings.ContainsFunc(u.Username, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return u.Username
}

// room asks about, or of, one room. The answer is JSON, or nothing.
func (c *client) room(ctx context.Context, method, room, rest string, body any) ([]byte, error) {
	return c.do(ctx, method, "/api/rooms/"+url.PathEscape(room)+rest, body)
}

// set changes a room, and gives its state then.
func (c *client) set(ctx context.Context, room string, change map[string]any) (*operator.RoomState, error) {
	answer, err := c.room(ctx, http.MethodPatch, room, "", change)
	if err != nil {
		return nil, err
	}
	return c.state(answer)
}

func (c *client) state(answer []byte) (*operator.RoomState, error) {
	var state operator.RoomState
	if err := json.Unmarshal(answer, &state); err != nil || state.Name == "" {
		return nil, c.stranger()
	}
	return &state, nil
}

func (c *client) do(ctx context.Context, method, path string, body any) ([]byte, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.name != "" {
		r.Header.Set(operator.NameHeader, c.name)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("the gateway at %s broke off its answer: %w", c.base, err)
	}
	return c.judge(answer, text)
}

// judge tells answers from refusals.
func (c *client) judge(answer *http.Response, text []byte) ([]byte, error) {
	kind := answer.Header.Get("Content-Type")
	switch {
	case answer.StatusCode == http.StatusUnauthorized && c.token == "":
		return nil, fmt.Errorf("the gateway at %s asks for the operator token: set %s to it", c.base, operatorToken)
	case answer.StatusCode == http.StatusUnauthorized:
		return nil, fmt.Errorf("the gateway at %s does not accept the token in %s: set it to the gateway's operator.token", c.base, operatorToken)
	case strings.HasPrefix(kind, "application/problem+json"):
		var p operator.Problem
		if json.Unmarshal(text, &p) != nil || p.Detail == "" {
			return nil, c.stranger()
		}
		return nil, errors.New(p.Detail)
	case answer.StatusCode == http.StatusNoContent, answer.StatusCode < 300 && strings.HasPrefix(kind, "application/json"):
		return text, nil
	}
	return nil, c.stranger()
}

func (c *client) stranger() error {
	return fmt.Errorf("%s answers, but not as an operator listener of waitroom: is it the visitors' address? name the right one with --operator or %s", c.base, operatorURL)
}

func (c *client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted; whether it was done is not known")
	}
	// The URL is in the message already, in words of our own.
	if in := (*url.Error)(nil); errors.As(err, &in) {
		err = in.Err
	}
	return fmt.Errorf("no gateway answers at %s; is it running? start it with `waitroom serve`, or name another with --operator or %s (%w)", c.base, operatorURL, err)
}
