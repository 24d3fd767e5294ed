package choice

// asked names the words for the choice: why it is offered again, or that it is before the opening.
func (v *view) asked() string {
	switch {
	case v.Failure != "" && v.words.States[v.Failure][0] != "":
		return v.Failure
	case v.Failure != "":
		return "unavailable"
	case v.OpensAt > v.ServerTime:
		return "early"
	}
	return "identify"
}

// choice writes the providers as buttons of one form, so that the code, if there is any, goes with each.
func (v *view) choice() {
	v.failed()
	v.countdown("countdown")
	if v.OpensAt > v.ServerTime {
		v.write(`<dl>`)
		v.pair("opens", v.OpensAt)
		v.write("</dl>\n")
	}
	v.write(`<form method="post"><input type="hidden" name="return" value="`)
	v.back()
	v.write("\">\n")
	// Enter in the field must choose nobody: a browser presses the first button then, and this one does nothing.
	v.write("<button disabled hidden></button>\n")
	if v.Invitations {
		v.write(`<label class="field"><span>`, v.words.Labels["invite"], `</span><input name="invite" maxlength="128" autocomplete="off" autocapitalize="none" spellcheck="false" value="`)
		v.escaped(v.Invite)
		v.write("\"></label>\n")
	}
	v.write(`<h2>`, v.words.Labels["choose"], "</h2>\n<ul>\n")
	for i := range v.Providers {
		v.provider(&v.Providers[i])
	}
	v.write("</ul></form>\n")
	v.legend()
	v.write(`<details><summary>`, v.words.Labels["toldhead"], `</summary><p>`, v.words.Labels["told"], "</p></details>\n")
}

func (v *view) provider(p *Provider) {
	v.write(`<li><button class="provider" `)
	if p.Light == "paused" {
		v.write(`disabled `)
	}
	v.write(`data-provider="`)
	v.escaped(p.Name)
	v.write(`" data-light="`)
	v.escaped(p.Light)
	v.write(`" formaction="/.waitroom/`)
	v.escaped(v.Room)
	v.write(`/login/`)
	v.escaped(p.Name)
	v.write(`"><b>`)
	v.escaped(v.name(p))
	v.write(`</b> `)
	v.light(p.Light)
	v.write("</button></li>\n")
}

// name is what people call a provider, in the language of the card.
func (v *view) name(p *Provider) string {
	name, other := p.Korean, p.English
	if v.words == v.p.words["en"] {
		name, other = other, name
	}
	switch {
	case name != "":
		return name
	case other != "":
		return other
	}
	return p.Name
}

// shapes are what the lights look like besides their colours, in the order in which the legend has them.
var shapes = [...]struct{ light, path string }{
	{"smooth", "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z"},
	{"delayed", "M8 2l7 12H1z"},
	{"congested", "M2 2h12v12H2z"},
	{"paused", "M3 2h4v12H3zM9 2h4v12H9z"},
	{"down", "M2 4l2-2 4 4 4-4 2 2-4 4 4 4-2 2-4-4-4 4-2-2 4-4z"},
}

// light writes a light: shape and word, coloured by the style. What is none is left out.
func (v *view) light(light string) {
	for i := range shapes {
		if shapes[i].light == light {
			v.write(`<span class="light `, light, `"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="`, shapes[i].path, `"/></svg>`,
				v.words.Labels[light], `</span>`)
		}
	}
}

// legend says what the lights are. It holds one of each, hidden, of which the script makes the new ones when they change.
func (v *view) legend() {
	at, fresh, known := v.ServerTime, ` hidden`, ``
	if v.Stale {
		if at, fresh = v.LightsAt, ``; at == 0 {
			known = ` hidden`
		}
	}
	v.write(`<p class="checked">`, v.words.Labels["light"], `<b class="old"`, fresh, `> `, v.words.Labels["old"],
		`</b> <span class="stamp"`, known, `>`, v.words.Labels["checked"], ` <b>`)
	v.dst = v.local(at).AppendFormat(v.dst, "15:04:05")
	v.write(`</b></span></p><p hidden data-legend data-going="`, v.words.Labels["going"], `">`)
	for i := range shapes {
		v.light(shapes[i].light)
	}
	v.write("</p>\n")
}
