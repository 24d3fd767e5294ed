package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"waitroom/proxy/bound"
	"waitroom/proxy/strict"
	"waitroom/token"
)

func TestOfAllCombinationsOfFactsOneAdmits(t *testing.T) {
	readings := []error{
		nil, token.ErrNotYet, token.ErrExpired, token.ErrSignature, token.ErrMalformed, token.ErrForeign, token.ErrKeys,
		errors.New("another"), fmt.Errorf("wrapped: %w", token.ErrExpired), fmt.Errorf("wrapped: %w", token.ErrNotYet),
		errors.Join(token.ErrNotYet, token.ErrExpired),
	}
	yes := []bool{false, true}
	admitted := 0
	for _, shown := range yes {
		for _, err := range readings {
			for _, holds := range yes {
				for n := range 8 {
					revoked, foreign, taken := n&1 > 0, n&2 > 0, n&4 > 0
					f := facts{shown: shown, err: err, holds: holds, revoked: revoked, foreign: foreign, taken: taken}
					got := decide(f)
					if got == admit {
						admitted++
					}
					if want := shown && err == nil && holds && !revoked && !foreign && !taken; (got == admit) != want {
						t.Errorf("%+v: %v", f, got)
					}
					if want := shown && errors.Is(err, token.ErrNotYet) && !errors.Is(err, token.ErrExpired) && holds && !revoked && !taken; (got == early) != want {
						t.Errorf("%+v: %v", f, got)
					}
					if !shown && got != wait {
						t.Errorf("%+v: %v", f, got)
					}
				}
			}
		}
	}
	if admitted != 1 {
		t.Errorf("%d combinations admit", admitted)
	}
	if decide(facts{}) != wait {
		t.Error("no facts do not wait")
	}
}

func TestASessionThatIsNotShownOutweighsEverythingElse(t *testing.T) {
	good := facts{shown: true, holds: true}
	f := func(state bound.State, change func(*facts), want verdict) {
		t.Helper()
		given := good
		given.bound = state
		if change != nil {
			change(&given)
		}
		if got := decide(given); got != want {
			t.Errorf("%+v: %v, want %v", given, got, want)
		}
	}
	f(bound.Free, nil, admit)
	f(bound.Fresh, nil, admit)
	f(bound.Stale, nil, unconfirmed)
	f(bound.Missing, nil, unbound)
	// Whoever copied a device's cookie and leaves the pass out, or breaks it, gets no other.
	f(bound.Stale, func(f *facts) { *f = facts{bound: bound.Stale} }, unconfirmed)
	f(bound.Stale, func(f *facts) { f.err = token.ErrMalformed }, unconfirmed)
	f(bound.Stale, func(f *facts) { f.err = token.ErrExpired }, unconfirmed)
	f(bound.Fresh, func(f *facts) { f.revoked = true }, ended)
	f(bound.Missing, func(f *facts) { f.revoked = true }, ended)
	f(bound.Fresh, func(f *facts) { f.err = token.ErrNotYet }, early)
}

func TestTheReasonOfARefusalIsTheFirstThatIsKnown(t *testing.T) {
	for _, c := range []struct {
		f    facts
		want verdict
	}{
		{facts{shown: true, err: token.ErrExpired, revoked: true}, expired},
		{facts{shown: true, err: token.ErrSignature, holds: true}, forged},
		{facts{shown: true, err: token.ErrForeign, holds: true}, forged},
		{facts{shown: true, revoked: true}, elsewhere},
		{facts{shown: true, holds: true, revoked: true}, ended},
		{facts{shown: true, holds: true, taken: true}, taken},
		{facts{shown: true, holds: true, taken: true, revoked: true, copied: true}, taken},
		{facts{shown: true, holds: true, taken: true, err: token.ErrNotYet}, taken},
		{facts{shown: true, holds: true, taken: true, err: token.ErrExpired}, expired},
		{facts{shown: true, taken: true}, elsewhere},
		{facts{shown: true, err: token.ErrNotYet, holds: true, revoked: true}, ended},
		{facts{shown: true, err: token.ErrNotYet}, elsewhere},
		{facts{shown: true, holds: true, moved: true}, elsewhere},
		{facts{shown: true, holds: true, moved: true, keyed: true}, moved},
		{facts{shown: true, holds: true, moved: true, keyed: true, revoked: true}, ended},
		{facts{shown: true, moved: true, keyed: true}, elsewhere},
		{facts{shown: true, holds: true, moved: true, keyed: true, err: token.ErrExpired}, expired},
		{facts{shown: true, holds: true, keyed: true}, admit},
	} {
		if got := decide(c.f); got != c.want {
			t.Errorf("%+v: %v, want %v", c.f, got, c.want)
		}
	}
}

