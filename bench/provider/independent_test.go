package provider_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"waitroom/token/identity"
)

// independent is an OpenID provider that others wrote, in a process of its own, behind a proxy that can be told to break its answers.
type independent struct {
	t      testing.TB
	Issuer string
	in     io.Writer
	out    *bufio.Scanner

	mu sync.Mutex
	// meddle changes an answer on its way to whoever asked for the path; nil leaves it.
	meddle map[string]func(*http.Response) error
}

func startIndependent(t testing.TB, algorithm string) *independent {
	t.Helper()
	if _, err := os.Stat(filepath.Join("independent", "node_modules", "oidc-provider")); err != nil {
		if out, err := exec.Command("npm", "ci", "--prefix", "independent", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			t.Fatalf("the Node packages of bench/provider/independent are missing, and npm ci did not bring them: %v\n%s", err, out)
		}
	}
	cmd := exec.Command("node", "provider.mjs")
	cmd.Dir = "independent"
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	i := &independent{t: t, in: in, out: bufio.NewScanner(out), meddle: map[string]func(*http.Response) error{}}
	t.Cleanup(func() {
		_ = in.Close() // ends it
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	var ready struct{ Port int }
	i.read(&ready)
	target, err := url.Parse(fmt.Sprintf("http://127.0.0.1:%d", ready.Port))
	if err != nil {
		t.Fatal(err)
	}
	i.Issuer = serve(t, func(address string) http.Handler { return i.proxy(target) })
	i.become(algorithm)
	return i
}

func (i *independent) proxy(target *url.URL) http.Handler {
	transport := &http.Transport{}
	i.t.Cleanup(transport.CloseIdleConnections)
	return &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(a *http.Response) error {
			i.mu.Lock()
			f := i.meddle[a.Request.URL.Path]
			i.mu.Unlock()
			if f == nil {
				return nil
			}
			return f(a)
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

func (i *independent) read(v any) {
	i.t.Helper()
	if !i.out.Scan() {
		i.t.Fatalf("the independent provider is gone: %v", i.out.Err())
	}
	if err := json.Unmarshal(i.out.Bytes(), v); err != nil {
		i.t.Fatalf("%v: %s", err, i.out.Text())
	}
}

// become makes it a new provider of the same issuer, with another key.
func (i *independent) become(algorithm string) {
	i.t.Helper()
	if err := json.NewEncoder(i.in).Encode(map[string]any{"issuer": i.Issuer, "algorithm": algorithm, "redirects": []string{callback}}); err != nil {
		i.t.Fatal(err)
	}
	i.read(&struct{}{})
}

// on changes answers for a path from now on.
func (i *independent) on(path string, f func(*http.Response) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.meddle[path] = f
}

// side is a provider as the gateway has it.
type side struct {
	*independent
	identity.Provider
	after time.Duration // by how much what is remembered is older than it is
	mu    sync.Mutex
}

func (i *independent) side(t testing.TB, change func(*identity.Config)) *side {
	t.Helper()
	s := &side{independent: i}
	c := identity.Config{
		Name: "other", Type: "oidc", Callback: callback, ClientID: "waitroom", ClientSecret: "a secret: +/?", Issuer: i.Issuer,
		Scopes: []string{"openid", "profile"}, Birthday: true, Groups: []string{"priority_group"}, Timeout: 10 * time.Second,
		Failures: 1000, Clock: s.now,
	}
	if change != nil {
		change(&c)
	}
	var err error
	if s.Provider, err = identity.New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Provider.Close)
	return s
}

func (s *side) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.after)
}

func (s *side) forward(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after += d
}

func (s *side) begin() (string, identity.Flow) {
	s.t.Helper()
	address, f, err := s.Begin(s.t.Context(), identity.Start{Room: "booking", Device: device, Now: time.Now()})
	if err != nil {
		s.t.Fatalf("begin: %v", err)
	}
	return address, f
}

// choose is a browser with cookies, which goes through the provider's pages.
func (s *side) choose(address, person string) identity.Back {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	client := &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) || len(via) > 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	a, err := client.Get(address + "&login_hint=" + person)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Body.Close()
	body, _ := io.ReadAll(a.Body)
	to, err := a.Location()
	if err != nil {
		s.t.Fatalf("the pages send nobody back: %d %s", a.StatusCode, body)
	}
	q := to.Query()
	return identity.Back{Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error"), Device: device, Now: time.Now()}
}

func (s *side) verify(person string) (identity.Person, error) {
	s.t.Helper()
	address, f := s.begin()
	return s.Finish(s.t.Context(), f, s.choose(address, person))
}

func TestAnIndependentProviderVerifiesPeople(t *testing.T) {
	for algorithm, client := range map[string]string{"RS256": "waitroom", "ES256": "waitroom-post", "EdDSA": "waitroom"} {
		i := startIndependent(t, algorithm)
		s := i.side(t, func(c *identity.Config) {
			c.ClientID, c.Algorithms = client, []string{algorithm}
		})
		if client == "waitroom-post" { // its description tells of both ways, and the gateway takes the first
			i.on("/.well-known/openid-configuration", replace(`"client_secret_basic"`, `"client_secret_jwt"`))
		}
		who, err := s.verify("person-17")
		if err != nil || who.Digit != 7 || who.Claims["priority_group"] != "y" || !strings.HasSuffix(string(who.Key), "person-17") {
			t.Errorf("%s: %+v, %v", algorithm, who, err)
		}
		wrong := i.side(t, func(c *identity.Config) { c.ClientID, c.Algorithms = client, []string{"PS384"} })
		if _, err := wrong.verify("person-17"); why(err) != identity.Forged {
			t.Errorf("%s where only PS384 is configured: %v", algorithm, err)
		}
	}
}

// replace changes the text of an answer.
func replace(old, with string) func(*http.Response) error {
	return func(a *http.Response) error {
		body, err := io.ReadAll(a.Body)
		if err != nil {
			return err
		}
		setBody(a, bytes.ReplaceAll(body, []byte(old), []byte(with)))
		return nil
	}
}

func setBody(a *http.Response, body []byte) {
	_ = a.Body.Close()
	a.Body, a.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	a.Header.Set("Content-Length", fmt.Sprint(len(body)))
}
