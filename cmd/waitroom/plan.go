package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"waitroom/bench/simulate"
	"waitroom/config"
	"waitroom/queue"
)

// planned is an opening as the flags describe it.
type planned struct {
	arrivals, rate, opens, showUp, early, late string
	curve, order, format                       string
	rateAt, pauseAt                            []string
	burst                                      int
	hold, pass                                 time.Duration

	clock clock
	o     simulate.Options
}

func planCommand() *cobra.Command {
	p := &planned{}
	room := config.DefaultRoom()
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say how an opening will go: waits, polls, gateways and memory needed",
		Long: `Play an opening in virtual time, with the arithmetic of the gateway itself, and say
how long people wait, when the last one is in, how long the line gets, and what
gateways and Redis have to carry. Nothing is started or asked; the same flags
give the same answer. A million visitors take some seconds.

The curve says how people come after the opening: wall, all of them within a
minute; steady, evenly over four hours; evening, 40 % in the first half hour and
the rest in falling numbers until four hours after. --over sets another time.
Those who do not show up close the page while they wait.

What requests and tickets cost was measured on one machine: see
docs/planning.md, also for what is not in the model.`,
		Example: `  waitroom plan --arrivals 1,900,000 --rate 2,000,000/h --opens 20:00
  waitroom plan --arrivals 1,900,000 --rate 2,000,000/h --opens 20:00 --curve evening --shows-up 80%
  waitroom plan --arrivals 500,000 --rate 300,000/h --opens 20:00 --early 60% --early-over 1h --order draw
  waitroom plan --arrivals 500,000 --rate 300,000/h --opens 20:00 --rate-at 20:30=600,000/h --pause-at 21:00=10m
  waitroom plan --arrivals 500,000 --rate 300,000/h -o json | jq .result.wait_seconds`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&p.arrivals, "arrivals", "", "`NUMBER` of people who come; needed")
	f.StringVar(&p.rate, "rate", "", "`RATE` at which they are let in, like 2,000,000/h; needed")
	f.StringVar(&p.opens, "opens", "", "`TIME` of the opening, like 20:00; without it times are told from the opening on")
	f.StringVar(&p.curve, "curve", "wall", "how they come: wall, steady or evening")
	f.DurationVar(&p.o.Crowd.Over, "over", 0, "`TIME` in which they come, in place of the curve's own")
	f.StringVar(&p.early, "early", "0%", "`SHARE` of them that comes before the opening")
	f.DurationVar(&p.o.Crowd.EarlyOver, "early-over", 30*time.Minute, "`TIME` in which those come")
	f.StringVar(&p.order, "order", config.OrderArrival, "the order of those: arrival or draw")
	f.StringVar(&p.showUp, "shows-up", "100%", "`SHARE` that is still there when called")
	f.StringVar(&p.late, "late", "0%", "`SHARE` of those that looks away when called, and enters later")
	f.DurationVar(&p.o.Crowd.LateBy, "late-by", 5*time.Minute, "`TIME` by which the latest of them is late")
	f.StringArrayVar(&p.rateAt, "rate-at", nil, "`TIME=RATE` that is set while it runs, like 20:30=1,000,000/h or +30m=1,000,000/h; may be repeated")
	f.StringArrayVar(&p.pauseAt, "pause-at", nil, "`TIME=FOR` of a pause, like 20:30=10m; may be repeated")
	f.IntVar(&p.burst, "burst", room.Burst, "the room's burst")
	f.DurationVar(&p.hold, "hold", room.Hold, "the room's hold: how long a silent ticket keeps its place")
	f.DurationVar(&p.pass, "pass", room.Pass.TTL, "the room's longest pass")
	f.IntVar(&p.o.Follow, "follow", 0, "`NUMBER` of people whose every poll is played; the default is some 50,000")
	f.Uint64Var(&p.o.Seed, "seed", 1, "where what is random begins")
	formatFlag(cmd, &p.format)
	return cmd
}

func (p *planned) run(cmd *cobra.Command) error {
	if err := known(cmd, p.format); err != nil {
		return err
	}
	if err := p.read(cmd); err != nil {
		return err
	}
	result, err := simulate.Run(cmd.Context(), p.o)
	if err != nil {
		return err
	}
	a := outcome{
		Result: result, Needs: result.Needs(simulate.Measured(), p.hold+p.pass),
		Rate: formatRate(p.o.Rules.RatePerHour),
	}
	if a.Advice, err = p.advice(cmd.Context(), &a); err != nil {
		return err
	}
	if p.format == "json" {
		return a.writeJSON(cmd.OutOrStdout())
	}
	return p.write(cmd.OutOrStdout(), &a)
}

