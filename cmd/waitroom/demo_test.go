package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/queue/schedule"
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

func TestTheDemosDayIsThatOfItsRooms(t *testing.T) {
	seoul := time.FixedZone("Asia/Seoul", 9*3600)
	f := func(why string, local *time.Location) {
		t.Helper()
		at := time.Date(2026, 11, 23, 1, 0, 0, 0, seoul).In(local)
		p := &people{origin: originOf("127.0.0.1:80"), desks: []desk{{name: "one", korean: "하나", english: "One", url: "http://127.0.0.1:9"}}, zone: written(local), began: at.In(written(local))}
		d := demo{listen: "127.0.0.1:80", operator: "127.0.0.1:0", rate: "60/min"}
		c, err := d.config(t.TempDir(), "http://127.0.0.1:9", p)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.eligible(&c.Rooms[0])
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Decide(schedule.Facts{Digit: p.digit(at)}, at.UnixMicro()); !v.Allowed {
			t.Errorf("%s: whose turn it is to the demo may not enter: %+v", why, v)
		}
	}
	f("a zone with a name", seoul)
	f("one of this machine's own, in which it is tomorrow already", time.FixedZone("Local", 9*3600))
}
