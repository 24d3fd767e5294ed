package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"waitroom/cmd/waitroom/site"
	"waitroom/config"
	"waitroom/token"
)

// demo is what the demo can be told.
type demo struct {
	listen, operator, rate string
	line                   int
	// verified asks visitors who they are; hasty lets its minutes and days pass in seconds.
	verified, hasty bool
}

// maxDemoLine is the longest line that the demo keeps: its visitors are all in this process.
const maxDemoLine = 10_000

func demoCommand() *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it all work on this machine, with nothing installed",
		Long: `Run a gateway, a small booking site behind it and the operators' listener, all on
this machine, with the line in a temporary folder. Simulated visitors keep a
line in front of you, so that whoever opens the site waits, moves up, enters and
books within a minute. Ctrl-C ends it and leaves nothing behind.

With --identity it has three identity providers of different speed, too, with
made-up people of every birthday to choose from: who waits is verified first, on
one device at a time, and enters on the day that their birthday allows.`,
		Example: `  waitroom demo
  waitroom demo --rate 30/min --line 40
  waitroom demo --identity --minutes-as-seconds`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := parseRate(d.rate); err != nil {
				return misused(cmd, "--rate: %v", err)
			}
			if d.line < 0 || d.line > maxDemoLine {
				return misused(cmd, "--line is %d and has to be a number from 0 to %d", d.line, maxDemoLine)
			}
			return d.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&d.listen, "listen", "127.0.0.1:8080", "`ADDRESS` for visitors")
	cmd.Flags().StringVar(&d.operator, "operator", "127.0.0.1:8081", "`ADDRESS` for operators")
	cmd.Flags().StringVar(&d.rate, "rate", "60/min", "`RATE` at which visitors are let in")
	cmd.Flags().IntVar(&d.line, "line", 25, "`N` simulated visitors that are kept waiting")
	cmd.Flags().BoolVar(&d.verified, "identity", false, "verify who comes, with made-up people")
	cmd.Flags().BoolVar(&d.hasty, "minutes-as-seconds", false, "with --identity: ten minutes are ten seconds, a day of the rotation is half a minute")
	return cmd
}

// run runs the demo until the context ends.
func (d *demo) run(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "waitroom-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var g *gateway
	backend, stop, err := serveSite(func(pass string) (string, bool) { return verify(g, pass) })
	if err != nil {
		return err
	}
	defer stop()
	people, err := d.people()
	if err != nil {
		return err
	}
	defer people.close()
	c, err := d.config(dir, backend, people)
	if err != nil {
		return err
	}
	log, level := newLog(c)
	if g, err = buildWith(ctx, c, log, level, people.eligible); err != nil {
		return err
	}
	crowded, cancel := context.WithCancel(ctx)
	var crowds sync.WaitGroup
	visitors := newCrowd("http://"+g.listener.Addr().String(), "booking", d.line)
	visitors.people = people
	crowds.Go(func() { visitors.run(crowded) })
	crowds.Go(func() { people.passBy(crowded, visitors) })
	g.stop = append(g.stop, func() {
		cancel()
		crowds.Wait()
	})
	d.tell(out, g)
	return g.serve(ctx, "")
}

// config is the demo's configuration: read like any other, so that the demo shows
// what a file would do.
func (d *demo) config(dir, backend string, people *people) (*config.Config, error) {
	text := fmt.Sprintf(`
listen: %q
operator: {listen: %q}
data_dir: %q
cookies: {secure: false}
log: {level: warn, format: console}
limits: {drain: 2s}
rooms:
  - name: booking
    backend: %s
    rate: %s
    burst: 1
    open_paths: ["/static/"]
    hold: 10m
    pass: {ttl: 5m, idle: 3m}
`, d.listen, d.operator, filepath.Join(dir, "data"), backend, d.rate) + people.config()
	return config.Parse("demo", []byte(text), nil)
}

// serveSite runs the booking site on a free port of this machine.
func serveSite(check func(pass string) (string, bool)) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: site.New(site.Options{Verify: check}), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	return "http://" + l.Addr().String(), func() {
		_ = s.Close()
		<-done
	}, nil
}

// verify checks a pass as a backend would, by the gateway's keys.
func verify(g *gateway, pass string) (id string, ok bool) {
	p, err := g.keys.ReadPass([]byte(pass), "booking", time.Now().UnixMicro())
	if err != nil {
		return "", false
	}
	return token.FormatPassID(p.ID), true
}

// tell prints what to open and what to try.
func (d *demo) tell(out io.Writer, g *gateway) {
	visitors, operators := "http://"+g.listener.Addr().String(), "http://"+g.opsAt.Addr().String()
	text := `
  waitroom demo: one honest line in front of a small booking site

  Open     VISITORS/       take your place, watch it move, enter, book
  Console  OPERATORS/       what operators see

  Try, from another terminal:

    WAITROOM rate booking 120/min       let people in twice as fast
    WAITROOM rate booking 20/min        … or slower
    WAITROOM pause booking              nobody enters; then: resume booking
    WAITROOM announce booking "Back in five minutes"
    WAITROOM room show booking

  And try to jump the line:

    set the clock of your machine two hours ahead, and reload
    go offline for three seconds, come back, reload: the same place
    press F12 and call whatever you find; the page decides nothing
    open VISITORS/book in a second browser: its own place, at the end
    copy the cookies into another browser: they are worth nothing there

  Ctrl-C ends it.

`
	text = strings.Replace(text, "\n  Ctrl-C ends it.", d.verifying()+"\n  Ctrl-C ends it.", 1)
	program := "waitroom"
	if strings.Contains(os.Args[0], "go-build") {
		program = "go run ./cmd/waitroom"
	}
	if d.operator != "127.0.0.1:8081" {
		program = "WAITROOM_OPERATOR_URL=" + operators + " " + program
	}
	_, err := strings.NewReplacer("VISITORS", visitors, "OPERATORS", operators, "WAITROOM", program).WriteString(out, text)
	if err != nil {
		g.log.Warn("what to try could not be printed", zap.Error(err))
	}
}
