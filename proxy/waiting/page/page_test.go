package page

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func everyPage(t *testing.T, f func(t *testing.T, state, language, page string)) {
	t.Helper()
	tpl := mustNew(t, nil)
	for _, language := range []string{"ko", "en"} {
		for _, state := range states {
			t.Run(state+" in "+language, func(t *testing.T) {
				f(t, state, language, string(tpl.Append(nil, example(state, language))))
			})
		}
	}
}

func TestEveryStateSaysItsOwnWordsInBothLanguages(t *testing.T) {
	all := loadWords()
	seen := map[string]string{}
	everyPage(t, func(t *testing.T, state, language, page string) {
		p := all[language].States[state]
		if p[0] == "" || p[1] == "" {
			t.Fatal("no words")
		}
		if other := seen[p[0]]; other != "" {
			t.Errorf("has the heading of %s", other)
		}
		seen[p[0]] = state
		other := "en"
		if language == "en" {
			other = "ko"
		}
		for _, want := range []string{
			`<html lang="` + language + `">`, `data-waitroom="heading">` + p[0] + `</h1>`, `data-waitroom="text">` + p[1] + `</p>`,
			p[0] + " – " + all[language].Name + "</title>", `<h2>` + all[other].States[state][0] + `</h2>`,
		} {
			if !strings.Contains(page, want) {
				t.Errorf("lacks %q", want)
			}
		}
	})
}

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	all := loadWords()
	keys := func(w *Words) (out map[string]int) {
		out = map[string]int{"months": len(w.Months)}
		for k, p := range w.States {
			out["state "+k] = len(p)
		}
		for k, s := range w.Labels {
			out["label "+k] = strings.Count(s, "{")
		}
		return out
	}
	if d := cmp.Diff(keys(all["ko"]), keys(all["en"])); d != "" {
		t.Error(d)
	}
	if len(all["ko"].States) != len(states) {
		t.Errorf("%d states have words, %d are known", len(all["ko"].States), len(states))
	}
}

func TestEveryPageIsWellFormed(t *testing.T) {
	everyPage(t, func(t *testing.T, _, _, page string) {
		if err := wellFormed(page); err != nil {
			t.Error(err)
		}
	})
}

var voids = map[string]bool{"meta": true, "link": true, "br": true, "img": true, "input": true, "path": true, "circle": true}

