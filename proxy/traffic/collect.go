package traffic

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// byRoom is the labels of metrics that are split by room alone.
var byRoom = []string{"room"}

// The metrics, as they are described to Prometheus.
var (
	requestsDesc = prometheus.NewDesc("waitroom_requests_total", "Requests of visitors, by what became of them.", []string{"room", "verdict"}, nil)
	refusalsDesc = prometheus.NewDesc("waitroom_refusals_total", "Refused requests, by reason.", []string{"room", "reason"}, nil)
	answersDesc  = prometheus.NewDesc("waitroom_backend_responses_total", "Answers of the backend, by the class of their status.", []string{"room", "class"}, nil)
	latencyDesc  = prometheus.NewDesc("waitroom_backend_latency_seconds", "Time from forwarding a request to the head of the backend's answer.", byRoom, nil)
	cacheDesc    = prometheus.NewDesc("waitroom_cache_requests_total", "Requests to addresses that are answered once for everybody, by how they were.", []string{"room", "result"}, nil)
	fetchDesc    = prometheus.NewDesc("waitroom_cache_fetches_total", "Requests that the cache made of the backend, by what became of the answer.", []string{"room", "result"}, nil)
	bytesDesc    = prometheus.NewDesc("waitroom_cache_bytes", "Memory that the kept answers take.", byRoom, nil)
	inflightDesc = prometheus.NewDesc("waitroom_backend_in_flight", "Requests that wait for the backend now.", byRoom, nil)
)

// Describe is for prometheus.Collector.
func (t *Traffic) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestsDesc, refusalsDesc, answersDesc, latencyDesc, inflightDesc, cacheDesc, fetchDesc, bytesDesc} {
		out <- d
	}
}

// Collect is for prometheus.Collector. All label values are there from the start,
// at zero, so that rates can be computed from the first event on.
func (t *Traffic) Collect(out chan<- prometheus.Metric) {
	for _, r := range t.all() {
		r.collect(out)
	}
}

func (r *Room) collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, label string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), r.name, label)
	}
	for v := range verdicts {
		count(requestsDesc, r.requests[v].Load(), v.String())
	}
	for why := range reasons {
		count(refusalsDesc, r.refusals[why].Load(), why.String())
	}
	for class := range r.answers {
		count(answersDesc, r.answers[class].Load(), strconv.Itoa(class+1)+"xx")
	}
	out <- r.histogram()
	out <- prometheus.MustNewConstMetric(inflightDesc, prometheus.GaugeValue, float64(r.inflight.Load()), r.name)
	for result := range cacheResults {
		count(cacheDesc, r.cache.requests[result].Load(), result.String())
	}
	for result := range fetchResults {
		count(fetchDesc, r.cache.fetches[result].Load(), result.String())
	}
	out <- prometheus.MustNewConstMetric(bytesDesc, prometheus.GaugeValue, float64(r.cache.bytes.Load()), r.name)
}

// histogram makes cumulative buckets of the counters, as Prometheus wants them.
func (r *Room) histogram() prometheus.Metric {
	buckets := make(map[float64]uint64, len(bounds))
	var sum uint64
	for i, bound := range bounds {
		sum += r.latency[i].Load()
		buckets[bound.Seconds()] = sum
	}
	sum += r.latency[len(bounds)].Load()
	took := time.Duration(r.took.Load()).Seconds()
	return prometheus.MustNewConstHistogram(latencyDesc, sum, took, buckets, r.name)
}
