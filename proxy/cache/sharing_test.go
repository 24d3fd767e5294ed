package cache

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAnAnswerIsGivenToEverybodyUntilItsTimeIsOver(t *testing.T) {
	r := begin(t, func(o *Options) { o.Rules[0].Stale = 0 })
	first := r.get("/slots/today?c=1")
	if first.body != "answer 1 to /slots/today?c=1" || first.cached() != "fwd=uri-miss; ttl=10; stored" {
		t.Errorf("the first got %q, %q", first.body, first.cached())
	}
	r.pass(9 * time.Second)
	second := r.get("/slots/today?c=1", "Cookie", "session=another")
	if second.body != first.body || second.cached() != "hit; ttl=1" || second.Header.Get("Age") != "9" {
		t.Errorf("the second got %q, %q, Age %q", second.body, second.cached(), second.Header.Get("Age"))
	}
	r.pass(time.Second)
	third := r.get("/slots/today?c=1")
	if r.backend.seen() != 2 || third.cached() != "fwd=stale; ttl=10; stored" {
		t.Errorf("after its time: %d requests, %q", r.backend.seen(), third.cached())
	}
}

func TestOnlyDeclaredPathsAreKept(t *testing.T) {
	r := begin(t, func(o *Options) { o.Rules[0].Paths = []string{"/slots/", "/today"} })
	f := func(path string, kept bool) {
		t.Helper()
		seen := r.backend.seen()
		r.get(path)
		a := r.get(path)
		if n := r.backend.seen() - seen; kept != (n == 1) {
			t.Errorf("%s: %d requests", path, n)
		}
		if !kept && a.cached() != "" {
			t.Errorf("%s: %s", path, a.cached())
		}
	}
	f("/slots/a", true)
	f("/today", true)
	f("/slots", false) // not below
	f("/slots/", true)
	f("/todays", false)
	f("/today/x", false)
	f("/book/slots/a", false)
}

