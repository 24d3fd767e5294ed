package browser

import (
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed testdata/clock.c
var clock []byte

// Shifted writes a Chromium with another time of day into a folder, and gives what
// Launch takes to start it: all of the browser's processes believe the clock, and
// timers go on as they should. It needs gcc and the C library's headers.
func Shifted(dir string, by time.Duration) (env string, err error) {
	source, library := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so")
	// A second browser of the folder uses what the first one has open.
	if _, err := os.Stat(library); err != nil {
		if err := os.WriteFile(source, clock, 0o600); err != nil {
			return "", err
		}
		if out, err := exec.Command("gcc", "-shared", "-fPIC", "-O2", "-o", library, source).CombinedOutput(); err != nil {
			return "", fmt.Errorf("building another clock needs gcc (apt-get install gcc libc6-dev): %w\n%s", err, out)
		}
	}
	chromium, seconds := cmp.Or(os.Getenv("CHROMIUM"), Chromium), int(by.Seconds())
	script := filepath.Join(dir, fmt.Sprintf("chromium%d", seconds))
	text := fmt.Sprintf("#!/bin/sh\nLD_PRELOAD=%s WAITROOM_CLOCK=%d exec %s \"$@\"\n", library, seconds, chromium)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil { //nolint:gosec // it is a program
		return "", err
	}
	return "CHROMIUM=" + script, nil
}