func TestHostsMatchExactlyOrBelowAWildcard(t *testing.T) {
	const exact = 1 << 16
	for _, c := range []struct {
		patterns, host string
		want           int
	}{
		{"a.kr", "a.kr", exact},
		{"a.kr", "b.a.kr", -1},
		{"a.kr", "aa.kr", -1},
		{"*", "anything", 0},
		{"*.a.kr", "b.a.kr", 6},
		{"*.a.kr", "c.b.a.kr", 6},
		{"*.a.kr", "a.kr", -1},
		{"*.a.kr", ".a.kr", -1},
		{"*.a.kr", "ba.kr", -1},
		{"*.a.kr", "b.a.kr.evil.example", -1},
		{"* *.a.kr", "b.a.kr", 6},
		{"*.a.kr *.b.a.kr", "c.b.a.kr", 8},
		{"*.a.kr b.a.kr", "b.a.kr", exact},
		{"", "a.kr", -1},
		{"*a.kr", "aa.kr", -1},
		{"[::1]", "[::1]", exact},
	} {
		if got := matchHost(strings.Fields(c.patterns), []byte(c.host)); got != c.want {
			t.Errorf("%q has %q: %d, want %d", c.patterns, c.host, got, c.want)
		}
	}
}

func TestPathsMatchByWholeSegments(t *testing.T) {
	for _, c := range []struct {
		prefixes, path string
		want           int
	}{
		{"/", "/", 1},
		{"/", "/x", 1},
		{"/book/", "/book", 6},
		{"/book/", "/book/", 6},
		{"/book/", "/book/1", 6},
		{"/book/", "/books", -1},
		{"/book/", "/boo", -1},
		{"/book/", "/", -1},
		{"/ /book/", "/book/1", 6},
		{"/book/ /book/my/", "/book/my", 9},
		{"", "/", -1},
	} {
		if got := matchPath(strings.Fields(c.prefixes), []byte(c.path)); got != c.want {
			t.Errorf("%q has %q: %d, want %d", c.prefixes, c.path, got, c.want)
		}
	}
}

func FuzzHostsAndPathsNeverMatchWhatTheyDoNotName(f *testing.F) {
	f.Add("*.a.kr", "b.a.kr", "/book/", "/book/1")
	f.Add("*", "", "/", "/")
	f.Add("a", "a", "/static", "/static")
	f.Fuzz(func(t *testing.T, pattern, host, prefix, path string) {
		got := matchHost([]string{pattern}, []byte(host))
		suffix, wild := strings.CutPrefix(pattern, "*")
		want := pattern == "*" || pattern == host ||
			wild && strings.HasPrefix(suffix, ".") && strings.HasSuffix(host, suffix) && len(host) > len(suffix)
		if (got >= 0) != want {
			t.Errorf("%q has %q: %d", pattern, host, got)
		}
		if prefix == "" {
			return // the configuration refuses it
		}
		got = matchPath([]string{prefix}, []byte(path))
		if want := strings.HasPrefix(path, prefix) || path+"/" == prefix; (got >= 0) != want {
			t.Errorf("%q has %q: %d", prefix, path, got)
		}
		r := Room{Open: []string{prefix}}
		if want := path == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix); r.opens([]byte(path)) != want {
			t.Errorf("%q opens %q: %t", prefix, path, !want)
		}
	})
}

