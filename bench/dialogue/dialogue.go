// Package dialogue runs the acceptance tests of the commands: what is typed in testdata/script, and what comes back.
//
// It promises that a dialogue sees the real program in a process of its own. What stands around it, such as gateways and
// servers, its caller brings.
package dialogue

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// Commands are what a dialogue may call beside testscript's own.
type Commands map[string]func(ts *testscript.TestScript, neg bool, args []string)

// Run runs the dialogues in parallel, and waits for them. Each of them has what the caller brings, and
//
//	exits N command…   the command ends with exactly this code
func Run(t *testing.T, more Commands, setup func(*testscript.Env) error) {
	more["exits"] = exits
	// In a subtest, since what stands around them has to outlive them.
	t.Run("dialogue", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true, Cmds: more, Setup: setup,
		})
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
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
