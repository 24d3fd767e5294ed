package provider

import (
	"net/http"
	"slices"
	"time"
)

// Knobs make a provider misbehave. The zero value is a provider that does well.
type Knobs struct {
	// Delay is how long it takes to answer at Paths, and PageDelay how long until a person who was chosen is sent back.
	Delay, PageDelay time.Duration
	// Fail is the share of requests for Paths that get 503: 0 to 1. It is spread evenly.
	Fail float64
	// Down breaks every connection off.
	Down bool
	// Flood and Trickle answer at Paths without an end: as fast as it goes, or a byte at a time.
	Flood, Trickle bool
	// Redirect answers at Paths with a redirect to itself, and Text with a page instead of JSON.
	Redirect, Text bool
	// Paths are where all these hold; none are /token, /userinfo and the profiles.
	Paths []string
	// Forge is what is wrong with what it says, "" is nothing.
	Forge Forgery
	// IgnoreVerifier makes it take codes without looking at PKCE.
	IgnoreVerifier bool
}

var askedByGateways = []string{"/token", "/userinfo", "/v2/user/me", "/v1/nid/me"}

// Turn changes knobs while the provider runs.
func (p *Provider) Turn(f func(*Knobs)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.knobs)
}

// Knobs are as they stand now.
func (p *Provider) Knobs() Knobs {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.knobs
	k.Paths = slices.Clone(k.Paths)
	return k
}

// misbehave does what the knobs say, and tells whether that was the answer.
func (p *Provider) misbehave(w http.ResponseWriter, r *http.Request, path string) bool {
	k := p.Knobs()
	if k.Down {
		panic(http.ErrAbortHandler)
	}
	paths := k.Paths
	if len(paths) == 0 {
		paths = askedByGateways
	}
	if !slices.Contains(paths, path) {
		return false
	}
	// Only who has read the body is told that the client is gone.
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if r.ParseForm() != nil {
		http.Error(w, "not a form", http.StatusBadRequest)
		return true
	}
	wait(r, k.Delay)
	switch {
	case p.fails(k.Fail):
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
	case k.Flood, k.Trickle:
		endless(w, r, k.Trickle)
	case k.Redirect:
		http.Redirect(w, r, r.URL.String(), http.StatusTemporaryRedirect)
	case k.Text:
		http.Error(w, "{}", http.StatusOK)
	default:
		return false
	}
	return true
}

// fails tells whether this request is one of the share that fails.
func (p *Provider) fails(share float64) bool {
	if share <= 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	return int(float64(p.count)*share) > int(float64(p.count-1)*share)
}

func wait(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// endless writes JSON that does not end, until nobody listens.
func endless(w http.ResponseWriter, r *http.Request, slowly bool) {
	w.Header().Set("Content-Type", "application/json")
	piece := []byte(`{"access_token":"`)
	for r.Context().Err() == nil {
		if _, err := w.Write(piece); err != nil {
			return
		}
		if slowly {
			piece = []byte("x")
			_ = http.NewResponseController(w).Flush()
			wait(r, 50*time.Millisecond)
		} else {
			piece = make([]byte, 32<<10)
			for i := range piece {
				piece[i] = 'x'
			}
		}
	}
}
