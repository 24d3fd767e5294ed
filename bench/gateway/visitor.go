package gateway

import (
	"cmp"
	"crypto/tls"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// Agent is what a visitor's browser calls itself unless a test says otherwise.
const Agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"

// Visitor is a browser as far as the gateway sees one: cookies, a User-Agent and
// the fetch metadata, over real sockets. It is for one goroutine.
type Visitor struct {
	// URL is where the visitor goes, and Agent the browser's name.
	URL, Agent string
	// Cookies are those that the visitor has.
	Cookies map[string]string
	// From is the visitor's own address; "" is any.
	From string
	// Limit is how long an answer may take; 10 s if it is 0.
	Limit time.Duration
	// Fields are sent with every request.
	Fields map[string]string
	// Host is whom the visitor asks for, and Room which room's calls they make; "" is
	// the host of URL, and the room of this package.
	Host, Room string
	// TLS is how a visitor who comes by https knows the gateway; nil is by the system's authorities.
	TLS  *tls.Config
	http *http.Client
}

// Answer is one answer of the gateway.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	// Standing is what a JSON answer says.
	Standing Standing
}

// Standing is the standing that visitors get.
type Standing struct {
	State    string     `json:"state"`
	Position int64      `json:"position"`
	Waiting  int64      `json:"waiting"`
	NextPoll int64      `json:"next_poll_ms"`
	EnterAt  *time.Time `json:"enter_at"`
	Server   time.Time  `json:"server_time"`
	Number   int64      `json:"ticket_number"`
	Ticket   string     `json:"ticket"`
	Pass     string     `json:"pass"`
	Type     string     `json:"type"`
	Title    string     `json:"title"`
}

// NewVisitor is a visitor who has not come yet.
func NewVisitor(url string) *Visitor {
	return &Visitor{URL: url, Agent: Agent, Cookies: map[string]string{}}
}

// With makes the visitor send a field with every request.
func (v *Visitor) With(name, value string) *Visitor {
	fields := maps.Clone(v.Fields)
	if fields == nil {
		fields = map[string]string{}
	}
	fields[name] = value
	v.Fields = fields
	return v
}

// Twin is another browser with the same cookies.
func (v *Visitor) Twin() *Visitor {
	return &Visitor{URL: v.URL, Agent: v.Agent, Cookies: maps.Clone(v.Cookies), From: v.From, Host: v.Host, Room: v.Room, TLS: v.TLS}
}

func (v *Visitor) client() *http.Client {
	if v.http == nil {
		dialer := net.Dialer{Timeout: 5 * time.Second}
		if v.From != "" {
			dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(v.From)}
		}
		limit := v.Limit
		if limit == 0 {
			limit = 10 * time.Second
		}
		v.http = &http.Client{
			Timeout: limit,
			Transport: &http.Transport{
				DialContext: dialer.DialContext, DisableCompression: true, DisableKeepAlives: true, TLSClientConfig: v.TLS,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return v.http
}

// CookieLine are the visitor's cookies as a request carries them.
func (v *Visitor) CookieLine() string {
	names := slices.Sorted(maps.Keys(v.Cookies))
	pairs := make([]string, 0, len(names))
	for _, name := range names {
		pairs = append(pairs, name+"="+v.Cookies[name])
	}
	return strings.Join(pairs, "; ")
}

// Do sends a request with the visitor's cookies, and keeps those that come back.
func (v *Visitor) Do(q *http.Request) (Answer, error) {
	q.Header.Set("User-Agent", v.Agent)
	if v.Host != "" {
		q.Host = v.Host
	}
	for name, value := range v.Fields {
		q.Header.Set(name, value)
	}
	if len(v.Cookies) > 0 {
		q.Header.Set("Cookie", v.CookieLine())
	}
	r, err := v.client().Do(q)
	if err != nil {
		return Answer{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	for _, c := range r.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(v.Cookies, c.Name)
			continue
		}
		v.Cookies[c.Name] = c.Value
	}
	a := Answer{Status: r.StatusCode, Header: r.Header, Body: string(body)}
	if strings.Contains(r.Header.Get("Content-Type"), "json") {
		_ = json.Unmarshal(body, &a.Standing)
	}
	return a, err
}

// Try calls join, status, enter or leave, as the page's script does.
func (v *Visitor) Try(call string) (Answer, error) { return v.try(call, "", "") }

// try makes a call, with one more field where it has a name.
func (v *Visitor) try(call, name, value string) (Answer, error) {
	method := http.MethodPost
	if call == "status" {
		method = http.MethodGet
	}
	q, err := http.NewRequest(method, v.callURL(call), nil)
	if err != nil {
		return Answer{}, err
	}
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	q.Header.Set("Sec-Fetch-Mode", "cors")
	q.Header.Set("Sec-Fetch-Dest", "empty")
	if name != "" {
		q.Header.Set(name, value)
	}
	return v.Do(q)
}

// callURL is where a call goes.
func (v *Visitor) callURL(call string) string {
	return v.URL + "/.waitroom/" + cmp.Or(v.Room, Room) + "/" + call
}

// Call is Try where an answer has to come.
func (v *Visitor) Call(t testing.TB, call string) Answer {
	t.Helper()
	a, err := v.Try(call)
	if err != nil {
		t.Fatalf("%s: %v", call, err)
	}
	return a
}

// TryNavigate goes to an address as a person in a browser does, without following a
// redirect.
func (v *Visitor) TryNavigate(uri string) (Answer, error) {
	q, err := http.NewRequest(http.MethodGet, v.URL+uri, nil)
	if err != nil {
		return Answer{}, err
	}
	q.Header.Set("Sec-Fetch-Site", "none")
	q.Header.Set("Sec-Fetch-Mode", "navigate")
	q.Header.Set("Sec-Fetch-Dest", "document")
	q.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	return v.Do(q)
}

// Navigate is TryNavigate where an answer has to come.
func (v *Visitor) Navigate(t testing.TB, uri string) Answer {
	t.Helper()
	a, err := v.TryNavigate(uri)
	if err != nil {
		t.Fatalf("GET %s: %v", uri, err)
	}
	return a
}
