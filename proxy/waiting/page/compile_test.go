package page

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnOwnPageIsFilledIn(t *testing.T) {
	own := "<p class='{{state}}' title=\"x {{ position }}\">{{position}} of {{waiting}}, {{label.eta}}: {{eta}} {{message}}</p>" +
		`<a href="{{return}}">x</a><form action='{{return}}'></form><script nonce="{{nonce}}">let a = {b: {c: 1}}, d = "{{ x"</script>`
	facts := &Facts{State: "waiting", Position: 12, Waiting: 3456, Low: 720, High: 1040, Message: `a < "b"`, Return: "/x?a&b", Nonce: "abc", Language: "en"}
	want := `<p class='waiting' title="x 12">12 of 3,456, Estimated wait: about 12–18 minutes a &lt; &#34;b&#34;</p>` +
		`<a href="/x?a&amp;b">x</a><form action='/x?a&amp;b'></form><script nonce="abc">let a = {b: {c: 1}}, d = "{{ x"</script>`
	if d := cmp.Diff(want, string(mustNew(t, []byte(own)).Append(nil, facts))); d != "" {
		t.Error(d)
	}
}

func TestAFieldWhereItWouldBeDangerousIsRefused(t *testing.T) {
	f := func(own, want string) {
		t.Helper()
		_, err := New([]byte(own))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", own, err, want)
		}
	}
	f("<p>\n  안{{colour}}</p>", "2:4: {{colour}} is not a field")
	f("{{label.nothing}}", "1:1: {{label.nothing}} is not a field")
	f("<p>{{position</p>", "1:4: a field is written {{name}}")
	f("<p>{{}}</p>", "1:4: a field is written {{name}}")
	f("<script>let m = '{{message}}'</script>", "1:18: {{message}} inside <script>")
	f("<SCRIPT>{{message}}</SCRIPT>", "1:9: {{message}} inside <script>")
	f("<style>p{color:{{message}}}</style>", "1:16: {{message}} inside <style>")
	f("<style></stylex>{{message}}</style>", "1:17: {{message}} inside <style>")
	f("<iframe>{{message}}</iframe>", "1:9: {{message}} inside <iframe>")
	f("<!-- {{message}} -->", "1:6: {{message}} inside a comment")
	f("<p class={{state}}>", "1:10: {{state}} in a tag")
	f("<p class=x{{state}}>", "1:11: {{state}} in a tag")
	f("<p {{state}}>", "1:4: {{state}} in a tag")
	f("<p {{state}}='x'>", "1:4: {{state}} in a tag")
	f("<{{state}}>", "1:2: {{state}} right behind <")
	f("<title></{{state}}></title>", "1:10: {{state}} right behind <")
	f(`<p onclick="{{message}}">`, "1:13: {{message}} in onclick")
	f(`<p style="{{message}}">`, "1:11: {{message}} in style")
	f(`<a href="{{message}}">`, "1:10: {{message}} in href")
	f(`<a href="/x{{return}}">`, "1:12: {{return}} in href")
	f(`<a href="{{return}}x">`, "1:10: {{return}} in href")
	f(`<a HREF = " {{return}}">`, "1:13: {{return}} in href")
	f(`<link href="{{return}}">`, "1:13: {{return}} in href")
	f(`<img src="{{return}}">`, "1:11: {{return}} in src")
	f(`<button formaction="{{return}}">`, "1:21: {{return}} in formaction")
	f(`<svg><use xlink:href="{{return}}"/></svg>`, "1:23: {{return}} in xlink:href")
	f(`<iframe srcdoc="{{message}}">`, "1:17: {{message}} in srcdoc")
	f(`<meta http-equiv="refresh" content="0;url={{message}}">`, "1:43: {{message}} in content")
	f(`<p title="{{script}}">`, "1:11: {{script}} stands for whole elements")
	f(`<title>{{script}}</title>`, "1:8: {{script}} stands for whole elements")
	f(`<p>{{nonce}}</p>`, "1:4: {{nonce}} belongs in a tag")
	f(`<p title="{{nonce}}">`, "1:11: {{nonce}} belongs in a tag")
	f(`<p title="x`, "1:12: the page ends inside a tag")
	f(`<p title="a"data-x={{room}}>`, "1:20: {{room}} in a tag")
	f(`<p title="a>b" {{room}}>`, "1:16: {{room}} in a tag") // > in quotes ends nothing
	f(`<textarea><p title="{{script}}"></textarea>`, "1:21: {{script}} stands for whole elements")
}

