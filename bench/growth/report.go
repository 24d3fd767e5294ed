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
	fmt.Fprintf(w, "%s; %s\n\n", r.Date, r.Machine)
	r.printRedis(w)
	table(w, len(r.Polls), "polls, µs of the gateway's CPU\tat this length\tat 1,000 beside it\tratio\tlowest\thighest", func(i int) string {
		p := r.Polls[i]
		return fmt.Sprintf("%s\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f", count(p.Waiting), p.Cost.Median, p.CostBeside.Median,
			p.Ratio.Median, p.Ratio.Min, p.Ratio.Max)
	})
	table(w, len(r.GC), "a gateway that is polled\tµs of CPU a poll\tbeside the defaults\tmemory, MB", func(i int) string {
		g := r.GC[i]
		return fmt.Sprintf("%s\t%.1f\t%.2f\t%.0f", g.Name, g.Cost.Median, g.Ratio.Median, g.Megabytes)
	})
	table(w, len(r.Memory), "embedded\tbytes a ticket\tjoin, µs of CPU\tjoins a second\tenter, µs\tjournal, MB\tstart, s", func(i int) string {
		m := r.Memory[i]
		return fmt.Sprintf("%s\t%.1f\t%.2f\t%s\t%.2f\t%.0f\t%.1f", count(m.Waiting), m.PerTicket, m.Joined,
			count(int64(m.PerSecond)), m.Entered, m.Journal, m.Replay)
	})
}

func (r *report) printRedis(w io.Writer) {
	rows := append(r.Redis[:len(r.Redis):len(r.Redis)], r.aof()...)
	table(w, len(rows), "Redis, µs of its CPU\tbytes a ticket\tjoin\talone\tcall\tenter\talone\tview\tat the gateway\tidle tick", func(i int) string {
		x, name := rows[i], count(rows[i].Waiting)
		if i == len(r.Redis) {
			name += ", with AOF"
		}
		return fmt.Sprintf("%s\t%.1f\t%.2f\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f", name, x.PerTicket, x.Joined.Median, x.JoinedAlone.Median,
			x.Called.Median, x.Entered.Median, x.EntersAlone.Median, x.View.Median, x.ViewHere.Median, x.Tick.Median)
	})
	if f := r.Flow; f != nil {
		fmt.Fprintf(w, "entries through Redis: %s of %s in %.1f s, %s a second at a rate of %s; at most %d above rate x W\n",
			count(f.Entries), count(f.Waiting), f.Seconds, count(int64(f.PerSecond)), count(int64(f.Rate)), f.Excess)
	}
	if s := r.Saved; s != nil {
		fmt.Fprintf(w, "%s waiting: saved in %.1f s (%.0f MB), loaded in %.1f s\n\n", count(s.Waiting), s.Save, s.Megabytes, s.Load)
	}
}

// table prints n lines below a head; nothing where there are none.
func table(w io.Writer, n int, head string, line func(i int) string) {
	if n == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, head+"\t")
	for i := range n {
		fmt.Fprintln(t, line(i)+"\t")
	}
	_ = t.Flush()
	fmt.Fprintln(w)
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
