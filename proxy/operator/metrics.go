package operator

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"waitroom/queue"
)

// metric is one number of a view, as Prometheus sees it.
type metric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(v *queue.View) float64
}

func gauge(name, help string, value func(v *queue.View) float64) metric {
	return metric{prometheus.NewDesc("waitroom_"+name, help, []string{"room"}, nil), prometheus.GaugeValue, value}
}

func counter(name, help string, value func(v *queue.View) float64) metric {
	return metric{prometheus.NewDesc("waitroom_"+name, help, []string{"room"}, nil), prometheus.CounterValue, value}
}

// collector reads the views when it is scraped: no trip to the store.
type collector struct {
	rooms   func() []Room
	metrics []metric
}

// NewCollector is the metrics of the rooms. Rooms is called at every scrape.
// Counters start anew when the store has lost its state; Prometheus allows for that.
// With several gateways each shows the same rooms: take the max over them, not the sum.
func NewCollector(rooms func() []Room) prometheus.Collector {
	return &collector{rooms, []metric{
		gauge("waiting", "Visitors in the line.", func(v *queue.View) float64 { return float64(v.Waiting) }),
		gauge("called", "Visitors called that have not entered.", func(v *queue.View) float64 { return float64(v.Called) }),
		gauge("active", "Passes that are valid.", func(v *queue.View) float64 { return float64(v.Active) }),
		counter("arrivals_total", "Places given.", func(v *queue.View) float64 { return float64(v.Arrivals) }),
		counter("calls_total", "Visitors called.", func(v *queue.View) float64 { return float64(v.Calls) }),
		counter("entries_total", "Passes given.", func(v *queue.View) float64 { return float64(v.Entries) }),
		gauge("rate_per_hour", "The admit rate in force.", func(v *queue.View) float64 { return v.Control.RatePerHour }),
		gauge("paused", "1 while an operator lets nobody in.", func(v *queue.View) float64 { return truth(v.Control.Paused) }),
		gauge("sold_out", "1 while nothing is left to book.", func(v *queue.View) float64 { return truth(v.SoldOut()) }),
		gauge("quota", "Entries that this opening may have; 0 is no cap.", func(v *queue.View) float64 { return float64(v.Rules.Quota) }),
		gauge("sold", "Entries of this opening.", func(v *queue.View) float64 { return float64(v.Sold) }),
		gauge("recovering", "1 while places are put back after the store lost its state.", func(v *queue.View) float64 { return truth(v.Now() < v.RecoverUntil) }),
		gauge("calls_per_second", "The measured rate of calls.", func(v *queue.View) float64 { return v.CallsPerSecond }),
		gauge("show_up_ratio", "The share of those called that shows up.", func(v *queue.View) float64 { return v.Ratio }),
		gauge("view_age_seconds", "Age of what this gateway knows of the room; +Inf before the store has answered.", age),
		gauge("store_up", "0 while the store does not answer.", func(v *queue.View) float64 { return truth(!v.Away()) }),
	}}
}

func age(v *queue.View) float64 {
	if v.Epoch == "" {
		return math.Inf(1)
	}
	return v.Age().Seconds()
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var backendDesc = prometheus.NewDesc("waitroom_backend_up", "1 while the backend's address is healthy.", []string{"room", "address"}, nil)

// Describe is for prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		out <- m.desc
	}
	out <- backendDesc
}

// Collect is for prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	for _, room := range c.rooms() {
		v := room.Line.View()
		for _, m := range c.metrics {
			out <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(v), room.Name)
		}
		if room.Backends == nil {
			continue
		}
		for _, b := range room.Backends() {
			out <- prometheus.MustNewConstMetric(backendDesc, prometheus.GaugeValue, truth(b.Healthy), room.Name, b.Address)
		}
	}
}
