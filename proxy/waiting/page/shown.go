package page

// What is shown in which state. The script has the same rules: keep them alike.

// isDraw tells the time before a draw: nobody has a position yet.
func isDraw(f *Facts) bool { return f.State == "early" && f.DrawHash != "" && f.Position == 0 }

// inLine tells the states of those who hold a place and wait.
func (v *view) inLine() bool {
	switch v.State {
	case "called", "admitted", "closed", "sold_out", "other_device", "unconfirmed", "down", "bad", "limited":
		return false
	}
	return true
}

// final tells the states on which nobody waits.
func (v *view) final() bool {
	switch v.State {
	case "closed", "sold_out", "other_device", "unconfirmed", "down", "bad":
		return true
	}
	return false
}

func (v *view) hasPosition() bool { return v.inLine() && v.Position > 0 }
func (v *view) hasWaiting() bool  { return v.inLine() && v.Waiting > 0 }
func (v *view) hasOpens() bool    { return v.State == "early" && v.OpensAt > 0 }
func (v *view) hasEntry() bool    { return v.State == "admitted" && v.EnterAt > v.ServerTime }
func (v *view) hasProof() bool    { return v.inLine() && v.DrawHash != "" }

func (v *view) hasTicket() bool {
	return v.TicketNumber > 0 && v.State != "down" && v.State != "bad" && v.State != "limited"
}

func (v *view) hasEta() bool {
	known := v.Low >= 0 || v.High >= 0
	switch v.State {
	case "early", "paused", "recovering", "away":
		return false
	}
	return known && v.inLine()
}

// hasError tells the pages that say what went wrong, and under which number to ask about it.
func (v *view) hasError() bool {
	return v.RequestID != "" && (v.State == "down" || v.State == "bad" || v.State == "limited")
}

func (v *view) hasKeep() bool { return v.inLine() || v.State == "called" || v.State == "admitted" }

// appendHas names what this page shows, for the style to pick from.
func (v *view) appendHas(dst []byte) []byte {
	for _, h := range [...]struct {
		shown bool
		name  string
	}{
		{v.hasPosition(), "position "}, {v.hasWaiting(), "waiting "}, {v.hasEta(), "eta "}, {v.hasTicket(), "ticket "},
		{v.hasOpens(), "opens "}, {v.hasEntry(), "entry "}, {v.ServerTime > 0, "checked "}, {v.Message != "", "message "},
		{v.hasKeep(), "keep "}, {v.State != "sold_out", "again "}, {isDraw(v.Facts), "draw "}, {v.hasProof(), "proof "},
		{v.hasProof() && v.DrawSecret != "", "secret "}, {v.hasError(), "request "},
	} {
		if h.shown {
			dst = append(dst, h.name...)
		}
	}
	return dst
}

// button names the label of the button.
func (v *view) button() string {
	switch v.State {
	case "called", "admitted":
		return "enter"
	case "unconfirmed", "down", "bad":
		return "retry"
	}
	return "again"
}

// pollMS is when to ask next: what the server said, or half a minute where somebody waits.
func (v *view) pollMS() int64 {
	if v.NextPollMS > 0 || v.final() {
		return max(v.NextPollMS, 0)
	}
	return 30_000
}

func (v *view) language() string {
	if v.Language == "en" {
		return "en"
	}
	return "ko"
}
