package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"waitroom/bench/measure"
	"waitroom/bench/ports"
)

// Two gateways share one core; wrk, Redis and this program have the others.
const (
	gatewayCore = 0
	wrkCore     = 1
	connections = 64
)

// gatewayFile is what an operator would write. The opening is tomorrow, so that the line
// stays as long as it is while it is measured.
const gatewayFile = `listen: %s
operator: {listen: %s, token: the-token-of-the-bench}
store: {url: '%s'}
keys: {dir: %s}
rooms:
  - name: growth
    backend: http://127.0.0.1:9
    rate: 2,000,000/h
    opens_at: %s
    hold: 24h
`

// fields are what the waiting page's script sends.
var fields = []string{
	"User-Agent: Mozilla/5.0 (Linux; Android 15; SM-S921N) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
	"Accept: */*", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty",
}

// gateway is the program with a line in a Redis of its own.
type gateway struct {
	name, addr string
	process    *measure.Process
	line       *line
	cookies    []string // of those who wait and poll, in the order in which they came
}

// startGateway starts the program, with some of its environment set.
func (b *bench) startGateway(ctx context.Context, name string, env ...string) (*gateway, error) {
	dir := filepath.Join(b.dir, name)
	s, err := startRedis(ctx, dir)
	if err != nil {
		return nil, err
	}
	g := &gateway{name: name}
	operators := ""
	for _, addr := range []*string{&g.addr, &operators} {
		port, err := ports.Free()
		if err != nil {
			return nil, err
		}
		*addr = fmt.Sprintf("127.0.0.1:%d", port)
	}
	opens := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	keys, file := filepath.Join(b.dir, "keys"), filepath.Join(dir, "waitroom.yaml")
	text := fmt.Sprintf(gatewayFile, g.addr, operators, s.url(), keys, opens.Format(time.RFC3339))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	binary, err := b.build(ctx, file)
	if err != nil {
		return nil, err
	}
	r := rules()
	r.RatePerHour, r.OpensAt, r.Hold = 2_000_000, opens.UnixMicro(), 24*3600*second
	if g.line, err = openLine(ctx, s, r); err != nil {
		return nil, err
	}
	g.process, err = measure.Start(ctx, measure.Command{
		Name: name, Path: binary, Args: []string{"serve", "-c", file}, Core: gatewayCore, Dir: dir, Env: env, Ready: g.addr,
	})
	return g, err
}

// build builds the program and makes its keys, once.
func (b *bench) build(ctx context.Context, file string) (string, error) {
	path := filepath.Join(b.dir, "waitroom")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", path, "waitroom/cmd/waitroom")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the gateway: %w\n%s", err, out)
	}
	if out, err := exec.CommandContext(ctx, path, "keys", "rotate", "-c", file).CombinedOutput(); err != nil {
		return "", fmt.Errorf("make keys: %w\n%s", err, out)
	}
	return path, nil
}

func (g *gateway) stop() {
	_ = g.process.Stop()
	_ = g.line.close()
	g.line.server.stop()
}

const (
	// portions is in how many steps a line grows to its next length, and come how many
	// visitors join through the gateway after each: so those who poll stand all along it.
	portions, come = 10, 10
)

// grow makes the line longer.
func (g *gateway) grow(ctx context.Context, waiting int64) error {
	has, err := g.line.server.client.ZCard(ctx, g.line.key).Result()
	if err != nil {
		return err
	}
	for n := int64(1); n <= portions; n++ {
		upto := has + (waiting-has)*n/portions
		if err := g.line.fill(ctx, upto-come); err != nil {
			return err
		}
		for range come {
			cookies, err := g.join(ctx)
			if err != nil {
				return err
			}
			g.cookies = append(g.cookies, cookies)
		}
	}
	return g.look(ctx, waiting)
}

func (g *gateway) join(ctx context.Context) (string, error) {
	all, _, err := g.ask(ctx, http.MethodPost, "join", "")
	var cookies []string
	for _, c := range all {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	return strings.Join(cookies, "; "), err
}

// standing is what is looked at in an answer.
type standing struct {
	State    string `json:"state"`
	Position int64  `json:"position"`
	Waiting  int64  `json:"waiting"`
}

func (g *gateway) ask(ctx context.Context, method, call, cookies string) ([]*http.Cookie, standing, error) {
	var s standing
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, "http://"+g.addr+"/.waitroom/"+room+"/"+call, nil)
	if err != nil {
		return nil, s, err
	}
	for _, field := range append(fields, "Cookie: "+cookies) {
		name, value, _ := strings.Cut(field, ": ")
		q.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, s, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s was answered with %s: %s", call, answer.Status, body)
	}
	if err != nil {
		return nil, s, err
	}
	return answer.Cookies(), s, json.Unmarshal(body, &s)
}

// look waits until the gateway has read how long the line is, and then looks whether
// everybody who polls stands in it, in the order in which they came.
func (g *gateway) look(ctx context.Context, waiting int64) error {
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-pause.C {
		_, s, err := g.ask(ctx, http.MethodGet, "status", g.cookies[0])
		if err != nil {
			return err
		}
		if s.Waiting == waiting {
			break
		}
		if time.Now().After(end) {
			return fmt.Errorf("wrong: the gateway tells that %d wait, and %d do", s.Waiting, waiting)
		}
	}
	before := int64(0)
	for n, cookies := range g.cookies {
		_, s, err := g.ask(ctx, http.MethodGet, "status", cookies)
		if err != nil {
			return err
		}
		if s.State != "early" || s.Position < before || s.Position < 1 || s.Position > waiting {
			return fmt.Errorf("wrong: visitor %d, behind one at position %d of %d, got %+v", n, before, waiting, s)
		}
		before = s.Position
	}
	return nil
}
