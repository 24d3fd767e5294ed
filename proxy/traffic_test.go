package proxy_test

import (
	"net/url"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"waitroom/bench/provider"
)

// counted is one counter as Prometheus reads it.
func (r *rig) counted(name, label string) (n float64) {
	r.t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(r.traffic)
	families, err := registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() != name {
				continue
			}
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["verdict"] == label || labels["reason"] == label || labels["class"] == label {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n
}

func TestEveryRequestIsCountedAsWhatItWas(t *testing.T) {
	r := begin(t, settings{})
	f := func(metric, label string, do func()) {
		t.Helper()
		before := r.counted(metric, label)
		if do(); r.counted(metric, label) != before+1 {
			t.Errorf("%s %s was %v, is %v", metric, label, before, r.counted(metric, label))
		}
	}
	const requests, refusals = "waitroom_requests_total", "waitroom_refusals_total"
	p, stranger := r.browser(), r.app()
	f(requests, "entered", func() { r.browser().get("/book") })
	f("waitroom_backend_responses_total", "2xx", func() { r.pass(minute); r.browser().get("/book") })
	f(requests, "queued", func() { p.get("/book") })
	f(requests, "polled", func() { p.get("/.waitroom/booking/status") })
	f(requests, "joined", func() { p.do("POST", "/.waitroom/booking/join") })
	f(refusals, "not_called", func() { p.do("POST", "/.waitroom/booking/enter") })
	f(refusals, "bad_ticket", func() { stranger.get("/.waitroom/booking/status") })
	f(refusals, "bad_method", func() { stranger.get("/.waitroom/booking/join") })
	f(refusals, "malformed", func() { stranger.get("/a%2fb") })
	r.turn()
	f(requests, "entered", func() { p.do("POST", "/.waitroom/booking/enter") })
	f(requests, "passed", func() { p.get("/book") })
	f(requests, "left", func() { stranger.do("POST", "/.waitroom/booking/leave") })
	late := r.called()
	r.out(failed)
	f(refusals, "store_away", func() { late.do("POST", "/.waitroom/booking/enter") })
}

func TestRefusalsAboutPersonsAreCountedAsWhatTheyWere(t *testing.T) {
	r := scheduled(t, false)
	f := func(label string, do func()) {
		t.Helper()
		before := r.counted("waitroom_refusals_total", label)
		if do(); r.counted("waitroom_refusals_total", label) != before+1 {
			t.Errorf("%s was %v, is %v", label, before, r.counted("waitroom_refusals_total", label))
		}
	}
	f("unverified", func() { r.browser().call("join") })
	r.desks[0].demo.Turn(func(k *provider.Knobs) { k.Fail = 1 })
	f("unverified", func() { r.browser().verify(r.desks[0], "person=12", "/book") })
	app, begin := r.app(), "/.waitroom/"+room+"/login/one"
	begun := app.ask(begin, map[string]string{"redirect": "kr.example.app:/login"}).begun(t)
	back, _ := url.Parse(r.desks[0].logIn(t, begun.URL, "person=12"))
	q := back.Query()
	answer := map[string]string{"flow": begun.Flow, "code": q.Get("code"), "state": q.Get("state"), "iss": q.Get("iss")}
	f("unverified", func() { app.ask(begin+"/callback", answer, "Waitroom-Device", begun.Device).want(t, 503, "identify") })
	r.desks[0].demo.Turn(func(k *provider.Knobs) { k.Fail = 0 })
	f("not_eligible", func() { r.browser().verify(r.desks[0], "person=13", "/book") })
	r.browser().verified(r.desks[0], "person=12")
	f("held_elsewhere", func() { r.browser().verify(r.desks[0], "person=12", "/book") })
}
