package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// State is what the operator API tells of the room, as far as tests read it.
type State struct {
	State    string `json:"state"`
	Store    string `json:"store"`
	Epoch    string `json:"epoch"`
	Paused   bool   `json:"paused"`
	Waiting  int64  `json:"waiting"`
	Called   int64  `json:"called"`
	Active   int64  `json:"active"`
	Arrivals int64  `json:"arrivals"`
	Calls    int64  `json:"calls"`
	Entries  int64  `json:"entries"`
	OpensAt  string `json:"opens_at"`
}

// Record is a line of the journal.
type Record struct {
	Cursor  string    `json:"cursor"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Tickets []Ticket  `json:"tickets"`
}

// Ticket is one ticket in a Record. Place and Entry are microseconds since 1970.
type Ticket struct {
	ID    string `json:"id"`
	Place int64  `json:"place"`
	Entry int64  `json:"entry"`
	Pass  string `json:"pass"`
}

// call asks the operator API; a nil body is a GET.
func (g *Gateway) call(path string, body any) (int, []byte, error) {
	method, text := http.MethodGet, []byte(nil)
	if body != nil {
		method = http.MethodPatch
		var err error
		if text, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	q, err := http.NewRequest(method, "http://"+g.Operators+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	q.Header.Set("Authorization", "Bearer "+Token)
	q.Header.Set("Content-Type", "application/json")
	c := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := c.Do(q)
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(a.Body)
	return a.StatusCode, answer, err
}

// patiently calls, again where the store of a busy machine was late: a change that was taken may be made once more.
func (g *Gateway) patiently(path string, body any) (status int, text []byte, err error) {
	Eventually(10*time.Second, func() bool {
		status, text, err = g.call(path, body)
		return err != nil || status != http.StatusAccepted && status != http.StatusServiceUnavailable
	})
	return status, text, err
}

// Ready asks /readyz: 0 where nobody answers.
func (g *Gateway) Ready() (status int, text string) {
	status, answer, err := g.call("/readyz", nil)
	if err != nil {
		return 0, err.Error()
	}
	return status, string(answer)
}

// Room is the room's state.
func (g *Gateway) Room(t testing.TB) State {
	t.Helper()
	var s State
	g.get(t, "/api/rooms/"+Room, &s)
	return s
}

// Metrics is the text of /metrics.
func (g *Gateway) Metrics(t testing.TB) string {
	t.Helper()
	status, text, err := g.call("/metrics", nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("metrics: %d %v", status, err)
	}
	return string(text)
}

// Set changes the room live.
func (g *Gateway) Set(t testing.TB, change map[string]any) {
	t.Helper()
	status, text, err := g.patiently("/api/rooms/"+Room, change)
	if err != nil || status != http.StatusOK {
		t.Fatalf("set %v: %d %v %s", change, status, err, text)
	}
}

// Journal is the whole journal of the room, oldest first.
func (g *Gateway) Journal(t testing.TB) []Record {
	t.Helper()
	var all []Record
	after := ""
	for {
		var some []Record
		g.get(t, fmt.Sprintf("/api/rooms/%s/journal?limit=10000&after=%s", Room, after), &some)
		if len(some) == 0 {
			return all
		}
		all = append(all, some...)
		after = some[len(some)-1].Cursor
	}
}

// Tickets are the tickets of all records of a kind, in order.
func Tickets(journal []Record, kind string) []Ticket {
	var all []Ticket
	for _, r := range journal {
		if r.Kind == kind {
			all = append(all, r.Tickets...)
		}
	}
	return all
}

func (g *Gateway) get(t testing.TB, path string, into any) {
	t.Helper()
	status, text, err := g.patiently(path, nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("GET %s: %d %v %s", path, status, err, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}
