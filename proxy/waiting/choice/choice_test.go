package choice

import (
	"bytes"
	"compress/gzip"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func everyPage(t *testing.T, f func(t *testing.T, name, language, page string)) {
	t.Helper()
	pages := New()
	for name, facts := range examples() {
		for _, language := range []string{"ko", "en"} {
			t.Run(name+" in "+language, func(t *testing.T) {
				f(t, name, language, string(pages.Append(nil, example(facts, language))))
			})
		}
	}
}

func TestEveryPageSaysItsOwnWordsInBothLanguages(t *testing.T) {
	pages := New()
	everyPage(t, func(t *testing.T, name, language, page string) {
		f := examples()[name]
		for _, l := range []string{"ko", "en"} {
			v := view{Facts: example(f, l), p: pages, words: pages.words[l]}
			p := v.phrase()
			if p[0] == "" || !strings.Contains(page, "<h1>"+p[0]+`</h1><p class="lead">`+p[1]+"</p>") {
				t.Errorf("lacks the words %q in %s", p, l)
			}
			if l == language && !strings.Contains(page, "<title>"+p[0]+" – "+pages.words[l].Name+"</title>") {
				t.Errorf("has another title than %q", p[0])
			}
		}
		if !strings.Contains(page, "<html lang=\""+language+"\">") {
			t.Error("has another language")
		}
	})
}

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	keys := func(language string) (out []string) {
		w := New().words[language]
		for k, p := range w.States {
			out = append(out, "state "+k)
			if p[0] == "" || p[1] == "" {
				t.Errorf("state %s has no words in %s", k, language)
			}
		}
		for k := range w.Labels {
			out = append(out, "label "+k)
		}
		slices.Sort(out)
		return out
	}
	if d := cmp.Diff(keys("ko"), keys("en")); d != "" {
		t.Error(d)
	}
}

func TestEveryPageIsUnder8000BytesGzipped(t *testing.T) {
	everyPage(t, func(t *testing.T, _, _, page string) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(page))
		_ = w.Close()
		if b.Len() >= 8_000 {
			t.Errorf("%d bytes gzipped, %d plain", b.Len(), len(page))
		}
	})
}

