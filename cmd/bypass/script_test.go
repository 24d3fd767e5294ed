package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"waitroom/bench/canary"
	"waitroom/bench/dialogue"
	"waitroom/bench/gateway"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bypass": main})
}

// TestCommands runs the dialogues in testdata/script, against the real program as
// $GATEWAY, with its operator listener as $OPERATOR and its file as $BINARY. Beside
// what package dialogue gives them they have door: a site without any waiting room, as $DOOR.
func TestCommands(t *testing.T) {
	binary, err := gateway.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g := gateway.Start(t, gateway.Options{
		Binary: binary, Backend: canary.Start(t).URL, Room: map[string]string{"rate": "3,600,000/h", "burst": "10"},
	})
	dialogue.Run(t, dialogue.Commands{"door": doorCmd}, func(env *testscript.Env) error {
		env.Setenv("GATEWAY", g.URL)
		env.Setenv("OPERATOR", "http://"+g.Operators)
		env.Setenv("BINARY", binary)
		env.Setenv("TMPDIR", env.WorkDir)
		return nil
	})
}

func doorCmd(ts *testscript.TestScript, _ bool, _ []string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<title>come in</title>"))
	}))
	ts.Defer(s.Close)
	ts.Setenv("DOOR", s.URL)
}
