package main

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"waitroom/bench/measure"
)

// TestMain lets the test's own program be a reference server, as the command is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		main()
		return
	}
	os.Exit(m.Run())
}

// answers is a round in which both sides answered so many requests well.
func answers(a, b int64) measure.Round {
	return measure.Round{
		A: measure.Sample{Result: measure.Result{Requests: a, Bytes: a * large}},
		B: measure.Sample{Result: measure.Result{Requests: b, Bytes: b * large}},
	}
}

func TestWhatWasDoneHasToBeWhatWasAnswered(t *testing.T) {
	const connections = 10
	bad := func(change func(*measure.Sample)) measure.Round {
		r := answers(100, 200)
		change(&r.B)
		return r
	}
	f := func(doneA, doneB int64, want string, rounds ...measure.Round) {
		t.Helper()
		counters := make([]counter, 0, 2)
		for _, n := range []int64{doneA, doneB} {
			reading := int64(5_000)
			counters = append(counters, func(context.Context) (int64, error) {
				reading += n
				return reading - n, nil
			})
		}
		r := row{task: fetchBig, a: "one", b: "two"}
		check, err := r.watch(t.Context(), counters...)
		if err != nil {
			t.Fatal(err)
		}
		err = check(t.Context(), rounds, connections)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("done %d and %d: got %v, want %q", doneA, doneB, err, want)
		}
	}
	f(100, 200, "", answers(100, 200))
	f(110, 210, "", answers(100, 200))                    // those under way at the end
	f(300, 400, "", answers(100, 200), answers(200, 200)) // the sum of the rounds
	f(99, 200, "one answered 100 requests, and 99 were done", answers(100, 200))
	f(100, 211, "two answered 200 requests, and 211 were done", answers(100, 200))
	f(100, 200, "two: 200 requests answered, 1 of them with a status of 400 or more", bad(func(s *measure.Sample) { s.NotOK = 1 }))
	f(100, 200, "1 errors of connections", bad(func(s *measure.Sample) { s.Errors = 1 }))
	f(100, 200, "two answered 200 requests with 6000 bytes", bad(func(s *measure.Sample) { s.Bytes = 6000 }))
	f(100, 0, "two: 0 requests answered", answers(100, 0))
}

func TestACounterThatCannotBeReadIsAnError(t *testing.T) {
	gone := errors.New("gone")
	r := row{a: "one", b: "two"}
	if _, err := r.watch(t.Context(), nil, func(context.Context) (int64, error) { return 0, gone }); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

func TestTheTableReplacesTheOldOneAndNothingElse(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := between([]byte(text), "new")
		if want == "" {
			if err == nil {
				t.Errorf("%q has no place for a table, and became %q", text, got)
			}
			return
		}
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v", got, err)
		}
	}
	f("a\n"+tableBegins+"old\n"+tableEnds+"b\n", "a\n"+tableBegins+"\nnew\n"+tableEnds+"b\n")
	f(tableBegins+tableEnds, tableBegins+"\nnew\n"+tableEnds)
	f("no markers", "")
	f(tableBegins+"no end", "")
}

func TestTheTableShowsWhatMissesItsTarget(t *testing.T) {
	var r report
	spread := func(median float64) measure.Compared {
		return measure.Compared{Ratio: measure.SpreadOf(median, median-0.1, median+0.1), A: measure.SpreadOf(30), B: measure.SpreadOf(20)}
	}
	r.add(row{name: "reached", task: fetch, target: 1.2}, done{Compared: spread(1.2)})
	r.add(row{name: "missed", task: fetch, target: 1.2}, done{Compared: spread(1.21)})
	r.add(row{name: "shown", task: fetch}, done{Compared: spread(9)})
	r.add(row{name: "control", task: fetch, control: true}, done{Compared: spread(1)})
	r.add(row{name: "loose", task: fetch, control: true}, done{Compared: spread(0.96)})
	r.add(row{name: "polls", task: poll, b: "hello"}, done{Compared: spread(1), asked: 1234})
	r.add(row{name: "limits", task: joining, defence: true}, done{Compared: spread(1.1)})
	r.add(row{name: "rotation", task: keep, defence: true}, done{Compared: spread(1.3), asked: 600, taken: 30})
	for _, want := range []string{
		"\n\n### What each defence costs\n\n| the gateway, beside itself | measured | lowest-highest round | CPU per request, µs |\n|---|---|---|---|\n" +
			"| limits | 1.10 | 1.00-1.20 | 30.0, 20.0 |\n| rotation, one request in 20 | 1.30 | 1.20-1.40 | 30.0, 20.0 |\n",
		"| reached | 1.20 | 1.10-1.30 | at most 1.20 | 30.0, 20.0 |\n", "| missed | **1.21** | 1.11-1.31 | at most 1.20 | 30.0, 20.0 |\n",
		"| shown | 9.00 | 8.90-9.10 | - | 30.0, 20.0 |\n", "| loose | **0.96** |", "| control | 1.00 | 0.90-1.10 | 0.97-1.03 | 30.0, 20.0 |\n",
		"| trips to the store for 1234 polls, beyond what it does by itself | 0 |  | none |  |\n",
	} {
		if table := r.table(); !strings.Contains(table, want) {
			t.Errorf("not there: %s\n%s", want, table)
		}
	}
}

