package choice

const minute = 60_000_000 // microseconds

// held writes where the person is held, until when, and how to move here: for who is refused, and for who was taken from.
func (v *view) held() {
	v.countdown("lock")
	v.write(`<dl>`)
	// Times are written to the minute, and must not be too early.
	v.pair("until", (v.Until+minute-1)/minute*minute)
	v.pair("since", v.Since)
	if v.Family != "" {
		v.term("family")
		v.family()
		v.write("</dd></div>")
	}
	v.write("</dl>\n")
	if v.Kind == Taken {
		v.write(`<p class="keep">` + v.words.Labels["nothere"] + "</p>\n")
	}
	v.goOn("verify")
}

func (v *view) family() {
	switch v.Family {
	case "app", "other":
		v.label(v.Family)
	default:
		v.escaped(v.Family)
	}
}
