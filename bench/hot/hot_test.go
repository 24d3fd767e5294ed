// Package hot asks one query again and again through the real gateway, with and without a
// cache, of a backend that needs its time for each.
//
// By itself it is a short test of the counts. With -full it measures what is written in
// docs/caching.md, and prints the table:
//
//	go test ./bench/hot -run Hot -v -full -timeout 20m
//
// Visitors come by the clock, whether or not those before them were answered, and their
// time counts from when they were due. It asserts counts, and never a time.
package hot

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"waitroom/bench/gateway"
)

var full = flag.Bool("full", false, "measure with 2,000 visitors a second and a query of 2.58 s; about 3 minutes")

var binary string

// TestMain lets the test's own program be the backend, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "site" {
		if err := serve(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(gateway.Main(m, &binary))
}

// trial is one run of the same visitors.
type trial struct {
	name   string
	cached bool
	// atOnce is how many queries the backend does at a time; 0 is as many as come.
	atOnce int
	query  time.Duration
	rate   int // visitors a second
	lasts  time.Duration
	warm   time.Duration // from when on the second columns count
}

func trials() []trial {
	if !*full {
		short := trial{query: 100 * time.Millisecond, rate: 200, lasts: time.Second}
		cached := short
		short.name, cached.name, cached.cached = "without", "with", true
		return []trial{short, cached}
	}
	long := trial{query: 2580 * time.Millisecond, rate: 2000, lasts: 20 * time.Second, warm: 5 * time.Second}
	all := make([]trial, 0, 4)
	for _, atOnce := range []int{0, 100} {
		for _, cached := range []bool{false, true} {
			one := long
			one.cached, one.atOnce = cached, atOnce
			one.name = map[bool]string{false: "without a cache", true: "with it"}[cached]
			if atOnce > 0 {
				one.rate = 200
				one.name += fmt.Sprintf(", %d visitors a second on a backend of %d queries at a time", one.rate, atOnce)
			}
			all = append(all, one)
		}
	}
	return all
}

func TestAHotQueryIsAnsweredOnceForEverybody(t *testing.T) {
	if *full {
		t.Log("about 3 minutes")
		t.Log("| | visitors | answered | queries at the backend | at once, at most | p50 | p99 | p50 from 5 s on | p99 from 5 s on |")
	}
	for _, one := range trials() {
		b := startBackend(t, one.query, one.atOnce)
		room := map[string]string{"rate": "1000000/h", "burst": "1000"}
		if one.cached {
			room["cache"] = "[{paths: ['/slots/*'], ttl: 1s, stale: 30s}]"
		}
		g := gateway.Start(t, gateway.Options{Binary: binary, Backend: b.URL, Room: room})
		inside := 10
		if *full {
			inside = 100
		}
		v := enter(t, g, inside)
		r := v.come(one)
		c := b.counted(t)
		queries, most := c.Queries, c.Most
		t.Logf("| %s | %d | %d | %d | %d | %s | %s | %s | %s |", one.name, r.came, r.answered(), queries, most,
			r.at(0.5, 0), r.at(0.99, 0), r.at(0.5, one.warm), r.at(0.99, one.warm))
		if err := g.Stop(t); err != nil {
			t.Error(err)
		}
		b.Close()
		if r.wrong > 0 {
			t.Errorf("%s: %d answers were another's or broken", one.name, r.wrong)
		}
		if !one.cached && !*full && queries != r.came {
			t.Errorf("%s: %d visitors were %d queries", one.name, r.came, queries)
		}
		// One to begin with, and one for each time that an answer has become old.
		limit := 2 + int(r.took/time.Second)
		if one.cached && (r.answered() != r.came || queries > limit || most > 1) {
			t.Errorf("%s: %d of %d answered; %d queries, at most %d wanted; %d at once", one.name, r.answered(), r.came, queries, limit, most)
		}
	}
}
