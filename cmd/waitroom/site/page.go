package site

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
)

// page is a page being written. All text goes through put, which escapes it.
type page struct {
	b strings.Builder
	w *words
}

// put writes markup with texts and numbers in it. Only the markup is taken as it is.
func (p *page) put(markup string, texts ...any) {
	safe := make([]any, len(texts))
	for i, t := range texts {
		safe[i] = html.EscapeString(fmt.Sprint(t))
	}
	fmt.Fprintf(&p.b, markup+"\n", safe...)
}

// begin writes what stands above every page.
func begin(w *words) *page {
	p := &page{w: w}
	p.put(`<!doctype html><html lang="%s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`, w.Lang)
	p.put(`<title>%s</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/static/style.css"></head><body>`, w.Title)
	p.put(`<header><h1><a href="/">%s</a></h1><a href="/?lang=%s" lang="%s">%s</a></header><main>`, w.Title, w.Other, w.Other, w.OtherName)
	return p
}

// send ends the page, with what the gateway said of this visitor, and sends it.
func (p *page) send(w http.ResponseWriter, status int, id string, verified bool) {
	if verified {
		p.put(`</main><footer>%s</footer></body></html>`, fmt.Sprintf(p.w.Verified, id))
	} else {
		p.put(`</main><footer>%s</footer></body></html>`, p.w.Unverified)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(p.b.String()))
}

func (p *page) slots(all []slot) {
	day, left := "", 0
	for _, s := range all {
		if s.Day != day {
			if day != "" {
				p.put(`</ul>`)
			}
			day = s.Day
			p.put(`<h2>%s</h2><ul class="slots">`, day)
		}
		left += s.Left
		if s.Left > 0 {
			p.put(`<li><a href="/book?slot=%s"><b>%s</b><br>%s</a></li>`, s.ID, s.Time, fmt.Sprintf(p.w.Left, strconv.Itoa(s.Left)))
		} else {
			p.put(`<li><span><b>%s</b><br>%s</span></li>`, s.Time, p.w.None)
		}
	}
	p.put(`</ul>`)
	if left == 0 {
		p.put(`<p class="note">%s</p>`, p.w.SoldOut)
	}
}

func (p *page) form(s slot, form, token, name, wrong string) {
	p.put(`<h2>%s %s</h2>`, s.Day, s.Time)
	if wrong != "" {
		p.put(`<p class="note" role="alert">%s</p>`, wrong)
	}
	p.put(`<form method="post" action="/book"><input type="hidden" name="slot" value="%s"><input type="hidden" name="form" value="%s">`, s.ID, form)
	p.put(`<input type="hidden" name="token" value="%s"><label for="name">%s</label>`, token, p.w.Name)
	p.put(`<input id="name" name="name" value="%s" required maxlength="60" autocomplete="name"><button>%s</button></form><p><a href="/">%s</a></p>`, name, p.w.Book, p.w.Back)
}

func (p *page) confirmation(b booking) {
	p.put(`<h2>%s</h2><p>%s<br>%s %s</p>`, p.w.Booked, b.name, b.slot.Day, b.slot.Time)
	p.put(`<p>%s<br><span class="number">%s</span></p><p>%s</p>`, p.w.Number, b.number, p.w.Keep)
	p.put(`<form method="post" action="/done"><button>%s</button></form>`, p.w.Done)
}

func (p *page) note(text string) {
	p.put(`<p class="note" role="alert">%s</p><p><a href="/">%s</a></p>`, text, p.w.Back)
}
