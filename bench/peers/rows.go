package main

import (
	"path/filepath"
	"time"

	"waitroom/bench/measure"
)

// task is what the visitors of a comparison do.
type task int

const (
	fetch    task = iota // pages behind the gate, with a pass
	fetchBig             // the same with large pages
	keep                 // the same as fetch, and keep the successors of their passes
	poll                 // ask for their standing, with a ticket
	joining              // come for the first time
	alone                // come for the first time, one at a time
	stay                 // poll once, and keep the connection open
)

// row is one comparison.
type row struct {
	name string
	task task
	a, b string
	// target is what the ratio is to be at most; 0 is for comparisons without one. A
	// control compares a server with itself: its ratio is to be 1, and how far it is from
	// that is what the others can be trusted to.
	target  float64
	control bool
	// defence says that the gateway is compared with itself without a defence.
	defence bool
}

// rows are all comparisons, in the order of the table.
func rows() []row {
	return []row{
		{name: "control: a bare fasthttp proxy beside another", task: fetch, a: "bare", b: "bare again", control: true},
		{name: "control: a gateway beside another", task: fetch, a: "gateway", b: "gateway again", control: true},
		{name: "forwarded, 1 KiB, beside a bare fasthttp proxy", task: fetch, a: "gateway", b: "bare", target: 1.20},
		{name: "forwarded, 1 KiB, beside net/http's ReverseProxy", task: fetch, a: "gateway", b: "net/http", target: 0.45},
		{name: "forwarded, 1 KiB, beside Caddy", task: fetch, a: "gateway", b: "caddy", target: 0.30},
		{name: "forwarded, 1 KiB, beside nginx", task: fetch, a: "gateway", b: "nginx", target: 1.65},
		{name: "forwarded, 1 KiB, beside HAProxy", task: fetch, a: "gateway", b: "haproxy"},
		{name: "forwarded, 64 KiB, beside a bare fasthttp proxy", task: fetchBig, a: "gateway", b: "bare"},
		{name: "forwarded, 64 KiB, beside nginx", task: fetchBig, a: "gateway", b: "nginx", target: 1.00},
		{name: "poll, beside fasthttp's hello world", task: poll, a: "gateway polled", b: "hello", target: 1.40},
		{name: "poll, beside nginx's `return 200`", task: poll, a: "gateway polled", b: "nginx"},
		{name: "arrival, beside one EVALSHA for each", task: joining, a: "gateway joined", b: "gateway one by one", target: 0.65},
		{name: "arrival, beside fasthttp's hello world", task: joining, a: "gateway joined", b: "hello", target: 1.60},
		{name: "arrival with one client, beside one EVALSHA for each", task: alone, a: "gateway joined", b: "gateway one by one"},
		{name: "memory of an idle connection", task: stay},
		{name: "passes of devices with a key, beside cookies with `key: off`", task: fetch, a: "gateway keyed", b: "gateway keyless", defence: true},
		{name: "`bind_address: prefix`, beside off", task: fetch, a: "gateway by network", b: "gateway", defence: true},
		{name: "`rotate: 1s`, beside 1h, with 500 visitors who take every successor", task: keep, a: "gateway rotating", b: "gateway", defence: true},
		{name: "`dbsc: prefer` with bound cookies, beside off", task: fetch, a: "gateway bound", b: "gateway", defence: true},
		{name: "an arrival with limits by device, address and network, beside none", task: joining, a: "gateway limited", b: "gateway unlimited", defence: true},
	}
}

const (
	// connections are open at a time for each side; arrivals come in a rush.
	connections       = 64
	rushedConnections = 128
	// warmUp comes before the rounds, and is not measured.
	warmUp = time.Second
)

// load is what wrk sends to one side.
func (s *stage) load(r row, at *server, letter, people string, each time.Duration) measure.Load {
	l := measure.Load{URL: "http://" + at.addr, Connections: connections, Duration: each, Core: otherCore}
	switch r.task {
	case fetch, fetchBig, keep:
		l.URL += "/" + letter + "/1k"
		if r.task == fetchBig {
			l.URL = l.URL[:len(l.URL)-2] + "64k"
		}
		l.Fields, l.Script, l.Args = pageFields, filepath.Join(s.dir, "visitors.lua"), []string{people}
		if r.task == keep {
			l.Script = filepath.Join(s.dir, "successors.lua")
		}
	case poll:
		l.URL += "/.waitroom/" + roomName + "/status"
		l.Fields, l.Script, l.Args = scriptFields, filepath.Join(s.dir, "visitors.lua"), []string{people}
	case joining, alone:
		l.URL += "/.waitroom/" + roomName + "/join"
		l.Fields, l.Script, l.Connections = scriptFields, filepath.Join(s.dir, "joins.lua"), rushedConnections
		if r.task == alone {
			l.Connections = 1
		}
	}
	return l
}

// size is what each answer holds at least.
func (r row) size() int64 {
	switch r.task {
	case fetch, keep:
		return small
	case fetchBig:
		return large
	}
	return hello / 2
}
