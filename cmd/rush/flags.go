package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"waitroom/bench/load"
	"waitroom/bench/tester"
	"waitroom/config"
)

// command is what was asked for.
type command struct {
	plan   load.Plan
	people verifying
	output string
	quiet  bool
}

const teach = `rush plays a rush of visitors against a waiting room: they arrive, take a place,
ask again when they are told to, enter when they are called, see pages and leave.
It prints how many a second, how long answers took, and what was wrong with the
order: places or passes given twice, inversions, entries above the ceiling, lost
places. Latencies count from when a request was due, not from when it was sent.

  rush -target URL [flags]

Try it on the demo, from another terminal:

  waitroom demo
  rush -target http://127.0.0.1:8080 -visitors 50 -within 10s -rate 60/min -browse 2

A wall of 100,000 within a minute, of whom a fifth never come back, held against
the room's rate:

  rush -target http://127.0.0.1:8080 -room booking -visitors 100,000 -no-show 0.2 \
       -rate 36,000,000/h -burst 100

A long evening, 40 % of it in the first half hour, with impatient and late people:

  rush -target http://127.0.0.1:8080 -visitors 200000 -pattern evening \
       -reload 0.05 -late 0.1 -late-by 20s -for 3h -o json >evening.json

An evening on which people say first who they are: two providers that rush runs
itself, of which one collapses; two in five devices are second ones. How the
gateway has to be configured for it stands in docs/rush.md.

  rush -target http://127.0.0.1:8080 -visitors 20,000 -pattern evening -within 4m \
       -provider kakao=0.7@http://127.0.0.1:9101 -provider naver=0.3@http://127.0.0.1:9102 \
       -collapse kakao@60s+60s -second-device 0.4 -other-day 0.17 -digit 2 -no-show 0.2

Ctrl-C ends it early and prints what was seen until then; a second one ends it at
once. Exit code 0: the order was right; 1: it was not; 2: called in a wrong way.

Flags, with one dash or two:

`

// parse reads the arguments; help goes to out, with flag.ErrHelp.
func parse(args []string, out io.Writer) (*command, error) {
	c := &command{}
	p := &c.plan
	f := flag.NewFlagSet("rush", flag.ContinueOnError)
	f.StringVar(&p.Target, "target", "", "`URL` of the gateway's visitors' listener, as in http://127.0.0.1:8080")
	f.BoolVar(&p.IOwnIt, "i-own-it", false, "the target is my own: let it be on another machine")
	f.StringVar(&p.Host, "host", "", "`HOST` that visitors ask for; default that of the target")
	f.Func("room", "`NAME` of the room, more than once for more rooms; default booking", func(s string) error {
		p.Rooms = append(p.Rooms, s)
		return nil
	})
	f.Func("visitors", "`N` visitors in all; default 1,000", counts(&p.Visitors))
	f.Func("pattern", "`WHEN` they come: wall (default), steady, or evening with 40 % in the first sixth", func(s string) error {
		p.Pattern = load.Pattern(s)
		return nil
	})
	f.DurationVar(&p.Within, "within", 0, "`TIME` in which all come; default 1m, 1h for steady, 3h for evening")
	f.DurationVar(&p.For, "for", 0, "`TIME` after which it ends, whoever is still waiting; default 1h")
	f.Func("rate", "`RATE` of the room, as in 2,000,000/h: entries are held against it", func(s string) error {
		rate, err := config.ParseRate(s)
		p.RatePerHour = rate.PerHour()
		return err
	})
	f.Func("burst", "`N` entries that the room lets come at once; default 1", counts(&p.Burst))
	f.Float64Var(&p.NoShow, "no-show", 0, "`SHARE` who take a place and never come back, 0 to 1")
	f.Float64Var(&p.Late, "late", 0, "`SHARE` who enter late after their call")
	f.DurationVar(&p.LateBy, "late-by", 0, "`TIME` by which they are late; default 15s")
	f.Float64Var(&p.Reload, "reload", 0, "`SHARE` who join again and again instead of asking when told to")
	f.DurationVar(&p.ReloadEvery, "reload-every", 0, "`TIME` between two of their reloads; default 1s")
	f.Func("browse", "`N` pages that each sees inside; default 0", counts(&p.Browse))
	f.Func("page", "`PATH` of a page inside, more than once for more; default /", func(s string) error {
		p.Pages = append(p.Pages, s)
		return nil
	})
	f.DurationVar(&p.Think, "think", 0, "`TIME` between two pages; default 1s")
	f.BoolVar(&p.Stay, "stay", false, "do not leave: let passes run out by themselves")
	c.people.flags(f)
	f.Func("connections", "`N` kept-alive connections that all share; default 128", counts(&p.Connections))
	f.Uint64Var(&p.Seed, "seed", 0, "`N` that decides who does what and when")
	f.StringVar(&c.output, "o", "table", "`FORM` of the result: table or json")
	f.BoolVar(&c.quiet, "quiet", false, "show no progress")
	err := tester.Parse(f, args, teach, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil, err
	}
	var wrong error
	p.Identity, wrong = c.people.plan()
	if err = errors.Join(err, wrong, c.check(f.Args())); err != nil {
		return nil, tester.Misused{Err: err}
	}
	return c, nil
}

// check finds what is missing or too much.
func (c *command) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is too much", rest[0])
	case c.output != "table" && c.output != "json":
		return fmt.Errorf("there is no form %q: table or json", c.output)
	case c.plan.Target == "":
		return errors.New("-target is missing")
	}
	return nil
}

// counts reads a whole number above 0 that may have separators, as in 1,900,000.
func counts(into *int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
		if err != nil || n < 0 {
			return errors.New("a whole number is needed, as in 1,900,000")
		}
		*into = n
		return nil
	}
}
