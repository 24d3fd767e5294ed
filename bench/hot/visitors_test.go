package hot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/bench/gateway"
)

// patience is how long a visitor waits for an answer.
const patience = 35 * time.Second

// visitors are inside, and ask.
type visitors struct {
	client  *fasthttp.HostClient
	cookies []string
}

// enter lets n visitors into the room.
func enter(t *testing.T, g *gateway.Gateway, n int) *visitors {
	t.Helper()
	v := &visitors{client: &fasthttp.HostClient{
		Addr: g.Visitors, MaxConns: 1 << 17, ReadTimeout: patience, MaxIdleConnDuration: time.Minute,
		RetryIfErr: func(*fasthttp.Request, int, error) (bool, bool) { return false, false },
	}}
	t.Cleanup(v.client.CloseIdleConnections)
	for range n {
		one := gateway.NewVisitor(g.URL)
		gateway.Until(t, "a visitor to be inside", 20*time.Second, func() bool { return one.Navigate(t, "/").Body == "welcome" })
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(one.Cookies)) {
			pairs = append(pairs, name+"="+one.Cookies[name])
		}
		v.cookies = append(v.cookies, strings.Join(pairs, "; "))
	}
	return v
}

// result is what came of the visitors of a trial.
type result struct {
	mu    sync.Mutex
	came  int
	wrong int
	took  time.Duration
	waits []wait
}

// wait is one answered visitor: when he was due, and how long he waited.
type wait struct {
	due, waited time.Duration
	answered    bool
}

// come lets visitors come by the clock.
func (v *visitors) come(one trial) *result {
	r := &result{came: int(one.lasts.Seconds() * float64(one.rate))}
	began := time.Now()
	each := time.Second / time.Duration(one.rate)
	var all sync.WaitGroup
	for i := range r.came {
		due := time.Duration(i) * each
		if ahead := due - time.Since(began); ahead > 0 {
			<-time.After(ahead)
		}
		all.Go(func() {
			answered, wrong := v.ask(i)
			r.add(wait{due, time.Since(began) - due, answered}, wrong)
		})
	}
	all.Wait()
	r.took = time.Since(began)
	return r
}

// ask is one visitor's query. wrong is an answer that is neither the slots nor a failure.
func (v *visitors) ask(i int) (answered, wrong bool) {
	q, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(q)
	defer fasthttp.ReleaseResponse(a)
	q.SetRequestURI("http://" + v.client.Addr + "/slots/2021-08-12?centre=gangnam")
	q.Header.Set("User-Agent", gateway.Agent)
	q.Header.Set("Cookie", v.cookies[i%len(v.cookies)]+fmt.Sprintf("; session=%d", i))
	if err := v.client.DoTimeout(q, a, patience); err != nil {
		return false, false
	}
	if a.StatusCode() >= 500 {
		return false, false
	}
	return true, a.StatusCode() != 200 || string(a.Body()) != slots
}

func (r *result) add(w wait, wrong bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = append(r.waits, w)
	if wrong {
		r.wrong++
	}
}

// answered is how many got the slots.
func (r *result) answered() (n int) {
	for _, w := range r.waits {
		if w.answered {
			n++
		}
	}
	return n
}

// at is the wait of that share of those who were due from then on, answered or not.
func (r *result) at(share float64, from time.Duration) time.Duration {
	var waits []time.Duration
	for _, w := range r.waits {
		if w.due >= from {
			waits = append(waits, w.waited)
		}
	}
	if len(waits) == 0 {
		return 0
	}
	slices.Sort(waits)
	return waits[min(len(waits)-1, int(share*float64(len(waits))))].Round(100 * time.Microsecond)
}
