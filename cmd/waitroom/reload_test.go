package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"waitroom/config"
)

// reloaded is a running gateway, and configurations for it that differ in what makes a
// room's backend.
type reloaded struct {
	t       *testing.T
	g       *gateway
	dir     string
	backend string
}

func startReloaded(t *testing.T, backend http.HandlerFunc) *reloaded {
	t.Helper()
	server := httptest.NewServer(backend)
	t.Cleanup(server.Close)
	r := &reloaded{t: t, dir: t.TempDir(), backend: server.URL}
	ctx, cancel := context.WithCancel(context.Background())
	g, err := build(ctx, r.config(1, true), zap.NewNop(), zap.NewAtomicLevel())
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	r.g = g
	done := make(chan error, 1)
	go func() { done <- g.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("leave: %v", err)
		}
	})
	return r
}

// config waits some seconds for the backend to connect; extra is whether a second room
// is there.
func (r *reloaded) config(connect int, extra bool) *config.Config {
	r.t.Helper()
	rooms := fmt.Sprintf("  - {name: booking, hosts: [a.example], open_paths: [/open/], backend: %s, rate: 1/s, backend_timeouts: {connect: %ds}}\n",
		r.backend, connect)
	if extra {
		rooms += "  - {name: extra, hosts: [b.example], open_paths: [/open/], backend: " + r.backend + ", rate: 1/s}\n"
	}
	return r.with(rooms)
}

// with is a configuration with these rooms.
func (r *reloaded) with(rooms string) *config.Config {
	r.t.Helper()
	text := fmt.Sprintf(`
listen: 127.0.0.1:0
operator: {listen: 127.0.0.1:0}
data_dir: %s
keys: {dir: %s}
cookies: {secure: false}
rooms:
%s`, r.dir, filepath.Join(r.dir, "keys"), rooms)
	c, err := config.Parse("waitroom.yaml", []byte(text), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *reloaded) reload(connect int, extra bool) {
	r.t.Helper()
	if err := r.g.reload(context.Background(), r.config(connect, extra)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reloaded) get(host, path string) (*http.Response, error) {
	q, err := http.NewRequest(http.MethodGet, "http://"+r.g.listener.Addr().String()+path, nil)
	if err != nil {
		return nil, err
	}
	q.Host = host
	return http.DefaultClient.Do(q)
}

func TestAReloadCutsNoAnswerOff(t *testing.T) {
	const half = 1 << 20
	sent, goOn := make(chan struct{}, 2), make(chan struct{})
	r := startReloaded(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(2*half))
		_, _ = io.WriteString(w, strings.Repeat("a", half))
		sent <- struct{}{}
		<-goOn
		_, _ = io.WriteString(w, strings.Repeat("b", half))
	})
	for _, host := range []string{"a.example", "b.example"} {
		answer, err := r.get(host, "/open/large")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			n, err := io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if n != 2*half || err != nil {
				t.Errorf("%s: %d bytes of %d came through: %v", host, n, 2*half, err)
			}
		}()
		<-sent
	}
	r.reload(2, false) // the backend is another, and the second room is gone
	close(goOn)
}

func TestRequestsDuringAReloadAreAnswered(t *testing.T) {
	r := startReloaded(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") })
	const visitors = 4
	answers, stop := make(chan error), make(chan struct{})
	for range visitors {
		go func() {
			for {
				select {
				case answers <- r.ask():
				case <-stop:
					answers <- nil
					return
				}
			}
		}()
	}
	for i := range 20 {
		r.reload(2-i%2, i%2 == 0)
		for range 10 * visitors {
			if err := <-answers; err != nil {
				t.Fatal(err)
			}
		}
	}
	close(stop)
	for range visitors {
		<-answers
	}
}

// ask says what is wrong with the answer to a small request.
func (r *reloaded) ask() error {
	answer, err := r.get("a.example", "/open/small")
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("during a reload: %s", answer.Status)
	}
	return nil
}
