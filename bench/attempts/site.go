package attempts

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/browser"
	"waitroom/bench/canary"
	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// Site is what is attacked. Its exported fields are set before Begin, and read only
// afterwards.
type Site struct {
	// URL is the visitors' listener without a path, Host whom to ask for ("" is that of
	// URL), and Room the name of the room.
	URL, Host, Room string
	// Page is a protected address, and Open a folder that needs no pass; "" is none.
	Page, Open string
	// Backend is the backend's own URL, and Operator the operator listener's, with its
	// token; "" is unknown.
	Backend, Operator, Token string
	// Closed says that the room lets nobody in while the attempts run.
	Closed bool

	// Canary, Gateways, Redis and Binary are there where the site is the run's own.
	Canary   *canary.Canary
	Gateways []*gateway.Gateway
	Redis    *redistest.Server
	Binary   string
	// Front starts what is attacked in front of another backend, with a folder /open/
	// that needs no pass, and gives its address; nil starts Binary.
	Front func(t testing.TB, backend string) string
	// Starts starts a gateway of an attempt's own; nil starts Binary.
	Starts func(t testing.TB, o gateway.Options) *gateway.Gateway
	// Chromium is a browser that is there already; nil has the run start one.
	Chromium *browser.Browser

	target   *url.URL
	run      string
	sockets  chan struct{}
	insiders chan *gateway.Visitor
	inside   string // what only the backend's answers have in them

	mu       sync.Mutex
	count    int
	launched bool // Chromium is the run's own
}

const (
	// maxSockets is how many connections all attempts have open at a time.
	maxSockets = 32
	// entryLimit is how long a visitor may wait to be let in before the attempts begin.
	entryLimit = 2 * time.Minute
)

// Begin makes the site ready: it learns to tell the backend's answers from the
// gateway's, and gets the passes that the attempts take. It blocks until then.
func (o *Site) Begin(t testing.TB, all []Attempt) {
	t.Helper()
	var err error
	if o.target, err = url.Parse(o.URL); err != nil || o.target.Host == "" || o.target.Scheme != "http" && o.target.Scheme != "https" {
		t.Fatalf("%q is no address like http://127.0.0.1:8080", o.URL)
	}
	o.URL = o.target.Scheme + "://" + o.target.Host
	if o.Host == "" {
		o.Host = o.target.Host
	}
	if o.Room == "" {
		o.Room = gateway.Room
	}
	if o.Page == "" {
		o.Page = "/book"
	}
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	o.run, o.sockets = hex.EncodeToString(b[:]), make(chan struct{}, maxSockets)
	t.Cleanup(o.quit)
	passes := 0
	for _, a := range all {
		a.Needs &^= NeedClosed // that is known afterwards
		if o.Lacks(&a) == "" {
			passes += a.Passes
		}
	}
	o.admit(t, passes)
	if o.inside == "" && o.Canary != nil {
		o.inside = "id=inside"
	}
	o.close(t)
}

// Stranger is a visitor who has not come yet.
func (o *Site) Stranger() *gateway.Visitor {
	v := gateway.NewVisitor(o.URL)
	v.Host, v.Room = o.Host, o.Room
	return v
}

// admit fills the pool of visitors with a pass.
func (o *Site) admit(t testing.TB, n int) {
	t.Helper()
	o.insiders = make(chan *gateway.Visitor, n)
	for range n {
		v := o.Stranger()
		if a, err := v.Try("join"); err != nil || a.Status != 200 || a.Standing.State == "" {
			t.Fatalf("take a place in room %s at %s: %d %v; is it a waiting room, and does -room name it?", o.Room, o.URL, a.Status, err)
		}
		var a gateway.Answer
		if !gateway.Eventually(entryLimit, func() bool {
			a, _ = v.Try("enter")
			return a.Standing.State == "admitted" && v.Cookies[o.passCookie(v)] != "" && !a.Standing.Server.Before(entryOf(&a))
		}) {
			t.Fatalf("nobody was let in within %s: the room needs a rate above 0 and a short line (it says %q)", entryLimit, a.Standing.State)
		}
		o.learn(t, v)
		o.insiders <- v
	}
}

