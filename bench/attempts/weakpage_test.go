package attempts_test

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
)

// page is the waiting page: who comes gets a place, and script that asks how it stands.
func (w *weak) page(rw http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Purpose") != "" {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	g := w.guest(rw, r, true)
	http.SetCookie(rw, &http.Cookie{Name: "waitroom-ticket-booking", Value: g.ticket, Path: "/", HttpOnly: true})
	script := []string{
		fmt.Sprintf("const turn = () => { document.cookie = 'turn=%s; Path=/'; location.reload(); };", w.key),
		"let state = '';",
	}
	when := func(h hole, code string) {
		if w.holes[h] {
			script = append(script, code)
		}
	}
	when(callback, "window.onTurn = turn;")
	when(ownClock, fmt.Sprintf("setInterval(() => { if (Date.now() >= %d) turn(); }, 200);", time.Now().Add(time.Hour).UnixMilli()))
	script = append(script, `const ask = async () => {
		try {
			const answer = await fetch('/.waitroom/booking/status');
			if (!answer.ok) throw answer.status;
			state = (await answer.json()).state;
			if (state === 'called' && (await (await fetch('/.waitroom/booking/enter', {method: 'POST'})).json()).state === 'admitted') location.reload();
		} catch { state = 'lost'; }`)
	when(onFailure, "if (state === 'lost') turn();")
	when(byAnswer, "if (state === 'admitted') turn();")
	script = append(script, "setTimeout(ask, 300); }; ask();")
	message := w.message
	if !w.holes[unescaped] {
		message = html.EscapeString(message)
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(rw, `<!doctype html><title>Please wait</title><body data-waitroom="page"><div class=overlay><p>Please wait.</p><p>%s</p></div><script>(() => { %s })()</script>`,
		message, strings.Join(script, "\n"))
}
