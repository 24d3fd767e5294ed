package proxy_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
)

// jar is a browser with several requests under way at once: each is sent with the cookies
// of that moment, and the cookies that come last stay.
type jar struct {
	mu      sync.Mutex
	cookies map[string]string
	fields  map[string]string
	at      []*rig
	lose    float64 // the share of answers that get lost
	client  *http.Client
	asked   int
	no      []string // what was refused
}

func (p *person) jar(lose float64, at ...*rig) *jar {
	return &jar{cookies: p.cookies, fields: p.fields, at: at, lose: lose, client: p.client}
}

// load asks for n things at once, as a page does.
func (j *jar) load(t *testing.T, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := j.ask(fmt.Sprint("/part/", i), rand.N(len(j.at)), rand.Float64() < j.lose); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func (j *jar) ask(uri string, at int, lost bool) error {
	q, err := http.NewRequest("GET", "http://"+j.at[at].addr+uri, nil)
	if err != nil {
		return err
	}
	q.Host = host
	for k, v := range j.fields {
		q.Header.Set(k, v)
	}
	j.mu.Lock()
	sent := maps.Clone(j.cookies)
	j.mu.Unlock()
	for k, v := range sent {
		q.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	res, err := j.client.Do(q)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.asked++
	if lost {
		return nil
	}
	if res.StatusCode != 200 {
		j.no = append(j.no, fmt.Sprint(uri, " ", res.StatusCode))
	}
	for _, c := range res.Cookies() {
		j.cookies[c.Name] = c.Value
	}
	return nil
}