func entryOf(a *gateway.Answer) time.Time {
	if a.Standing.EnterAt == nil {
		return time.Time{}
	}
	return *a.Standing.EnterAt
}

// passCookie is the name of a visitor's pass cookie; ” where there is none.
func (o *Site) passCookie(v *gateway.Visitor) string { return o.cookie(v, "pass-"+o.Room) }

func (o *Site) cookie(v *gateway.Visitor, what string) string {
	for name := range v.Cookies {
		if strings.TrimPrefix(name, "__Host-") == "waitroom-"+what {
			return name
		}
	}
	return ""
}

// close sees to it that nobody is let in any more, where that is in the run's power.
func (o *Site) close(t testing.TB) {
	t.Helper()
	if o.Operator != "" {
		o.operate(t, `{"paused":true}`)
		o.Closed = true
		if len(o.Gateways) == 0 { // somebody's own: it goes on as it was
			t.Cleanup(func() { o.operate(t, `{"paused":false}`) })
		}
		return
	}
	// A newcomer who navigates is let in at once where nobody waits and a slot is free.
	v := o.Stranger()
	a, err := v.TryNavigate(o.Page)
	if err != nil {
		t.Fatalf("ask for %s%s: %v", o.URL, o.Page, err)
	}
	o.Closed = ours(a.Status, a.Header.Get("Content-Type"), a.Body) && a.Status < 300 || a.Status == 429
}

// operate changes the room, as an operator does.
func (o *Site) operate(t testing.TB, change string) {
	t.Helper()
	q, err := http.NewRequest(http.MethodPatch, o.Operator+"/api/rooms/"+o.Room, strings.NewReader(change))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+o.Token)
	q.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Do(q)
	if err != nil {
		t.Fatalf("reach the operator listener: %v", err)
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		t.Fatalf("the operator listener at %s answers %s to %s; is the token right?", o.Operator, a.Status, change)
	}
}

// Lacks says why an attempt cannot be tried here, "" where it can.
func (o *Site) Lacks(a *Attempt) string {
	var has Need
	note := func(need Need, there bool) {
		if there {
			has |= need
		}
	}
	note(NeedOwn, len(o.Gateways) > 0 || o.Starts != nil)
	note(NeedRedis, o.Redis != nil)
	note(NeedTwo, len(o.Gateways) > 1)
	note(NeedOperator, o.Operator != "")
	note(NeedBackend, o.Backend != "")
	note(NeedClosed, o.Closed || len(o.Gateways) > 0)
	note(NeedOpen, o.Open != "")
	note(NeedCanary, o.Canary != nil)
	for _, l := range lacking {
		if a.Needs&l.need&^has != 0 {
			return l.because
		}
	}
	if a.Needs&NeedChromium != 0 {
		if err := browser.Missing(); err != nil {
			return err.Error()
		}
	}
	return ""
}

// mark is a word that stands nowhere else: what carries it is recognised at the backend.
func (o *Site) mark(id string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count++
	return fmt.Sprintf("m%s%s%dm", strings.ToLower(id), o.run, o.count)
}

// seen are the marks of this run that have arrived at the canary.
func (o *Site) seen() map[string]canary.Sighting {
	if o.Canary == nil {
		return nil
	}
	// A word may have more letters around the mark, as in %2fmark.
	mark := regexp.MustCompile(`m[a-h]\d+` + o.run + `\d+m`)
	all := map[string]canary.Sighting{}
	for word, sighting := range o.Canary.Words(o.run) {
		if found := mark.FindString(word); found != "" && (all[found].Visit == nil) {
			all[found] = sighting
		}
	}
	return all
}
