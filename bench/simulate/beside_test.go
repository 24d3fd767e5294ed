package simulate_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// The scale of TestARealOpeningBesideTheSimulated; docs/planning.md shows larger ones.
var (
	besideVisitors = flag.Int("visitors", 400, "how many visitors come to the real gateway")
	besideRate     = flag.Float64("rate", 25, "how many of them enter in a second")
	besideOver     = flag.Duration("over", 3*time.Second, "how long they come")
	besideShowUp   = flag.Float64("showup", 0.8, "the share that shows up")
	besideStore    = flag.String("store", "embedded", "embedded or redis")
)

// visit is what one visitor saw.
type visit struct {
	came, entered time.Time
	polls         int
	shown         []estimate
	failed        error
}

// estimate is a range that was shown, in seconds.
type estimate struct {
	at        time.Time
	low, high float64
}

// answer is what visitors read.
type answer struct {
	State  string `json:"state"`
	Ticket string `json:"ticket"`
	Next   int64  `json:"next_poll_ms"`
	Wait   *struct {
		Low  float64 `json:"low"`
		High float64 `json:"high"`
	} `json:"eta_seconds"`
	EnterAt time.Time `json:"enter_at"`
}

// opened is a gateway and those who come to it.
type opened struct {
	g      *gateway.Gateway
	client *fasthttp.HostClient
}

func openReal(t *testing.T, store, rate string) *opened {
	t.Helper()
	binary, err := gateway.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := gateway.Options{Binary: binary, Backend: canary.Start(t).URL, Room: map[string]string{"rate": rate, "burst": "10"}}
	if store == "redis" {
		o.Redis = redistest.Start(t)
	}
	r := &opened{g: gateway.Start(t, o)}
	r.client = &fasthttp.HostClient{Addr: r.g.Visitors, MaxConns: 256, MaxConnWaitTimeout: time.Minute, ReadTimeout: time.Minute}
	t.Cleanup(r.client.CloseIdleConnections)
	return r
}

// call is one request of a visitor, as an app makes it.
func (r *opened) call(method, name string, ticket *string) (a answer, err error) {
	q, p := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(q)
	defer fasthttp.ReleaseResponse(p)
	q.Header.SetMethod(method)
	q.SetRequestURI(r.g.URL + "/.waitroom/" + gateway.Room + "/" + name)
	q.Header.SetUserAgent("waitroom-simulate")
	if *ticket != "" {
		q.Header.Set("Waitroom-Ticket", *ticket)
	}
	if err := r.client.Do(q, p); err != nil {
		return a, err
	}
	// A store that is busy is asked again, as the page does.
	if p.StatusCode() != 200 && p.StatusCode() != 409 && p.StatusCode() != 503 {
		return a, fmt.Errorf("%s: %d %s", name, p.StatusCode(), p.Body())
	}
	err = json.Unmarshal(p.Body(), &a)
	if a.Ticket != "" {
		*ticket = a.Ticket
	}
	return a, err
}

// visit comes, asks when told to, and enters; who does not show up closes the page at
// some moment of the wait that was shown first.
func (r *opened) visit(v *visit, showsUp bool) {
	ticket, quit := "", time.Time{}
	v.came = time.Now()
	a, err := r.call("POST", "join", &ticket)
	for ; err == nil && a.State != "admitted"; v.polls++ {
		now := time.Now()
		if a.Wait != nil {
			v.shown = append(v.shown, estimate{now, a.Wait.Low, a.Wait.High})
			if quit.IsZero() {
				quit = now.Add(time.Duration(rand.Float64() * (a.Wait.Low + a.Wait.High) / 2 * float64(time.Second)))
			}
		}
		pause := time.Duration(a.Next) * time.Millisecond
		if !showsUp && now.Add(pause).After(quit) {
			return
		}
		gateway.Pass(pause)
		if a, err = r.call("GET", "status", &ticket); err == nil && a.State == "called" {
			if !showsUp {
				return
			}
			a, err = r.call("POST", "enter", &ticket)
		}
	}
	v.entered, v.failed = a.EnterAt, err
	if err == nil && v.entered.Before(v.came) {
		v.entered = v.came // at once
	}
}

