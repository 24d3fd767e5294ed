package load_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"waitroom/bench/load"
)

// liar is a small waiting room that keeps an honest line, or breaks one promise. Its
// clock moves by a part of a second with each request, so that nothing takes time.
type liar struct {
	lie string
	// seen is told the name of each call, where it is not nil.
	seen chan string

	mu       sync.Mutex
	requests int64
	last     int64
	given    int64
	entered  map[string]int64
	// asked is how often each ticket was shown.
	asked map[string]int64
}

const (
	liarStart = 1_800_000_000_000_000
	liarStep  = 50_000
	// liarRate is one entry in each step.
	liarRate = 3600e6 / liarStep
)

// listen serves until the test ends, and gives the URL.
func listen(t *testing.T, l *liar) string {
	t.Helper()
	l.entered, l.asked, l.last = map[string]int64{}, map[string]int64{}, liarStart
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fasthttp.Server{Handler: l.serve}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(ln)
	}()
	t.Cleanup(func() {
		_ = s.Shutdown()
		<-done
	})
	return "http://" + ln.Addr().String()
}

func (l *liar) serve(ctx *fasthttp.RequestCtx) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	parts := strings.Split(string(ctx.Path()), "/")
	if len(parts) < 4 || parts[1] != ".waitroom" {
		if l.lie == "refuses passes" {
			ctx.SetStatusCode(429)
		}
		return
	}
	room, call, ticket := parts[2], parts[3], string(ctx.Request.Header.Peek("Waitroom-Ticket"))
	l.asked[ticket]++
	s := map[string]string{
		"room": quote(room), "server_time": at(l.now()), "next_poll_ms": "5", "state": quote("waiting"), "position": "7",
	}
	switch {
	case ticket == "" && call != "join", l.lie == "refuses tickets" && call == "status":
		ctx.SetStatusCode(404)
	case call == "join":
		l.join(s, ticket)
	case call == "status":
		if l.called(ticket) {
			s["state"] = quote("called")
		}
	case call == "enter":
		l.enter(s, ticket)
	case call == "leave":
		ctx.SetStatusCode(204)
		return
	}
	if l.lie == "lets positions rise" {
		s["position"] = fmt.Sprint(7 + l.asked[ticket])
	}
	fields := make([]string, 0, len(s))
	for name, value := range s {
		fields = append(fields, quote(name)+": "+value)
	}
	ctx.SetBodyString("{" + strings.Join(fields, ", ") + "}")
	if l.seen != nil {
		l.seen <- call
	}
}

func (l *liar) now() int64     { return liarStart + l.requests*liarStep }
func quote(text string) string { return `"` + text + `"` }
func at(micro int64) string    { return quote(time.UnixMicro(micro).UTC().Format(time.RFC3339Nano)) }
func token(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}
func ticketOf(place, n int64) string {
	return token(fmt.Sprintf(`{"aud":"x","n":%d,"plc":%d}`, n, place))
}

func (l *liar) join(s map[string]string, ticket string) {
	if ticket != "" && l.lie != "moves places" && l.lie != "writes time stamps for places" {
		s["ticket"] = quote(ticket)
		if l.called(ticket) {
			s["state"] = quote("called")
		}
		return
	}
	if l.lie != "gives places twice" || l.requests%2 == 0 {
		l.last++
	}
	l.given++
	s["ticket"] = quote(ticketOf(l.last, l.given))
	if l.lie == "writes time stamps for places" && ticket == "" {
		s["ticket"] = quote(token(fmt.Sprintf(`{"plc":%d,"flg":6}`, l.last-1000)))
	}
	if ticket != "" && l.called(ticket) {
		s["state"] = quote("called")
	}
}

// called: all are called once they have asked.
func (l *liar) called(ticket string) bool {
	switch l.lie {
	case "calls nobody":
		return false
	case "calls the first last":
		return ticket != ticketOf(liarStart+1, 1) || l.requests > 150
	case "moves places":
		return l.requests > 50
	}
	return true
}

func (l *liar) enter(s map[string]string, ticket string) {
	entry, again := l.entered[ticket]
	if !again {
		entry = l.now()
		l.entered[ticket] = entry
	}
	if l.lie == "lets all enter at once" {
		entry = liarStart
	}
	pass := fmt.Sprintf(`{"jti":"%s","iat":%d}`, ticket, l.requests) // issued anew, the same pass
	switch l.lie {
	case "gives passes twice":
		pass = `{"jti":"the only one"}`
	case "gives two passes":
		pass = fmt.Sprintf(`{"jti":"%d"}`, l.requests)
	}
	s["state"], s["enter_at"], s["pass"] = quote("admitted"), at(entry), quote(token(pass))
}

func TestEachWrongIsFoundAndNoneWhereThereIsNone(t *testing.T) {
	f := func(lie string, found func(w *load.Wrong) *int64) {
		t.Helper()
		r := played(t, load.Plan{
			Target: listen(t, &liar{lie: lie}), Visitors: 20, Within: time.Millisecond, Reload: 0.5, ReloadEvery: 2 * time.Millisecond,
			Browse: 1, Think: time.Millisecond, RatePerHour: liarRate, Burst: 1, For: time.Minute, Connections: 8,
		})
		w := r.Wrong
		if found == nil {
			found = func(*load.Wrong) *int64 { return new(int64) }
		} else if *found(&w) == 0 {
			t.Errorf("who %s is not found: %+v", lie, w)
		}
		*found(&w) = 0
		if w.Sum() != 0 || r.Ended != load.Through {
			t.Errorf("who %s is said to do more: %s %+v", lie, r.Ended, w)
		}
	}
	f("is honest", nil)
	f("writes time stamps for places", nil)
	f("gives places twice", func(w *load.Wrong) *int64 { return &w.SamePlace })
	f("gives passes twice", func(w *load.Wrong) *int64 { return &w.SamePass })
	f("gives two passes", func(w *load.Wrong) *int64 { return &w.TwoPasses })
	f("calls the first last", func(w *load.Wrong) *int64 { return &w.Inversions })
	f("lets all enter at once", func(w *load.Wrong) *int64 { return &w.Above })
	f("refuses tickets", func(w *load.Wrong) *int64 { return &w.Refused })
	f("moves places", func(w *load.Wrong) *int64 { return &w.Moved })
	f("lets positions rise", func(w *load.Wrong) *int64 { return &w.Risen })
	f("refuses passes", func(w *load.Wrong) *int64 { return &w.PassRefused })
}
