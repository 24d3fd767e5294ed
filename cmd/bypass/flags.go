package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"waitroom/bench/attempts"
	"waitroom/bench/tester"
)

// command is what was asked for.
type command struct {
	site     attempts.Site
	iOwnIt   bool
	selftest bool
	stores   []string
	gateways int
	binary   string

	choice   attempts.Choice
	chosen   []attempts.Attempt
	list     bool
	explain  string
	output   string
	quiet    bool
	parallel int
}

const teach = `bypass tries every known way of jumping a waiting room's line, and says for each whether
it was refused, got through, or was not tried, and why. It is for gateways of your own.

  bypass selftest [flags]        start a gateway with a recording backend, and try all
  bypass -target URL [flags]     try what can be tried at a gateway that runs already
  bypass -list                   the catalogue
  bypass -explain ID             one attempt: what it is, the right answer, how to try it by hand

Try the whole catalogue, on both stores, with two gateways on Redis:

  bypass selftest -store both -gateways 2

Try a gateway of your own. Its room needs a rate above 0, so that bypass can get passes;
with the operator's listener it pauses the room afterwards, and resumes it at the end:

  export WAITROOM_OPERATOR_TOKEN=...
  bypass -target https://booking.example.kr -i-own-it -room booking -page /book \
         -open /static/ -operator http://127.0.0.1:8081 -backend http://10.0.0.7:9000

Only what you want to look at, and as other programs read it:

  bypass selftest -id B4,C6
  bypass selftest -family C -o json >framing.json
  bypass selftest -driver raw,http -o junit >bypass.xml

A selftest's backend records what reaches it, and that is what it judges by: nothing may
arrive that was not let in. At a target the backend is unknown to bypass: there whatever
does not look like an answer of the gateway's own counts as got through.

Ctrl-C ends it early; what was not tried is said to be so. Exit code 0: everything that
was tried was refused; 1: something got through, or is unclear; 2: called in a wrong way.

Flags, with one dash or two:

`

// parse reads the arguments; help goes to out, with flag.ErrHelp.
func parse(args []string, out io.Writer) (*command, error) {
	c := &command{}
	if len(args) > 0 && args[0] == "selftest" {
		c.selftest, args = true, args[1:]
	}
	f := flag.NewFlagSet("bypass", flag.ContinueOnError)
	f.StringVar(&c.site.URL, "target", "", "`URL` of the gateway's visitors' listener, as in http://127.0.0.1:8080")
	f.BoolVar(&c.iOwnIt, "i-own-it", false, "the target is my own: let it be on another machine")
	f.StringVar(&c.site.Host, "host", "", "`HOST` that visitors ask for; default that of the target")
	f.StringVar(&c.site.Room, "room", "", "`NAME` of the room; default booking")
	f.StringVar(&c.site.Page, "page", "", "`PATH` of a protected page; default /book")
	f.StringVar(&c.site.Open, "open", "", "`PATH` of a folder that needs no pass, as in /static/; default none is known")
	f.StringVar(&c.site.Backend, "backend", "", "`URL` of the backend itself: it is tried directly")
	f.StringVar(&c.site.Operator, "operator", os.Getenv("WAITROOM_OPERATOR_URL"), "`URL` of the operator listener, with the token in WAITROOM_OPERATOR_TOKEN")
	f.Func("store", "`STORE` of a selftest: embedded (default), redis or both", func(s string) error {
		c.stores = map[string][]string{"embedded": {"embedded"}, "redis": {"redis"}, "both": {"embedded", "redis"}}[s]
		if c.stores == nil {
			return errors.New("there are embedded, redis and both")
		}
		return nil
	})
	f.IntVar(&c.gateways, "gateways", 1, "`N` gateways of a selftest on Redis: 1 or 2")
	f.StringVar(&c.binary, "gateway", "", "`FILE` of the program waitroom for a selftest; default the one beside bypass, or in PATH, or built from source")
	f.Func("id", "`IDS` of the attempts, as in B4,C6; default all", list(&c.choice.IDs))
	f.Func("family", "`LETTERS` of families, as in B,C", list(&c.choice.Families))
	f.Func("driver", "`NAMES` of drivers: raw, http, browser, actors, chaos", list(&c.choice.Drivers))
	f.BoolVar(&c.list, "list", false, "show the catalogue; also -o markdown")
	f.StringVar(&c.explain, "explain", "", "explain the attempt with this `ID`")
	f.IntVar(&c.parallel, "parallel", 4, "`N` attempts at a time, of those that go together")
	f.StringVar(&c.output, "o", "table", "`FORM` of the result: table, json or junit")
	f.BoolVar(&c.quiet, "quiet", false, "show no progress")
	err := tester.Parse(f, args, teach, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil, err
	}
	if err = errors.Join(err, c.check(f.Args())); err != nil {
		return nil, tester.Misused{Err: err}
	}
	return c, nil
}

