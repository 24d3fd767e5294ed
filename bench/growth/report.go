package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"waitroom/bench/measure"
)

// report is everything that was measured. Costs are microseconds of CPU, memory is bytes,
// where a name does not say otherwise.
type report struct {
	Machine string    `json:"machine"`
	Date    string    `json:"date"`
	Redis   []row     `json:"redis"`
	AOF     *row      `json:"redis_with_aof_everysec,omitempty"`
	Flow    *flow     `json:"sustained,omitempty"`
	Saved   *saved    `json:"saved,omitempty"`
	Polls   []polled  `json:"polls,omitempty"`
	Memory  []inner   `json:"embedded,omitempty"`
	GC      []setting `json:"garbage_collector,omitempty"`
}

// row is what the work of Redis costs where so many wait.
type row struct {
	Waiting   int64   `json:"waiting"`
	PerTicket float64 `json:"bytes_per_waiting_ticket"`
	// Joined and the like are for one ticket: Alone one after the other, else so many at
	// the same moment.
	Joined      measure.Spread `json:"join"`
	JoinedAlone measure.Spread `json:"join_alone"`
	Called      measure.Spread `json:"call"`
	Entered     measure.Spread `json:"enter"`
	EntersAlone measure.Spread `json:"enter_alone"`
	View        measure.Spread `json:"view"`
	// ViewHere is what reading and building the view takes of a gateway's CPU.
	ViewHere  measure.Spread `json:"view_at_the_gateway"`
	Tick      measure.Spread `json:"tick_that_calls_nobody"`
	Batch     float64        `json:"tickets_per_trip"`
	PerInside float64        `json:"bytes_per_entered_ticket"`
}

func (r *report) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(format string, values ...any) { fmt.Fprintf(t, format+"\t\n", values...) }
	if len(r.Redis) > 0 {
		line("Redis, µs of its CPU\tbytes a ticket\tjoin\talone\tcall\tenter\talone\tview\tat the gateway\tidle tick")
		for _, x := range append(r.Redis, r.aof()...) {
			name := count(x.Waiting)
			if r.AOF != nil && x == *r.AOF {
				name += ", AOF everysec"
			}
			line("%s\t%.1f\t%.2f\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f", name, x.PerTicket, x.Joined.Median, x.JoinedAlone.Median,
				x.Called.Median, x.Entered.Median, x.EntersAlone.Median, x.View.Median, x.ViewHere.Median, x.Tick.Median)
		}
		line("")
	}
	if f := r.Flow; f != nil {
		line("entries through Redis with %s waiting: %s in %.1f s, %s a second at a rate of %s; at most %d above rate x W",
			count(f.Waiting), count(f.Entries), f.Seconds, count(int64(f.PerSecond)), count(int64(f.Rate)), f.Excess)
	}
	if s := r.Saved; s != nil {
		line("%s waiting: saved in %.1f s (%.0f MB), loaded in %.1f s", count(s.Waiting), s.Save, s.Megabytes, s.Load)
		line("")
	}
	for i, p := range r.Polls {
		if i == 0 {
			line("polls, µs of the gateway's CPU\tat this length\tat %s beside it\tratio\tlowest\thighest", count(p.Beside))
		}
		line("%s\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f", count(p.Waiting), p.Cost.Median, p.CostBeside.Median, p.Ratio.Median, p.Ratio.Min, p.Ratio.Max)
	}
	for i, m := range r.Memory {
		if i == 0 {
			line("\nembedded store\tbytes a ticket\tjoin, µs of CPU\tjoins a second\tenter, µs\tjournal, MB\treplay, s")
		}
		line("%s\t%.1f\t%.2f\t%s\t%.2f\t%.0f\t%.1f", count(m.Waiting), m.PerTicket, m.Joined, count(int64(m.PerSecond)), m.Entered, m.Journal, m.Replay)
	}
	for i, g := range r.GC {
		if i == 0 {
			line("\na gateway that is polled\tµs of CPU a poll\tagainst GOGC=100\tmemory, MB")
		}
		line("%s\t%.1f\t%.2f\t%.0f", g.Name, g.Cost.Median, g.Ratio.Median, g.Megabytes)
	}
	_ = t.Flush()
}

func (r *report) aof() []row {
	if r.AOF == nil {
		return nil
	}
	return []row{*r.AOF}
}

// count writes a number with commas, as people read it.
func count(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// write keeps the report as JSON.
func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // what was measured is no secret
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // what was measured is no secret
}
