package cache

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWhileANewAnswerIsFetchedTheOldOneIsGiven(t *testing.T) {
	r := begin(t, nil)
	r.get("/slots/a")
	r.pass(12 * time.Second)
	release := r.held(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "new") })
	for _, a := range r.crowd(100, "/slots/a") { // nobody waits: the backend answers later
		if a.body != "answer 1 to /slots/a" || a.cached() != "hit; ttl=-2" || a.Header.Get("Age") != "12" {
			t.Fatalf("%q %s Age %s", a.body, a.cached(), a.Header.Get("Age"))
		}
	}
	close(release)
	r.idle()
	if a := r.get("/slots/a"); a.body != "new" || !strings.HasPrefix(a.cached(), "hit; ttl=") || r.backend.seen() != 2 {
		t.Errorf("after it: %q %s, %d requests", a.body, a.cached(), r.backend.seen())
	}
}

func TestWhileTheBackendFailsTheOldAnswerIsGivenAndTheBackendIsLeftAlone(t *testing.T) {
	r := begin(t, nil)
	r.get("/slots/a")
	r.pass(12 * time.Second)
	r.backend.says(503)
	for range 3 {
		if a := r.get("/slots/a"); a.StatusCode != 200 || a.cached() != "hit; ttl=-2" {
			t.Fatalf("%d %s", a.StatusCode, a.cached())
		}
		r.idle()
	}
	if r.backend.seen() != 2 {
		t.Errorf("%d requests within a second of failure", r.backend.seen())
	}
	r.pass(backOff)
	r.get("/slots/a")
	r.idle()
	if r.backend.seen() != 3 {
		t.Errorf("%d requests after the pause", r.backend.seen())
	}
	r.pass(30 * time.Second) // the window is over
	if a := r.get("/slots/a"); a.StatusCode != 503 {
		t.Errorf("beyond the window: %d %q %s", a.StatusCode, a.body, a.cached())
	}
	r.backend.answers(hello)
	if a := r.get("/slots/a"); a.body != "hello" {
		t.Errorf("healthy again: %q", a.body)
	}
}

func TestTheBackendSaysHowLongAnOldAnswerMayBeUsed(t *testing.T) {
	f := func(cacheControl string, after time.Duration, status int, cached string) {
		t.Helper()
		r := begin(t, nil)
		r.backend.says(200, "Cache-Control", cacheControl)
		r.get("/slots/a")
		r.pass(after)
		r.backend.says(500)
		if a := r.get("/slots/a"); a.StatusCode != status || !strings.HasPrefix(a.cached(), cached) {
			t.Errorf("%s, after %s: %d %s", cacheControl, after, a.StatusCode, a.cached())
		}
	}
	f("max-age=5", 6*time.Second, 200, "hit; ttl=-1")
	f("max-age=5, must-revalidate", 6*time.Second, 500, "fwd=stale")
	f("max-age=5, proxy-revalidate", 6*time.Second, 500, "fwd=stale")
	f("s-maxage=5", 6*time.Second, 500, "fwd=stale") // stands for proxy-revalidate
	f("s-maxage=5, stale-while-revalidate=3", 6*time.Second, 200, "hit; ttl=-1")
	f("s-maxage=5, stale-while-revalidate=3", 9*time.Second, 500, "fwd=stale")
	f("max-age=5, stale-while-revalidate=0", 6*time.Second, 200, "fwd=stale; fwd-status=500; detail=stale-if-error")
	f("max-age=5, stale-if-error=0", 36*time.Second, 500, "fwd=stale")
	f("max-age=5, stale-while-revalidate=86400", 36*time.Second, 500, "fwd=stale") // the operator's 30 s are the most
}

func TestAnUnchangedAnswerIsNotSentAgain(t *testing.T) {
	r := begin(t, nil)
	r.backend.says(200, "Etag", `"v1"`, "Last-Modified", "Thu, 12 Aug 2021 11:00:00 GMT", "X-Seen", "first", "Cache-Control", "max-age=5")
	r.get("/slots/a")
	r.pass(50 * time.Second)
	r.backend.says(304, "Etag", `"v1"`, "X-Seen", "second")
	a := r.get("/slots/a")
	if a.StatusCode != 200 || a.body != "answer 1" || a.Header.Get("X-Seen") != "second" || a.cached() != "fwd=stale; fwd-status=304; ttl=5; stored" {
		t.Errorf("%d %q %v", a.StatusCode, a.body, a.Header)
	}
	asked := r.backend.visit(1).Header
	if asked.Get("If-None-Match") != `"v1"` || asked.Get("If-Modified-Since") != "Thu, 12 Aug 2021 11:00:00 GMT" {
		t.Errorf("asked with %v", asked)
	}
	if a := r.get("/slots/a"); a.cached() != "hit; ttl=5" || len(a.Header.Values("Etag")) != 1 {
		t.Errorf("then %v", a.Header)
	}
}

func TestAnUnchangedAnswerThatBecamePersonalIsNotKept(t *testing.T) {
	f := func(fields ...string) {
		t.Helper()
		r := begin(t, nil)
		r.backend.says(200, "Etag", `"v1"`)
		r.get("/slots/a")
		r.pass(50 * time.Second)
		r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
			if q.Header.Get("If-None-Match") == "" {
				_, _ = fmt.Fprint(w, "yours alone")
				return
			}
			w.Header().Set(fields[0], fields[1])
			w.WriteHeader(304)
		})
		if a := r.get("/slots/a"); a.body != "yours alone" || !strings.HasPrefix(a.cached(), "fwd=bypass") {
			t.Errorf("%v: %q %s", fields, a.body, a.cached())
		}
	}
	f("Set-Cookie", "a=1")
	f("Cache-Control", "private")
	f("Cache-Control", "max-age=0")
	f("Vary", "Cookie")
}

func TestA304ForAnotherAnswerIsNotBelieved(t *testing.T) {
	r := begin(t, func(o *Options) { o.Rules[0].Stale = 0 })
	r.backend.says(200, "Etag", `"v1"`)
	r.get("/slots/a")
	r.pass(11 * time.Second)
	r.backend.says(304, "Etag", `"v2"`)
	if a := r.get("/slots/a"); a.StatusCode != 502 {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	r.backend.answers(hello)
	if a := r.get("/slots/a"); a.body != "hello" || r.backend.visit(2).Header.Get("If-None-Match") != "" {
		t.Errorf("%q, asked with %v", a.body, r.backend.visit(2).Header)
	}
}