// TestARealOpeningBesideTheSimulated plays the same opening with the built program and
// in virtual time. What must agree is counts; times are shown.
func TestARealOpeningBesideTheSimulated(t *testing.T) {
	n := *besideVisitors
	r := openReal(t, *besideStore, strconv.FormatFloat(*besideRate, 'f', -1, 64)+"/s")
	visits := make([]visit, n)
	come := make([]time.Duration, n)
	for i := range come {
		come[i] = rand.N(*besideOver)
	}
	showUp := func(i int) bool { return math.Floor(float64(i+1)**besideShowUp) > math.Floor(float64(i)**besideShowUp) }
	var all sync.WaitGroup
	begin := time.Now()
	for i := range visits {
		all.Go(func() {
			gateway.Pass(come[i])
			r.visit(&visits[i], showUp(i))
		})
	}
	all.Wait()
	o := options(n, *besideRate, *besideShowUp)
	o.Crowd.Over = *besideOver
	simulated := run(t, o)

	var waits, shown, within []float64
	var last float64
	polls := 0
	for i := range visits {
		v := &visits[i]
		polls += v.polls
		if v.failed != nil && !t.Failed() {
			t.Errorf("visitor %d: %v", i, v.failed)
		}
		if showUp(i) && v.failed == nil && v.entered.IsZero() {
			t.Errorf("visitor %d came, waited and did not enter", i)
		}
		if v.entered.IsZero() {
			continue
		}
		waits, last = append(waits, v.entered.Sub(v.came).Seconds()), max(last, v.entered.Sub(begin).Seconds())
		for _, e := range v.shown {
			left := v.entered.Sub(e.at).Seconds()
			shown = append(shown, left)
			if left >= e.low && left <= e.high && left >= 10 {
				within = append(within, left)
			}
		}
	}
	slices.Sort(waits)
	at := func(share float64) float64 { return waits[min(len(waits)-1, int(share*float64(len(waits))))] }
	far, simFar, simWithin := 0, 0.0, 0.0
	for _, left := range shown {
		if left >= 10 {
			far++
		}
	}
	for _, a := range simulated.Estimates[1:] {
		simFar, simWithin = simFar+float64(a.Shown), simWithin+float64(a.Shown)*a.Within
	}
	t.Logf("%d visitors over %s, %g/s, %g show up, %s store\n"+
		"          entered   p5     p50    p95    p99    longest  last in  polls    within, of those shown 10 s or more before\n"+
		"real      %7d %7.1f %6.1f %6.1f %6.1f %6.1f %8.1f %8d   %.3f of %d\n"+
		"simulated %7d %7.1f %6.1f %6.1f %6.1f %6.1f %8.1f %8d   %.3f of %.0f",
		n, *besideOver, *besideRate, *besideShowUp, *besideStore,
		len(waits), at(.05), at(.5), at(.95), at(.99), at(1), last, polls, float64(len(within))/float64(max(1, far)), far,
		simulated.Entered, simulated.Wait.P5, simulated.Wait.P50, simulated.Wait.P95, simulated.Wait.P99,
		simulated.Wait.Max, simulated.LastEntry, simulated.Polls.Total, simWithin/math.Max(1, simFar), simFar)
	// Answers that take their time make fewer polls, and longer waits more.
	if ratio := float64(polls) / float64(simulated.Polls.Total); ratio < 0.6 || ratio > 1.6 {
		t.Errorf("%d polls, simulated %d", polls, simulated.Polls.Total)
	}
}

// TestWhatAnEntryCosts lets visitors come and enter, and shows how much CPU that took.
func TestWhatAnEntryCosts(t *testing.T) {
	const n = 3000
	r := openReal(t, *besideStore, "36,000,000/h")
	r.g.Set(t, map[string]any{"paused": true})
	tickets := make([]string, n)
	f := func(what string, do func(i int) error) {
		t.Helper()
		before := cpu(t, r.g)
		var all sync.WaitGroup
		for lane := range lanes {
			all.Go(func() {
				for i := lane; i < n; i += lanes {
					if err := do(i); err != nil {
						t.Errorf("%s: %v", what, err)
					}
				}
			})
		}
		all.Wait()
		t.Logf("%s: %.0f µs of the gateway's CPU each", what, (cpu(t, r.g)-before)/n*1e6)
	}
	f("join", func(i int) error {
		_, err := r.call("POST", "join", &tickets[i])
		return err
	})
	f("poll", func(i int) error {
		_, err := r.call("GET", "status", &tickets[i])
		return err
	})
	r.g.Set(t, map[string]any{"paused": false})
	gateway.Until(t, "everybody to be called", 30*time.Second, func() bool { return r.g.Room(t).Calls == n })
	f("enter", func(i int) error {
		a, err := r.call("POST", "enter", &tickets[i])
		if err == nil && a.State != "admitted" {
			err = fmt.Errorf("the state is %s", a.State)
		}
		return err
	})
}

var cpuSeconds = regexp.MustCompile(`(?m)^process_cpu_seconds_total (\S+)$`)

// cpu is the CPU time that the gateway has taken.
func cpu(t *testing.T, g *gateway.Gateway) float64 {
	t.Helper()
	m := cpuSeconds.FindStringSubmatch(g.Metrics(t))
	if m == nil {
		t.Fatal("the metrics have no CPU time")
	}
	seconds, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds
}