func TestAppendAllocatesNothing(t *testing.T) {
	pages := New()
	buf := make([]byte, 0, 64<<10)
	for name, f := range examples() {
		facts := example(f, "ko")
		if n := testing.AllocsPerRun(20, func() { buf = pages.Append(buf[:0], facts) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestAProviderWithoutALabelIsCalledByAnyNameThatItHas(t *testing.T) {
	f := func(p Provider, language, want string) {
		t.Helper()
		page := string(New().Append(nil, example(Facts{Providers: []Provider{p}}, language)))
		if got := regexp.MustCompile(`<b>([^<]+)</b> <`).FindStringSubmatch(page); got == nil || got[1] != want {
			t.Errorf("%v in %s is called %q, want %q", p, language, got, want)
		}
	}
	f(Provider{Name: "x", Korean: "가", English: "A", Light: "smooth"}, "ko", "가")
	f(Provider{Name: "x", Korean: "가", English: "A", Light: "smooth"}, "en", "A")
	f(Provider{Name: "x", English: "A", Light: "smooth"}, "ko", "A")
	f(Provider{Name: "x", Korean: "가", Light: "smooth"}, "en", "가")
	f(Provider{Name: "x", Light: "smooth"}, "en", "x")
}

func TestWithoutScriptAPageIsLoadedAgainWhenThereIsSomethingNew(t *testing.T) {
	f := func(why string, facts Facts, want string) {
		t.Helper()
		got := regexp.MustCompile(`http-equiv="refresh" content="([^;]*);url=([^"]*)"`).FindStringSubmatch(string(New().Append(nil, example(facts, "ko"))))
		switch {
		case want == "" && got == nil:
		case got == nil || got[1] != want || got[2] != "/book/slots?day=2021-08-12&amp;centre=3":
			t.Errorf("%s: %q, want %q", why, got, want)
		}
	}
	f("lights", Facts{}, "60")
	f("a code may be being typed", Facts{Invitations: true}, "")
	f("the lock ends", Facts{Kind: Held, Until: instant + 100*second}, "101")
	f("in a moment", Facts{Kind: Taken, Until: instant + 1}, "5")
	f("the button is there already", Facts{Kind: Held, Until: instant}, "")
	f("some day", Facts{Kind: NotEligible, From: instant + 100*hour}, "3600")
	f("never", Facts{Kind: NotEligible}, "")
	f("sold out for good", Facts{Kind: SoldOut}, "")
}

func TestWhoseOwnWindowIsToComeIsNotToldThatTheyAreNotAmongThoseWhoCanApply(t *testing.T) {
	f := func(why string, from int64, want bool) {
		t.Helper()
		page := string(New().Append(nil, example(Facts{Kind: NotEligible, Reason: "no_group", From: from}, "ko")))
		for _, words := range []string{"신청 대상에 들어 있지 않습니다", "You are not among those who can apply"} {
			if got := strings.Contains(page, words); got != want {
				t.Errorf("%s: %q is there: %v", why, words, got)
			}
		}
	}
	f("never", 0, true)
	f("tomorrow", instant+24*hour, false)
}

var elements = regexp.MustCompile(`<[a-zA-Z/!?][^\s>]*`)

// FuzzAppend looks for a value that gets out of its place: the page with it must have the very elements of the page without it.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onclick='x`, `</title><script>`, `</script><script>`,
		`javascript:alert(1)`, `&lt;script&gt;`, "\x00<\xff>", "\u2028", `<!--`, `-->`, `]]>`, `//evil.example`, `/\evil.example`, `/;url=//evil.example`,
		`/a";url='https://evil.example'`, "/\t/evil.example"} {
		f.Add(s, s)
	}
	pages := New()
	all := map[string]Facts{}
	for _, name := range []string{"incomplete", "early", "held", "not_your_day", "sold_out"} {
		all[name] = examples()[name]
	}
	fill := func(facts Facts, a, b string) *Facts {
		facts.Message, facts.Family, facts.Digit, facts.Missing = a+"x", b+"x", a+"x", []string{b}
		facts.Providers = []Provider{{Name: a, Korean: b + "x", English: a + "x", Light: b + "x"}}
		facts.Invitations, facts.Invite = true, a
		filled := example(facts, "en")
		filled.Return, filled.Room, filled.Nonce = b, a, b
		return filled
	}
	want := map[string][]string{}
	for name := range all {
		want[name] = elements.FindAllString(string(pages.Append(nil, fill(all[name], "a", "/a"))), -1)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for name := range all {
			page := string(pages.Append(nil, fill(all[name], a, b)))
			if d := cmp.Diff(want[name], elements.FindAllString(page, -1)); d != "" {
				t.Fatalf("%s: %s", name, d)
			}
			noStray(t, page)
			leadsHome(t, page)
		}
	})
}

var (
	raw   = regexp.MustCompile(`(?s)(<(?:script|style)[^>]*>).*?(</(?:script|style)>)`)
	tag   = regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*/?>`)
	leads = regexp.MustCompile(` (href|data-return|value|formaction|content)="([^"]*)"`)
)

// noStray checks that nothing is left of a page without its tags that could begin or end one.
func noStray(t *testing.T, page string) {
	t.Helper()
	rest := strings.TrimPrefix(raw.ReplaceAllString(page, "$1$2"), "<!doctype html>\n")
	if left := tag.ReplaceAllString(rest, ""); strings.ContainsAny(left, "<>") {
		at := strings.IndexAny(left, "<>")
		t.Fatalf("a stray < or > in %q", left[max(0, at-30):min(len(left), at+30)])
	}
}

// leadsHome checks that every address in a page is one of this host.
func leadsHome(t *testing.T, page string) {
	t.Helper()
	for _, m := range leads.FindAllStringSubmatch(page, -1) {
		to := html.UnescapeString(m[2])
		_, refresh, isRefresh := strings.Cut(to, ";url=")
		switch {
		case m[1] == "value", m[1] == "content" && !isRefresh, to == "data:,":
			continue
		case isRefresh && m[1] == "content":
			to = refresh
		}
		if to == "" || to[0] != '/' || len(to) > 1 && (to[1] == '/' || to[1] == '\\') || strings.ContainsAny(to, "\t\r\n") && !strings.HasPrefix(to, "/.waitroom/") {
			t.Fatalf("%s leads to %q", m[1], to)
		}
	}
}
