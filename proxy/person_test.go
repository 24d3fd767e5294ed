package proxy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// person is somebody's browser or app: the fields it sends, and its cookies.
type person struct {
	r       *rig
	fields  map[string]string
	cookies map[string]string
	client  *http.Client
	host    string
}

const (
	chrome = "Mozilla/5.0 (Linux; Android 11) AppleWebKit/537.36 Chrome/92.0.4515.131 Mobile Safari/537.36"
	safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 14_7 like Mac OS X) AppleWebKit/605.1.15 Version/14.1.2 Safari/604.1"
)

func (r *rig) person(fields map[string]string) *person {
	tr := &http.Transport{DisableCompression: true}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &person{
		r: r, fields: fields, cookies: map[string]string{}, host: host,
		client: &http.Client{
			Transport:     tr,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// browser is a browser whose requests are navigations, unless they say otherwise.
func (r *rig) browser() *person {
	return r.person(map[string]string{
		"User-Agent": chrome, "Sec-Ch-Ua-Platform": `"Android"`, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
		"Accept-Language": "ko-KR,ko;q=0.9", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
	})
}

// app is a program without cookies.
func (r *rig) app() *person {
	return r.person(map[string]string{"User-Agent": "booking-app/4.1 (iOS)", "Accept": "application/json"})
}

// script are the fields of a page's own fetch.
func script() []string {
	return []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", "application/json"}
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// do sends a request; fields come in pairs, an empty value takes the person's own away.
func (p *person) do(method, uri string, fields ...string) answer {
	p.r.t.Helper()
	a, err := p.try(method, uri, fields...)
	if err != nil {
		p.r.t.Fatalf("%s %s: %v", method, uri, err)
	}
	return a
}

func (p *person) try(method, uri string, fields ...string) (answer, error) {
	return p.send(method, uri, nil, fields...)
}

func (p *person) send(method, uri string, body io.Reader, fields ...string) (answer, error) {
	q, err := http.NewRequest(method, "http://"+p.r.addr+uri, body)
	if err != nil {
		return answer{}, err
	}
	q.Host = p.host
	for k, v := range p.fields {
		q.Header.Set(k, v)
	}
	var cookies []string
	for k, v := range p.cookies {
		cookies = append(cookies, k+"="+v)
	}
	if len(cookies) > 0 {
		q.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if q.Header.Del(fields[i]); fields[i+1] != "" {
			q.Header.Set(fields[i], fields[i+1])
		}
	}
	res, err := p.client.Do(q)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || c.Value == "" {
			delete(p.cookies, c.Name)
		} else {
			p.cookies[c.Name] = c.Value
		}
	}
	return answer{res, string(said)}, nil
}

// get navigates.
func (p *person) get(uri string, fields ...string) answer {
	p.r.t.Helper()
	return p.do("GET", uri, fields...)
}

// call is a call of the page's script, or of an app.
func (p *person) call(name string, fields ...string) answer {
	p.r.t.Helper()
	method := "POST"
	if name == "status" {
		method = "GET"
	}
	if p.fields["Sec-Fetch-Mode"] != "" {
		fields = append(script(), fields...)
	}
	return p.do(method, "/.waitroom/"+room+"/"+name, fields...)
}

// appCall is a call of an app with its tokens in fields.
func (p *person) appCall(name, ticket, pass string) answer {
	p.r.t.Helper()
	return p.call(name, "Waitroom-Ticket", ticket, "Waitroom-Pass", pass)
}

func (p *person) ticket() string { return p.cookies["waitroom-ticket-"+room] }
func (p *person) passed() string { return p.cookies["waitroom-pass-"+room] }
func (p *person) device() string { return p.cookies["waitroom-device"] }

// copied is another browser or app with the same cookies.
func (p *person) copied(fields map[string]string) *person {
	other := p.r.person(map[string]string{})
	for k, v := range p.fields {
		other.fields[k] = v
	}
	for k, v := range fields {
		other.fields[k] = v
	}
	for k, v := range p.cookies {
		other.cookies[k] = v
	}
	return other
}

// said is a standing, with what a problem adds to it.
type said struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`

	Room     string `json:"room"`
	State    string `json:"state"`
	Position *int64 `json:"position"`
	Waiting  int64  `json:"waiting"`
	ETA      *struct {
		Low  int64 `json:"low"`
		High int64 `json:"high"`
	} `json:"eta_seconds"`
	NextPoll   int64      `json:"next_poll_ms"`
	EnterAt    *time.Time `json:"enter_at"`
	OpensAt    *time.Time `json:"opens_at"`
	ServerTime *time.Time `json:"server_time"`
	Message    *string    `json:"message"`
	Number     *int64     `json:"ticket_number"`
	WindowEnds *time.Time `json:"window_ends"`
	Away       bool       `json:"store_away"`
	DrawHash   string     `json:"draw_hash"`
	DrawSecret *string    `json:"draw_secret"`
	Ticket     string     `json:"ticket"`
	Pass       string     `json:"pass"`
}

func (a answer) said(t testing.TB) said {
	t.Helper()
	var s said
	if err := json.Unmarshal([]byte(a.body), &s); err != nil {
		t.Fatalf("answer %d is no JSON: %v\n%s", a.StatusCode, err, a.body)
	}
	return s
}

// want checks the status and the first words of the problem's type, or of the state.
func (a answer) want(t testing.TB, status int, state string) said {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d, want %d: %.300s", a.StatusCode, status, a.body)
	}
	s := a.said(t)
	if s.State != state {
		t.Fatalf("state %q, want %q: %s", s.State, state, a.body)
	}
	return s
}

// wantPage checks that the answer is the waiting page in a state.
func (a answer) wantPage(t testing.TB, status int, state string) {
	t.Helper()
	if a.StatusCode != status || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("answer %d %s, want %d and a page: %.300s", a.StatusCode, a.Header.Get("Content-Type"), status, a.body)
	}
	if got := a.state(); got != state {
		t.Fatalf("the page is in state %q, want %q", got, state)
	}
}

// state is the state that a page shows.
func (a answer) state() string {
	_, rest, _ := strings.Cut(a.body, `data-state="`)
	state, _, _ := strings.Cut(rest, `"`)
	return state
}

// wantInside checks that the backend answered.
func (a answer) wantInside(t testing.TB, uri string) {
	t.Helper()
	if a.StatusCode != 200 || !strings.HasPrefix(a.body, "inside ") || !strings.HasSuffix(a.body, " "+uri) {
		t.Fatalf("answer %d, want the backend's to %s: %.300s", a.StatusCode, uri, a.body)
	}
}

// position is the position of a standing, 0 for null.
func (s said) position() int64 {
	if s.Position == nil {
		return 0
	}
	return *s.Position
}

func micros(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMicro()
}
