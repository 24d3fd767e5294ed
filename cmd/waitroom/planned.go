package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"waitroom/bench/simulate"
)

// outcome is how a planned opening goes.
type outcome struct {
	Rate   string           `json:"rate"`
	Result *simulate.Result `json:"result"`
	Needs  simulate.Needs   `json:"needs"`
	Advice []string         `json:"advice"`
}

func (a *outcome) writeJSON(w io.Writer) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return printJSON(w, text)
}

// write tells the outcome to people.
func (p *planned) write(w io.Writer, a *outcome) error {
	r, n := a.Result, &a.Needs
	fmt.Fprintln(w, p.summary(a.Rate))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	wait := func(s float64) string { return short(seconds(s)) }
	line("longest wait", "%s; half of them wait %s or less, 95 %% %s", wait(r.Wait.Max), wait(r.Wait.P50), wait(r.Wait.P95))
	last := "nobody enters"
	if r.Entered > 0 {
		last = "at " + p.clock.at(seconds(r.LastEntry))
	}
	line("last one enters", "%s; %s have entered, %s did not show up", last, count(r.Entered), count(r.NoShows))
	if r.Waiting > 0 {
		line("still waiting", "%s when the plan ends, a day after the opening", count(r.Waiting))
	}
	line("longest line", "%s, at %s", count(r.LongestLine), p.clock.at(seconds(r.LongestLineAt)))
	line("rate used", "%.1f %% of it, while people wait", r.RateUsed*100)
	line("ranges shown", "%s of those shown 10 s or more ahead are right", right(r))
	line("polls", "%s/s at the most, %s/s on average; none of them reaches Redis", count(int64(r.Polls.Peak)), count(int64(r.Polls.Mean)))
	line("joins", "%s/s at the most", count(int64(r.Joins.Peak)))
	line("gateways", "%d, of %d cores each and half used: %.1f s of CPU a second at the most", n.Gateways, simulate.GatewayCores, n.GatewayCPU)
	line("Redis", "%s MB, %.0f %% of its core at the most", count(int64(n.StoreBytes/1e6)+1), n.StoreCPU*100)
	for i, advice := range a.Advice {
		name := ""
		if i == 0 {
			name = "advice"
		}
		line(name, "%s", advice)
	}
	return t.Flush()
}

// right is the share of the ranges shown far enough ahead that held the truth.
func right(r *simulate.Result) string {
	var within, shown float64
	for _, a := range r.Estimates {
		if a.From >= 10 {
			within, shown = within+a.Within*float64(a.Shown), shown+float64(a.Shown)
		}
	}
	if shown == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %%", 100*within/shown)
}

// bearable is a longest wait for which nobody needs advice.
const bearable = 2 * time.Minute

// advice is what to think about first. A second run says what a higher rate would do.
func (p *planned) advice(ctx context.Context, a *outcome) ([]string, error) {
	var all []string
	r, longest := a.Result, seconds(a.Result.Wait.Max)
	if longest > p.hold {
		quarter := 15 * time.Minute
		safe := (longest + quarter - 1) / quarter * quarter
		all = append(all, fmt.Sprintf("A telephone that is locked for longer than the hold of %s loses its place: hold: %s is longer than the longest wait.",
			short(p.hold), short(safe)))
	}
	if a.Needs.Gateways > 1 {
		all = append(all, "More than one gateway needs the line in Redis.")
	}
	if a.Needs.StoreCPU > 1 {
		all = append(all, fmt.Sprintf("At the most Redis would need %.1f cores and has one: who comes then is answered later than is reckoned here.", a.Needs.StoreCPU))
	}
	switch {
	case p.o.Rules.RatePerHour == 0 || r.Entered == 0 && r.Arrivals > 0:
		return append(all, "Nobody is let in: set a rate with --rate or --rate-at."), nil
	case longest <= bearable && r.Waiting == 0:
		return append(all, "The rate is enough: hardly anybody waits."), nil
	}
	o := p.o
	o.Follow = 1000
	o.Rules.RatePerHour *= 2
	o.Changes = nil
	for _, c := range p.o.Changes {
		if c.RatePerHour != nil {
			doubled := *c.RatePerHour * 2
			c.RatePerHour = &doubled
		}
		o.Changes = append(o.Changes, c)
	}
	twice, err := simulate.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	echo, _, _ := strings.Cut(formatRate(o.Rules.RatePerHour), " = ")
	return append(all, fmt.Sprintf("If the site can carry twice the rate, %s, the longest wait is %s, and the last one is in at %s.",
		echo, short(seconds(twice.Wait.Max)), p.clock.at(seconds(twice.LastEntry)))), nil
}
