//go:build profiled

package main

import (
	"fmt"
	"net/http"
	_ "net/http/pprof" // for this build only
	"os"
)

// A gateway that is built with -tags profiled shows where its time goes, on the loopback
// address in WAITROOM_PPROF. docs/performance.md tells how.
func init() {
	addr := os.Getenv("WAITROOM_PPROF")
	if addr == "" {
		return
	}
	go func() { fmt.Fprintln(os.Stderr, "profiles:", http.ListenAndServe(addr, nil)) }()
}
