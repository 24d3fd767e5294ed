package page

import "strconv"

// thumbprintShown is as much of a key's thumbprint as tells the script that it is its own key's.
const thumbprintShown = 12

// noScript tells those without script why they will not get in: where a key is required, or a puzzle has to be solved.
const noScript = `<noscript><p class="trouble">입장하려면 자바스크립트를 켜 주십시오. <span lang="en">Turn on JavaScript to enter.</span></p></noscript>`

// appendStyle writes the built-in style as an element.
func (v *view) appendStyle(dst []byte) []byte {
	dst = AppendEscaped(append(dst, `<style nonce="`...), v.Nonce)
	dst = v.t.style.Append(append(dst, "\">\n"...), v.fixed)
	return append(dst, "</style>"...)
}

// appendScript writes the script as an element that carries what it starts from in its attributes, so that no value
// ever stands inside script text.
func (v *view) appendScript(dst []byte) []byte {
	dst = AppendEscaped(append(dst, `<script nonce="`...), v.Nonce)
	dst = AppendEscaped(append(dst, `" data-room="`...), v.Room)
	dst = AppendEscaped(append(dst, `" data-return="`...), SafeReturn(v.Return))
	dst = append(append(dst, `" data-language="`...), v.language()...)
	dst = strconv.AppendInt(append(dst, `" data-offset="`...), offset(v.local(max(v.OpensAt, v.ServerTime))), 10)
	dst = append(append(dst, `" data-error="`...), v.errorFlag()...)
	dst = append(append(dst, `" data-draw="`...), v.drawFlag()...)
	if v.Key != "" {
		dst = append(append(dst, `" data-key="`...), v.Key...)
		dst = append(append(dst, `" data-jkt="`...), v.Thumbprint[:min(len(v.Thumbprint), thumbprintShown)]...)
		if v.ProofNonce != "" {
			dst = append(append(dst, `" data-challenge="`...), v.ProofNonce...)
		}
		if v.Ath != "" {
			dst = append(append(dst, `" data-ath="`...), v.Ath...)
		}
		if v.Prove {
			dst = append(dst, `" data-enter="prove`...)
		}
	}
	dst = v.appendStanding(append(dst, `" data-standing='`...))
	dst = v.t.script.Append(append(dst, "'>\n"...), v.fixed)
	dst = append(dst, "</script>"...)
	if v.PuzzleScript == "" {
		return dst
	}
	dst = AppendEscaped(append(dst, "\n<script nonce=\""...), v.Nonce)
	dst = AppendEscaped(append(dst, `" src="`...), v.PuzzleScript)
	dst = AppendEscaped(append(dst, `" data-room="`...), v.Room)
	dst = AppendEscaped(append(dst, `" data-puzzle="`...), v.Puzzle)
	if v.Login != "" {
		dst = AppendEscaped(append(dst, `" data-login="`...), v.Login)
		dst = AppendEscaped(append(dst, `" data-invite="`...), v.Invite)
		dst = AppendEscaped(append(dst, `" data-return="`...), SafeReturn(v.Return))
	}
	return append(dst, `"></script>`...)
}

func (v *view) errorFlag() string {
	if v.RequestID != "" {
		return "1"
	}
	return ""
}

func (v *view) drawFlag() string {
	switch {
	case v.DrawHash == "":
		return ""
	case v.DrawSecret == "":
		return "hash"
	}
	return "secret"
}

// appendRefresh writes the reload for browsers without script: the server's next poll, at least five seconds.
func (v *view) appendRefresh(dst []byte) []byte {
	ms := v.pollMS()
	if ms == 0 {
		return dst
	}
	dst = append(dst, `<noscript><meta http-equiv="refresh" content="`...)
	dst = strconv.AppendInt(dst, max((ms+999)/1000, 5), 10)
	return append(dst, `"></noscript>`...)
}

// appendOther writes the page once more, in the other language, folded up. The script replaces it by a switch.
func (v *view) appendOther(dst []byte) []byte {
	o := *v
	o.words, o.other = v.other, v.words
	o.now = o.words.phrase(v.Facts)
	code := "en"
	if v.language() == "en" {
		code = "ko"
	}
	if v.Key == "require" || v.PuzzleScript != "" {
		dst = append(dst, noScript...)
	}
	dst = append(append(dst, `<details class="other" data-waitroom="other" lang="`...), code...)
	dst = append(append(dst, `"><summary>`...), o.words.Own...)
	dst = append(append(dst, `</summary><h2>`...), o.now[0]...)
	dst = append(append(dst, `</h2><p>`...), o.now[1]...)
	dst = append(dst, `</p><dl>`...)
	dst = o.appendPair(dst, "position", "position", o.hasPosition())
	dst = o.appendPair(dst, "opens", "opens", o.hasOpens())
	dst = o.appendPair(dst, "countdown", "countdown", o.hasOpens())
	dst = o.appendPair(dst, "entry", "entry", o.hasEntry())
	dst = o.appendPair(dst, "eta", "eta", o.hasEta())
	dst = o.appendPair(dst, "waiting", "waiting", o.hasWaiting())
	dst = o.appendPair(dst, "ticket", "ticket_number", o.hasTicket())
	dst = append(dst, `</dl>`...)
	if v.hasKeep() {
		dst = append(append(append(dst, `<p>`...), o.words.Labels["keep"]...), `</p>`...)
	}
	if v.State != "sold_out" {
		dst = AppendEscaped(append(dst, `<p><a class="button" href="`...), SafeReturn(v.Return))
		dst = append(append(append(dst, `">`...), o.words.Labels[v.button()]...), `</a></p>`...)
	}
	return append(dst, `</details>`...)
}

func (v *view) appendPair(dst []byte, label, field string, shown bool) []byte {
	if !shown {
		return dst
	}
	dst = append(append(dst, `<div><dt>`...), v.words.Labels[label]...)
	dst = v.appendField(append(dst, `</dt><dd>`...), field)
	return append(dst, `</dd></div>`...)
}
