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

// node is the process that the independent providers of all tests are in. It is started by the first, and ended by TestMain.
var node struct {
	once sync.Once
	err  error
	said bytes.Buffer
	end  func()

	mu  sync.Mutex
	in  io.Writer
	out *bufio.Scanner
}

func startNode() error {
	if _, err := os.Stat(filepath.Join("independent", "node_modules", "oidc-provider")); err != nil {
		if out, err := exec.Command("npm", "ci", "--prefix", "independent", "--no-audit", "--no-fund").CombinedOutput(); err != nil {
			return fmt.Errorf("the Node packages of bench/provider/independent are missing, and npm ci did not bring them: %w\n%s", err, out)
		}
	}
	cmd := exec.Command("node", "provider.mjs")
	cmd.Dir, cmd.Stderr = "independent", &node.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	node.in, node.out = in, bufio.NewScanner(out)
	node.end = func() {
		_ = in.Close() // ends it
		_ = cmd.Wait()
	}
	return nil
}

// tell makes the process obey one line, and reads its answer.
func tell(t testing.TB, wish, answer any) {
	t.Helper()
	if node.once.Do(func() { node.err = startNode() }); node.err != nil {
		t.Fatal(node.err)
	}
	node.mu.Lock()
	defer node.mu.Unlock()
	if err := json.NewEncoder(node.in).Encode(wish); err != nil {
		t.Fatal(err)
	}
	if !node.out.Scan() {
		t.Fatalf("the independent providers are gone: %v", node.out.Err())
	}
	if err := json.Unmarshal(node.out.Bytes(), answer); err != nil {
		t.Fatalf("%v: %s", err, node.out.Text())
	}
}

// independent is an OpenID provider that others wrote, behind a proxy that can be told to break its answers.
type independent struct {
	t      testing.TB
	Issuer string
	port   int

	mu sync.Mutex
	// meddle changes an answer on its way to whoever asked for the path; nil leaves it.
	meddle map[string]func(*http.Response) error
}

func startIndependent(t testing.TB, algorithm string) *independent {
	t.Helper()
	var ready struct{ Port int }
	tell(t, struct{}{}, &ready)
	i := &independent{t: t, port: ready.Port, meddle: map[string]func(*http.Response) error{}}
	target, err := url.Parse(fmt.Sprintf("http://127.0.0.1:%d", ready.Port))
	if err != nil {
		t.Fatal(err)
	}
	i.Issuer = serve(t, func(string) http.Handler { return i.proxy(target) })
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

// become makes it a new provider of the same issuer, with another key.
func (i *independent) become(algorithm string) {
	i.t.Helper()
	tell(i.t, map[string]any{"port": i.port, "issuer": i.Issuer, "algorithm": algorithm, "redirects": []string{callback}}, &struct{}{})
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
		Scopes: []string{"openid", "profile"}, Birthday: true, Groups: []string{"priority_group"}, Timeout: time.Minute,
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
	client := &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute, CheckRedirect: func(r *http.Request, via []*http.Request) error {
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