func TestTheRoomIsTheOneWithTheMostExactHostAndOfThoseTheLongestPath(t *testing.T) {
	o := Options{Rooms: []Room{
		{Name: "all", Hosts: []string{"*"}, Paths: []string{"/"}},
		{Name: "wild", Hosts: []string{"*.kr"}, Paths: []string{"/", "/deep/"}},
		{Name: "site", Hosts: []string{"a.kr"}, Paths: []string{"/"}},
		{Name: "book", Hosts: []string{"a.kr", "b.kr"}, Paths: []string{"/book/"}},
		{Name: "later", Hosts: []string{"a.kr"}, Paths: []string{"/"}},
	}}
	for _, c := range []struct{ host, path, want string }{
		{"a.kr", "/", "site"},          // exact, and the first of two alike
		{"a.kr", "/book/1", "book"},    // of the exact ones the longest path
		{"b.kr", "/book", "book"},      //
		{"b.kr", "/deep/1", "wild"},    // the exact host has no such path: the next best
		{"c.kr", "/book/1", "wild"},    //
		{"a.example", "/deep/", "all"}, //
	} {
		if got := o.room([]byte(c.host), []byte(c.path)); got == nil || got.Name != c.want {
			t.Errorf("%s%s: %+v, want %s", c.host, c.path, got, c.want)
		}
	}
	o.Rooms = o.Rooms[2:]
	if got := o.room([]byte("x.kr"), []byte("/")); got != nil {
		t.Errorf("an unknown host is in %s", got.Name)
	}
	if o.named("site", []byte("b.kr")) != nil || o.named("site", []byte("a.kr")) == nil {
		t.Error("a room is called by its name on hosts of others, or not on its own")
	}
}

// canonical is the path of a request for a target, "" where it is refused.
func canonical(target string) string {
	ctx := &fasthttp.RequestCtx{}
	raw := "GET " + target + " HTTP/1.1\r\nHost: a.kr\r\n\r\n"
	if ctx.Request.Header.Read(bufio.NewReader(strings.NewReader(raw))) != nil {
		return ""
	}
	q := &strict.Request{}
	if no := (&strict.Filter{}).Check(ctx, q); no.Refused() {
		return ""
	}
	return string(q.Path)
}

func TestConfiguredPathsAreComparedAsRequestsSpellThem(t *testing.T) {
	for _, p := range []string{"/", "/book/", "/예약/", "/a|b/", "/a[1]/", "/~me/", "/a b"} {
		if got := canonical(p); got != "" && got != Encoded([]string{p})[0] {
			t.Errorf("%s: a request has %s, the room %s", p, got, Encoded([]string{p})[0])
		}
	}
	g := New(Options{Rooms: []Room{{Name: "r", Hosts: []string{"*"}, Paths: []string{"/예약/"}, Open: []string{"/예약/열린/"}}}})
	o := g.options.Load()
	r := o.room([]byte("a.kr"), []byte(canonical("/%ec%98%88%EC%95%BD/열린/x")))
	if r == nil || !r.opens([]byte(canonical("/예약/열린/x"))) || r.opens([]byte(canonical("/예약/x"))) {
		t.Errorf("found %+v", r)
	}
}

func FuzzConfiguredPathsAreSpeltAsStrictDoes(f *testing.F) {
	f.Add("/예약/")
	f.Add("/{a}")
	f.Fuzz(func(t *testing.T, path string) {
		if !utf8.ValidString(path) || strings.ContainsAny(path, "%?#;\\") {
			t.Skip("refused by the configuration")
		}
		if got := canonical(path); got != "" && got != Encoded([]string{path})[0] {
			t.Errorf("%q: a request has %q, the room %q", path, got, Encoded([]string{path})[0])
		}
	})
}
