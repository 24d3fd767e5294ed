// Package clock gives one program another time of day, by a library that is loaded before
// the C library (LD_PRELOAD).
//
// It promises that all processes of that program believe the clock, and that monotonic
// time stays right, so that timers go on working. It does nothing for programs that ask
// the kernel without the C library, as Go's do.
package clock

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed testdata/clock.c
var source []byte

// Build builds the library into a folder, unless it is there, and gives its path. It
// needs gcc and the C library's headers.
func Build(dir string) (library string, err error) {
	text, library := filepath.Join(dir, "clock.c"), filepath.Join(dir, "clock.so")
	// Whoever has it open already must not find it changed.
	if _, err := os.Stat(library); err == nil {
		return library, nil
	}
	if err := os.WriteFile(text, source, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-O2", "-o", library, text).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building another clock needs gcc (apt-get install gcc libc6-dev): %w\n%s", err, out)
	}
	return library, nil
}

// Clock is the clock of one program, which can be set while it runs.
type Clock struct {
	library string
	file    *os.File
}

// New makes a clock in a folder; it is right until it is set. Close it after the program
// has ended.
func New(dir string) (*Clock, error) {
	library, err := Build(dir)
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(dir, "clock-")
	if err != nil {
		return nil, err
	}
	c := &Clock{library, file}
	return c, c.Set(0)
}

// Env is the environment of the program whose clock this is.
func (c *Clock) Env() []string {
	return []string{"LD_PRELOAD=" + c.library, "WAITROOM_CLOCK_FILE=" + c.file.Name()}
}

// Set sets the clock ahead of the right one, or behind, at once; whole seconds count.
func (c *Clock) Set(by time.Duration) error {
	_, err := c.file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(int64(by.Seconds()))), 0)
	return err
}

// Close forgets the clock.
func (c *Clock) Close() error { return c.file.Close() }
