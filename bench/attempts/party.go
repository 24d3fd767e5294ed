package attempts

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"waitroom/bench/provider"
)

// secretOfParties is the client's secret at all of them.
const secretOfParties = "a-secret-of-the-attempts"

// party is a provider that verifies people, with whatever an attempt wants it to say.
type party struct {
	*provider.Provider
	name, issuer string

	mu   sync.Mutex
	edit func(path string, says map[string]any)
	lead map[string]string
}

// party starts a provider. Its issuer is a name, by which bare addresses are no part of it. The clock is what it goes by; nil is the
// right one.
func (s *Stage) party(name string, clock func() time.Time) *party {
	s.Helper()
	p := &party{name: name}
	_, port, _ := net.SplitHostPort(s.serve(p))
	p.issuer = "http://localhost:" + port
	p.Provider = provider.New(provider.Config{
		Issuer: p.issuer, Korean: "데모", English: "Demo", ClientID: "waitroom", ClientSecret: secretOfParties, Clock: clock,
	})
	p.Rotate(false) // so that there is a key that is no longer published
	return p
}

// serve answers at an address of this machine until the attempt is over.
func (s *Stage) serve(h http.Handler) (address string) {
	s.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	s.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String()
}

// says has every JSON answer changed before it goes out; nil ends that.
func (p *party) says(edit func(path string, says map[string]any)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.edit = edit
}

// leads has requests for a path redirected, with their method and body.
func (p *party) leads(path, to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lead = map[string]string{path: to}
}

// ServeHTTP answers as the provider does, and then as it is told to.
func (p *party) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	edit, to := p.edit, p.lead[r.URL.Path]
	p.mu.Unlock()
	switch {
	case to != "":
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
	case edit == nil || r.URL.Path == "/authorize":
		p.Provider.ServeHTTP(w, r)
	default:
		answer := &heldAnswer{header: http.Header{}, status: http.StatusOK}
		p.Provider.ServeHTTP(answer, r)
		answer.send(w, func(says map[string]any) { edit(r.URL.Path, says) })
	}
}

// heldAnswer is an answer that has not gone out yet.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's.
func (a *heldAnswer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *heldAnswer) WriteHeader(status int) { a.status = status }

// Write keeps a piece of the body.
func (a *heldAnswer) Write(b []byte) (int, error) { return a.body.Write(b) }

// send lets the answer go out, its JSON changed.
func (a *heldAnswer) send(w http.ResponseWriter, edit func(map[string]any)) {
	body := a.body.Bytes()
	var says map[string]any
	if strings.Contains(a.header.Get("Content-Type"), "json") && json.Unmarshal(body, &says) == nil {
		edit(says)
		if changed, err := json.Marshal(says); err == nil {
			body = changed
		}
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // whoever is gone does not miss it
}
