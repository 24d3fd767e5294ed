package attempts_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hole is one thing that a waiting room of 2021 did, and one way through it.
type hole string

const (
	callback   hole = "the page has a callback, and the server believes the cookie that it sets"
	bySwitch   hole = "an address, field or cookie switches the queue off"
	ownClock   hole = "the page's script compares the visitor's clock with the opening"
	onFailure  hole = "the page's script goes on where it cannot ask"
	byAnswer   hole = "the page's script decides by the answer that it gets"
	cached     hole = "a page of the site may be kept, and its data are not protected"
	guessing   hole = "a prefetch uses the turn up"
	byAddress  hole = "a place belongs to an address"
	bearer     hole = "whoever shows a cookie is let in"
	planted    hole = "a ticket that somebody else chose is taken"
	perTab     hole = "each join is another place"
	perEnter   hole = "each enter is another pass"
	early      hole = "enter is answered before the opening"
	perConn    hole = "a connection that was let in once stays let in"
	backAgain  hole = "who leaves and comes again keeps the place in front"
	perNetwork hole = "an address may have ten visitors"
	crossSite  hole = "calls of other sites are obeyed, also by GET"
	framed     hole = "the page may be framed"
	unescaped  hole = "the operator's message is HTML"
)

// weak is a waiting room in the manner of 2021 with the holes that a test asks for and,
// where it has none, none of those that the attempts look for. Its line is as short as
// possible: who joins is called at once if it is open, and never if not.
type weak struct {
	URL     string
	holes   map[hole]bool
	key     string
	message string
	site    *httputil.ReverseProxy

	mu     sync.Mutex
	open   bool
	joined map[string]*guest // by device
	passes map[string]string // pass: the device it is for
	count  int64
	at     map[string]int
}

// guest is one device in the weak line.
type guest struct {
	ticket, pass string
	number       int64
	called       bool
}

// newWeak starts a weak waiting room before a site; it ends with the test.
func newWeak(t testing.TB, site string, holes ...hole) *weak {
	t.Helper()
	to, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	w := &weak{
		holes: map[hole]bool{}, key: "k" + strconv.FormatInt(time.Now().UnixNano(), 36), site: httputil.NewSingleHostReverseProxy(to),
		joined: map[string]*guest{}, passes: map[string]string{}, at: map[string]int{},
	}
	for _, h := range holes {
		w.holes[h] = true
	}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	w.URL = s.URL
	return w
}

// ServeHTTP is the gate and its calls.
func (w *weak) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if isOperator(r) {
		w.operate(rw, r)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	rw.Header().Set("Cache-Control", "no-store")
	if !w.holes[framed] {
		rw.Header().Set("X-Frame-Options", "DENY")
	}
	if w.holes[perNetwork] && !w.within(r) {
		rw.WriteHeader(http.StatusTooManyRequests)
		return
	}
	call, isCall := strings.CutPrefix(r.URL.Path, "/.waitroom/booking/")
	switch {
	case r.URL.Path == "/.waitroom/jwks.json":
		_, _ = rw.Write([]byte("{}"))
	case isCall:
		w.call(rw, r, call)
	case w.admits(r):
		if w.holes[cached] {
			rw.Header().Set("Cache-Control", "max-age=3600")
		}
		w.forward(rw, r)
	case w.holes[cached] && strings.HasPrefix(r.URL.Path, "/api/"):
		w.forward(rw, r)
	default:
		w.page(rw, r)
	}
}

// forward lets a request through; others go on meanwhile.
func (w *weak) forward(rw http.ResponseWriter, r *http.Request) {
	w.mu.Unlock()
	defer w.mu.Lock()
	if w.holes[cached] {
		rw = &kept{rw}
	}
	w.site.ServeHTTP(rw, r)
}

// kept makes an answer one that a browser may keep.
type kept struct{ http.ResponseWriter }

func (k *kept) WriteHeader(status int) {
	k.Header().Set("Cache-Control", "max-age=3600")
	k.ResponseWriter.WriteHeader(status)
}

// within counts the visitors of an address.
func (w *weak) within(r *http.Request) bool {
	if _, err := r.Cookie("waitroom-device"); err != nil {
		w.at[host(r)]++
	}
	return w.at[host(r)] <= 10
}

func host(r *http.Request) string { return r.RemoteAddr[:strings.LastIndex(r.RemoteAddr, ":")] }

