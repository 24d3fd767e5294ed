package identity_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/bench/gateway"
	"waitroom/bench/provider"
	"waitroom/queue/redis/redistest"
)

// overtalk makes a provider say some of its answers twice, where one was asked for.
func overtalk(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/userinfo" && r.URL.Path != "/token" {
			h.ServeHTTP(w, r)
			return
		}
		var all httptest.ResponseRecorder
		all.Body = &bytes.Buffer{}
		h.ServeHTTP(&all, r)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		body := all.Body.String()
		fmt.Fprintf(c, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s%s", max(all.Code, 200), len(body), body, body)
	})
}

// planted is what a provider tells of a person, and what a verification has of secrets.
func planted(s *site, person int) []string {
	p := provider.Person{Number: person}
	return []string{
		p.Name(), fmt.Sprintf("%q", p.Name()), p.Phone(), p.Phone()[4:], p.CI(), p.CI()[:40], p.Subject(s.issuer),
		p.Born().Format("2006-01-02"), p.Born().Format("20060102"), "client-secret-planted",
	}
}

// monitor hears every command that a Redis is sent.
func monitor(t *testing.T, s *redistest.Server) func() string {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("MONITOR\r\n")); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	if line, err := in.ReadString('\n'); err != nil || line != "+OK\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	var all bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = all.ReadFrom(in)
	}()
	end := sync.OnceFunc(func() {
		c.Close()
		<-done
	})
	t.Cleanup(end)
	return func() string {
		end()
		return all.String()
	}
}

func TestNothingThatAProviderTellsOfPeopleIsKeptLoggedOrPassedOn(t *testing.T) {
	for _, store := range []string{"embedded", "redis"} {
		t.Run(store, func(t *testing.T) {
			var redis *redistest.Server
			heard := func() string { return "" }
			if store == "redis" {
				redis = redistest.Start(t)
				heard = monitor(t, redis)
			}
			s := open(t, setting{redis: redis, between: overtalk})
			told := []string{}
			for n := range 10 { // the first of them with what is wrong with providers
				v := s.visitor()
				v.Navigate(t, "/book?day=1")
				wrong := provider.Forgery("")
				if n < 5 {
					wrong = []provider.Forgery{provider.OtherPerson, provider.TextTimes, provider.Nonce, provider.NoProfile, provider.AccessToken}[n]
				}
				s.demo.Turn(func(k *provider.Knobs) { k.Forge = wrong })
				a := s.verify(t, v, n)
				told = append(told, a.Body, fmt.Sprint(a.Header))
				if n >= 5 {
					if a.Status != http.StatusSeeOther {
						t.Fatalf("person %d is not verified: %d %s", n, a.Status, a.Body)
					}
					gateway.Until(t, "the backend to answer", 20*time.Second, func() bool {
						a = v.Navigate(t, "/book?day=1")
						return strings.Contains(a.Body, "id=inside")
					})
				} else if a.Status == http.StatusSeeOther {
					t.Errorf("person %d is verified, for all that is wrong: %v", n, a.Header)
				}
			}
			visits := ""
			for _, visit := range s.backend.Visits() {
				visits += fmt.Sprintf("%s %v\n", visit, visit.Header)
			}
			kept := map[string]string{
				"the log": s.Log(), "metrics": s.Metrics(t), "what Redis was sent": heard(), "what visitors were told": strings.Join(told, "\n"),
				"what the backend got": visits, "the journal": fmt.Sprintf("%+v", s.Journal(t)),
			}
			if err := s.Stop(t); err != nil {
				t.Error(err)
			}
			files(t, filepath.Join(s.Dir, "data"), kept)
			files(t, filepath.Join(s.Dir, "keys"), kept)
			if !strings.Contains(visits, "Waitroom-Subject") || store == "redis" && len(kept["what Redis was sent"]) < 1000 {
				t.Fatal("nothing was looked at")
			}
			for place, text := range kept {
				for n := range 11 {
					for _, secret := range planted(s, n) {
						if i := strings.Index(text, secret); i >= 0 {
							t.Errorf("%s has %q: …%s…", place, secret, text[max(0, i-100):min(len(text), i+100)])
						}
					}
				}
			}
		})
	}
}

// files adds what is in a folder.
func files(t *testing.T, dir string, to map[string]string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		to[path] = string(text)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}
