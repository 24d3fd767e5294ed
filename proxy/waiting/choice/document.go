package choice

import (
	"strconv"
	"time"

	"waitroom/proxy/waiting/page"
)

// view is one rendering. Whatever it writes that is not from this package goes through escaped, or through package page.
type view struct {
	*Facts
	p     *Pages
	words *page.Words // those of the card that is being written
	dst   []byte
	fixed *[]page.Fixed // nil where nobody wants to know
}

func (v *view) write(parts ...string) {
	for _, part := range parts {
		v.dst = append(v.dst, part...)
	}
}

func (v *view) escaped(text string) { v.dst = page.AppendEscaped(v.dst, text) }
func (v *view) label(name string)   { v.write(v.words.Labels[name]) }
func (v *view) back()               { v.escaped(page.SafeReturn(v.Return)) }
func (v *view) number(n int64)      { v.dst = strconv.AppendInt(v.dst, n, 10) }

// document writes the whole page: the card in the visitor's language, and, folded up, in the other one. The script makes a switch
// of the two.
func (v *view) document() {
	mine, other := "ko", "en"
	if v.Language == "en" {
		mine, other = other, mine
	}
	v.words = v.p.words[mine]
	v.write("<!doctype html>\n<html lang=\"", mine, "\">\n", head)
	v.title()
	v.write("</title>\n")
	v.refresh()
	v.write(`<style nonce="`)
	v.escaped(v.Nonce)
	v.write("\">\n")
	v.dst = v.p.style.Append(v.dst, v.fixed)
	v.write("</style>\n</head>\n<body data-kind=\"", v.look(), "\">\n", header)
	v.write(v.words.Name, headerEnd)
	v.card(mine)
	v.words = v.p.words[other]
	v.write(`<details class="other"><summary lang="`, other, `">`, v.words.Own, `</summary>`)
	v.card(other)
	v.write("</details>\n</main>\n<p class=\"said\" role=\"status\"></p>\n")
	v.script()
	v.write("\n</body>\n</html>\n")
}

const (
	head = `<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>`
	header = `<header>
<p class="name"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12h.01"/><path d="M12 12h.01"/><path d="M20 12h.01"/></svg><span>`
	headerEnd = `</span></p>
<div class="switch" role="group" aria-label="언어 / Language" hidden>
<button type="button" lang="ko" value="ko">한국어</button>
<button type="button" lang="en" value="en">English</button>
</div>
</header>
<main>
`
)

func (v *view) title() { v.write(v.phrase()[0], " – ", v.words.Name) }

// refresh writes the reload for browsers without script. It leads to the address asked for: that of the page may be one that is good
// for one time.
func (v *view) refresh() {
	seconds := v.pause()
	if seconds <= 0 {
		return
	}
	v.write(`<noscript><meta http-equiv="refresh" content="`)
	v.number(seconds)
	v.write(`;url=`)
	v.back()
	v.write("\"></noscript>\n")
}

const (
	// unhurried is how often a page without script looks at the lights again, in seconds: who reads it must not be hurried.
	unhurried = 60
	// longest is after how many seconds every page is loaded again where something is waited for.
	longest = 3600
)

// pause is after how many seconds a page without script is loaded again, 0 for never. What is being typed would be lost, so a page
// that takes a code is left alone.
func (v *view) pause() int64 {
	switch {
	case v.Kind == Identify && (v.Invitations || v.Anew):
		return 0
	case v.Kind == Identify:
		return unhurried
	case v.awaited() <= v.ServerTime:
		return 0
	}
	// The tenth of a second at which a page was made spreads those who wait for the same instant.
	spread := v.ServerTime / 100_000 % 10
	return min(max((v.awaited()-v.ServerTime)/1_000_000+1, 5), longest) + spread
}

// awaited is the instant that the page counts down to, 0 for none.
func (v *view) awaited() int64 {
	switch v.Kind {
	case Held, Taken:
		return v.Until
	case NotEligible:
		return v.From
	}
	if v.OpensAt > v.ServerTime {
		return v.OpensAt
	}
	return 0
}

// script writes the script as an element that carries what it starts from in its attributes.
func (v *view) script() {
	v.write(`<script nonce="`)
	v.escaped(v.Nonce)
	v.write(`" data-room="`)
	v.escaped(v.Room)
	v.write(`" data-return="`)
	v.back()
	v.write(`" data-now="`)
	v.number(v.ServerTime / 1000)
	v.write(`" data-pause="`)
	v.number(max(v.NextPollMS, 0))
	v.write(`" data-offset="`)
	_, offset := v.local(v.ServerTime).Zone()
	v.number(int64(offset))
	v.write("\">\n")
	v.dst = v.p.script.Append(v.dst, v.fixed)
	v.write("</script>")
}

func (v *view) local(micros int64) time.Time {
	zone := v.Zone
	if zone == nil {
		zone = time.UTC
	}
	return time.UnixMicro(micros).In(zone)
}