// wellFormed checks that elements nest, that ids and attributes do not repeat, and that attributes are quoted.
func wellFormed(page string) error {
	rest, found := strings.CutPrefix(page, "<!doctype html>\n")
	if !found {
		return fmt.Errorf("no doctype")
	}
	raw := regexp.MustCompile(`(?s)(<(script|style)[^>]*>).*?(</(?:script|style)>)`)
	rest = raw.ReplaceAllString(rest, "$1$3")
	tag := regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:=(?:"[^"<>]*"|'[^'<>]*'))?)*)\s*/?>`)
	var open []string
	for _, m := range tag.FindAllStringSubmatch(rest, -1) {
		switch {
		case voids[m[2]]:
		case m[1] == "":
			open = append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			return fmt.Errorf("</%s> closes %v", m[2], open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("never closed: %v", open)
	}
	if left := tag.ReplaceAllString(rest, ""); strings.ContainsAny(left, "<>") {
		at := strings.IndexAny(left, "<>")
		return fmt.Errorf("a stray < or > in %q", left[max(0, at-30):min(len(left), at+30)])
	}
	return nil
}

func TestEveryPageIsUnder14000BytesGzipped(t *testing.T) {
	everyPage(t, func(t *testing.T, _, _, page string) {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = w.Write([]byte(page))
		_ = w.Close()
		if b.Len() >= 14_000 {
			t.Errorf("%d bytes gzipped, %d plain", b.Len(), len(page))
		}
	})
}

func TestNothingComesFromElsewhere(t *testing.T) {
	outside := regexp.MustCompile(`(?i)https?://|[^:]//[a-z0-9-]+\.|@import|url\(|<base|<iframe|<object|<embed| on[a-z]+=| style=|javascript:|eval\(|innerHTML|document\.write|Date\.now|new Date\(\)`)
	everyPage(t, func(t *testing.T, _, _, page string) {
		if found := outside.FindAllString(page, -1); found != nil {
			t.Errorf("holds %q", found)
		}
	})
}

func TestThePolicyAllowsTheScriptAndTheStyleOfThePageAndNoOther(t *testing.T) {
	everyPage(t, func(t *testing.T, state, language, page string) {
		nonce := example(state, language).Nonce
		policy := ContentSecurityPolicy(nonce)
		for _, want := range []string{"default-src 'none'", "script-src 'nonce-" + nonce + "'", "'nonce-" + nonce + "'; img-src",
			"connect-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("policy lacks %s", want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("policy is too wide: %s", policy)
		}
		for _, element := range regexp.MustCompile(`<(script|style)[^>]*>`).FindAllString(page, -1) {
			if !strings.Contains(element, `nonce="`+nonce+`"`) {
				t.Errorf("%s has no nonce", element)
			}
		}
	})
}

func TestWithoutScriptThePageReloadsAsTheServerSays(t *testing.T) {
	tpl := mustNew(t, nil)
	f := func(why, state string, ms int64, want string) {
		t.Helper()
		out := string(tpl.Append(nil, &Facts{State: state, NextPollMS: ms}))
		m := regexp.MustCompile(`<noscript><meta http-equiv="refresh" content="(\d+)"></noscript>`).FindStringSubmatch(out)
		if want == "" && m != nil || want != "" && (m == nil || m[1] != want) {
			t.Errorf("%s: %q, want %q", why, m, want)
		}
	}
	f("as told", "waiting", 20_000, "20")
	f("never before", "waiting", 20_001, "21")
	f("no storm", "waiting", 1_000, "5")
	f("not told, but somebody waits", "paused", 0, "30")
	f("nobody waits", "sold_out", 0, "")
	f("a form may be lost by reloading", "down", 0, "")
	f("told to try again", "down", 10_000, "10")
	f("a negative pause is none", "closed", -1, "")
}

func TestTheButtonLeadsBackToThePageAskedFor(t *testing.T) {
	tpl := mustNew(t, nil)
	f := func(path, want string) {
		t.Helper()
		out := string(tpl.Append(nil, &Facts{State: "called", Return: path}))
		if !strings.Contains(out, `<a class="button" href="`+want+`" data-waitroom="enter">`) {
			t.Errorf("%q does not lead to %q", path, want)
		}
	}
	f("/book?a=1&b=2", "/book?a=1&amp;b=2")
	f("/", "/")
	f("", "/")
	f("//evil.example/", "/")                    // another host
	f(`/\evil.example/`, "/")                    // the same to a browser
	f("/\t/evil.example/", "/")                  // tabs are dropped by browsers
	f("https://evil.example/", "/")              // another host
	f("javascript:alert(1)", "/")                // no path at all
	f(`/"><script>`, "/&#34;&gt;&lt;script&gt;") // escaped
}

func TestTheStandingInThePageIsThatOfTheInterface(t *testing.T) {
	tpl := mustNew(t, nil)
	facts := example("early", "ko")
	facts.Low, facts.High, facts.Position, facts.EnterAt = -1, -1, 0, 0
	facts.Message = "<b>\"it's\"</b> & \u2028\\ 안내"
	m := regexp.MustCompile(`data-standing='([^']*)'`).FindSubmatch(tpl.Append(nil, facts))
	if m == nil {
		t.Fatal("no standing")
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &got); err != nil {
		t.Fatalf("%v in %s", err, m[1])
	}
	want := map[string]any{"room": "booking", "state": "early", "position": nil, "waiting": 482913.0, "eta_seconds": map[string]any{"low": nil, "high": nil},
		"next_poll_ms": 20000.0, "enter_at": nil, "opens_at": "2021-08-12T11:00:00.000000Z", "server_time": "2021-08-12T10:42:10.000000Z",
		"message": facts.Message, "ticket_number": 51077.0}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatIsNotKnownIsNotShown(t *testing.T) {
	tpl := mustNew(t, nil)
	f := func(why string, facts Facts, want string) {
		t.Helper()
		m := regexp.MustCompile(`data-has="([^"]*)"`).FindSubmatch(tpl.Append(nil, &facts))
		if got := strings.TrimSpace(string(m[1])); got != want {
			t.Errorf("%s: shows %q, want %q", why, got, want)
		}
	}
	f("nothing known", Facts{State: "waiting", Low: -1, High: -1}, "keep again")
	f("everything", Facts{State: "waiting", Position: 1, Waiting: 2, TicketNumber: 3, High: 60, ServerTime: instant, Message: "x"},
		"position waiting eta ticket checked message keep again")
	f("no honest range while paused", Facts{State: "paused", Position: 1, High: 60}, "position keep again")
	f("a place is hidden before a draw", Facts{State: "early", DrawHash: "x", OpensAt: instant}, "opens keep again draw proof")
	f("the secret afterwards", Facts{State: "waiting", Position: 1, Low: -1, High: -1, DrawHash: "x", DrawSecret: "y"}, "position keep again proof secret")
	f("called: no position any more", Facts{State: "called", Position: 1, TicketNumber: 4}, "ticket keep again")
	f("entry ahead", Facts{State: "admitted", EnterAt: instant + 1, ServerTime: instant}, "entry checked keep again")
	f("entry now", Facts{State: "admitted", EnterAt: instant, ServerTime: instant}, "checked keep again")
	f("the wait is over", Facts{State: "sold_out", Position: 5, TicketNumber: 5}, "ticket")
	f("an error has its number", Facts{State: "down", Status: 502, RequestID: "x", TicketNumber: 5}, "again request")
	f("a number alone is no error", Facts{State: "closed", Status: 200, RequestID: "x"}, "again")
}

func TestAnUnknownStateIsShownAsWaiting(t *testing.T) {
	out := string(mustNew(t, nil).Append(nil, &Facts{State: `"><script>`, Language: "fr"}))
	if !strings.Contains(out, "순서를 기다리고 있습니다</h1>") || wellFormed(out) != nil {
		t.Error("not shown as waiting, in Korean")
	}
}

func TestTimesAreWrittenInTheZoneOfTheRoom(t *testing.T) {
	tpl := mustNew(t, []byte("{{opens}}|{{checked}}"))
	f := func(zone *time.Location, language, want string) {
		t.Helper()
		facts := Facts{State: "early", OpensAt: instant + 1_070_000_000, ServerTime: instant, Zone: zone, Language: language}
		if got := string(tpl.Append(nil, &facts)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(seoul, "ko", "8월 12일 20:00 (UTC+9)|19:42:10")
	f(seoul, "en", "12 August, 20:00 (UTC+9)|19:42:10")
	f(nil, "en", "12 August, 11:00 (UTC)|10:42:10")
	f(time.FixedZone("", -(3*3600+1800)), "en", "12 August, 07:30 (UTC-3:30)|07:12:10")
}

func TestAppendAllocatesNothing(t *testing.T) {
	tpl := mustNew(t, nil)
	buf := make([]byte, 0, 128<<10)
	for _, state := range states {
		facts := example(state, "ko")
		facts.Message = `<b>"it's"</b> & 안내`
		if n := testing.AllocsPerRun(20, func() { buf = tpl.Append(buf[:0], facts) }); n > 0 {
			t.Errorf("%s: %v allocations", state, n)
		}
	}
}

func TestAppendKeepsWhatWasThere(t *testing.T) {
	out := mustNew(t, nil).Append([]byte("before"), example("waiting", "ko"))
	if !bytes.HasPrefix(out, []byte("before<!doctype html>")) {
		t.Errorf("%.30s", out)
	}
}

// FuzzAppend looks for a value that gets out of its place: the page with it must have the very elements of the page
// without it.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onclick='x`, `</title><script>`, `</script><script>`,
		`javascript:alert(1)`, `{{script}}`, `&lt;script&gt;`, "\x00<\xff>", "\u2028", `<!--`, `-->`, `]]>`, `\u003cscript\u003e`, `//evil.example`, "`${1}`"} {
		f.Add(s, s)
	}
	tpl, err := New(nil)
	if err != nil {
		f.Fatal(err)
	}
	elements := regexp.MustCompile(`<[a-zA-Z/!?][^\s>]*`)
	want := elements.FindAllString(string(tpl.Append(nil, example("waiting", "ko"))), -1)
	f.Fuzz(func(t *testing.T, a, b string) {
		facts := example("waiting", "ko")
		facts.Message, facts.Return, facts.Room, facts.RequestID, facts.DrawHash, facts.DrawSecret, facts.Nonce = a, b, a, b, a, b, a
		page := string(tpl.Append(nil, facts))
		if d := cmp.Diff(want, elements.FindAllString(page, -1)); d != "" {
			t.Fatal(d)
		}
		if err := wellFormed(page); err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(` (href|data-return)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if to := html.UnescapeString(m[2]); to != "data:," && (to[0] != '/' || len(to) > 1 && (to[1] == '/' || to[1] == '\\')) {
				t.Fatalf("leads to %q", to)
			}
		}
		m := regexp.MustCompile(`data-standing='([^']*)'`).FindStringSubmatch(page)
		if m == nil || !json.Valid([]byte(html.UnescapeString(m[1]))) {
			t.Fatalf("the standing is no JSON: %q", m)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	tpl := mustNew(b, nil)
	facts := example("waiting", "ko")
	buf := make([]byte, 0, 128<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = tpl.Append(buf[:0], facts)
	}
	b.SetBytes(int64(len(buf)))
}
