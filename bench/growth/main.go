// Command growth measures what the gateway and its stores cost against the length of the
// line, from one thousand to ten million who wait: memory for each ticket, CPU for each
// join, call, entry, reading of the view and poll. It draws the graph of bench/README.md.
//
// Everything is real: redis-server, the store's own code, the program, wrk. It looks at
// every answer, and ends with an error where a count is wrong; it never judges a time.
// CPU is what the kernel has accounted to the process; on a machine that does other
// things, too, it grows by half, so only rows of one run can be compared.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	dir     string // of its own, and gone at its end
	most    int64
	flowFor time.Duration // how long the sustained run lasts
	began   time.Time
	report  report
}

func main() {
	most := flag.Int64("max", 10_000_000, "the longest line")
	parts := flag.String("parts", "redis,polls,embedded,collector", "what to measure")
	out := flag.String("out", "dist/growth.json", "where the figures go")
	graph := flag.String("graph", "", "where the graph goes, as in docs/images/growth.png; \"\" draws none")
	from := flag.String("from", "", "draw the graph from the figures of an earlier run, and measure nothing")
	flag.Parse()
	if *most < 1000 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "growth: -max is at least 1000, and there are no other arguments")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	work := func() error { return run(ctx, *most, *parts, *out, *graph) }
	if *from != "" {
		work = func() error { return again(*from, *graph) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

func run(ctx context.Context, most int64, parts, out, graph string) (err error) {
	dir, err := os.MkdirTemp("", "growth-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{dir: dir, most: most, flowFor: 8 * time.Second, began: time.Now()}
	if err := b.describe(ctx); err != nil {
		return err
	}
	all := map[string]func(context.Context) error{
		"redis": b.growRedis, "polls": b.growPolls, "embedded": b.growEmbedded, "collector": b.collector,
	}
	chosen := strings.Split(parts, ",")
	for _, name := range chosen {
		if all[name] == nil {
			return fmt.Errorf("there is no part %q: redis, polls, embedded, collector", name)
		}
	}
	fmt.Fprintf(os.Stderr, "about %s on two cores, and %.1f GB of memory\n", b.time(chosen), 0.3+float64(most)*160/1e9)
	for _, name := range chosen {
		if err := all[name](ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := b.report.write(out); err != nil {
			return err
		}
	}
	b.report.print(os.Stdout)
	return b.report.drawn(graph)
}

// again shows an earlier run.
func again(from, graph string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("read the figures in %s: %w", from, err)
	}
	r.print(os.Stdout)
	return r.drawn(graph)
}

// drawn draws the graph, where one is wanted.
func (r *report) drawn(graph string) error {
	if graph == "" {
		return nil
	}
	return drawGraph(r, graph)
}

// time is how long the parts take: what they need at any length, and for each ticket.
func (b *bench) time(parts []string) time.Duration {
	fixed := map[string]float64{"redis": 40, "polls": 120, "embedded": 5, "collector": 60}
	each := map[string]float64{"redis": 9e-6, "polls": 3e-6, "embedded": 15e-6}
	seconds := 0.0
	for _, name := range parts {
		seconds += fixed[name] + each[name]*float64(b.most)
	}
	return (time.Duration(seconds) * time.Second).Round(10 * time.Second)
}

// lengths are those at which the line is measured.
func (b *bench) lengths() []int64 {
	var lengths []int64
	for n := int64(1000); n < b.most; n *= 10 {
		lengths = append(lengths, n)
	}
	return append(lengths, b.most)
}

// say shows progress.
func (b *bench) say(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "%4.0f s  "+format+"\n", append([]any{time.Since(b.began).Seconds()}, values...)...)
}
