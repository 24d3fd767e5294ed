package cache

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// held makes the backend hold its answers until the channel is closed, and then say.
func (r *rig) held(then http.HandlerFunc) (release chan struct{}) {
	release = make(chan struct{})
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		<-release
		then(w, q)
	})
	return release
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "hello") }

// crowded sends n requests, and lets the backend answer once all have come.
func (r *rig) crowded(n int, release chan struct{}, uri string, fields ...string) []answer {
	r.t.Helper()
	came := r.came.Load()
	go func() {
		for end := time.Now().Add(20 * time.Second); r.came.Load() < came+int64(n) && time.Now().Before(end); {
			<-time.After(time.Millisecond)
		}
		close(release)
	}()
	return r.crowd(n, uri, fields...)
}

func TestAThousandMissesAreOneRequest(t *testing.T) {
	r := begin(t, nil)
	told := map[string]int{}
	for _, a := range r.crowded(1000, r.held(hello), "/slots/a") {
		if a.body != "hello" {
			t.Fatalf("%d %q", a.StatusCode, a.body)
		}
		told[a.cached()]++
	}
	if r.backend.seen() != 1 || told["fwd=uri-miss; ttl=10; stored"] != 1 {
		t.Errorf("%d requests; %v", r.backend.seen(), told)
	}
}

func TestWhoLookedBeforeAFetchEndedLooksAgain(t *testing.T) {
	r := begin(t, nil)
	r.get("/slots/a")
	late := &job{key: "https\x00" + host + "\x00/slots/a", seen: nil} // what was kept when it looked
	if f, _, again := r.cache.join(late); f != nil || !again || r.backend.seen() != 1 {
		t.Errorf("fetched again: %v, %d requests", f != nil, r.backend.seen())
	}
}

func TestWhoBeganTheFetchMayLeave(t *testing.T) {
	r := begin(t, nil)
	release := r.held(hello)
	ctx, leave := context.WithCancel(context.Background())
	q, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.addr+"/slots/a", nil)
	q.Host = host
	left := make(chan error)
	go func() {
		resp, err := r.client.Do(q)
		if err == nil {
			resp.Body.Close()
		}
		left <- err
	}()
	r.until("the fetch to begin", func() bool { return r.backend.seen() == 1 })
	leave()
	if err := <-left; err == nil {
		t.Fatal("the first visitor did not leave")
	}
	for _, a := range r.crowded(20, release, "/slots/a") {
		if a.body != "hello" {
			t.Errorf("%d %q", a.StatusCode, a.body)
		}
	}
	if r.backend.seen() != 1 {
		t.Errorf("%d requests", r.backend.seen())
	}
}

func TestAFailureCostsOneVisitorAndHandsOverToOneOther(t *testing.T) {
	f := func(name string, fail http.HandlerFunc) {
		t.Helper()
		r := begin(t, nil)
		var n atomic.Int64
		release := r.held(func(w http.ResponseWriter, q *http.Request) {
			if n.Add(1) == 1 {
				fail(w, q)
				return
			}
			hello(w, q)
		})
		got := map[int]int{}
		for _, a := range r.crowded(200, release, "/slots/a") {
			got[a.StatusCode/100]++
		}
		if got[2] != 199 || got[5] != 1 || r.backend.seen() != 2 || r.backend.atOnce() != 1 {
			t.Errorf("%s: answers %v, %d requests, %d at once", name, got, r.backend.seen(), r.backend.atOnce())
		}
	}
	f("503", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	f("hung up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

func TestABackendThatGoesOnFailingIsAskedOneByOneAndNobodyWaitsForEver(t *testing.T) {
	r := begin(t, nil)
	release := r.held(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "somebodys"})
		w.WriteHeader(503)
		_, _ = fmt.Fprint(w, "we are sorry")
	})
	for _, a := range r.crowded(100, release, "/slots/a") {
		if a.StatusCode != 503 || a.body != "we are sorry" || a.Header.Get("Set-Cookie") != "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %q %v", a.StatusCode, a.body, a.Header)
		}
	}
	if r.backend.atOnce() != 1 || r.backend.seen() > 50 {
		t.Errorf("%d requests, %d at once", r.backend.seen(), r.backend.atOnce())
	}
}

func TestWhatIsNotForAllIsAskedByEachAtOnce(t *testing.T) {
	r := begin(t, nil)
	const crowd = 20
	first := make(chan struct{})
	var n atomic.Int64
	together := make(chan struct{})
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		switch n.Add(1) {
		case 1: // the fetch
			<-first
		case crowd + 1:
			close(together)
		}
		if n.Load() > 1 {
			<-together // nobody is served before all are here: one after another would never end
		}
		c, _ := q.Cookie("name")
		value := ""
		if c != nil {
			value = c.Value
		}
		w.Header().Set("Set-Cookie", "seen="+value)
		_, _ = fmt.Fprint(w, "you are "+value)
	})
	for _, a := range r.crowded(crowd, first, "/slots/a", "Cookie", "name=kim") {
		if a.body != "you are kim" || a.cached() != "fwd=bypass; fwd-status=200; detail=set-cookie" {
			t.Errorf("%q %s", a.body, a.cached())
		}
	}
	// For a while it is known, and nobody waits.
	if a := r.get("/slots/a", "Cookie", "name=lee"); a.body != "you are lee" || r.backend.seen() != crowd+2 {
		t.Errorf("%q, %d requests", a.body, r.backend.seen())
	}
	// Then it is found out again, beside the visitor's own request.
	r.pass(asideFor)
	r.backend.answers(hello)
	r.get("/slots/a", "Cookie", "name=lee")
	r.idle()
	seen := r.backend.seen()
	if a := r.get("/slots/a"); a.body != "hello" || r.backend.seen() != seen || !strings.HasPrefix(a.cached(), "hit") {
		t.Errorf("%q %s, %d more requests", a.body, a.cached(), r.backend.seen()-seen)
	}
}

func TestNobodyWaitsLongerThanTheLimit(t *testing.T) {
	r := begin(t, func(o *Options) { o.Wait = 20 * time.Millisecond })
	release := r.held(hello)
	defer close(release)
	for _, a := range r.crowd(5, "/slots/a") {
		if a.StatusCode != 502 {
			t.Errorf("%d %q", a.StatusCode, a.body)
		}
	}
	if r.backend.seen() != 1 {
		t.Errorf("%d requests", r.backend.seen())
	}
}

func TestClosingEndsFetchesAndLetsRequestsGoTheirOwnWay(t *testing.T) {
	r := begin(t, nil)
	r.get("/slots/kept")
	release := r.held(hello)
	defer close(release)
	got := make(chan int)
	go func() {
		a, err := r.try(http.MethodGet, "/slots/a")
		if err != nil {
			t.Error(err)
			got <- 0
			return
		}
		got <- a.StatusCode
	}()
	r.until("the fetch to begin", func() bool { return r.backend.seen() == 2 })
	r.cache.Close()
	if status := <-got; status != 502 {
		t.Errorf("who waited got %d", status)
	}
	r.backend.answers(hello)
	if a := r.get("/slots/kept"); a.body != "hello" || a.cached() != "fwd=bypass; fwd-status=200; detail=busy" {
		t.Errorf("after the end: %q %s", a.body, a.cached())
	}
}
