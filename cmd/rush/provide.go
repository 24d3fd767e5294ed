package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"waitroom/bench/load"
	"waitroom/bench/provider"
)

// verifying is what the flags about identity say.
type verifying struct {
	load.Identity
	issuers   map[string]string // of the providers that rush runs itself
	client    string
	collapses []collapse
}

// collapse is that a provider breaks every connection off for a while.
type collapse struct {
	name         string
	after, lasts time.Duration
}

// What the flags say that is wrong.
var (
	errProvider = errors.New("a provider is NAME=SHARE, or NAME=SHARE@http://HOST:PORT for one that rush runs itself")
	errCollapse = errors.New("a collapse is NAME@AFTER+FOR, as in kakao@40s+30s, of a provider that rush runs itself")
	errNobody   = errors.New("nobody is verified: say who verifies people with -provider")
)

// flags are those about identity.
func (v *verifying) flags(f *flag.FlagSet) {
	f.Func("provider", "`NAME=SHARE` of an identity provider, more than once for more: visitors are verified first. With @http://HOST:PORT behind it rush runs it, as that issuer", v.provider)
	f.StringVar(&v.client, "client", "booking:booking", "`ID:SECRET` that the gateway has at the providers that rush runs")
	f.Func("collapse", "`NAME@AFTER+FOR`: that provider breaks all connections off for a while", v.collapse)
	f.StringVar(&v.Redirect, "redirect", "", "`URI` of the app that providers send people back to, one of their app_redirects; default kr.example.app:/login")
	f.DurationVar(&v.Takes, "login-time", 0, "`TIME` that people are at a provider, on average; default 20s")
	f.Float64Var(&v.Stubborn, "stubborn", 0, "`SHARE` who go to the provider that they favour whatever its light")
	f.Float64Var(&v.Second, "second-device", 0, "`SHARE` who are somebody who has come before, on another device")
	f.Float64Var(&v.OtherDay, "other-day", 0, "`SHARE` whose day of birth ends in another digit than -digit")
	f.IntVar(&v.Digit, "digit", 0, "`D`, the last digit of the others' day of birth; default 0")
}

// provider reads NAME=SHARE or NAME=SHARE@URL.
func (v *verifying) provider(text string) error {
	name, rest, ok := strings.Cut(text, "=")
	number, address, runs := strings.Cut(rest, "@")
	share, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil {
		return errProvider
	}
	v.Providers = append(v.Providers, load.Share{Name: name, Share: share})
	if !runs {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Port() == "" || u.Path != "" {
		return errProvider
	}
	if v.issuers == nil {
		v.issuers = map[string]string{}
	}
	v.issuers[name] = address
	return nil
}

// collapse reads NAME@AFTER+FOR.
func (v *verifying) collapse(text string) error {
	name, rest, ok := strings.Cut(text, "@")
	first, second, both := strings.Cut(rest, "+")
	after, err1 := time.ParseDuration(first)
	lasts, err2 := time.ParseDuration(second)
	if !ok || !both || err1 != nil || err2 != nil || after < 0 || lasts < 0 {
		return errCollapse
	}
	v.collapses = append(v.collapses, collapse{name, after, lasts})
	return nil
}

// plan is the identity of the plan; nil where no provider was named.
func (v *verifying) plan() (*load.Identity, error) {
	for _, c := range v.collapses {
		if v.issuers[c.name] == "" {
			return nil, errCollapse
		}
	}
	if len(v.Providers) == 0 {
		if v.Second != 0 || v.OtherDay != 0 || v.Stubborn != 0 || v.Takes != 0 || v.Redirect != "" {
			return nil, errNobody
		}
		return nil, nil
	}
	return &v.Identity, nil
}

// provide runs the providers until the function that it gives is called, and collapses them at their time.
func (v *verifying) provide(ctx context.Context, told io.Writer) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	stops := []func(){cancel}
	stop = func() {
		for _, f := range stops {
			f()
		}
	}
	id, secret, _ := strings.Cut(v.client, ":")
	for name, issuer := range v.issuers {
		p, end, err := provider.Serve(strings.TrimPrefix(issuer, "http://"), provider.Config{
			Issuer: issuer, Korean: name, English: name, ClientID: id, ClientSecret: secret,
		})
		if err != nil {
			stop()
			return nil, fmt.Errorf("run the provider %s: %w", name, err)
		}
		stops = append(stops, end)
		for _, c := range v.collapses {
			if c.name == name {
				c.plan(ctx, p, told)
			}
		}
	}
	return stop, nil
}

// plan makes a provider collapse, and come back, at its time.
func (c collapse) plan(ctx context.Context, p *provider.Provider, told io.Writer) {
	turn := func(down bool, word string) func() {
		return func() {
			p.Turn(func(k *provider.Knobs) { k.Down = down })
			fmt.Fprintf(told, "rush: the provider %s %s\n", c.name, word)
		}
	}
	begin, end := time.AfterFunc(c.after, turn(true, "collapses")), time.AfterFunc(c.after+c.lasts, turn(false, "is back"))
	context.AfterFunc(ctx, func() { begin.Stop(); end.Stop() })
}
