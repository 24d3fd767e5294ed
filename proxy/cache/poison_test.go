package cache

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// echo answers with all that the backend sees of a request.
func echo(vary string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		if vary != "" {
			w.Header().Set("Vary", vary)
		}
		_, _ = fmt.Fprintf(w, "%s %s%s\n", q.Method, q.Host, q.RequestURI)
		for _, name := range slices.Sorted(maps.Keys(q.Header)) {
			_, _ = fmt.Fprintf(w, "%s: %s\n", name, strings.Join(q.Header[name], " | "))
		}
	}
}

// odd are fields that sites are known to put into their answers, and that no key holds.
var odd = []string{
	"X-Forwarded-Host", "evil.example", "X-Forwarded-For", "10.9.8.7", "X-Forwarded-Proto", "gopher", "X-Forwarded-Scheme", "nothttps",
	"X-Forwarded-Port", "666", "X-Forwarded-Prefix", "/evil", "X-Original-URL", "/evil", "X-Rewrite-URL", "/evil", "Forwarded", "for=10.9.8.7;host=evil.example",
	"X-Host", "evil.example", "X-HTTP-Method-Override", "POST", "X-Real-IP", "10.9.8.7", "True-Client-IP", "10.9.8.7",
	"Accept", "evil/evil", "Accept-Language", "evil", "Accept-Encoding", "br", "Accept-Charset", "evil", "User-Agent", "evil", "Referer", "https://evil.example/",
	"Origin", "https://evil.example", "Cookie", "session=evils", "X-Requested-With", "evil", "X-Timer", "evil", "Content-Type", "evil/evil",
	"Sec-Fetch-Site", "cross-site", "Sec-Ch-Ua", "evil", "Purpose", "prefetch", "X-Evil", "evil", "Max-Forwards", "0", "Upgrade-Insecure-Requests", "1",
	"Waitroom-Subject", "evil", "Waitroom-Pass", "evil", "Waitroom-Ticket", "evil", "Waitroom-Cache", "evil", "Via", "1.1 evil", "Traceparent", "00-evil",
}

func TestNothingOfAVisitorColoursWhatEverybodyGets(t *testing.T) {
	r := begin(t, nil)
	r.backend.answers(echo(""))
	want := "GET " + host + "/slots/a?q=1\nWaitroom-Cache: fill\nWaitroom-Pass: gateways.own.pass\nWaitroom-Room: booking\n" +
		"X-Forwarded-For: unknown\nX-Forwarded-Host: " + host + "\nX-Forwarded-Proto: https\n"
	for i := 0; i < len(odd); i += 2 {
		r.cache.store.clear()
		if got := r.get("/slots/a?q=1", odd[i], odd[i+1]).body; got != want {
			t.Errorf("%s reached the backend with the request for all:\n%s\nwant\n%s", odd[i], got, want)
		}
	}
	r.cache.store.clear()
	if got := r.get("/slots/a?q=1", odd...).body; got != want {
		t.Errorf("all of them at once:\n%s\nwant\n%s", got, want)
	}
}

func TestOpenPathsAreFetchedWithoutAnyPass(t *testing.T) {
	r := begin(t, nil)
	r.from.Open = true
	r.backend.answers(echo(""))
	if got := r.get("/slots/a").body; strings.Contains(got, "Pass") {
		t.Error(got)
	}
}

func TestEachAddressHasAnAnswerOfItsOwn(t *testing.T) {
	r := begin(t, nil)
	seen := map[string]string{}
	f := func(uri string, fields ...string) {
		t.Helper()
		a := r.get(uri, fields...)
		if other, twice := seen[a.body]; twice || !strings.HasPrefix(a.cached(), "fwd=uri-miss") {
			t.Errorf("%s %v got the answer of %s; %s", uri, fields, other, a.cached())
		}
		seen[a.body] = uri + strings.Join(fields, " ")
	}
	f("/slots/a")
	f("/slots/a?")
	f("/slots/a?b")
	f("/slots/a?b=")
	f("/slots/a%3Fb")
	f("/slots/a/b")
	f("/slots/a", "Host", host+":8443")
	f("/slots/a", "Host", "www.example.kr")
	r.from.Scheme = "http"
	f("/slots/a")
	r.from.Scheme = "https"
	// The same in another spelling is the same.
	if a := r.get("/slots/%61", "Host", strings.ToUpper(host)); !strings.HasPrefix(a.cached(), "hit") {
		t.Errorf("another spelling: %s", a.cached())
	}
}

func TestAProxysOtherHostIsNotMixedIn(t *testing.T) {
	r := begin(t, nil)
	r.get("/slots/a")
	r.from.Aliased = true
	if a := r.get("/slots/a"); a.body != "answer 2 to /slots/a" || !strings.HasPrefix(a.cached(), "fwd=request") {
		t.Errorf("%q %s", a.body, a.cached())
	}
}

