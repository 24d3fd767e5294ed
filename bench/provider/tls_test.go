package provider_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"waitroom/bench/provider"
	"waitroom/token/identity"
)

func TestAProviderHasToShowACertificateOfTheConfiguredAuthority(t *testing.T) {
	var demo http.Handler
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { demo.ServeHTTP(w, r) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are to fail
	s.StartTLS()
	defer s.Close()
	demo = provider.New(provider.Config{Issuer: s.URL, ClientID: "waitroom"})
	f := func(issuer string, ca []byte) (string, error) {
		t.Helper()
		p, err := identity.New(identity.Config{
			Name: "demo", Type: "oidc", Callback: callback, ClientID: "waitroom", Issuer: issuer, CA: ca, Timeout: time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		to, _, err := p.Begin(t.Context(), identity.Start{Now: time.Now()})
		return to, err
	}
	ours := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if to, err := f(s.URL, ours); err != nil || !strings.HasPrefix(to, s.URL+"/authorize?") {
		t.Errorf("with its authority: %q, %v", to, err)
	}
	_, err := f(s.URL, nil)
	refused(t, "with the system's authorities", err, identity.Unavailable)
	if err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("the operator is not told why: %v", err)
	}
	_, err = f(strings.Replace(s.URL, "127.0.0.1", "localhost", 1), ours)
	refused(t, "under another name", err, identity.Unavailable)
}