func value(r *http.Request, cookie string) string {
	c, err := r.Cookie(cookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// admits is the gate.
func (w *weak) admits(r *http.Request) bool {
	if w.holes[bySwitch] && (r.URL.Query().Get("bypass") == "true" || value(r, "admitted") == "true" || r.Header.Get("X-Bypass") != "") {
		return true
	}
	if value(r, "turn") == w.key {
		return true
	}
	if g := w.joined[w.device(r)]; w.holes[guessing] && g != nil && g.called && g.pass == "" && r.Header.Get("Sec-Purpose") != "" {
		w.enter(g, w.device(r))
		return true
	}
	let, _ := r.Context().Value(onConnection).(*bool)
	if w.holes[perConn] && let != nil && *let {
		return true
	}
	device, ok := w.passes[value(r, "waitroom-pass-booking")]
	ok = ok && (w.holes[bearer] || device == w.device(r))
	if ok && let != nil {
		*let = true
	}
	return ok
}

// device is what tells one browser from another.
func (w *weak) device(r *http.Request) string {
	d := value(r, "waitroom-device") + "|" + r.Header.Get("User-Agent")
	if w.holes[byAddress] {
		d += host(r)
	}
	return d
}

// connection is the key of what is remembered of a connection.
type connection struct{}

var onConnection connection

// call is a call of the page's script.
func (w *weak) call(rw http.ResponseWriter, r *http.Request, call string) {
	if site := r.Header.Get("Sec-Fetch-Site"); !w.holes[crossSite] && (site == "cross-site" || site == "same-site") {
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	if call != "status" && r.Method != http.MethodPost && !w.holes[crossSite] {
		rw.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	g := w.guest(rw, r, call == "join")
	switch {
	case g == nil:
		rw.WriteHeader(http.StatusForbidden)
		return
	case call == "leave":
		w.leave(r, g)
		rw.WriteHeader(http.StatusNoContent)
		return
	case call == "enter" && (g.called || w.holes[early]):
		w.enter(g, w.device(r))
	}
	w.tell(rw, g, call)
}

// guest is who calls; joining makes a place for who has none.
func (w *weak) guest(rw http.ResponseWriter, r *http.Request, join bool) *guest {
	ticket := value(r, "waitroom-ticket-booking")
	if w.holes[planted] || w.holes[bearer] {
		for _, g := range w.joined {
			if ticket != "" && g.ticket == ticket {
				return g
			}
		}
	}
	g := w.joined[w.device(r)]
	if g != nil && !(join && w.holes[perTab]) && !(w.holes[byAddress] && g.ticket != ticket) {
		return g
	}
	if !join && (ticket == "" || !w.holes[byAddress]) {
		return nil
	}
	w.count++
	id := fmt.Sprintf("%s%d", w.key, w.count)
	if value(r, "waitroom-device") == "" {
		r.AddCookie(&http.Cookie{Name: "waitroom-device", Value: id})
		http.SetCookie(rw, &http.Cookie{Name: "waitroom-device", Value: id, Path: "/", HttpOnly: true})
	}
	g = &guest{ticket: "t" + id, number: w.count, called: w.open}
	w.joined[w.device(r)] = g
	return g
}

// opens opens the room, or closes it.
func (w *weak) opens(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = yes
	for _, g := range w.joined {
		g.called = g.called || w.open
	}
}

func (w *weak) leave(r *http.Request, g *guest) {
	if !w.holes[backAgain] {
		delete(w.joined, w.device(r))
		return
	}
	g.called = true
}

// enter gives a pass.
func (w *weak) enter(g *guest, device string) {
	if g.pass != "" && !w.holes[perEnter] {
		return
	}
	w.count++
	g.pass = fmt.Sprintf("p%s%d", w.key, w.count)
	w.passes[g.pass] = device
}

// tell answers with the standing.
func (w *weak) tell(rw http.ResponseWriter, g *guest, call string) {
	http.SetCookie(rw, &http.Cookie{Name: "waitroom-ticket-booking", Value: g.ticket, Path: "/", HttpOnly: true})
	s := map[string]any{
		"room": "booking", "state": "waiting", "position": g.number, "waiting": w.count, "next_poll_ms": 300,
		"server_time": time.Now().UTC(), "ticket_number": g.number, "ticket": g.ticket, "message": w.message,
	}
	status := http.StatusOK
	switch {
	case g.pass != "":
		s["state"], s["pass"], s["enter_at"] = "admitted", g.pass, s["server_time"]
		http.SetCookie(rw, &http.Cookie{Name: "waitroom-pass-booking", Value: g.pass, Path: "/", HttpOnly: true})
	case g.called:
		s["state"] = "called"
	case call == "enter":
		status = http.StatusConflict
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(s)
}