func TestAnswersThatVaryAreKeptApart(t *testing.T) {
	r := begin(t, nil)
	r.backend.answers(echo("Accept-Language, Accept-Encoding"))
	korean := []string{"Accept-Language", "ko-KR, ko;q=0.9", "Accept-Encoding", "gzip, deflate, br"}
	a := r.get("/slots/a", korean...)
	if !strings.Contains(a.body, "Accept-Language: ko-kr,ko;q=0.9\n") || !strings.Contains(a.body, "Accept-Encoding: br, deflate, gzip\n") || r.backend.seen() != 2 {
		t.Fatalf("%d requests, %s\n%s", r.backend.seen(), a.cached(), a.body)
	}
	f := func(hit bool, fields ...string) {
		t.Helper()
		a := r.get("/slots/a", fields...)
		if got := strings.HasPrefix(a.cached(), "hit"); got != hit || !hit && !strings.HasPrefix(a.cached(), "fwd=vary-miss") {
			t.Errorf("%v: %s", fields, a.cached())
		}
	}
	f(true, korean...)
	f(true, "Accept-Language", "KO-kr,ko;q=0.9", "Accept-Encoding", "br, gzip;q=0.5, deflate, identity", "Cookie", "a=b")
	f(false, "Accept-Language", "en", "Accept-Encoding", "br, gzip, deflate")
	f(false, "Accept-Language", "ko-KR,ko;q=0.9", "Accept-Encoding", "gzip;q=0, deflate, br")
	f(true, "Accept-Language", "ko-KR,ko;q=0.9", "Accept-Encoding", "br, deflate")
	f(false)
	f(true, "Accept-Encoding", "identity, compress")
	if a := r.get("/slots/a", "Accept-Language", strings.Repeat("x", maxValue+1)); !strings.HasPrefix(a.cached(), "fwd=bypass; fwd-status=200; detail=vary") {
		t.Errorf("an endless language: %s", a.cached())
	}
}

func TestAnAnswerThatForgetsToVaryIsNotForAll(t *testing.T) {
	r := begin(t, nil)
	r.backend.answers(echo("Accept-Language"))
	r.get("/slots/a", "Accept-Language", "ko")
	r.backend.answers(echo("")) // such as an error page of the same backend
	evil := r.get("/slots/a", "Accept-Language", "evil")
	if !strings.Contains(evil.body, "Accept-Language: evil") {
		t.Fatal(evil.body)
	}
	if a := r.get("/slots/a", "Accept-Language", "en"); strings.Contains(a.body, "evil") {
		t.Errorf("another visitor got\n%s", a.body)
	}
}

func TestAnAnswerThatComesToVaryByMoreIsLearned(t *testing.T) {
	r := begin(t, nil)
	r.backend.answers(echo("Accept-Language"))
	r.get("/slots/a", "Accept-Language", "ko", "X-Kind", "adult")
	r.backend.answers(echo("X-Kind"))
	if a := r.get("/slots/a", "Accept-Language", "en", "X-Kind", "adult"); !strings.Contains(a.body, "X-Kind: adult") {
		t.Errorf("%s\n%s", a.cached(), a.body)
	}
	if a := r.get("/slots/a", "Accept-Language", "en", "X-Kind", "child"); !strings.Contains(a.body, "X-Kind: child") {
		t.Errorf("%s\n%s", a.cached(), a.body)
	}
	if a := r.get("/slots/a", "Accept-Language", "en", "X-Kind", "adult"); !strings.HasPrefix(a.cached(), "hit") || !strings.Contains(a.body, "X-Kind: adult") {
		t.Errorf("%s\n%s", a.cached(), a.body)
	}
}

func TestTwoVisitorsNeverShareAPersonalAnswer(t *testing.T) {
	r := begin(t, nil)
	// A backend that says nothing about caching, and greets who is known by name.
	r.backend.answers(func(w http.ResponseWriter, q *http.Request) {
		if c, err := q.Cookie("name"); err == nil {
			_, _ = fmt.Fprint(w, "hello "+c.Value+", your bookings")
			return
		}
		_, _ = fmt.Fprint(w, "free: 7")
	})
	for _, name := range []string{"kim", "lee"} {
		if a := r.get("/slots/a", "Cookie", "name="+name); a.body != "free: 7" {
			t.Errorf("%s got %q", name, a.body)
		}
	}
	if r.backend.seen() != 1 || r.backend.visit(0).Header.Get("Cookie") != "" {
		t.Errorf("%d requests", r.backend.seen())
	}
}

func TestACommandIsNeverKeptAndSoldOutIsDone(t *testing.T) {
	r := begin(t, nil)
	r.backend.says(200, "Waitroom-Command", "sold-out")
	r.get("/slots/a")
	if n := r.soldOut.Load(); n != 1 || r.backend.seen() != 2 {
		t.Errorf("done %d times by %d requests", n, r.backend.seen())
	}
	r.from.Open = true
	r.get("/slots/b")
	if n := r.soldOut.Load(); n != 1 {
		t.Error("done for an open path")
	}
}
