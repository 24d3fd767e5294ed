// Command peers measures what the gateway costs beside servers that people know: a
// bare fasthttp proxy, net/http's ReverseProxy, Caddy, nginx and HAProxy for forwarded
// requests; fasthttp's hello world for polls and arrivals; itself without batches; and
// itself without each of its defences.
//
//	go run ./bench/peers [-quick] [-only TEXT] [-readme bench/README.md] [-json dist/peers.json]
//
// Pairs run at the same time on one core, their visitors, backend and store on the
// other; package measure says how. Every answer has to be a success, and what the
// gateway, the backend and the store have counted has to match what the visitors got:
// else it ends with exit code 1. Times are shown and never judged. `bench/needs`
// installs what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		if err := serve(ctx, os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, "peers:", err)
			os.Exit(1)
		}
		return
	}
	o := options{rounds: 7, each: 4 * time.Second}
	quick := flag.Bool("quick", false, "three rounds of a second: to see that it works, not to be believed")
	flag.StringVar(&o.only, "only", "", "only the comparisons whose `text` contains this")
	flag.StringVar(&o.readme, "readme", "", "the `file` whose table is replaced, between its markers; needs a whole run")
	flag.StringVar(&o.json, "json", "", "a `file` for all rounds as JSON")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "peers takes no arguments, and got %s\n", strings.Join(flag.Args(), " "))
		os.Exit(2)
	}
	if *quick {
		o.rounds, o.each = 3, time.Second
	}
	if o.readme != "" && (*quick || o.only != "") {
		fmt.Fprintln(os.Stderr, "-readme takes the figures of a whole run, so neither -quick nor -only goes with it")
		os.Exit(2)
	}
	if err := compare(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// options say how long to measure, and where the figures go.
type options struct {
	rounds             int
	each               time.Duration
	only, readme, json string
}

// compare runs all comparisons and writes what they gave.
func compare(ctx context.Context, o options) (err error) {
	var chosen []row
	for _, r := range rows() {
		if strings.Contains(r.name, o.only) {
			chosen = append(chosen, r)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no comparison's name contains %q", o.only)
	}
	long := time.Duration(len(chosen))*(time.Duration(o.rounds)*o.each+warmUp+time.Second) + 30*time.Second
	fmt.Fprintf(os.Stderr, "%d comparisons of %d rounds of %s: about %s\n", len(chosen), o.rounds, o.each, long.Round(10*time.Second))
	s, err := newStage()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	// Both from the same sources, whatever is edited meanwhile.
	for _, tags := range []string{"", "unbatched"} {
		if _, err := s.build(ctx, tags); err != nil {
			return err
		}
	}
	report := report{Machine: describe(ctx)}
	for i, r := range chosen {
		if err := report.take(ctx, s, r, o); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		fmt.Fprintf(os.Stderr, "%d/%d %s\n", i+1, len(chosen), report.latest())
	}
	fmt.Print(report.table())
	return report.write(o)
}
