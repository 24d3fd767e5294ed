package attempts

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// trial is a testing.TB for what runs outside of tests: what the packages canary, gateway
// and browser do for a test they do for an attempt too, and a failure ends the attempt
// alone. It runs in a goroutine of its own, which Goexit ends.
type trial struct {
	testing.TB // nil: it stands for the one method that only package testing can have
	ctx        context.Context
	cancel     context.CancelFunc
	name       string

	mu       sync.Mutex
	failed   bool
	skipped  bool
	said     []string
	cleanups []func()
}

func newTrial(ctx context.Context, name string) *trial {
	t := &trial{name: name}
	t.ctx, t.cancel = context.WithCancel(ctx)
	return t
}

// run calls f in a goroutine of its own, waits for it, and cleans up.
func (t *trial) run(f func()) {
	t.apart(f)
	t.clean()
}

// apart calls f in a goroutine of its own, which FailNow can end, and waits for it.
func (t *trial) apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer t.rescue()
		f()
	}()
	<-done
}

// rescue turns a panic into a failure.
func (t *trial) rescue() {
	if v := recover(); v != nil {
		t.Errorf("panic: %v", v)
	}
}

// clean calls the cleanups, the last one first.
func (t *trial) clean() {
	t.cancel()
	for {
		t.mu.Lock()
		n := len(t.cleanups)
		if n == 0 {
			t.mu.Unlock()
			return
		}
		f := t.cleanups[n-1]
		t.cleanups = t.cleanups[:n-1]
		t.mu.Unlock()
		t.apart(f)
	}
}

func (t *trial) note(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said = append(t.said, strings.TrimSpace(text))
}

func (t *trial) notes() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.said)
}

// Cleanup has f called after the attempt.
func (t *trial) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

// Context ends with the attempt, before its cleanups.
func (t *trial) Context() context.Context { return t.ctx }

// Name is the attempt's id.
func (t *trial) Name() string { return t.name }

// Helper does nothing.
func (t *trial) Helper() {}

// Fail makes the attempt's verdict unclear.
func (t *trial) Fail() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
}

// Failed says whether the verdict is unclear.
func (t *trial) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

// FailNow ends the attempt, its verdict unclear.
func (t *trial) FailNow() { t.Fail(); runtime.Goexit() }

// Log keeps a note.
func (t *trial) Log(args ...any) { t.note(fmt.Sprintln(args...)) }

// Logf keeps a note.
func (t *trial) Logf(format string, args ...any) { t.note(fmt.Sprintf(format, args...)) }

// Error keeps a note, and the verdict is unclear.
func (t *trial) Error(args ...any) { t.Log(args...); t.Fail() }

// Errorf keeps a note, and the verdict is unclear.
func (t *trial) Errorf(format string, args ...any) { t.Logf(format, args...); t.Fail() }

// Fatal keeps a note and ends the attempt, its verdict unclear.
func (t *trial) Fatal(args ...any) { t.Log(args...); t.FailNow() }

// Fatalf keeps a note and ends the attempt, its verdict unclear.
func (t *trial) Fatalf(format string, args ...any) { t.Logf(format, args...); t.FailNow() }

// Skip ends the attempt: it was not tried, for the reason given.
func (t *trial) Skip(args ...any) { t.Log(args...); t.SkipNow() }

// Skipf ends the attempt: it was not tried, for the reason given.
func (t *trial) Skipf(format string, args ...any) { t.Logf(format, args...); t.SkipNow() }

// SkipNow ends the attempt: it was not tried.
func (t *trial) SkipNow() {
	t.mu.Lock()
	t.skipped = true
	t.mu.Unlock()
	runtime.Goexit()
}

// Skipped says whether the attempt was not tried.
func (t *trial) Skipped() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.skipped
}

// TempDir is a folder that is removed after the attempt.
func (t *trial) TempDir() string {
	dir, err := os.MkdirTemp("", "bypass-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
