package lights

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// byProvider is the labels of metrics that are split by provider alone: names of the configuration.
var byProvider = []string{"provider"}

// The metrics, as they are described to Prometheus.
var (
	startedDesc  = prometheus.NewDesc("waitroom_identity_started_total", "Visitors sent to the provider's page.", byProvider, nil)
	finishedDesc = prometheus.NewDesc("waitroom_identity_finished_total", "Verifications that ended, by what became of them.", []string{"provider", "result"}, nil)
	returnDesc   = prometheus.NewDesc("waitroom_identity_return_seconds", "Time from the start of a verification to the return of a visitor who was verified.", byProvider, nil)
	askDesc      = prometheus.NewDesc("waitroom_identity_ask_seconds", "Time that calls to the provider's own servers took.", byProvider, nil)
	failedDesc   = prometheus.NewDesc("waitroom_identity_ask_failures_total", "Calls to the provider's own servers that were not answered.", byProvider, nil)
	waitingDesc  = prometheus.NewDesc("waitroom_identity_waiting", "Calls to the provider's own servers that are under way now.", byProvider, nil)
	lightDesc    = prometheus.NewDesc("waitroom_identity_light", "The provider's light: 0 smooth, 1 delayed, 2 congested, 3 down.", byProvider, nil)
	pausedDesc   = prometheus.NewDesc("waitroom_identity_paused", "1 while an operator has taken the provider out.", byProvider, nil)
	staleDesc    = prometheus.NewDesc("waitroom_identity_lights_stale", "1 while the lights are old, because the store does not answer.", nil, nil)
)

// Describe is for prometheus.Collector.
func (b *Board) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{startedDesc, finishedDesc, returnDesc, askDesc, failedDesc, waitingDesc, lightDesc, pausedDesc, staleDesc} {
		out <- d
	}
}

// Collect is for prometheus.Collector. All label values are there from the start, at zero, so that rates can be computed from the
// first event on. Counters are this gateway's; lights and pauses are the same on all.
func (b *Board) Collect(out chan<- prometheus.Metric) {
	flows, shown := *b.flows.Load(), b.Lights()
	for _, p := range shown.Providers {
		out <- gauge(lightDesc, float64(p.Light), p.Name)
		out <- gauge(pausedDesc, truth(p.Paused), p.Name)
		if f := flows[p.Name]; f != nil {
			f.collect(out)
		}
	}
	if len(shown.Providers) > 0 {
		out <- gauge(staleDesc, truth(shown.Stale))
	}
}

func (f *flow) collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), append([]string{f.name}, labels...)...)
	}
	count(startedDesc, f.started.Load())
	for i := range f.finished {
		count(finishedDesc, f.finished[i].Load(), string(results[i]))
	}
	count(failedDesc, f.failures.Load())
	out <- gauge(waitingDesc, float64(f.waiting.Load()), f.name)
	out <- cumulative(returnDesc, f.name, returnBounds[:], f.returns.buckets[:], f.returns.took.Load())
	out <- cumulative(askDesc, f.name, askBounds[:], f.asks.buckets[:], f.asks.took.Load())
}

// cumulative makes a histogram of the counters, as Prometheus wants it.
func cumulative(d *prometheus.Desc, name string, bounds []time.Duration, counts []atomic.Uint64, took int64) prometheus.Metric {
	buckets := make(map[float64]uint64, len(bounds))
	var sum uint64
	for i := range bounds {
		sum += counts[i].Load()
		buckets[bounds[i].Seconds()] = sum
	}
	sum += counts[len(bounds)].Load()
	return prometheus.MustNewConstHistogram(d, sum, time.Duration(took).Seconds(), buckets, name)
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
