package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"waitroom/bench/canary"
	"waitroom/bench/dialogue"
	"waitroom/bench/gateway"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rush": main})
}

// TestCommands runs the dialogues in testdata/script, against the real program as
// $GATEWAY: one whose rate is 3,600,000/h, with a burst of 10. Beside what package
// dialogue gives them they have:
//
//	liar               a server that gives everybody the same place, as $LIAR; and with TLS
//	                   as $SECURE, signed as in $SSL_CERT_FILE
//	patience           a server that calls nobody, as $PATIENCE; asked waits until it was polled
//	stranger           a web server that is no waiting room, as $STRANGER
func TestCommands(t *testing.T) {
	binary, err := gateway.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g := gateway.Start(t, gateway.Options{
		Binary: binary, Backend: canary.Start(t).URL, Room: map[string]string{"rate": "3,600,000/h", "burst": "10"},
	})
	p := &patience{polled: make(chan struct{}, 1)}
	dialogue.Run(t, dialogue.Commands{
		"liar":     liarCmd,
		"patience": serve("PATIENCE", p.serve),
		"asked":    p.asked,
		"stranger": serve("STRANGER", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>It works!</html>")) }),
	}, func(env *testscript.Env) error {
		env.Setenv("GATEWAY", g.URL)
		return nil
	})
}

// serve is a command that starts a server and names it.
func serve(name string, handler http.HandlerFunc) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		s := httptest.NewServer(handler)
		ts.Setenv(name, s.URL)
		ts.Defer(s.Close)
	}
}

func liarCmd(ts *testscript.TestScript, neg bool, args []string) {
	serve("LIAR", liar)(ts, neg, args)
	s := httptest.NewUnstartedServer(http.HandlerFunc(liar))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a handshake is to fail
	s.StartTLS()
	ts.Defer(s.Close)
	ts.Setenv("SECURE", s.URL)
	file := ts.MkAbs("ca.pem")
	ts.Check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	ts.Setenv("SSL_CERT_FILE", file)
}

// patience lets everybody wait for ever.
type patience struct{ polled chan struct{} }

func (p *patience) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Waitroom-Ticket") != "" {
		select {
		case p.polled <- struct{}{}:
		default:
		}
	}
	_, _ = w.Write([]byte(`{"room":"booking","state":"waiting","next_poll_ms":20,"ticket":"e30.e30.x"}`))
}

func (p *patience) asked(*testscript.TestScript, bool, []string) { <-p.polled }

// liar lets everybody in at once, on the same place with the same pass.
func liar(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/leave") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	const place, pass = "eyJwbGMiOjd9", "eyJqdGkiOiJhIn0" // {"plc":7}, {"jti":"a"}
	fmt.Fprintf(w, `{"room":"booking","state":"admitted","server_time":"2026-01-01T00:00:00Z","enter_at":"2026-01-01T00:00:00Z",
		"ticket":"e30.%s.x","pass":"e30.%s.x"}`, place, pass)
}