// storable are answers and what is to become of them.
var storable = []struct {
	why    string
	status int
	fields []string
	kept   bool
}{
	{"the backend says nothing", 200, nil, true},
	{"no content", 204, nil, true},
	{"moved for good", 301, []string{"Location", "/slots/new"}, true},
	{"not there", 404, nil, true},
	{"gone", 410, nil, true},
	{"a redirect of now, perhaps to the login", 302, []string{"Location", "/login"}, false},
	{"part of an answer", 206, []string{"Content-Range", "bytes 0-1/10"}, false},
	{"credentials are wanted", 401, nil, false},
	{"not for this visitor", 403, nil, false},
	{"too many requests", 429, nil, false},
	{"a cookie", 200, []string{"Set-Cookie", "session=1"}, false},
	{"a cookie that may be kept, by its own word", 200, []string{"Set-Cookie", "a=1", "Cache-Control", "public, max-age=60"}, false},
	{"two cookies", 200, []string{"Set-Cookie", "a=1", "Set-Cookie", "b=1"}, false},
	{"a cookie without a name", 200, []string{"Set-Cookie", "="}, false},
	{"private", 200, []string{"Cache-Control", "private"}, false},
	{"in capitals", 200, []string{"Cache-Control", "PRIVATE"}, false},
	{"one field is private", 200, []string{"Cache-Control", `max-age=60, private="X-Name"`}, false},
	{"no-store", 200, []string{"Cache-Control", "no-store"}, false},
	{"no-cache", 200, []string{"Cache-Control", "no-cache"}, false},
	{"no-cache for a field", 200, []string{"Cache-Control", `public, no-cache="Set-Cookie"`}, false},
	{"in a second line", 200, []string{"Cache-Control", "max-age=60", "Cache-Control", "private"}, false},
	{"public and private at once", 200, []string{"Cache-Control", "public, private"}, false},
	{"no time", 200, []string{"Cache-Control", "max-age=0"}, false},
	{"no time for shared caches", 200, []string{"Cache-Control", "max-age=60, s-maxage=0"}, false},
	{"time for shared caches alone", 200, []string{"Cache-Control", "max-age=0, s-maxage=60"}, true},
	{"a time that is no number", 200, []string{"Cache-Control", "max-age=soon"}, false},
	{"a time below zero", 200, []string{"Cache-Control", "max-age=-1"}, false},
	{"two times, one of nought", 200, []string{"Cache-Control", "max-age=60, max-age=0"}, false},
	{"a time beyond all numbers", 200, []string{"Cache-Control", "max-age=99999999999999999999"}, true},
	{"public", 200, []string{"Cache-Control", "public"}, true},
	{"private, behind quotes that end with an escape", 200, []string{"Cache-Control", `max-age=60, ext="a\\", private`}, false},
	{"private, behind quotes that do not end", 200, []string{"Cache-Control", `max-age=60, ext="a, private`}, false},
	{"a word within quotes is no directive", 200, []string{"Cache-Control", `ext="a, private", max-age=60`}, true},
	{"past", 200, []string{"Expires", "Thu, 01 Jan 1970 00:00:00 GMT"}, false},
	{"past in the fashion of old", 200, []string{"Expires", "0"}, false},
	{"Cache-Control counts above Expires", 200, []string{"Expires", "0", "Cache-Control", "max-age=60"}, true},
	{"the old way to forbid", 200, []string{"Pragma", "no-cache"}, false},
	{"as old as it may become", 200, []string{"Cache-Control", "max-age=60", "Age", "5"}, true},
	{"varies by anything", 200, []string{"Vary", "*"}, false},
	{"varies by cookie", 200, []string{"Vary", "Cookie"}, false},
	{"among others", 200, []string{"Vary", "Accept-Encoding, cookie"}, false},
	{"in a second line, too", 200, []string{"Vary", "Accept-Encoding", "Vary", "Cookie"}, false},
	{"varies by credentials", 200, []string{"Vary", "Authorization"}, false},
	{"varies by the pass", 200, []string{"Vary", "Waitroom-Pass"}, false},
	{"varies by the address", 200, []string{"Vary", "X-Forwarded-For"}, false},
	{"varies by what no client may send", 200, []string{"Vary", "X-Original-URL"}, false},
	{"varies by what is no name", 200, []string{"Vary", "a b"}, false},
	{"varies by what is in the key", 200, []string{"Vary", "Host, X-Forwarded-Host, X-Forwarded-Proto"}, true},
	{"varies by encoding", 200, []string{"Vary", "Accept-Encoding"}, true},
	{"a command", 200, []string{"Waitroom-Command", "release"}, false},
	{"a command for all", 200, []string{"Waitroom-Command", "sold-out"}, false},
	{"a command as Cloudflare's", 200, []string{"Cf-Waiting-Room-Command", "revoke"}, false},
}

func TestWhatMayBeKeptIsKeptAndNothingElse(t *testing.T) {
	r := begin(t, nil)
	for i, c := range storable {
		r.backend.says(c.status, c.fields...)
		uri := fmt.Sprintf("/slots/%d", i)
		r.get(uri)
		asked := r.backend.seen()
		a := r.get(uri)
		if kept := r.backend.seen() == asked; kept != c.kept {
			t.Errorf("%s: kept %v; %s", c.why, kept, a.cached())
		}
		if !c.kept && (a.Header.Get("Age") != "" || !strings.HasPrefix(a.cached(), "fwd=bypass")) {
			t.Errorf("%s: %v", c.why, a.Header)
		}
	}
}

func TestNoSpellingOfAFieldGetsAround(t *testing.T) {
	r := begin(t, nil)
	f := func(kept bool, fields string) {
		t.Helper()
		r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+fields+"Content-Length: 2\r\nConnection: close\r\n\r\nhi")
			_ = c.Close()
		})
		uri := fmt.Sprintf("/slots/%d", r.backend.seen())
		r.get(uri)
		seen := r.backend.seen()
		if r.get(uri); (r.backend.seen() == seen) != kept {
			t.Errorf("%q: kept %v", fields, !kept)
		}
	}
	f(true, "")
	f(false, "set-cookie: a=b\r\n")
	f(false, "SET-COOKIE:a\r\n")
	f(false, "cache-control: Private\r\n")
	f(false, "CACHE-control: max-age=5 ,\tNO-STORE\r\n")
	f(false, "cache-control: max-age=5\r\ncAchE-cOntrOl: no-cache\r\n")
	f(false, "vary: accept-encoding,COOKIE\r\n")
	f(false, "vARY:*\r\n")
	f(false, "pragma: NO-CACHE\r\n")
	f(false, "expires: -1\r\n")
	f(false, "waitroom-command: release\r\n")
	f(true, "connection: x-hop\r\nx-hop: 1\r\n")
}

