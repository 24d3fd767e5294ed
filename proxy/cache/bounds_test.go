package cache

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/proxy/forward"
)

// kept is the memory of what is kept, summed up anew.
func (r *rig) kept() (bytes int64, n int) {
	s := &r.cache.store
	s.mu.Lock()
	defer s.mu.Unlock()
	for at := s.order.Front(); at != nil; at = at.Next() {
		one := at.Value.(*slot)
		bytes += int64(2*len(one.key)) + one.entry.size() + entryCost
	}
	if bytes != s.bytes || len(s.byKey) != s.order.Len() {
		r.t.Errorf("%d bytes counted, %d kept; %d keys, %d entries", s.bytes, bytes, len(s.byKey), s.order.Len())
	}
	return bytes, len(s.byKey)
}

func TestMemoryIsBoundedAndWhatIsUsedStays(t *testing.T) {
	r := begin(t, func(o *Options) { o.MaxBytes = 1 << 20 })
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) { _, _ = fmt.Fprint(w, strings.Repeat("x", 10<<10)) })
	for i := range 200 {
		r.get(fmt.Sprintf("/slots/%d", i))
		if a := r.get("/slots/popular"); i > 0 && !strings.HasPrefix(a.cached(), "hit") {
			t.Fatalf("after %d others: %s", i, a.cached())
		}
	}
	if bytes, n := r.kept(); bytes > 512<<10 || n < 40 {
		t.Errorf("%d bytes in %d answers", bytes, n)
	}
	if a := r.get("/slots/0"); strings.HasPrefix(a.cached(), "hit") {
		t.Error("what was used first is still there")
	}
}

func TestAnAnswerAboveTheBoundIsForNobodyElse(t *testing.T) {
	f := func(n int, known bool, kept bool) {
		t.Helper()
		r := begin(t, func(o *Options) { o.MaxAnswer = 200_000 })
		r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
			if known {
				w.Header().Set("Content-Length", fmt.Sprint(n))
			}
			for range n / 1000 {
				_, _ = fmt.Fprint(w, strings.Repeat("x", 1000))
			}
		})
		a := r.get("/slots/a")
		if len(a.body) != n || kept != strings.HasSuffix(a.cached(), "stored") || !kept && !strings.HasSuffix(a.cached(), "detail=size") {
			t.Errorf("%d bytes, known %v: %d, %s", n, known, len(a.body), a.cached())
		}
		r.until("the connections to be free", func() bool { return r.forward.States()[0].InFlight == 0 })
	}
	f(200_000, true, true)
	f(200_000, false, true)
	f(201_000, true, false)
	f(201_000, false, false)
}

func TestMemoryOfWhatIsOnItsWayIsBounded(t *testing.T) {
	const room = 3 // fetches that there is room for
	r := begin(t, func(o *Options) { o.MaxBytes = 2*room*forward.FetchHolds + 2 })
	release := r.held(hello)
	done := make(chan answer, room)
	for i := range room {
		go func() {
			a, err := r.try(http.MethodGet, fmt.Sprintf("/slots/%d", i))
			if err != nil {
				t.Error(err)
			}
			done <- a
		}()
	}
	r.until("the fetches to begin", func() bool { return r.backend.seen() == room })
	more := make(chan answer)
	go func() {
		a, err := r.try(http.MethodGet, "/slots/more")
		if err != nil {
			t.Error(err)
		}
		more <- a
	}()
	r.until("the one too many to go its own way", func() bool { return r.backend.seen() == room+1 })
	close(release)
	if a := <-more; a.body != "hello" || !strings.HasSuffix(a.cached(), "detail=busy") {
		t.Errorf("%q %s", a.body, a.cached())
	}
	for range room {
		if a := <-done; !strings.HasSuffix(a.cached(), "stored") {
			t.Errorf("%s", a.cached())
		}
	}
	r.idle()
	if r.cache.held != 0 {
		t.Errorf("%d bytes are still held", r.cache.held)
	}
}

func TestAnAddressHasSoManyVariantsAndThePopularOneStays(t *testing.T) {
	r := begin(t, nil)
	r.backend.answers(echo("Accept-Language"))
	r.get("/slots/a", "Accept-Language", "ko")
	for i := range 3 * maxVariants {
		r.pass(1000)
		r.get("/slots/a", "Accept-Language", fmt.Sprintf("x-%d", i))
		r.pass(1000)
		if a := r.get("/slots/a", "Accept-Language", "ko"); !strings.HasPrefix(a.cached(), "hit") {
			t.Fatalf("after %d odd ones: %s", i, a.cached())
		}
	}
	// The address's own entry, which tells by what it varies, and its variants.
	if _, n := r.kept(); n != 1+maxVariants {
		t.Errorf("%d entries", n)
	}
}

