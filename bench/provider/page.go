package provider

import (
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// words are those of the page, in one language.
type words struct {
	lang, title, note, choose, born, digit, lunar, priority, other, number, go1, cancel string
}

var korean = words{
	lang: "ko", title: "로 본인 확인", note: "체험용 인증입니다. 실제 정보를 넣지 마세요. 모두 지어낸 사람입니다.", choose: "누구로 확인할까요?",
	born: "생년월일", digit: "끝자리", lunar: "음력", priority: "우선 대상", other: "번호로 고르기", number: "번호", go1: "확인", cancel: "취소",
}

var english = words{
	lang: "en", title: ": verify who you are", note: "For demonstration only: do not enter real data. All persons are made up.", choose: "Who are you?",
	born: "Born", digit: "last digit", lunar: "lunar calendar", priority: "priority group", other: "Choose by number", number: "Number", go1: "Verify", cancel: "Cancel",
}

const style = `:root{color-scheme:light dark;--line:#8886;--main:#1d4ed8}
body{font:16px/1.5 system-ui,"Noto Sans KR",sans-serif;margin:0 auto;max-width:34rem;padding:1.5rem 1rem}
h1{font-size:1.35rem;margin:0 0 .5rem}h2{font-size:1.05rem;margin:1.25rem 0 .5rem}
.note{border-left:4px solid #d97706;margin:0;padding:.25rem .75rem}
ul{display:grid;gap:.5rem;grid-template-columns:repeat(auto-fill,minmax(14rem,1fr));list-style:none;margin:0;padding:0}
li a{border:1px solid var(--line);border-radius:.5rem;color:inherit;display:block;padding:.6rem .8rem;text-decoration:none}
li a:hover{border-color:var(--main)}a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid var(--main);outline-offset:2px}
b{display:block}.tag{border:1px solid currentColor;border-radius:1rem;font-size:.8rem;padding:0 .5rem;white-space:nowrap}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:baseline}input{font:inherit;padding:.4rem;width:8rem}
button{background:var(--main);border:0;border-radius:.4rem;color:#fff;font:inherit;padding:.5rem 1rem}
.cancel{display:inline-block;margin-top:1.25rem;color:inherit}`

// page is where one picks a person. It needs no script, and asks for nothing.
func (p *Provider) page(w http.ResponseWriter, r *http.Request) {
	word, name := korean, p.c.Korean
	if speaksEnglish(r) {
		word, name = english, p.c.English
	}
	var b strings.Builder
	e := html.EscapeString
	b.WriteString(`<!doctype html><html lang="` + word.lang + `"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
		`<title>` + e(name+word.title) + `</title><style>` + style + `</style><main><h1>` + e(name+word.title) + `</h1>` +
		`<p class="note">` + e(word.note) + `</p><h2>` + e(word.choose) + `</h2><ul>`)
	for n := 1; n <= p.c.Persons; n++ {
		who := Person{n}
		born := who.Born().Format("2006-01-02")
		b.WriteString(`<li><a href="` + e(with(r, "person", strconv.Itoa(n))) + `"><b>` + e(who.Name()) + `</b>` + e(word.born) + ` ` + born +
			` · ` + e(word.digit) + ` <strong>` + born[9:] + `</strong>`)
		if p.lunar(who) {
			b.WriteString(` <span class="tag">` + e(word.lunar) + `</span>`)
		}
		if who.Priority() {
			b.WriteString(` <span class="tag">` + e(word.priority) + `</span>`)
		}
		b.WriteString(`</a></li>`)
	}
	b.WriteString(`</ul><h2>` + e(word.other) + `</h2><form>`)
	for name, values := range r.URL.Query() {
		for _, value := range values {
			b.WriteString(`<input type="hidden" name="` + e(name) + `" value="` + e(value) + `">`)
		}
	}
	b.WriteString(`<label>` + e(word.number) + ` <input name="person" type="number" min="0" max="99999999" required></label><button>` +
		e(word.go1) + `</button></form><a class="cancel" href="` + e(with(r, "cancel", "1")) + `">` + e(word.cancel) + `</a></main></html>`)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write([]byte(b.String())) // whoever is gone does not miss it
}

// with is the address of the page with one thing more.
func with(r *http.Request, name, value string) string {
	q := url.Values{}
	for n, v := range r.URL.Query() {
		q[n] = v
	}
	q.Set(name, value)
	return "?" + q.Encode()
}

// speaksEnglish tells whether the page is to be English: as the client says, or the browser.
func speaksEnglish(r *http.Request) bool {
	for _, wish := range []string{r.URL.Query().Get("ui_locales"), r.Header.Get("Accept-Language")} {
		if wish != "" {
			return !strings.HasPrefix(wish, "ko")
		}
	}
	return false
}
