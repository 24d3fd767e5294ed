package provider_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Whatever the gateway's side and the providers start ends with the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if node.end != nil {
		node.end()
	}
	if code != 0 {
		fmt.Fprint(os.Stderr, node.said.String())
	} else if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
