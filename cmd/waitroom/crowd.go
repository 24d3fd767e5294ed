package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// crowd is the demo's simulated visitors. They come as apps do, through the same
// calls as everybody: they join, poll when they are told to, and enter; a fifth of
// them has given up by then. They decide nothing and know nothing of the line.
type crowd struct {
	url, room string
	size      int
	client    *http.Client
	visitors  sync.WaitGroup
	people    *people // who they are; nil is nobody
}

func newCrowd(url, room string, size int) *crowd {
	return &crowd{url: url, room: room, size: size, client: &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 16},
	}}
}

// crowdEvery is how often one more visitor comes while too few are waiting.
const crowdEvery = 200 * time.Millisecond

// run keeps so many visitors waiting until the context ends.
func (c *crowd) run(ctx context.Context) {
	waiting := make(chan struct{}, max(1, c.size))
	ticker := time.NewTicker(crowdEvery)
	defer ticker.Stop()
	defer c.client.CloseIdleConnections()
	defer c.visitors.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if c.size <= 0 {
			continue
		}
		select {
		case waiting <- struct{}{}:
			c.visitors.Go(func() {
				defer func() { <-waiting }()
				c.visit(ctx)
			})
		default:
		}
	}
}

// told is what a visitor reads of an answer.
type told struct {
	State  string `json:"state"`
	Ticket string `json:"ticket"`
	Next   int64  `json:"next_poll_ms"`
}

// visit is the life of one visitor.
func (c *crowd) visit(ctx context.Context) {
	ticket, device := "", ""
	call := func(method, name string) (told, bool) {
		var t told
		r, err := http.NewRequestWithContext(ctx, method, c.url+"/.waitroom/"+c.room+"/"+name, nil)
		if err != nil {
			return t, false
		}
		r.Header.Set("User-Agent", "waitroom-demo")
		if ticket != "" {
			r.Header.Set("Waitroom-Ticket", ticket)
		}
		if device != "" {
			r.Header.Set("Waitroom-Device", device)
		}
		answer, err := c.client.Do(r)
		if err != nil {
			return t, false
		}
		defer func() { _ = answer.Body.Close() }()
		err = json.NewDecoder(answer.Body).Decode(&t)
		if t.Ticket != "" {
			ticket = t.Ticket
		}
		return t, err == nil
	}
	stays := rand.Float64() < 0.8 //nolint:gosec // a simulation
	if c.people != nil {
		var in told
		if in, device = c.verify(ctx, c.people.somebody(true)); in.Ticket == "" {
			return
		}
		ticket = in.Ticket
	}
	t, ok := call(http.MethodPost, "join")
	for ok && t.State != "admitted" {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(max(200, t.Next)) * time.Millisecond):
		}
		if t, ok = call(http.MethodGet, "status"); ok && t.State == "called" {
			if !stays {
				return
			}
			t, ok = call(http.MethodPost, "enter")
		}
	}
}
