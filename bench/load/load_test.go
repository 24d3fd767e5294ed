package load_test

import (
	"context"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/bench/load"
	"waitroom/queue/redis/redistest"
)

// binary is the program under load, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, &binary)) }

// played runs a plan to its end.
func played(t *testing.T, p load.Plan) load.Report {
	t.Helper()
	r, err := load.Run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func kinds(r load.Report) map[string]load.Kind {
	all := map[string]load.Kind{}
	for _, k := range r.Kinds {
		all[k.Name] = k
	}
	return all
}

func TestARushLivesItsWholeLifeAtTheRealGateway(t *testing.T) {
	for _, store := range []string{"embedded", "redis"} {
		t.Run(store, func(t *testing.T) {
			backend := canary.Start(t)
			o := gateway.Options{Binary: binary, Backend: backend.URL, Room: map[string]string{"rate": "2,160,000/h", "burst": "20"}}
			if store == "redis" {
				o.Redis = redistest.Start(t)
			}
			g := gateway.Start(t, o)
			r := played(t, load.Plan{
				Target: g.URL, Visitors: 2000, Within: time.Second, NoShow: 0.2, Late: 0.1, LateBy: 300 * time.Millisecond,
				Reload: 0.1, ReloadEvery: 100 * time.Millisecond, Browse: 2, Think: time.Millisecond, Pages: []string{"/book", "/my/bookings"},
				RatePerHour: 2_160_000, Burst: 20, Connections: 32, For: 2 * time.Minute,
			})
			if r.Ended != load.Through || r.Wrong.Sum() != 0 || len(r.Failures) != 0 || len(r.Rooms[0].Unchecked) != 0 {
				t.Errorf("%s; %+v; %v; %v", r.Ended, r.Wrong, r.Failures, r.Rooms[0].Unchecked)
			}
			if r.Joined != 2000 || r.Absent < 300 || r.Absent > 500 || r.Entered != r.Joined-r.Absent || r.Through != r.Entered || r.Waiting+r.Lost+r.Away != 0 {
				t.Errorf("%d joined, %d absent, %d entered, %d through; %d waiting, %d lost, %d away", r.Joined, r.Absent, r.Entered, r.Through, r.Waiting, r.Lost, r.Away)
			}
			k := kinds(r)
			if k["join"].Count != 2000 || k["leave"].Count != r.Entered || k["page"].Count != 2*r.Entered+r.Rooms[0].Early || k["reload"].Count == 0 || k["enter"].Count <= r.Entered {
				t.Errorf("%+v", k)
			}
			t.Logf("%d came early, by %.1f ms at most; views were %.0f ms behind", r.Rooms[0].Early, r.Rooms[0].EarlyBy, r.Rooms[0].Behind)
			judged(t, g, backend, r)
		})
	}
}

// judged holds the report against the gateway's journal and the backend.
func judged(t *testing.T, g *gateway.Gateway, backend *canary.Canary, r load.Report) {
	t.Helper()
	passes := map[string]bool{}
	for _, x := range gateway.Tickets(g.Journal(t), "enter") {
		passes[x.Pass] = true
	}
	pages := map[string]int{}
	for _, v := range backend.Visits() {
		if !passes[v.Pass] {
			t.Errorf("the backend saw %s, which is no pass of the journal", v)
		}
		pages[v.URI]++
	}
	if int64(len(passes)) != r.Entered || int64(pages["/book"]) != r.Entered || int64(pages["/my/bookings"]) != r.Entered || len(pages) != 2 {
		t.Errorf("%d entered; the journal has %d passes, the backend saw %v", r.Entered, len(passes), pages)
	}
}

func TestVisitorsComeToEachOfSeveralRooms(t *testing.T) {
	p := played(t, load.Plan{Target: listen(t, &liar{}), Rooms: []string{"a", "b", "c"}, Visitors: 30, Within: time.Millisecond, RatePerHour: liarRate})
	if len(p.Rooms) != 3 || p.Wrong.Sum() != 0 {
		t.Fatalf("%+v", p.Rooms)
	}
	for _, room := range p.Rooms {
		if room.Entries != 10 {
			t.Errorf("%d entered %s", room.Entries, room.Name)
		}
	}
}

func TestWhoIsInterruptedReportsWhatWasSeen(t *testing.T) {
	// After the server's own cleanup, of which one goroutine ends later.
	options := []goleak.Option{goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2")}
	t.Cleanup(func() { goleak.VerifyNone(t, options...) })
	l := &liar{lie: "calls nobody", seen: make(chan string, 1000)}
	target := listen(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for polls := 0; polls < 20; {
			if <-l.seen == "status" {
				polls++
			}
		}
		cancel()
	}()
	r, err := load.Run(ctx, load.Plan{Target: target, Visitors: 10, Within: time.Millisecond})
	if err != nil || r.Ended != load.Interrupted || r.Joined != 10 || r.Waiting != 10 || r.Wrong.Sum() != 0 {
		t.Errorf("%v: %+v", err, r)
	}
}

func TestARunEndsWhenItsTimeIsUp(t *testing.T) {
	r := played(t, load.Plan{Target: listen(t, &liar{lie: "calls nobody"}), Visitors: 5, Within: time.Millisecond, For: 2 * time.Second})
	if r.Ended != load.TimeUp || r.Waiting != 5 {
		t.Errorf("%s, %d waiting", r.Ended, r.Waiting)
	}
}

func TestProgressIsToldEachSecond(t *testing.T) {
	var told []load.Progress
	r := played(t, load.Plan{
		Target: listen(t, &liar{lie: "calls nobody"}), Visitors: 5, Within: time.Millisecond, For: 2500 * time.Millisecond,
		Progress: func(p load.Progress) { told = append(told, p) },
	})
	if len(told) == 0 || told[0].Joined != 5 || told[0].Joins != 5 || told[0].Waiting() != 5 || told[0].Requests < 5 {
		t.Errorf("%+v", told)
	}
	for i := 1; i < len(told); i++ {
		if told[i].Joins != 0 || told[i].Joined != 5 {
			t.Errorf("second %d: %+v", i+1, told[i])
		}
	}
	if r.Joined != 5 {
		t.Errorf("%d joined", r.Joined)
	}
}
