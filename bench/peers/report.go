package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"waitroom/bench/measure"
)

// line is one line of the table.
type line struct {
	Name   string         `json:"name"`
	Value  measure.Spread `json:"value"`
	Unit   string         `json:"unit"`
	Target float64        `json:"target,omitempty"`
	// A and B are microseconds of CPU per request, of both sides.
	A      float64 `json:"a_us,omitempty"`
	B      float64 `json:"b_us,omitempty"`
	Rounds any     `json:"rounds,omitempty"`
	// Aim is the target in words.
	Aim string `json:"aim"`
	// Defence says that the gateway is compared with itself without a defence.
	Defence bool `json:"defence,omitempty"`
}

// report is all that a run gives.
type report struct {
	Machine machine `json:"machine"`
	Lines   []line  `json:"lines"`
}

// take measures a row and adds what it gave.
func (r *report) take(ctx context.Context, s *stage, w row, o options) error {
	if w.task == stay {
		l, err := s.idle(ctx)
		r.Lines = append(r.Lines, l)
		return err
	}
	d, err := w.run(ctx, s, o)
	if err == nil {
		r.add(w, d)
	}
	return err
}

// add puts what a comparison gave into the report.
func (r *report) add(w row, d done) {
	l := line{Name: w.name, Value: d.Ratio, Unit: "×", Target: w.target, A: d.A.Median, B: d.B.Median, Rounds: d.Rounds, Aim: "-", Defence: w.defence}
	switch {
	case w.control:
		l.Aim = controlAim
	case w.target > 0:
		l.Aim = fmt.Sprintf("at most %.2f", w.target)
	}
	if w.task == keep {
		l.Name += fmt.Sprintf(", one request in %d", d.asked/max(d.taken, 1))
	}
	if w.task == alone {
		r.latency(w, d)
		return
	}
	r.Lines = append(r.Lines, l)
	switch {
	case w.task == poll && w.b == "hello":
		r.Lines = append(r.Lines, line{
			Name: fmt.Sprintf("trips to the store for %d polls, beyond what it does by itself", d.asked), Aim: "none",
		})
	case w.defence:
	case w.task == joining && w.b == "hello":
		name := fmt.Sprintf("CPU of Redis per arrival, %.0f with each trip", float64(d.asked)/float64(max(d.trips-d.own, 1)))
		r.besides(name, "at most 4", 4, d, func(m measure.Round) float64 { return m.A.BesidePerRequest(0) })
	case w.task == joining:
		r.besides("CPU of Redis per arrival, one EVALSHA for each", "-", 0, d, func(m measure.Round) float64 { return m.B.BesidePerRequest(0) })
	}
}

func (r *report) besides(name, aim string, target float64, d done, value func(measure.Round) float64) {
	var all []float64
	for _, round := range d.Rounds {
		all = append(all, value(round))
	}
	r.Lines = append(r.Lines, line{Name: name, Value: measure.SpreadOf(all...), Unit: "µs", Target: target, Aim: aim})
}

// latency adds how long the median arrival takes when one client comes at a time.
func (r *report) latency(w row, d done) {
	var ratios, a, b []float64
	for _, m := range d.Rounds {
		ratios = append(ratios, float64(m.A.P50)/float64(m.B.P50))
		a, b = append(a, float64(m.A.P50.Microseconds())), append(b, float64(m.B.P50.Microseconds()))
	}
	name := fmt.Sprintf("latency of an %s (p50, %.0f and %.0f µs)", w.name, measure.SpreadOf(a...).Median, measure.SpreadOf(b...).Median)
	r.Lines = append(r.Lines, line{Name: name, Value: measure.SpreadOf(ratios...), Unit: "×", Target: 1.15, Aim: "at most 1.15", Rounds: d.Rounds})
}

// latest is the newest line, for people who wait.
func (r *report) latest() string {
	l := r.Lines[len(r.Lines)-1]
	for i := len(r.Lines) - 1; l.Rounds == nil && i >= 0; i-- {
		l = r.Lines[i]
	}
	return fmt.Sprintf("%s: %s (%s), %s", l.Name, l.value(), l.spread(), l.Aim)
}

// misses says whether the value is not what is to be reached; a control may miss on
// both sides.
func (l *line) misses() bool {
	if l.Aim == controlAim {
		return l.Value.Median < 0.97 || l.Value.Median > 1.03
	}
	return l.Target > 0 && l.Value.Median > l.Target
}

// controlAim is how near to itself a program has to come out.
const controlAim = "0.97-1.03"

func (l *line) value() string {
	if l.Unit == "" {
		return "0"
	}
	if l.Unit == "×" {
		return fmt.Sprintf("%.2f", l.Value.Median)
	}
	return fmt.Sprintf("%.1f %s", l.Value.Median, l.Unit)
}

func (l *line) spread() string {
	if l.Unit == "" {
		return ""
	}
	return fmt.Sprintf("%.2f-%.2f", l.Value.Min, l.Value.Max)
}

// table is the report as Markdown: what others cost, and then what each defence does.
func (r *report) table() string {
	var b strings.Builder
	b.WriteString(r.Machine.String())
	b.WriteString("\n| | measured | lowest-highest round | to reach | CPU per request, µs |\n|---|---|---|---|---|\n")
	first := true
	for _, l := range r.Lines {
		measured, cost := l.value(), ""
		if l.misses() {
			measured = "**" + measured + "**"
		}
		if l.B > 0 {
			cost = fmt.Sprintf("%.1f, %.1f", l.A, l.B)
		}
		if !l.Defence {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", l.Name, measured, l.spread(), l.Aim, cost)
			continue
		}
		if first {
			b.WriteString("\n### What each defence costs\n\n| the gateway, beside itself | measured | lowest-highest round | CPU per request, µs |\n|---|---|---|---|\n")
			first = false
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.Name, measured, l.spread(), cost)
	}
	return b.String()
}

// The table stands between these lines of the file.
const (
	tableBegins = "<!-- peers: written by make bench -->\n"
	tableEnds   = "<!-- peers: end -->\n"
)

// write puts the report where the options say.
func (r *report) write(o options) error {
	if o.json != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(o.json), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(text, '\n'), 0o600); err != nil {
			return err
		}
	}
	if o.readme == "" {
		return nil
	}
	text, err := os.ReadFile(o.readme)
	if err != nil {
		return err
	}
	replaced, err := between(text, r.table())
	if err != nil {
		return fmt.Errorf("%s: %w", o.readme, err)
	}
	return os.WriteFile(o.readme, replaced, 0o600) // keeps the file's own mode
}

// between replaces what stands between the markers.
func between(text []byte, table string) ([]byte, error) {
	before, rest, begun := bytes.Cut(text, []byte(tableBegins))
	_, after, ended := bytes.Cut(rest, []byte(tableEnds))
	if !begun || !ended {
		return nil, errors.New("the markers of the table are not there: " + strings.TrimSpace(tableBegins) + " and " + strings.TrimSpace(tableEnds))
	}
	var b bytes.Buffer
	for _, part := range [][]byte{before, []byte(tableBegins), []byte("\n" + table + "\n"), []byte(tableEnds), after} {
		b.Write(part)
	}
	return b.Bytes(), nil
}