func TestVersionsAreFoundInWhatProgramsSay(t *testing.T) {
	f := func(said, want string) {
		t.Helper()
		if got := number(said); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
	f("nginx version: nginx/1.22.1\n", "1.22.1")
	f("HAProxy version 2.6.12-1+deb12u4 2026/01/02 - https://haproxy.org/\n", "2.6.12-1+deb12u4")
	f("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n", "7.0.15")
	f("wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer\n", "4.1.0-3+b2")
	f("v2.6.2\n", "2.6.2")
	f("command not found", "?")
}

// openStage is a stage that ends with the test.
func openStage(t *testing.T) *stage {
	t.Helper()
	s, err := newStage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The gateway, its store and the people are the real ones; wrk and the peers are not needed.
func TestTheStageHasRealPeopleInARealLine(t *testing.T) {
	s := openStage(t)
	g, err := s.get(t.Context(), "gateway joined")
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.trips(t.Context(), "redis joined")
	if err != nil {
		t.Fatal(err)
	}
	const people = 20
	for range people {
		cookies, err := join(t.Context(), g.addr)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(cookies, "__Host-waitroom-device=") || !strings.Contains(cookies, "__Host-waitroom-ticket-booking=") {
			t.Errorf("got the cookies %s", cookies)
		}
	}
	if joined, err := s.counted(t.Context(), "gateway joined", "joined"); err != nil || joined != people {
		t.Errorf("%d joined, %v", joined, err)
	}
	if places, err := s.places(t.Context(), "redis joined"); err != nil || places != people {
		t.Errorf("%d places, %v", places, err)
	}
	waiting, err := join(t.Context(), g.addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pollOnce(t.Context(), g.addr, waiting)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if _, err := pollOnce(t.Context(), g.addr, "none=none"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a poll without a ticket: %v", err)
	}
	if used, err := resident(g.PID()); err != nil || used < 1<<20 {
		t.Errorf("the gateway uses %d bytes of memory, %v", used, err)
	}
	after, err := s.trips(t.Context(), "redis joined")
	if err != nil || after-before < people {
		t.Errorf("%d trips, %v", after-before, err)
	}
	if used, err := g.CPU(); err != nil || used <= 0 || used > time.Minute {
		t.Errorf("the gateway used %s, %v", used, err)
	}
}

// What the rows with defences compare is only what they say if the passes are bound as they say.
func TestThePassesOfDefencesAreBoundByThem(t *testing.T) {
	s := openStage(t)
	f := func(name string, claims ...string) {
		t.Helper()
		g, err := s.get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		come := gateways[name].come
		if come == nil {
			come = join
		}
		cookies, err := come(t.Context(), g.addr)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, pass, _ := strings.Cut(cookies, "__Host-waitroom-pass-"+roomName+"=")
		said, err := base64.RawURLEncoding.DecodeString(strings.Split(pass, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, claim := range []string{`"jkt":`, `"dbsc":`, `"net":`} {
			if want := slices.Contains(claims, claim); strings.Contains(string(said), claim) != want {
				t.Errorf("%s: %s in the claims should be %t: %s", name, claim, want, said)
			}
		}
	}
	f("gateway")
	f("gateway keyed", `"jkt":`)
	f("gateway keyless")
	f("gateway by network", `"net":`)
	f("gateway bound", `"dbsc":`)
	f("gateway rotating")
}
