package choice

// failed writes where the last verification failed, and which claims were not given.
func (v *view) failed() {
	if v.Failure == "" {
		return
	}
	for i := range v.Providers {
		if v.Failed == v.Providers[i].Name {
			v.note("chosen")
			v.escaped(v.name(&v.Providers[i]))
			v.write("</p></div>\n")
		}
	}
	if len(v.Missing) == 0 {
		return
	}
	v.note("missing")
	for i, claim := range v.Missing {
		if i > 0 {
			v.write(", ")
		}
		switch claim {
		case "birthdate", "birthyear", "birthday", "birthday_type", "ci":
			v.label(claim)
		default:
			v.escaped(claim)
		}
	}
	v.write("</p></div>\n")
}

func (v *view) note(label string) {
	v.write(`<div class="note"><strong>`, v.words.Labels[label], `</strong><p>`)
}
