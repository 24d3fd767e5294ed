package provider_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"waitroom/token/identity"
)

// refused is a verification that has to be refused for a reason.
func refused(t *testing.T, what string, err error, want identity.Why) {
	t.Helper()
	if why(err) != want {
		t.Errorf("%s: %v, and should be %s", what, err, want)
	}
	noPersonalData(t, err)
}

// noPersonalData looks for what the providers of these tests tell of people.
func noPersonalData(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, planted := range []string{"Gildong", "1990-03", "person-", "홍길동", "0000-", "eyJ", "secret"} {
		if strings.Contains(err.Error(), planted) {
			t.Errorf("the refusal tells %q: %v", planted, err)
		}
	}
}

func TestACodeIsGoodOnceAndForItsOwnFlowOnly(t *testing.T) {
	s := startIndependent(t, "ES256").side(t, func(c *identity.Config) { c.Algorithms = []string{"ES256"} })
	address, f := s.begin()
	back := s.choose(address, "person-11")
	other, otherFlow := s.begin()
	injected := s.choose(other, "person-12")

	_, err := s.Finish(t.Context(), otherFlow, back)
	refused(t, "the state of another flow", err, identity.Replayed)
	late := back
	late.Now = late.Now.Add(identity.Life + time.Second)
	_, err = s.Finish(t.Context(), f, late)
	refused(t, "after its life", err, identity.Replayed)
	foreign := back
	foreign.Device[0]++
	_, err = s.Finish(t.Context(), f, foreign)
	refused(t, "on another device", err, identity.Replayed)
	mixed := back
	mixed.Code = injected.Code
	_, err = s.Finish(t.Context(), f, mixed)
	refused(t, "another person's code", err, identity.Replayed)

	address, f = s.begin()
	back = s.choose(address, "person-11")
	if _, err := s.Finish(t.Context(), f, back); err != nil {
		t.Fatal(err)
	}
	_, err = s.Finish(t.Context(), f, back)
	refused(t, "the second time", err, identity.Replayed)
	if s.Health().Broken {
		t.Error("visitors who make answers up switch the provider off")
	}
}

func TestTwoProvidersAreNotMixedUp(t *testing.T) {
	one, two := startIndependent(t, "ES256"), startIndependent(t, "ES256")
	es256 := func(name string) func(*identity.Config) {
		return func(c *identity.Config) { c.Name, c.Algorithms = name, []string{"ES256"} }
	}
	a, b := one.side(t, es256("one")), two.side(t, es256("two"))
	address, atOne := a.begin()
	honest := a.choose(address, "person-11")
	address, atTwo := b.begin()
	other := b.choose(address, "person-11")

	// An attacker's provider has sent the browser on to the honest one, with its own state and redirect address.
	_, err := b.Finish(t.Context(), atTwo, identity.Back{Code: honest.Code, State: other.State, Issuer: honest.Issuer, Device: device, Now: time.Now()})
	refused(t, "the other provider's issuer", err, identity.Mismatch)
	_, err = b.Finish(t.Context(), atTwo, identity.Back{Code: honest.Code, State: other.State, Device: device, Now: time.Now()})
	refused(t, "no issuer", err, identity.Mismatch)
	_, err = b.Finish(t.Context(), atOne, honest)
	refused(t, "a flow of the other provider", err, identity.Mismatch)
	_, err = b.Finish(t.Context(), atTwo, identity.Back{Error: "access_denied", State: other.State, Issuer: honest.Issuer, Device: device, Now: time.Now()})
	refused(t, "an error of the other provider", err, identity.Mismatch)
	// And the two know one person under two keys.
	p, err := a.Finish(t.Context(), atOne, honest)
	if err != nil {
		t.Fatal(err)
	}
	q, err := b.Finish(t.Context(), atTwo, other)
	if err != nil || bytes.Equal(p.Key, q.Key) {
		t.Errorf("%v, and the keys are %q and %q", err, p.Key, q.Key)
	}
}

