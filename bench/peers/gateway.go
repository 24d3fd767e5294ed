package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"waitroom/bench/measure"
)

const (
	roomName      = "booking"
	operatorToken = "the-operators-token-of-the-benchmarks"
)

// gatewayFile is what an operator would write: nothing is switched off. Passes rotate once an
// hour, because wrk keeps no cookies: by default, each minute, every request after the first
// minute would be given a successor that nobody takes.
const gatewayFile = `listen: %s
operator: {listen: %s, token: %s}
store: {url: '%s'}
data_dir: %s
keys: {dir: %s}
rooms:
  - name: booking
    backend: http://%s
    rate: %s
    burst: %s
    hold: 24h
    pass: {ttl: 24h, idle: 24h, rotate: %s}
%s`

// a gateway that comparisons need. Those with a store of their own let one in a second, all
// others whoever comes.
type kind struct {
	tags, redis string
	// room is a line of the room's settings, and rotate how long a generation of a pass is in
	// use; "" is an hour.
	room, rotate string
	// come is how its visitors come; nil is by a join.
	come func(ctx context.Context, addr string) (cookies string, err error)
}

// gateways are the gateways that comparisons need, by name.
var gateways = map[string]kind{
	"gateway":            {},
	"gateway again":      {},
	"gateway polled":     {redis: "redis polled"},
	"gateway joined":     {redis: "redis joined"},
	"gateway one by one": {tags: "unbatched", redis: "redis one by one"},
	"gateway keyed":      {come: joinKeyed},
	"gateway keyless":    {room: "device: {key: off}"},
	"gateway by network": {room: "device: {bind_address: prefix}"},
	"gateway rotating":   {rotate: "1s"},
	"gateway bound":      {room: "device: {dbsc: prefer}", come: joinBound},
	"gateway limited": {redis: "redis limited", room: "limits: " +
		"{joins_per_device: 60/min, joins_per_address: 100000000/min, joins_per_network: 100000000/min}"},
	"gateway unlimited": {redis: "redis unlimited", room: "limits: {joins_per_device: off}"},
}

// gateway starts the real program with a configuration of its own.
func (s *stage) gateway(ctx context.Context, name string) (*server, error) {
	g := gateways[name]
	dir := filepath.Join(s.dir, strings.ReplaceAll(name, " ", "-"))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	site, err := s.get(ctx, "backend")
	if err != nil {
		return nil, err
	}
	store, rate, burst := "", "36,000,000/h", "10000"
	if g.redis != "" {
		if _, err := s.get(ctx, g.redis); err != nil {
			return nil, err
		}
		store, rate, burst = "unix://"+s.socket(g.redis), "3600/h", "1"
	}
	room := ""
	if g.room != "" {
		room = "    " + g.room + "\n"
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	operators, err := freeAddr()
	if err != nil {
		return nil, err
	}
	s.operators[name] = operators
	file := filepath.Join(dir, "waitroom.yaml")
	text := fmt.Sprintf(gatewayFile, addr, operators, operatorToken, store, filepath.Join(dir, "data"), s.keys(), site.addr, rate, burst,
		cmp.Or(g.rotate, "1h"), room)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	binary, err := s.build(ctx, g.tags)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.keys()); err != nil {
		if out, err := exec.CommandContext(ctx, binary, "keys", "rotate", "-c", file).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("make keys: %w\n%s", err, out)
		}
	}
	return start(ctx, addr, measure.Command{Name: name, Path: binary, Args: []string{"serve", "-c", file}, Core: serverCore, Dir: dir})
}

// build builds the program with build tags, once.
func (s *stage) build(ctx context.Context, tags string) (string, error) {
	path := filepath.Join(s.dir, "waitroom"+tags)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-tags", tags, "-ldflags", "-s -w", "-o", path, "waitroom/cmd/waitroom")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the gateway: %w\n%s", err, out)
	}
	return path, nil
}

func (s *stage) keys() string { return filepath.Join(s.dir, "keys") }

// counted is how many requests a gateway has counted with a verdict.
func (s *stage) counted(ctx context.Context, gateway, verdict string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.operators[gateway]+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	q.Header.Set("Authorization", "Bearer "+operatorToken)
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		return 0, fmt.Errorf("read the metrics of the gateway: %w", err)
	}
	for _, m := range families["waitroom_requests_total"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["room"] == roomName && labels["verdict"] == verdict {
			return int64(m.GetCounter().GetValue()), nil
		}
	}
	return 0, fmt.Errorf("the gateway counts no requests that are %s", verdict)
}