func TestTheBackendsShorterTimeCountsAndTheOperatorsIsTheMost(t *testing.T) {
	f := func(cacheControl string, fresh int) {
		t.Helper()
		r := begin(t, func(o *Options) { o.Rules[0].Stale = 0 })
		r.backend.says(200, "Cache-Control", cacheControl)
		r.get("/slots/a")
		r.pass(time.Duration(fresh)*time.Second - time.Millisecond)
		r.get("/slots/a")
		if n := r.backend.seen(); n != 1 {
			t.Errorf("%s: asked again before %d s", cacheControl, fresh)
		}
		r.pass(time.Millisecond)
		r.get("/slots/a")
		if n := r.backend.seen(); n != 2 {
			t.Errorf("%s: not asked again after %d s", cacheControl, fresh)
		}
	}
	f("max-age=3", 3)
	f("max-age=3, s-maxage=5", 5)
	f("max-age=3600", 10)
	f("public", 10)
}

func TestHeadIsAnsweredFromGet(t *testing.T) {
	r := begin(t, nil)
	r.backend.says(200, "X-Slots", "7")
	head := r.do(http.MethodHead, "/slots/a")
	if head.StatusCode != 200 || head.body != "" || head.ContentLength != int64(len("answer 1")) || head.Header.Get("X-Slots") != "7" {
		t.Errorf("HEAD: %d %q length %d", head.StatusCode, head.body, head.ContentLength)
	}
	if a := r.get("/slots/a"); a.body != "answer 1" || r.backend.visit(0).Method != http.MethodGet || r.backend.seen() != 1 {
		t.Errorf("GET after it: %q, %d requests", a.body, r.backend.seen())
	}
}

func TestConditionalRequestsAreAnsweredFromWhatIsKept(t *testing.T) {
	r := begin(t, nil)
	r.backend.says(200, "Etag", `"v1"`, "Last-Modified", "Thu, 12 Aug 2021 11:00:00 GMT", "Content-Type", "text/plain", "Access-Control-Allow-Origin", "*")
	r.get("/slots/a")
	f := func(status int, fields ...string) {
		t.Helper()
		a := r.get("/slots/a", fields...)
		if a.StatusCode != status || (status == 304) != (a.body == "") || a.Header.Get("Etag") != `"v1"` {
			t.Errorf("%v: %d %q %v", fields, a.StatusCode, a.body, a.Header)
		}
		if status == 304 && (a.Header.Get("Content-Type") != "" || a.Header.Get("Access-Control-Allow-Origin") != "*") {
			t.Errorf("%v: %v", fields, a.Header)
		}
	}
	f(304, "If-None-Match", `"v1"`)
	f(304, "If-None-Match", `"v0", W/"v1"`)
	f(304, "If-None-Match", "*")
	f(200, "If-None-Match", `"v2"`)
	f(304, "If-Modified-Since", "Thu, 12 Aug 2021 11:00:00 GMT")
	f(200, "If-Modified-Since", "Thu, 12 Aug 2021 10:59:59 GMT")
	f(200, "If-Modified-Since", "yesterday")
	f(200, "If-None-Match", `"v2"`, "If-Modified-Since", "Thu, 12 Aug 2021 11:00:00 GMT") // the tag counts
	if r.backend.seen() != 1 {
		t.Errorf("%d requests", r.backend.seen())
	}
}