func TestEveryMistakeIsToldAtOnce(t *testing.T) {
	_, err := New([]byte("{{a}}\n{{b}}\n<p {{c}}>"))
	want := "1:1: {{a}} is not a field\n2:1: {{b}} is not a field\n3:4: {{c}} is not a field"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestWhatAnOwnPageLacksIsSaid(t *testing.T) {
	f := func(own string, want ...string) {
		t.Helper()
		got := Missing([]byte(own))
		for _, w := range want {
			found := false
			for _, g := range got {
				found = found || strings.HasPrefix(g, w)
			}
			if !found {
				t.Errorf("%.60s: %q is not said, but %q", own, w, got)
			}
		}
	}
	if got := Missing(builtIn); got != nil {
		t.Errorf("the built-in page lacks %q", got)
	}
	f("<p>wait</p>", "no {{script}}", "no {{refresh}}", `no <a href="{{return}}">`, "no <p role=", "no {{heading}}", "no data-waitroom=",
		"no <title>", "no <html lang=", "no {{other}}", "no <meta name=", "no <meta charset=")
	f(`<p data-waitroom="status"></p><p role="status"></p>`, "no <p role=") // one element must be both
	f(`{{position}}`, `no <… data-waitroom="position">`)                    // shown once, never again
	f("\n<script>x()</script>", "2:1: <script> without nonce")
	f(`<p onclick="x()">`, "1:1: onclick of <p>")
	f(`<p style="x">`, "1:1: style of <p>")
	f(`<img src="https://cdn.example/x.png">`, "1:1: src of <img> is on another host")
	f(`<link rel=stylesheet href=//cdn.example/x.css>`, "1:1: href of <link> is on another host")
}

func TestEachThingThatThePageNeedsIsMissedWhenItGoes(t *testing.T) {
	f := func(cut, want string) {
		t.Helper()
		own := strings.ReplaceAll(string(builtIn), cut, "")
		if own == string(builtIn) {
			t.Fatalf("%q is not in the page", cut)
		}
		got := Missing([]byte(own))
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("without %s: %q", cut, got)
		}
	}
	f("{{script}}", "{{script}}")
	f("{{refresh}}", "{{refresh}}")
	f(`href="{{return}}"`, "{{return}}")
	f(` role="status" aria-live="polite"`, "screen readers")
	f(` data-waitroom="position"`, "position")
	f(` data-waitroom="trouble"`, "offline")
	f("{{other}}", "{{other}}")
	f("{{title}}", "tab")
	f(` lang="{{language}}"`, "voice")
}

// FuzzNew looks for an own page that is taken and yet lets a message out of its place.
func FuzzNew(f *testing.F) {
	f.Add("<p>{{message}}</p>")
	f.Add(`<a href="{{return}}" title='{{message}}'>{{message}}</a>`)
	f.Add("<script>a</script><p>{{message}}")
	f.Add("<!--><p title='{{message}}'>-->")
	f.Add("<p a='x'b=\"{{message}}\">")
	f.Fuzz(func(t *testing.T, own string) {
		tpl, err := New([]byte(own))
		if err != nil || strings.Contains(own, "{{script}}") || strings.Contains(own, "{{other}}") {
			return
		}
		harmless := string(tpl.Append(nil, &Facts{Message: "MM"}))
		hostile := string(tpl.Append(nil, &Facts{Message: `"'<>&`}))
		if strings.ReplaceAll(hostile, "&#34;&#39;&lt;&gt;&amp;", "MM") != strings.ReplaceAll(harmless, "&#34;&#39;&lt;&gt;&amp;", "MM") {
			t.Fatalf("%q gives %q", own, hostile)
		}
		Missing([]byte(own))
	})
}
