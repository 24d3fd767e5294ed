package load

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table writes the report for people.
func (r *Report) Table(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s visitors to %s, pattern %s: %s after %.1f s\n\n", thousands(r.Visitors), r.Target, r.Pattern, r.Ended, r.Seconds)
	r.people(&b)
	r.requests(&b)
	r.failures(&b)
	for i := range r.Rooms {
		r.Rooms[i].table(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) people(b *strings.Builder) {
	for _, c := range []struct {
		name string
		n    int64
	}{
		{"took a place", r.Joined}, {"did not come back", r.Absent}, {"entered", r.Entered}, {"entered and are through", r.Through},
		{"came too late, or in vain", r.Away}, {"had their ticket refused", r.Lost}, {"still waiting", r.Waiting},
	} {
		if c.n > 0 || c.name == "took a place" {
			fmt.Fprintf(b, "  %-28s %12s\n", c.name, thousands(c.n))
		}
	}
	if r.Identity != nil {
		for _, row := range r.Identity.rows() {
			fmt.Fprintf(b, "  %-28s %s\n", row[0], row[1])
		}
	}
	if r.Wait != nil {
		fmt.Fprintf(b, "  %-28s p50 %.1f s, p95 %.1f s, p99 %.1f s, max %.1f s\n", "from place to entry", r.Wait.P50, r.Wait.P95, r.Wait.P99, r.Wait.Max)
	}
}

func (r *Report) requests(b *strings.Builder) {
	b.WriteString("\nrequests, with milliseconds since they were due\n\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\t\tcount\tper s\tpeak/s\tp50\tp95\tp99\tmax\tsent\treceived\tfailed\t")
	for _, k := range r.Kinds {
		fmt.Fprintf(t, "\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", k.Name, thousands(k.Count), thousands(int64(k.PerSecond)), thousands(k.Peak),
			millis(k.P50), millis(k.P95), millis(k.P99), millis(k.Max), size(k.Sent), size(k.Received), thousands(k.Failed))
	}
	u := r.Unsent
	fmt.Fprintf(t, "\tnot yet sent\t\t\t\t%s\t%s\t%s\t%s\t\t\t\t\n", millis(u.P50), millis(u.P95), millis(u.P99), millis(u.Max))
	_ = t.Flush() // into memory
}

// millis is a latency, with as many digits as say something.
func millis(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	}
	return thousands(int64(ms + 0.5))
}

// size is a number of bytes.
func size(n int64) string {
	const unit = 1000
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n), -1
	for f >= unit && i < 3 {
		f /= unit
		i++
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGT"[i])
}

func (r *Report) failures(b *strings.Builder) {
	if len(r.Failures) == 0 {
		return
	}
	b.WriteString("\nnot answered as they should be\n\n")
	for _, what := range byCount(r.Failures) {
		fmt.Fprintf(b, "  %12s  %s\n", thousands(r.Failures[what]), what)
	}
}

func (r *RoomReport) table(b *strings.Builder) {
	fmt.Fprintf(b, "\nthe order in room %s\n\n", r.Name)
	fmt.Fprintf(b, "  %-38s %s in %.1f s, %.1f/s", "entries, from the first to the last", thousands(r.Entries), r.EntrySpan, r.PerSecond)
	if r.RateUsed > 0 {
		fmt.Fprintf(b, ", %.1f %% of the rate", r.RateUsed*100)
	}
	fmt.Fprintln(b)
	if h := r.Held; h != nil {
		fmt.Fprintf(b, "  %-38s %.2f %% of the rate; from %.2f to %.2f %%\n", "in a stretch of ten seconds", h.Median*100, h.Least*100, h.Most*100)
	}
	w := r.Wrong
	for _, c := range []struct {
		name string
		n    int64
	}{
		{"places given twice", w.SamePlace}, {"passes given twice", w.SamePass}, {"tickets with two passes", w.TwoPasses},
		{"inversions", w.Inversions}, {"entries above the ceiling", w.Above}, {"tickets refused", w.Refused},
		{"places moved by a reload", w.Moved}, {"positions that rose", w.Risen}, {"valid passes refused", w.PassRefused},
	} {
		mark := ""
		if c.n > 0 {
			mark = "  WRONG"
		}
		fmt.Fprintf(b, "  %-38s %s%s\n", c.name, thousands(c.n), mark)
	}
	fmt.Fprintf(b, "  %-38s %.0f ms\n", "called before others by at most", r.Behind)
	if r.Early > 0 {
		fmt.Fprintf(b, "  %-38s %s, by %.1f ms at most\n", "passes not valid yet, though promised", thousands(r.Early), r.EarlyBy)
	}
	for _, what := range r.Unchecked {
		fmt.Fprintf(b, "  %-38s %s\n", "not checked", what)
	}
	if w.Sum() == 0 {
		b.WriteString("  nothing was wrong with the order\n")
		return
	}
	fmt.Fprintf(b, "  %s wrong\n", thousands(w.Sum()))
}
