package proxy_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"testing"

	"waitroom/queue"
)

// seconds are the members by which a program counts down without a clock of its own.
type seconds struct {
	RetryAfter *int64 `json:"retry_after"`
	OpensIn    *int64 `json:"opens_in"`
	NextWindow struct {
		OpensIn *int64 `json:"opens_in"`
	} `json:"next_window"`
}

func (a answer) seconds(t *testing.T) (s seconds) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	if field := a.Header.Get("Retry-After"); (field == "") != (s.RetryAfter == nil) || s.RetryAfter != nil && strconv.FormatInt(*s.RetryAfter, 10) != field {
		t.Errorf("Retry-After is %q, and in the body of %d stands %s", field, a.StatusCode, a.body)
	}
	return s
}

func TestProgramsAreToldInSecondsWhatTheyWaitFor(t *testing.T) {
	r := beginIdentified(t, settings{rules: func(r *queue.Rules) { r.OpensAt = evening + hour }}, nil)
	f := func(a answer, want int64) {
		t.Helper()
		got := a.seconds(t).OpensIn
		if want == 0 && got != nil || want != 0 && (got == nil || *got != want) {
			t.Errorf("want %d: %s", want, a.body)
		}
	}
	login := func() answer { return r.app().get("/.waitroom/" + room + "/login") }
	f(login(), 3600)
	f(r.app().call("join"), 3600)
	r.pass(second / 2)
	f(login(), 3600)
	r.pass(hour - second)
	f(login(), 1)
	r.pass(second / 2)
	f(login(), 0)
}

func TestProgramsAreToldInSecondsWhenToComeAgain(t *testing.T) {
	r := scheduled(t, false)
	d := r.desks[0]
	bring := func(who string, before func(*knobs)) answer {
		app := r.app()
		begun := app.ask("/.waitroom/"+room+"/login/one", map[string]string{"redirect": "kr.example.app:/login"}).begun(t)
		back, _ := url.Parse(d.logIn(t, begun.URL, who))
		q := back.Query()
		d.turn(before)
		return app.ask("/.waitroom/"+room+"/login/one/callback", map[string]string{"flow": begun.Flow, "code": q.Get("code"), "state": q.Get("state"), "iss": q.Get("iss")},
			"Waitroom-Device", begun.Device)
	}
	if s := bring("person=13", func(*knobs) {}).seconds(t); s.NextWindow.OpensIn == nil || *s.NextWindow.OpensIn != 24*3600 {
		t.Errorf("%+v", s)
	}
	r.browser().verified(d, "person=2")
	a := bring("person=2", func(*knobs) {})
	if s := a.seconds(t); s.RetryAfter == nil || *s.RetryAfter != 600 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if s := bring("person=12", func(k *knobs) { k.Down = true }).seconds(t); s.RetryAfter == nil {
		t.Errorf("%+v", s)
	}
}

func TestALongLockIsAskedAboutNowAndThen(t *testing.T) {
	r := beginIdentified(t, settings{}, func(i *waitingIdentity) { i.Lock = 5 * hour })
	r.browser().verified(r.desks[0], "person=9").get("/book").wantInside(t, "/book")
	p, q := r.browser().verified(r.desks[0], "person=1"), r.browser()
	for range 13 { // the ticket lives for as long as it is shown
		r.pass(24 * minute)
		p.call("status")
		r.tick()
	}
	q.verified(r.desks[0], "person=1")
	for _, call := range []string{"status", "join", "enter"} {
		if s := p.call(call).seconds(t); s.RetryAfter == nil || *s.RetryAfter != 600 {
			t.Errorf("%s: %v", call, s.RetryAfter)
		}
	}
}
