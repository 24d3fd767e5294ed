package traffic

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// scrape is the metrics as Prometheus would read them.
func scrape(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatalf("gather: %v", err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	return b.String()
}

func TestWhatWasCountedIsScraped(t *testing.T) {
	tr := New()
	r := tr.Room("booking")
	r.Request(Passed)
	r.Request(Passed)
	r.Request(Polled)
	r.Refuse(OtherDevice)
	r.Answer(200, 3*time.Millisecond)
	r.Answer(302, time.Millisecond) // a bound belongs to its bucket
	r.Answer(503, time.Minute)
	r.Answer(0, -time.Second) // no status, and a clock that went back
	r.InFlight(3)
	r.InFlight(-1)
	tr.Room("").Refuse(UnknownHost)
	text := scrape(t, tr)
	for _, line := range []string{
		`waitroom_requests_total{room="booking",verdict="passed"} 2`,
		`waitroom_requests_total{room="booking",verdict="polled"} 1`,
		`waitroom_requests_total{room="booking",verdict="refused"} 1`,
		`waitroom_requests_total{room="booking",verdict="queued"} 0`,
		`waitroom_refusals_total{reason="other_device",room="booking"} 1`,
		`waitroom_refusals_total{reason="unknown_host",room=""} 1`,
		`waitroom_backend_responses_total{class="2xx",room="booking"} 1`,
		`waitroom_backend_responses_total{class="5xx",room="booking"} 2`,
		`waitroom_backend_latency_seconds_bucket{room="booking",le="0.001"} 2`,
		`waitroom_backend_latency_seconds_bucket{room="booking",le="0.005"} 3`,
		`waitroom_backend_latency_seconds_bucket{room="booking",le="30"} 3`,
		`waitroom_backend_latency_seconds_bucket{room="booking",le="+Inf"} 4`,
		`waitroom_backend_latency_seconds_sum{room="booking"} 60.004`,
		`waitroom_backend_in_flight{room="booking"} 2`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
}

func TestEveryVerdictAndReasonHasAName(t *testing.T) {
	seen := map[string]bool{}
	f := func(name string) {
		t.Helper()
		if name == "" || name == "other" || seen[name] {
			t.Errorf("%q is empty, unknown or used twice", name)
		}
		seen[name] = true
	}
	for v := range verdicts {
		f(v.String())
	}
	for r := range reasons {
		f(r.String())
	}
	if got := Reason(200).String(); got != "other" {
		t.Errorf("an unknown reason is called %q", got)
	}
}

func TestCountingFromManyGoroutinesLosesNothing(t *testing.T) {
	tr := New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := tr.Room("booking")
			for range 1000 {
				r.Request(Queued)
				r.Answer(200, time.Millisecond)
			}
		})
	}
	wg.Wait()
	text := scrape(t, tr)
	for _, line := range []string{`verdict="queued"} 8000`, `class="2xx",room="booking"} 8000`, `latency_seconds_count{room="booking"} 8000`} {
		if !strings.Contains(text, line) {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
}

func TestCountingAllocatesNothing(t *testing.T) {
	r := New().Room("booking")
	got := testing.AllocsPerRun(100, func() {
		r.Request(Passed)
		r.Refuse(BadPass)
		r.Answer(200, time.Millisecond)
	})
	if got != 0 {
		t.Errorf("counting a request allocates %v times", got)
	}
}