func TestTheCountersTellWhatHappened(t *testing.T) {
	r := begin(t, nil)
	r.get("/slots/a")
	r.get("/slots/a")
	r.do(http.MethodPost, "/slots/b")
	r.get("/elsewhere")
	text := r.scrape()
	for _, line := range []string{
		`waitroom_cache_requests_total{result="miss",room="booking"} 1`,
		`waitroom_cache_requests_total{result="hit",room="booking"} 1`,
		`waitroom_cache_requests_total{result="bypass",room="booking"} 1`,
		`waitroom_cache_requests_total{result="stale",room="booking"} 0`,
		`waitroom_cache_fetches_total{result="kept",room="booking"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
	if bytes, _ := r.kept(); !strings.Contains(text, fmt.Sprintf("waitroom_cache_bytes{room=\"booking\"} %d\n", bytes)) {
		t.Errorf("%d bytes in\n%s", bytes, text)
	}
}

func TestWhatAnAddressVariesByTakesNoMoreThanIsCounted(t *testing.T) {
	r := begin(t, nil)
	r.backend.answers(echo("Accept-Language, X-Second"))
	uri := "/slots/a?" + strings.Repeat("q", 7<<10)
	for i := range maxVariants {
		r.get(uri, "Accept-Language", fmt.Sprintf("x-%0200d", i), "X-Second", strings.Repeat("y", maxValue))
	}
	r.idle()
	e := r.cache.store.peek("https\x00" + host + "\x00" + uri)
	if e == nil || e.marker == nil || len(e.marker.variants) != maxVariants {
		t.Fatalf("%v", e)
	}
	held := int64(0)
	for _, v := range e.marker.variants {
		held += int64(len(v))
	}
	if held > e.size() {
		t.Errorf("%d bytes are held, %d counted", held, e.size())
	}
}

func TestWhereThereIsNoRoomForANewAnswerTheOldOneStays(t *testing.T) {
	r := begin(t, func(o *Options) { o.MaxBytes = 4 * forward.FetchHolds })
	release := make(chan struct{})
	large := strings.Repeat("x", forward.FetchHolds*3/4) // needs more than a fetch has at first
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/slots/slow" {
			<-release
		}
		_, _ = fmt.Fprint(w, large)
	})
	r.get("/slots/a")
	r.pass(12 * time.Second)
	done := make(chan answer)
	go func() {
		a, err := r.try(http.MethodGet, "/slots/slow")
		if err != nil {
			t.Error(err)
		}
		done <- a
	}()
	r.until("the slow fetch to begin", func() bool { return r.backend.seen() == 2 })
	r.get("/slots/a")
	r.until("the new answer to be given up", func() bool {
		r.cache.mu.Lock()
		defer r.cache.mu.Unlock()
		return len(r.cache.flights) == 1 && r.backend.seen() == 3
	})
	if a := r.get("/slots/a"); a.cached() != "hit; ttl=-2" || len(a.body) != len(large) {
		t.Errorf("%d bytes, %s", len(a.body), a.cached())
	}
	// Where there is no old one, who waits goes on alone, and it is tried again soon.
	if a := r.get("/slots/b"); a.cached() != "fwd=bypass; fwd-status=200; detail=busy" {
		t.Errorf("%s", a.cached())
	}
	close(release)
	<-done
	r.idle()
	r.pass(backOff)
	r.get("/slots/b")
	r.idle()
	if a := r.get("/slots/b"); !strings.HasPrefix(a.cached(), "hit") {
		t.Errorf("with room: %s", a.cached())
	}
}

func TestClosingDoesNotWaitForASlowAnswer(t *testing.T) {
	f := func(length string) {
		t.Helper()
		patient := func(o *Options) {
			b, err := forward.New(forward.Options{Backends: []string{"http://" + o.Backend.States()[0].Addr}, ResponseTimeout: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(b.Close)
			o.Backend, o.Wait = b, time.Hour
		}
		r := begin(t, patient)
		release := make(chan struct{})
		defer close(release)
		r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", length)
			_, _ = fmt.Fprint(w, "the beginning")
			_ = http.NewResponseController(w).Flush()
			<-release
		})
		done := make(chan answer)
		go func() {
			a, err := r.try(http.MethodGet, "/slots/a")
			if err != nil {
				t.Error(err)
			}
			done <- a
		}()
		r.until("the fetch to begin", func() bool { return r.backend.seen() == 1 })
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			r.cache.Close()
		}()
		r.until("the cache to close before the backend goes on", func() bool {
			select {
			case <-closed:
				return true
			default:
				return false
			}
		})
		if a := <-done; a.StatusCode != 502 {
			t.Errorf("%s bytes: %d %q", length, a.StatusCode, a.body)
		}
	}
	f("1000")
	f("500000")
}