func TestSwappedAndBrokenAnswersAreRefused(t *testing.T) {
	i := startIndependent(t, "ES256")
	s := i.side(t, func(c *identity.Config) { c.Algorithms = []string{"ES256"} })
	hasty := i.side(t, func(c *identity.Config) { c.Algorithms, c.Timeout = []string{"ES256"}, time.Second })
	if _, err := s.verify("person-11"); err != nil {
		t.Fatal(err)
	}
	var kept []byte // an answer meant for another
	keep := func(a *http.Response) (err error) {
		kept, err = io.ReadAll(a.Body)
		setBody(a, kept)
		return err
	}
	swap := func(a *http.Response) error {
		setBody(a, kept)
		return nil
	}
	f := func(what, path string, want identity.Why, meddle func(*http.Response) error) {
		t.Helper()
		i.on(path, meddle)
		defer i.on(path, nil)
		_, err := s.verify("person-12")
		refused(t, what, err, want)
	}
	for path, name := range map[string]string{"/token": "tokens", "/me": "profile"} {
		i.on(path, keep)
		if _, err := s.verify("person-13"); err != nil {
			t.Fatal(err)
		}
		f("another person's "+name, path, identity.Forged, swap)
		f(name+" cut off", path, identity.Unavailable, func(a *http.Response) error {
			a.Body = io.NopCloser(io.LimitReader(a.Body, 40)) // and Content-Length stays
			return nil
		})
		f(name+" cut short", path, identity.Unavailable, func(a *http.Response) error {
			body, err := io.ReadAll(a.Body)
			setBody(a, body[:len(body)/2])
			return err
		})
		address, flow := s.begin()
		back := s.choose(address, "person-12")
		i.on(path, func(a *http.Response) error {
			<-a.Request.Context().Done()
			return a.Request.Context().Err()
		})
		_, err := hasty.Finish(t.Context(), flow, back)
		refused(t, name+" never", err, identity.Unavailable)
		f(name+" without an end", path, identity.Unavailable, func(a *http.Response) error {
			a.Body, a.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(`{"x":"Gildong`), endlessly{})), -1
			a.Header.Del("Content-Length")
			return nil
		})
		f(name+" elsewhere", path, identity.Unavailable, func(a *http.Response) error {
			a.StatusCode = http.StatusFound
			a.Header.Set("Location", i.Issuer+path)
			return nil
		})
		f(name+" as a page", path, identity.Unavailable, func(a *http.Response) error {
			a.Header.Set("Content-Type", "text/html")
			return nil
		})
		f(name+" with an error of the server", path, identity.Unavailable, func(a *http.Response) error {
			a.StatusCode = http.StatusInternalServerError
			setBody(a, []byte(`{"error":"server_error","error_description":"Hong Gildong, born 1990-03-12"}`))
			return nil
		})
		f(name+" that are none", path, identity.Unavailable, func(a *http.Response) error {
			setBody(a, []byte(`{"id_token": 12, "sub": "person-12", "access_token": {"name": "Gildong"}, "expires_in": "1990-03-12"`))
			return nil
		})
	}
	f("a code that Naver does not know", "/token", identity.Replayed, func(a *http.Response) error {
		setBody(a, []byte(`{"error":"invalid_request","error_description":"no valid data in session"}`)) // with status 200
		return nil
	})
	if _, err := s.verify("person-12"); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// endlessly reads as letters.
type endlessly struct{}

func (endlessly) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestKeysThatTheProviderHasChangedAreLearntAndOldOnesForgotten(t *testing.T) {
	i := startIndependent(t, "ES256")
	s := i.side(t, func(c *identity.Config) { c.Algorithms = []string{"ES256"} })
	var old []byte
	i.on("/jwks", func(a *http.Response) (err error) {
		old, err = io.ReadAll(a.Body)
		setBody(a, old)
		return err
	})
	if _, err := s.verify("person-11"); err != nil {
		t.Fatal(err)
	}
	i.become("ES256")
	s.forward(6 * time.Second) // the keys were fetched a moment ago, and are not asked for over and over
	if _, err := s.verify("person-11"); err != nil {
		t.Errorf("with the new key: %v", err)
	}
	i.become("ES256")
	s.forward(6 * time.Second)
	i.on("/jwks", func(a *http.Response) error {
		setBody(a, old)
		return nil
	})
	_, err := s.verify("person-11")
	refused(t, "signed with a key that is not published", err, identity.Forged)
}

func TestADescriptionThatIsNotTheIssuersIsRefused(t *testing.T) {
	i := startIndependent(t, "ES256")
	f := func(what string, meddle func(map[string]any)) {
		t.Helper()
		i.on("/.well-known/openid-configuration", func(a *http.Response) error {
			var says map[string]any
			if err := json.NewDecoder(a.Body).Decode(&says); err != nil {
				return err
			}
			meddle(says)
			body, err := json.Marshal(says)
			setBody(a, body)
			return err
		})
		s := i.side(t, nil)
		if _, _, err := s.Begin(t.Context(), identity.Start{Now: time.Now()}); why(err) != identity.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	f("another issuer", func(m map[string]any) { m["issuer"] = "https://other.example" })
	f("a slash more", func(m map[string]any) { m["issuer"] = i.Issuer + "/" })
	f("no token endpoint", func(m map[string]any) { delete(m, "token_endpoint") })
	f("http", func(m map[string]any) { m["token_endpoint"] = "http://other.example/token" })
	f("an address of our own network", func(m map[string]any) { m["jwks_uri"] = "https://169.254.169.254/latest" })
	f("another address of this machine", func(m map[string]any) { m["userinfo_endpoint"] = "http://127.0.0.2/" })
	f("a file", func(m map[string]any) { m["jwks_uri"] = "file:///etc/passwd" })
	f("a user", func(m map[string]any) { m["token_endpoint"] = "https://user:secret@id.example/token" })
	f("plain PKCE only", func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} })
	f("no JSON object", func(m map[string]any) { m["token_endpoint"] = 12 })
}
