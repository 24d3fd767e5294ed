package browser

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"waitroom/bench/clock"
)

// Shifted writes a Chromium with another time of day into a folder, and gives what
// Launch takes to start it.
func Shifted(dir string, by time.Duration) (env string, err error) {
	library, err := clock.Build(dir)
	if err != nil {
		return "", err
	}
	chromium, seconds := cmp.Or(os.Getenv("CHROMIUM"), Chromium), int(by.Seconds())
	script := filepath.Join(dir, fmt.Sprintf("chromium%d", seconds))
	text := fmt.Sprintf("#!/bin/sh\nLD_PRELOAD=%s WAITROOM_CLOCK=%d exec %s \"$@\"\n", library, seconds, chromium)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil { //nolint:gosec // it is a program
		return "", err
	}
	return "CHROMIUM=" + script, nil
}
