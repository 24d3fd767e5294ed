package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTheDemoVerifiesMadeUpPeople(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d := demo{listen: "127.0.0.1:0", operator: "127.0.0.1:0", rate: "60/min", verified: true, hasty: true}
	said, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx, out) }()
	site := ""
	for lines := bufio.NewScanner(said); site == "" && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "  Open     "); ok {
			site, _, _ = strings.Cut(rest, "/ ")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	c := newCrowd(site, "booking", 0)
	defer c.client.CloseIdleConnections()
	c.people = &people{desks: []desk{{name: "quick"}}, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	defer c.people.client.CloseIdleConnections()
	// Number 7 has priority, and may enter whoever's turn it is.
	in, device := c.verify(ctx, 7)
	if in.Ticket == "" || device == "" {
		t.Errorf("number 7: %+v", in)
	}
	if again, _ := c.verify(ctx, 7); again.State != "other_device" || again.Ticket != "" {
		t.Errorf("number 7 on another device: %+v", again)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
