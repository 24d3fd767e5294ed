package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"waitroom/bench/attempts"
	"waitroom/bench/gateway"
)

// runTarget tries a gateway that runs already.
func (c *command) runTarget(ctx context.Context, report *attempts.Report, stderr io.Writer) error {
	return attempts.Apart(ctx, func(t testing.TB) { c.runOn(t, "target", &c.site, report, stderr) })
}

// runOwn starts gateways, one store after the other, and tries them.
func (c *command) runOwn(ctx context.Context, report *attempts.Report, stderr io.Writer) error {
	return attempts.Apart(ctx, func(t testing.TB) {
		binary, err := c.program(t.TempDir(), stderr)
		if err != nil {
			t.Fatal(err)
		}
		var wrong error
		for _, store := range c.stores {
			own := attempts.Own{Binary: binary, Redis: store == "redis"}
			name := store
			if own.Redis {
				own.Gateways = c.gateways
				name = fmt.Sprintf("%s, gateways: %d", store, c.gateways)
			}
			wrong = errors.Join(wrong, attempts.Apart(t.Context(), func(t testing.TB) {
				c.runOn(t, name, attempts.Start(t, own), report, stderr)
			}))
		}
		if wrong != nil {
			t.Fatal(wrong)
		}
	})
}

// runOn tries one site.
func (c *command) runOn(t testing.TB, name string, site *attempts.Site, report *attempts.Report, stderr io.Writer) {
	began := time.Now()
	site.Begin(t, c.chosen)
	r := attempts.Runner{Site: site, Parallel: c.parallel}
	if !c.quiet {
		r.Progress = func(done, all int, o *attempts.Outcome) {
			fmt.Fprintf(stderr, "bypass: %s: %d of %d, %s %s\n", name, done, all, o.Attempt.ID, o.Verdict)
		}
	}
	outcomes := r.Run(t.Context(), c.chosen)
	report.Runs = append(report.Runs, attempts.Tried{Name: name, URL: site.URL, Room: site.Room, Began: began, Took: time.Since(began), Outcomes: outcomes})
}

// program finds the gateway: the file that was given, the one beside bypass, the one in
// PATH, or one that is built into dir from the source around here.
func (c *command) program(dir string, stderr io.Writer) (string, error) {
	if c.binary != "" {
		path, err := filepath.Abs(c.binary)
		if err != nil {
			return "", err
		}
		if _, err = os.Stat(path); err != nil {
			return "", fmt.Errorf("find the gateway: %w", err)
		}
		return path, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "waitroom")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	if path, err := exec.LookPath("waitroom"); err == nil {
		return path, nil
	}
	if !c.quiet {
		fmt.Fprintln(stderr, "bypass: there is no waitroom beside bypass or in PATH: building it from source")
	}
	path, err := gateway.Build(dir)
	if err != nil {
		return "", fmt.Errorf("no gateway to test; give one with -gateway FILE: %w", err)
	}
	return path, nil
}