// read makes options of the flags, and names the one that is wrong.
func (p *planned) read(cmd *cobra.Command) error {
	wrong := mistaken(cmd)
	var ok bool
	c := &p.o.Crowd
	if c.Arrivals, ok = parseCount(p.arrivals); !ok {
		return wrong("arrivals", p.arrivals, "write how many people come, like 1,900,000")
	}
	if p.rate == "" {
		return wrong("rate", "", "write how many are let in, like 2,000,000/h")
	}
	perHour, err := parseRate(p.rate)
	if err != nil {
		return misused(cmd, "--rate: %v", err)
	}
	if p.clock, ok = parseClock(p.opens); !ok {
		return wrong("opens", p.opens, "write a time of day, like 20:00")
	}
	for _, s := range []struct {
		flag, text string
		into       *float64
	}{{"shows-up", p.showUp, &c.ShowUp}, {"early", p.early, &c.Early}, {"late", p.late, &c.Late}} {
		if *s.into, ok = parseShare(s.text); !ok {
			return wrong(s.flag, s.text, "write a share from 0% to 100%, like 80%")
		}
	}
	if p.order != config.OrderArrival && p.order != config.OrderDraw {
		return wrong("order", p.order, "use arrival or draw")
	}
	c.Curve = simulate.Curve(p.curve)
	p.o.Rules = queue.Rules{
		RatePerHour: perHour, Burst: p.burst, Hold: p.hold.Microseconds(), PassTTL: p.pass.Microseconds(),
		Draw: p.order == config.OrderDraw,
	}
	if err := p.bounds(cmd); err != nil {
		return err
	}
	if p.o.Changes, err = p.changes(cmd); err != nil {
		return err
	}
	if err := p.o.Check(); err != nil {
		return misused(cmd, "%v", err)
	}
	return nil
}

// mistaken makes errors that name a flag, what it said, and the mend.
func mistaken(cmd *cobra.Command) func(flag, text, mend string) error {
	return func(flag, text, mend string) error {
		if text == "" {
			return misused(cmd, "--%s is missing: %s", flag, mend)
		}
		return misused(cmd, "--%s %q: %s", flag, text, mend)
	}
}

// bounds names the flag whose value cannot be played.
func (p *planned) bounds(cmd *cobra.Command) error {
	c, wrong := &p.o.Crowd, mistaken(cmd)
	switch evening := c.Curve == simulate.Evening; {
	case !evening && c.Curve != simulate.Wall && c.Curve != simulate.Steady:
		return wrong("curve", p.curve, "use wall, steady or evening")
	case c.Over < 0 || evening && c.Over != 0 && c.Over <= 30*time.Minute:
		return wrong("over", c.Over.String(), "an evening takes more than 30m, and nothing takes less than no time")
	case c.Late > 0 && (c.LateBy < 0 || c.LateBy > p.hold):
		return wrong("late-by", c.LateBy.String(), "who comes later than the hold of "+short(p.hold)+" has no place any more")
	case c.Early > 0 && c.EarlyOver <= 0:
		return wrong("early-over", c.EarlyOver.String(), "write a time above 0, like 30m")
	case p.burst < 1:
		return wrong("burst", strconv.Itoa(p.burst), "write at least 1")
	case p.hold <= 0:
		return wrong("hold", p.hold.String(), "write a time above 0, like 30m")
	case p.pass <= 0:
		return wrong("pass", p.pass.String(), "write a time above 0, like 10m")
	case p.o.Follow < 0:
		return wrong("follow", strconv.Itoa(p.o.Follow), "write a number of people, or leave it out")
	}
	return nil
}

// changes are those of --rate-at and --pause-at.
func (p *planned) changes(cmd *cobra.Command) ([]simulate.Change, error) {
	var all []simulate.Change
	for _, text := range p.rateAt {
		after, value, ok := p.clock.cut(text)
		if !ok {
			return nil, misused(cmd, "--rate-at %q: write a time after the opening and a rate, like 20:30=1,000,000/h or +30m=1,000,000/h", text)
		}
		rate, err := parseRate(value)
		if err != nil {
			return nil, misused(cmd, "--rate-at: %v", err)
		}
		all = append(all, simulate.Change{After: after, RatePerHour: &rate})
	}
	yes, no := true, false
	for _, text := range p.pauseAt {
		after, value, ok := p.clock.cut(text)
		long, err := time.ParseDuration(value)
		if !ok || err != nil || long <= 0 {
			return nil, misused(cmd, "--pause-at %q: write a time after the opening and how long, like 20:30=10m or +30m=10m", text)
		}
		all = append(all, simulate.Change{After: after, Paused: &yes}, simulate.Change{After: after + long, Paused: &no})
	}
	simulate.Order(all)
	return all, nil
}

// summary is the opening in a line.
func (p *planned) summary(rate string) string {
	c := &p.o.Crowd
	text := fmt.Sprintf("%s people (%s", count(int64(c.Arrivals)), p.curve)
	if c.Over != 0 {
		text += " over " + short(c.Over)
	}
	if c.Early > 0 {
		text += fmt.Sprintf(", %s before the opening, by %s", p.early, p.order)
	}
	return text + fmt.Sprintf("), %s show up, let in at %s", p.showUp, rate)
}
