package choice

const minute = 60_000_000 // microseconds

// held writes where the person is held, until when, and how to move here: for who is refused, and for who was taken from.
func (v *view) held() {
	if v.Kind == Taken {
		v.write(`<p class="keep">`, v.words.Labels["notyou"], "</p>\n")
	}
	if v.awaited() > v.ServerTime {
		v.write(`<p class="keep" data-wait>`, v.words.Labels["movelater"], "</p>\n<p class=\"keep\" data-then hidden>")
	} else {
		v.write(`<p class="keep">`)
	}
	v.write(v.words.Labels["movenow"], "</p>\n")
	v.countdown("lock")
	v.write(`<dl>`)
	// Times are written to the minute, and must not be too early.
	if v.Until > v.ServerTime {
		v.pair("until", (v.Until+minute-1)/minute*minute)
	}
	v.pair("since", v.Since)
	if v.Family != "" {
		v.term("family")
		v.family()
		v.write("</dd></div>")
	}
	v.write("</dl>\n")
	v.goOn("verify")
	v.anew("button anew", "anew")
}

func (v *view) family() {
	switch v.Family {
	case "app", "other":
		v.label(v.Family)
	default:
		v.escaped(v.Family)
	}
}
