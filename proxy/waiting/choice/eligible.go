package choice

// reason names the words for why the person is not eligible.
func (v *view) reason() string {
	switch v.Reason {
	case "unknown_digit", "not_your_day", "not_yet", "over":
		return v.Reason
	}
	if v.From > 0 {
		return "group_first" // they are among those who can apply
	}
	return "no_group"
}

// notEligible writes when the person's own window is, to be kept in a calendar, too.
func (v *view) notEligible() {
	v.countdown("window")
	v.write(`<dl>`)
	if v.Digit != "" {
		v.term("digit")
		v.escaped(v.Digit)
		v.write("</dd></div>")
	}
	v.window()
	v.write("</dl>\n")
	switch {
	case v.Reason == "unknown_digit":
		v.anew("button anew main", "verify")
		return
	case v.From > 0:
		v.write(`<p><a class="button" href="/.waitroom/`)
		v.escaped(v.Room)
		v.write(`/window.ics">`, v.words.Labels["calendar"], "</a></p>\n")
		v.goOn("go")
	}
	v.anew("button anew", "anew")
}

// window writes the person's next window.
func (v *view) window() {
	if v.From <= 0 {
		return
	}
	v.term("next")
	v.date(v.From)
	v.label("from")
	if v.To > v.From {
		v.write(`<br>`)
		v.date(v.To)
		v.label("to")
	}
	v.write("</dd></div>")
}

// soldOut writes when the next opening is.
func (v *view) soldOut() {
	v.countdown("countdown")
	if v.awaited() == 0 {
		return
	}
	v.write(`<dl>`)
	v.pair("nextopening", v.OpensAt)
	v.write("</dl>\n")
	v.goOn("go")
}