func TestPersonalAndPartialRequestsGoTheirOwnWay(t *testing.T) {
	f := func(method string, why string, fields ...string) {
		t.Helper()
		r := begin(t, nil)
		r.get("/slots/a")
		for range 2 {
			a := r.do(method, "/slots/a", fields...)
			if !strings.HasPrefix(a.cached(), "fwd="+why) {
				t.Errorf("%s %v: %s", method, fields, a.cached())
			}
		}
		if r.backend.seen() != 3 {
			t.Errorf("%s %v: %d requests", method, fields, r.backend.seen())
		}
		last := r.backend.visit(1)
		if last.Header.Get("Waitroom-Pass") != "visitors.own.pass" || len(fields) > 0 && last.Header.Get(fields[0]) != fields[1] {
			t.Errorf("%s %v arrived with %v", method, fields, last.Header)
		}
	}
	f("GET", "request", "Authorization", "Basic YTpi")
	f("GET", "request", "Range", "bytes=0-1")
	f("GET", "request", "If-Range", `"v1"`)
	f("GET", "request", "If-Match", `"v1"`)
	f("GET", "request", "If-Unmodified-Since", "Thu, 12 Aug 2021 11:00:00 GMT")
	f("OPTIONS", "method", "Origin", "https://example.kr")
}

func TestAReloadDoesNotReachTheBackend(t *testing.T) {
	r := begin(t, nil)
	r.get("/slots/a")
	r.get("/slots/a", "Cache-Control", "no-cache", "Pragma", "no-cache")
	r.get("/slots/a", "Cache-Control", "max-age=0")
	if r.backend.seen() != 1 {
		t.Errorf("%d requests", r.backend.seen())
	}
}

func TestAChangeForgetsWhatWasKeptOfTheAddress(t *testing.T) {
	f := func(method string, status int, forgotten bool) {
		t.Helper()
		r := begin(t, nil)
		r.get("/slots/a?x=1")
		r.get("/slots/b")
		r.backend.says(status)
		r.do(method, "/slots/a?x=1")
		seen := r.backend.seen()
		r.get("/slots/a?x=1")
		if got := r.backend.seen() > seen; got != forgotten {
			t.Errorf("%s answered %d: forgotten %v", method, status, got)
		}
		seen = r.backend.seen()
		if r.get("/slots/b"); r.backend.seen() != seen {
			t.Errorf("%s: another address was forgotten", method)
		}
	}
	f("POST", 200, true)
	f("PUT", 204, true)
	f("DELETE", 303, true)
	f("PATCH", 403, false)
	f("POST", 500, false)
	f("OPTIONS", 200, false)
}

func TestAnAnswerOfAnyFramingIsKeptWhole(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 40<<10/16*16) // 640 KiB
	f := func(name string, answer http.HandlerFunc) {
		t.Helper()
		r := begin(t, nil)
		r.backend.answers(answer)
		for range 2 {
			if a := r.get("/slots/a"); a.body != big {
				t.Errorf("%s: %d bytes", name, len(a.body))
			}
		}
		if r.backend.seen() != 1 {
			t.Errorf("%s: %d requests", name, r.backend.seen())
		}
	}
	f("of known length", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(big)))
		_, _ = io.WriteString(w, big)
	})
	f("in chunks", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, big[:1000])
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, big[1000:])
	})
	f("until the connection ends", func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+big)
		_ = c.Close()
	})
}

func TestAnAnswerThatBreaksOffIsNotKept(t *testing.T) {
	r := begin(t, nil)
	r.backend.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "400000")
		_, _ = io.WriteString(w, strings.Repeat("x", 200000))
	})
	if a := r.get("/slots/a"); a.StatusCode != 502 {
		t.Errorf("half an answer: %d", a.StatusCode)
	}
	r.backend.answers(nil)
	if a := r.get("/slots/a"); !strings.HasPrefix(a.body, "answer 2") {
		t.Errorf("after it: %q", a.body)
	}
}

func TestTheWordsOfCachesNearerToTheBackendStay(t *testing.T) {
	r := begin(t, nil)
	r.backend.says(200, "Cache-Status", "origin; hit", "Age", "3", "Cache-Control", "max-age=5")
	r.get("/slots/a")
	r.pass(time.Second)
	a := r.get("/slots/a")
	if got := strings.Join(a.Header.Values("Cache-Status"), ", "); got != "origin; hit, waitroom; hit; ttl=1" || a.Header.Get("Age") != "4" {
		t.Errorf("%s; Age %s", got, a.Header.Get("Age"))
	}
}
