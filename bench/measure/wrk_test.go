package measure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"waitroom/bench/measure"
)

const good = `Running 1s test @ http://127.0.0.1:18999/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.56ms    6.45ms  54.98ms   96.16%
    Req/Sec    61.43k   416.64     1.93k    72.73%
  Latency Distribution
     50%  985.00us
     75%    1.63ms
     90%    3.28ms
     99%    1.04s
  184561 requests in 3.10s, 79.50MB read
Requests/sec:  59419.37
Transfer/sec:     25.64MB
`

const bad = `Running 1s test @ http://127.0.0.1:18999/nothing
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.00us    0.00us   0.00us    -nan%
    Req/Sec     0.00      0.00     0.00      -nan%
  Latency Distribution
     50%    0.00us
     75%    0.00us
     90%    0.00us
     99%    0.00us
  1561 requests in 1.00m, 512B read
  Socket errors: connect 1, read 20, write 300, timeout 4000
  Non-2xx or 3xx responses: 1560
Requests/sec:   1419.37
Transfer/sec:    720.77KB`

func TestWhatWrkPrintsIsRead(t *testing.T) {
	f := func(text string, want measure.Result) {
		t.Helper()
		got, err := measure.ParseWrk(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	f(good, measure.Result{
		Requests: 184561, Bytes: 79.5 * (1 << 20), Elapsed: 3100 * time.Millisecond, P50: 985 * time.Microsecond,
		P75: 1630 * time.Microsecond, P90: 3280 * time.Microsecond, P99: 1040 * time.Millisecond,
	})
	f(good+"Successors taken: 30\nSuccessors taken: 4\n", measure.Result{
		Requests: 184561, Bytes: 79.5 * (1 << 20), Elapsed: 3100 * time.Millisecond, P50: 985 * time.Microsecond,
		P75: 1630 * time.Microsecond, P90: 3280 * time.Microsecond, P99: 1040 * time.Millisecond, Successors: 34,
	})
	f(bad, measure.Result{Requests: 1561, Bytes: 512, Elapsed: time.Minute, Errors: 4321, NotOK: 1560})
}

func TestOnlySoundRunsAreTaken(t *testing.T) {
	f := func(r measure.Result, sound bool) {
		t.Helper()
		if err := r.Sound(); (err == nil) != sound {
			t.Errorf("%+v: %v", r, err)
		}
	}
	f(measure.Result{Requests: 1}, true)
	f(measure.Result{}, false)
	f(measure.Result{Requests: 10, NotOK: 1}, false)
	f(measure.Result{Requests: 10, Errors: 1}, false)
}

func TestOutputThatIsNotWrksIsRefused(t *testing.T) {
	const refused = "unable to connect to 127.0.0.1:1 Connection refused"
	if _, err := measure.ParseWrk(refused); err == nil || !strings.Contains(err.Error(), refused) {
		t.Errorf("got %v", err)
	}
}
