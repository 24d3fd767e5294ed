package load

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// meter measures one kind of request: how many, how long, how much.
type meter struct {
	mu          sync.Mutex
	took        *hdrhistogram.Histogram
	sent, recvd int64
	failed      int64
	// first and last are when the first was due and the last was answered.
	first, last int64
	// inSecond are those answered in the current second, and most in any.
	second, inSecond, most int64
}

// The range and precision of latencies: microseconds to an hour, three digits.
const (
	longest = int64(time.Hour / time.Microsecond)
	digits  = 3
)

func (m *meter) open() { m.took = hdrhistogram.New(1, longest, digits) }

// sample is one request: moments in nanoseconds since the start, sizes in bytes.
type sample struct {
	due, done      int64
	sent, received int64
	failed         bool
}

func (m *meter) record(s sample) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.took.TotalCount() == 0 {
		m.first = s.due
	}
	m.first, m.last = min(m.first, s.due), max(m.last, s.done)
	// Within the range, so it cannot fail.
	_ = m.took.RecordValue(min(max(1, (s.done-s.due)/int64(time.Microsecond)), longest))
	m.sent += s.sent
	m.recvd += s.received
	if s.failed {
		m.failed++
	}
	if second := s.done / int64(time.Second); second > m.second {
		m.second, m.inSecond = second, 0
	}
	m.inSecond++
	m.most = max(m.most, m.inSecond)
}

// Latency is a distribution in milliseconds, counted from when requests were due.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

func latency(h *hdrhistogram.Histogram) Latency {
	ms := func(micro int64) float64 { return float64(micro) / 1000 }
	return Latency{ms(h.ValueAtQuantile(50)), ms(h.ValueAtQuantile(95)), ms(h.ValueAtQuantile(99)), ms(h.Max())}
}

// Kind is one kind of request in the report.
type Kind struct {
	// Name is join, poll, reload, enter, page or leave.
	Name  string `json:"name"`
	Count int64  `json:"count"`
	// PerSecond is from the first to the last of the kind, and Peak the most that were
	// answered in one second.
	PerSecond float64 `json:"per_second"`
	Peak      int64   `json:"peak_per_second"`
	Latency
	// Sent and Received are bytes with header fields; Failed those without the answer
	// that there should be, see Report.Failures.
	Sent     int64 `json:"bytes_sent"`
	Received int64 `json:"bytes_received"`
	Failed   int64 `json:"failed"`
}

func (m *meter) kind(name string) Kind {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := Kind{
		Name: name, Count: m.took.TotalCount(), Peak: m.most, Latency: latency(m.took),
		Sent: m.sent, Received: m.recvd, Failed: m.failed,
	}
	if span := time.Duration(m.last - m.first); span > 0 {
		k.PerSecond = float64(k.Count) / max(1, span.Seconds())
	}
	return k
}

// so is how many there were so far, and their 99th percentile in milliseconds.
func (m *meter) so() (n int64, p99 float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.took.TotalCount(), float64(m.took.ValueAtQuantile(99)) / 1000
}
