package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bypass": func() { os.Exit(run()) }})
}

// TestCommands runs the dialogues in testdata/script, against the real program as
// $GATEWAY, with its operator listener as $OPERATOR and its file as $BINARY. Beside
// testscript's own they have:
//
//	door               a site without any waiting room, as $DOOR
//	exits N command…   the command ends with exactly this code
func TestCommands(t *testing.T) {
	binary, err := gateway.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g := gateway.Start(t, gateway.Options{
		Binary: binary, Backend: canary.Start(t).URL, Room: map[string]string{"rate": "3,600,000/h", "burst": "10"},
	})
	// In a subtest, since the dialogues run in parallel and the gateway has to outlive them.
	t.Run("dialogue", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"door":  doorCmd,
				"exits": exitsCmd,
			},
			Setup: func(env *testscript.Env) error {
				env.Setenv("GATEWAY", g.URL)
				env.Setenv("OPERATOR", "http://"+g.Operators)
				env.Setenv("BINARY", binary)
				env.Setenv("TMPDIR", env.WorkDir)
				return nil
			},
		})
	})
}

func doorCmd(ts *testscript.TestScript, _ bool, _ []string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<title>come in</title>"))
	}))
	ts.Defer(s.Close)
	ts.Setenv("DOOR", s.URL)
}

func exitsCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N command args...")
	}
	code := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, not %s", code, args[0])
	}
}