// check finds what is missing or too much, and chooses the attempts.
func (c *command) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q is too much", rest[0])
	}
	if c.explain != "" {
		c.choice = attempts.Choice{IDs: []string{c.explain}}
	}
	var err error
	if c.chosen, err = attempts.Select(attempts.Catalogue(), c.choice); err != nil {
		return err
	}
	switch forms := []string{"table", "json", "junit"}; {
	case c.list && (c.output == "table" || c.output == "markdown"):
		return nil
	case c.list:
		return fmt.Errorf("the catalogue has no form %q: table or markdown", c.output)
	case !slices.Contains(forms, c.output):
		return fmt.Errorf("there is no form %q: table, json or junit", c.output)
	case c.explain != "":
		return nil
	case c.parallel < 1:
		return errors.New("-parallel is 1 or more")
	case len(c.chosen) == 0:
		return errors.New("no attempt is meant by all of -id, -family and -driver")
	case c.selftest:
		return c.checkOwn()
	case c.site.URL == "":
		return errors.New("-target is missing, or selftest as the first word")
	case len(c.stores) > 0 || c.gateways != 1 || c.binary != "":
		return errors.New("-store, -gateways and -gateway are for a selftest")
	}
	return c.checkTarget()
}

// checkOwn finds what does not go with a selftest.
func (c *command) checkOwn() error {
	if c.site.URL != "" || c.site.Host != "" || c.site.Room != "" || c.site.Backend != "" || c.site.Page != "" || c.site.Open != "" {
		return errors.New("a selftest has a gateway of its own: -target, -host, -room, -page, -open and -backend are for one that runs already")
	}
	if len(c.stores) == 0 {
		c.stores = []string{"embedded"}
	}
	if c.gateways < 1 || c.gateways > 2 {
		return errors.New("-gateways is 1 or 2")
	}
	if c.gateways == 2 && !slices.Contains(c.stores, "redis") {
		return errors.New("two gateways need -store redis or both")
	}
	return nil
}

// checkTarget lets only this machine be a target, unless the target is one's own.
func (c *command) checkTarget() error {
	c.site.Token = os.Getenv("WAITROOM_OPERATOR_TOKEN")
	for _, one := range []struct{ name, url string }{{"target", c.site.URL}, {"backend", c.site.Backend}, {"operator", c.site.Operator}} {
		if one.url == "" {
			continue
		}
		u, err := url.Parse(one.url)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("-%s %q is no address like http://127.0.0.1:8080", one.name, one.url)
		}
		if one.name == "target" && (u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "") {
			return fmt.Errorf("-target is %s://%s and no more: what page to try is said by -page", u.Scheme, u.Host)
		}
		if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) && !c.iOwnIt {
			return fmt.Errorf("%s is not on this machine: attack only what is your own, and say so with -i-own-it", u.Host)
		}
	}
	return nil
}

// list reads names with commas between them.
func list(into *[]string) func(string) error {
	return func(s string) error {
		for name := range strings.SplitSeq(s, ",") {
			if name = strings.TrimSpace(name); name == "" {
				return errors.New("names are wanted, with commas between them")
			}
			*into = append(*into, name)
		}
		return nil
	}
}
