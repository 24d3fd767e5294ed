package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"waitroom/bench/measure"
)

const (
	pollRounds = 5
	pollFor    = 4 * time.Second
	// beside is how many wait at the gateway that is measured beside each length.
	beside = 1000
)

// polled is what a poll costs at a gateway where so many wait, beside one where few do:
// at the same time, on the same core.
type polled struct {
	Waiting    int64          `json:"waiting"`
	Beside     int64          `json:"beside"`
	Cost       measure.Spread `json:"poll"`
	CostBeside measure.Spread `json:"poll_beside"`
	Ratio      measure.Spread `json:"ratio"`
	// Requests is how many polls both answered, every one with success.
	Requests int64 `json:"polls"`
}

// growPolls measures polls through HTTP at each length.
func (b *bench) growPolls(ctx context.Context) error {
	small, err := b.startGateway(ctx, "few")
	if err != nil {
		return err
	}
	defer small.stop()
	big, err := b.startGateway(ctx, "many")
	if err != nil {
		return err
	}
	defer big.stop()
	if err := small.grow(ctx, beside); err != nil {
		return err
	}
	for _, waiting := range b.lengths() {
		b.say("polls, %s waiting beside %s", count(waiting), count(beside))
		if err := big.grow(ctx, waiting); err != nil {
			return err
		}
		c, err := b.pair(ctx, big, small)
		if err != nil {
			return err
		}
		p := polled{Waiting: waiting, Beside: beside, Cost: c.A, CostBeside: c.B, Ratio: c.Ratio}
		for _, r := range c.Rounds {
			p.Requests += r.A.Requests + r.B.Requests
		}
		b.report.Polls = append(b.report.Polls, p)
		if err := big.look(ctx, waiting); err != nil {
			return err
		}
	}
	return nil
}

// pair lets the visitors of both gateways poll at the same time.
func (b *bench) pair(ctx context.Context, a, z *gateway) (measure.Compared, error) {
	sideA, err := b.side(a)
	if err != nil {
		return measure.Compared{}, err
	}
	sideZ, err := b.side(z)
	if err != nil {
		return measure.Compared{}, err
	}
	c, err := measure.Pair(ctx, sideA, sideZ, pollRounds)
	if err != nil {
		return c, err
	}
	for _, r := range c.Rounds {
		for _, s := range []measure.Sample{r.A, r.B} {
			if err := s.Sound(); err != nil {
				return c, fmt.Errorf("wrong: %w", err)
			}
		}
	}
	return c, nil
}

func (b *bench) side(g *gateway) (measure.Side, error) {
	script, people := filepath.Join(b.dir, "visitors.lua"), filepath.Join(b.dir, g.name+".cookies")
	if err := os.WriteFile(script, measure.VisitorsScript, 0o600); err != nil {
		return measure.Side{}, err
	}
	if err := os.WriteFile(people, []byte(strings.Join(g.cookies, "\n")+"\n"), 0o600); err != nil {
		return measure.Side{}, err
	}
	return measure.Side{Name: g.name, Server: g.process, Load: measure.Load{
		URL: "http://" + g.addr + "/.waitroom/" + room + "/status", Connections: connections, Duration: pollFor,
		Core: wrkCore, Script: script, Args: []string{people}, Fields: fields,
	}}, nil
}

// setting is what a poll costs with settings of Go's garbage collector.
type setting struct {
	Name  string         `json:"name"`
	Cost  measure.Spread `json:"poll"`
	Ratio measure.Spread `json:"ratio"`
	// Megabytes is the most memory that the process had (VmHWM).
	Megabytes float64 `json:"megabytes"`
}

// collector measures polls with settings of the garbage collector, beside its defaults.
func (b *bench) collector(ctx context.Context) error {
	plain, err := b.startGateway(ctx, "default")
	if err != nil {
		return err
	}
	defer plain.stop()
	if err := plain.grow(ctx, beside); err != nil {
		return err
	}
	for n, env := range [][]string{
		{"GOGC=100"}, {"GOGC=200"}, {"GOGC=400"}, {"GOGC=800"}, {"GOGC=off", "GOMEMLIMIT=128MiB"}, {"GOMEMLIMIT=24MiB"},
	} {
		b.say("polls with %s", strings.Join(env, " "))
		g, err := b.startGateway(ctx, fmt.Sprint("setting-", n), env...)
		if err != nil {
			return err
		}
		err = g.grow(ctx, beside)
		var c measure.Compared
		if err == nil {
			c, err = b.pair(ctx, g, plain)
		}
		var peak float64
		if err == nil {
			peak, err = megabytes(g.process.PID())
		}
		g.stop()
		if err != nil {
			return err
		}
		b.report.GC = append(b.report.GC, setting{strings.Join(env, " "), c.A, c.Ratio, peak})
	}
	return nil
}

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB`)

// megabytes is the most memory that a process has had.
func megabytes(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	m := peakLine.FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("the system tells no VmHWM of process %d", pid)
	}
	kilobytes, err := strconv.ParseFloat(string(m[1]), 64)
	return kilobytes / 1000, err
}
