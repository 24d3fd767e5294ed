// Package device_test shows on the built program and in a real Chromium how devices hold a key: that it is made and stays, that
// nobody enters by a copy of the cookies, and what becomes of those who have none.
package device_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"waitroom/bench/browser"
	"waitroom/bench/canary"
	"waitroom/bench/gateway"
)

var binary string

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, &binary)) }

// play runs a script of bench/browser, whose lines are the promises that were kept.
func play(t *testing.T, script string, args ...string) {
	t.Helper()
	cmd := exec.Command("node", append([]string{script}, args...)...)
	cmd.Dir = filepath.Join("..", "browser")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func TestABrowserHoldsItsKeyAndACopyOfItsCookiesIsWorthNothing(t *testing.T) {
	t.Parallel()
	if err := browser.Install(); err != nil {
		t.Fatal(err)
	}
	for _, policy := range []string{"prefer", "off", "require"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			g := gateway.Start(t, gateway.Options{
				Binary: binary, Backend: canary.Start(t).URL,
				Room: map[string]string{"rate": "0", "device": "{key: " + policy + "}"},
			})
			play(t, "key.mjs", policy, g.URL, "http://"+g.Operators, gateway.Token)
		})
	}
}
