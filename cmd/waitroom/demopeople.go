package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"waitroom/bench/provider"
	"waitroom/config"
	"waitroom/queue/schedule"
)

// people are the demo's identity providers, whom they know, and whose turn it is when. Nil knows nobody.
type people struct {
	desks   []desk
	origin  string
	hasty   bool
	zone    *time.Location
	began   time.Time
	windows []schedule.Window
	client  *http.Client
}

// desk is one provider.
type desk struct {
	name, korean, english, url string
	stop                       func()
}

// turn is how long a day of the rotation lasts where minutes are seconds, and turns, how many there are: some hours of them.
const (
	turn  = 30 * time.Second
	turns = 900
)

// appAddress is where the simulated visitors, which come as apps, take a provider's answer.
const appAddress = "http://127.0.0.1/answer"

// people runs the providers, where the demo has any.
func (d *demo) people() (*people, error) {
	if !d.verified {
		return nil, nil
	}
	listen, err := settle(d.listen)
	if err != nil {
		return nil, err
	}
	d.listen = listen
	zone := written(time.Local)
	p := &people{origin: originOf(listen), hasty: d.hasty, zone: zone, began: time.Now().In(zone).Truncate(time.Second), client: &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for i := range turns {
		from := p.began.Add(time.Duration(i) * turn)
		p.windows = append(p.windows, schedule.Window{Kind: schedule.Rotation, Digits: 1 << p.digit(from), From: from, Until: from.Add(turn)})
	}
	for _, one := range []struct {
		desk
		knobs provider.Knobs
	}{
		{desk{name: "quick", korean: "빠른 인증", english: "Quick"}, provider.Knobs{}},
		{desk{name: "slow", korean: "느린 인증", english: "Slow"}, provider.Knobs{Delay: 800 * time.Millisecond, PageDelay: time.Second}},
		{desk{name: "crowded", korean: "붐비는 인증", english: "Crowded"}, provider.Knobs{Delay: 300 * time.Millisecond, Fail: 0.4}},
	} {
		if err := p.open(one.desk, one.knobs); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

// originOf is where visitors come to an address: browsers leave out the port that http has anyway.
func originOf(listen string) string { return "http://" + strings.TrimSuffix(listen, ":80") }

// written is a zone that a configuration can name: this machine's, where that has a name.
func written(local *time.Location) *time.Location {
	if local.String() == "Local" {
		return time.UTC
	}
	return local
}

// settle finds a port for an address without one: providers have to know where people come back to.
func settle(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listen: %w; is another gateway running there?", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// open runs one provider on a free port.
func (p *people) open(d desk, knobs provider.Knobs) error {
	made, stop, err := provider.Serve("127.0.0.1:0", provider.Config{
		Korean: d.korean, English: d.english, ClientID: "demo", ClientSecret: "demo", Persons: 20,
		Redirects: []string{p.origin + "/.waitroom/login/" + d.name + "/callback", appAddress},
	})
	if err != nil {
		return err
	}
	made.Turn(func(k *provider.Knobs) { *k = knobs })
	d.url, d.stop = made.Issuer(), stop
	p.desks = append(p.desks, d)
	return nil
}

func (p *people) close() {
	if p == nil {
		return
	}
	p.client.CloseIdleConnections()
	for _, d := range p.desks {
		d.stop()
	}
}

// digit is whose turn it is at an instant: that of the date, or, where minutes are seconds, the next one each half minute.
func (p *people) digit(at time.Time) int {
	if !p.hasty {
		return at.In(p.zone).Day() % 10
	}
	return (p.began.Day() + int(at.Sub(p.began)/turn)) % 10
}

// config is what the demo's configuration has for them.
func (p *people) config() string {
	if p == nil {
		return ""
	}
	lock := "10m"
	if p.hasty {
		lock = "10s"
	}
	first, last := p.began.Format(time.DateOnly), p.began.AddDate(0, 0, 9).Format(time.DateOnly)
	text := fmt.Sprintf(`    identity: required
    device_lock: %s
    eligibility:
      zone: %s
      groups: [{name: priority, claim: priority_group, in: ["y"]}]
      windows:
        - {kind: rotation, first: %s, last: %s, opens: "00:00", closes: "00:00"}
        - {kind: group, group: priority, from: %sT00:00, until: %sT00:00}
identity:
  origin: %s
  providers:
`, lock, p.zone, first, last, first, last, p.origin)
	for _, d := range p.desks {
		text += fmt.Sprintf("    - {name: %s, label: {ko: %s, en: %s}, issuer: %q, client_id: demo, client_secret: demo, algorithms: [ES256], app_redirects: [%q]}\n",
			d.name, d.korean, d.english, d.url, appAddress)
	}
	return text
}

// eligible is the schedule of the configuration, or, where minutes are seconds, the one that no configuration can say.
func (p *people) eligible(c *config.Room) (*schedule.Schedule, error) {
	if p == nil || !p.hasty {
		return eligibility(c)
	}
	all := append(p.windows, schedule.Window{Kind: schedule.Group, From: p.began, Until: p.began.Add(turns * turn)})
	return schedule.New(p.zone, schedule.Span{}, all)
}

// somebody is one of a million, none of the priority group: whose turn it is, or not.
func (p *people) somebody(due bool) int {
	digit := p.digit(time.Now())
	if !due {
		digit = (digit + 5) % 10
	}
	return 1010 + 20*rand.N(50_000) + digit //nolint:gosec // a simulation
}

// passBy lets people be verified who may not enter now: a hundred times as many come as there is room for.
func (p *people) passBy(ctx context.Context, c *crowd) {
	if p == nil {
		return
	}
	ticker := time.NewTicker(crowdEvery)
	defer ticker.Stop()
	defer c.visitors.Wait()
	busy := make(chan struct{}, 40)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		select {
		case busy <- struct{}{}:
			c.visitors.Go(func() {
				defer func() { <-busy }()
				c.verify(ctx, p.somebody(false))
			})
		default:
		}
	}
}

var errNotSent = errors.New("the provider sent nobody back")

// verify is how an app verifies its person, at any of the providers.
func (c *crowd) verify(ctx context.Context, who int) (in told, device string) {
	d := c.people.desks[rand.N(len(c.people.desks))] //nolint:gosec // a simulation
	login := c.url + "/.waitroom/" + c.room + "/login/" + d.name
	var begun struct{ URL, Flow, Device string }
	if err := c.post(ctx, login, "", map[string]string{"redirect": appAddress}, &begun); err != nil || begun.URL == "" {
		return told{}, ""
	}
	back, err := c.logIn(ctx, begun.URL+"&person="+strconv.Itoa(who))
	if err != nil {
		return told{}, ""
	}
	err = c.post(ctx, login+"/callback", begun.Device, map[string]string{
		"flow": begun.Flow, "code": back.Get("code"), "state": back.Get("state"), "iss": back.Get("iss"),
	}, &in)
	if err != nil {
		return told{}, ""
	}
	return in, begun.Device
}

// logIn is what happens at the provider's page.
func (c *crowd) logIn(ctx context.Context, address string) (url.Values, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.people.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	_, query, ok := strings.Cut(answer.Header.Get("Location"), "?")
	if !ok {
		return nil, errNotSent
	}
	return url.ParseQuery(query)
}

// post makes a call with a JSON body.
func (c *crowd) post(ctx context.Context, address, device string, body, to any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("User-Agent", "waitroom-demo")
	r.Header.Set("Content-Type", "application/json")
	if device != "" {
		r.Header.Set("Waitroom-Device", device)
	}
	answer, err := c.people.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(to)
}

// verifying says what there is to try with identity.
func (d *demo) verifying() string {
	if !d.verified {
		return ""
	}
	lock, day := "ten minutes", "the day"
	if d.hasty {
		lock, day = "ten seconds", "the half minute"
	}
	return strings.NewReplacer("LOCK", lock, "DAY", day).Replace(`
  Who comes says first who they are, to one of three made-up providers:

    the lights       one is quick, one slow, one crowded: watch the lights on the page for a minute
    the rotation     choose somebody by the last digit of their birthday: who is not due learns
                     when they are, as a calendar file, too; it is their turn on DAY of their digit
    the group        number 7 has priority, and may enter always
    one device       verify the same person in a second browser: refused for LOCK; then it takes
                     over, with the same place, and the first browser is told
    passing it on    copy the address that a provider sends you back to into another browser
    a provider out   WAITROOM provider pause quick
`)
}
