package choice

import "time"

// look names what the page looks like, for its style.
func (v *view) look() string {
	switch v.Kind {
	case Identify:
		if v.Failure != "" {
			return "failed"
		}
		return "identify"
	case Held, Taken:
		return "held"
	case NotEligible:
		return "later"
	}
	return "over"
}

// phrase is the heading and the sentence of the page.
func (v *view) phrase() [2]string {
	name := "sold_out"
	switch v.Kind {
	case Identify:
		name = v.asked()
	case Held:
		name = "held"
	case NotEligible:
		name = v.reason()
	case Taken:
		name = "taken"
	}
	return v.words.States[name]
}

// card writes all there is to say in one language.
func (v *view) card(language string) {
	v.write(`<div class="card" lang="`, language, `" data-name="`, v.words.Name, `" data-days="`, v.words.Labels["days"], `" data-title="`)
	v.title()
	v.write("\">\n<div class=\"top\"><svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"", v.icon(), `"/></svg>`, "\n<h1>")
	p := v.phrase()
	v.write(p[0], `</h1><p class="lead">`, p[1], "</p></div>\n")
	if v.Message != "" {
		v.note("message")
		v.escaped(v.Message)
		v.write("</p></div>\n")
	}
	switch v.Kind {
	case Identify:
		v.choice()
	case Held, Taken:
		v.held()
	case NotEligible:
		v.notEligible()
	case SoldOut:
		v.soldOut()
	}
	v.write("</div>\n")
}

func (v *view) icon() string {
	switch v.look() {
	case "identify":
		return "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M5 21v-1a7 7 0 0 1 9-6.700M15 18.500l2 2 4-4.500"
	case "failed":
		return "M12 3.500L2 20.500h20zM12 10v5M12 17.800h.01"
	case "held":
		return "M3 5h12v3M3 5v11h8M9 20H2M14 10h7v11h-7zM17 18h1"
	case "later":
		return "M4 5.500h16V20H4zM4 10h16M8 3v4M16 3v4M12 13v2.500l2 1"
	}
	return "M3 7h18v3.500a1.500 1.500 0 0 0 0 3V17H3v-3.500a1.500 1.500 0 0 0 0-3zM9.500 9.500l5 5M14.500 9.500l-5 5"
}

// countdown writes what is left until an instant that is still to come. The script carries it on; without script it stands beside
// the instant itself, and says when it was true.
func (v *view) countdown(label string) {
	until := v.awaited()
	if until <= v.ServerTime {
		return
	}
	v.write(`<div class="big" data-wait><span>`, v.words.Labels[label], `</span> <b role="timer" data-until="`)
	v.number(until / 1000)
	v.write(`">`)
	v.dst = v.words.AppendLeft(v.dst, until-v.ServerTime)
	v.write(`</b><noscript><span class="asof">`, v.words.Labels["checked"], ` `)
	v.dst = v.local(v.ServerTime).AppendFormat(v.dst, "15:04:05")
	v.write("</span></noscript></div>\n")
}

// pair writes a term and an instant; nothing where that is not known.
func (v *view) pair(label string, at int64) {
	if at <= 0 {
		return
	}
	v.term(label)
	v.date(at)
	v.write("</dd></div>")
}

func (v *view) term(label string) {
	v.write(`<div class="wide"><dt>`, v.words.Labels[label], `</dt><dd>`)
}

// date writes an instant as a time element.
func (v *view) date(at int64) {
	local := v.local(at)
	v.write(`<time datetime="`)
	v.dst = local.AppendFormat(v.dst, time.RFC3339)
	v.write(`">`)
	v.dst = v.words.AppendDate(v.dst, local)
	v.write(`</time>`)
}

// goOn writes the button that leads to the address asked for. Where there is something to wait for first, the script shows it once
// that has come; without script the page is loaded again by then, or by hand.
func (v *view) goOn(label string) {
	if v.awaited() > v.ServerTime {
		v.write(`<p class="keep" data-wait>`, v.words.Labels["later"], "</p>\n<noscript><p>")
		v.button("button", "again")
		v.write("</p></noscript>\n<p data-then hidden>")
	} else {
		v.write(`<p>`)
	}
	v.button("button main", label)
	v.write("</p>\n")
}

// anew writes the button that leads to the choice itself: the address asked for tells the same again for a while, and somebody else of
// the family may want to go on here.
func (v *view) anew(class, label string) {
	v.write(`<form action="/.waitroom/`)
	v.escaped(v.Room)
	v.write(`/login"><button class="`, class, `">`, v.words.Labels[label], `</button><input type="hidden" name="return" value="`)
	v.back()
	v.write("\"></form>\n")
}

func (v *view) button(class, label string) {
	v.write(`<a class="`, class, `" href="`)
	v.back()
	v.write(`">`, v.words.Labels[label], `</a>`)
}
