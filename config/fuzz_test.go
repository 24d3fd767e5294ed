package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, exampleFile) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "LISTEN=:80")
	}
	f.Add([]byte(oneRoom), "STORE_URL=redis://h")
	f.Fuzz(func(t *testing.T, data []byte, variable string) {
		c, err := Parse("w.yaml", data, []string{"WAITROOM_" + variable})
		if err != nil {
			checkProblems(t, c, err, data)
			return
		}
		checkAccepted(t, c)
	})
}

// checkProblems holds refused input against what Problem promises.
func checkProblems(t *testing.T, c *Config, err error, data []byte) {
	t.Helper()
	var problems Problems
	if c != nil || !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("refused with %v, %T", c, err)
	}
	lines := strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + strings.Count(string(data), "\u0085") +
		strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029") + 2
	for i, p := range problems {
		if p.What == "" || strings.Contains(p.String(), "\n") {
			t.Errorf("not a line: %q", p)
		}
		if p.Line > lines || p.Line < 0 || (p.Line > 0) != (p.Column > 0) {
			t.Errorf("%q is not within %d lines", p, lines)
		}
		if i > 0 && p.Line > 0 && problems[i-1].Line > p.Line {
			t.Errorf("out of order: %v", problems)
		}
	}
}

// checkAccepted validates an accepted configuration again, by the checks and by what others rely
// on, and it must not have been changed by that.
func checkAccepted(t *testing.T, c *Config) {
	t.Helper()
	again := &reader{file: "again", set: map[string]spot{"": {}, "keys.dir": {}}, bad: map[string]bool{}}
	for i := range c.Rooms {
		for _, key := range []string{".name", ".backend", ".rate", ".pass.idle", ".health.timeout"} {
			again.set[roomAt(i)+key] = spot{}
		}
	}
	again.derive(c)
	again.check(c)
	if len(again.problems) > 0 {
		t.Fatalf("accepted, and refused again: %v", again.problems)
	}
	if len(c.Rooms) == 0 || c.Listen == "" || c.Operator.Listen == "" || c.DataDir == "" || c.Keys.Dir == "" {
		t.Fatalf("incomplete: %+v", c)
	}
	if !c.Operator.Token.IsSet() && !loopback(c.Operator.Listen) {
		t.Fatalf("open to all: %+v", c.Operator)
	}
	for _, room := range c.Rooms {
		if room.Name == "" || len(room.Backend) == 0 || room.Burst < 1 || room.Pass.Idle > room.Pass.TTL || room.Pass.Idle <= 0 || room.Hold <= 0 {
			t.Fatalf("incomplete: %+v", room)
		}
		if room.Open("/") || room.Open(room.Paths[0]) && len(room.Paths) == 1 {
			t.Fatalf("protects nothing: %+v", room)
		}
		for _, b := range room.Backend {
			if again, err := parseBackend(b.String()); err != nil || again != b {
				t.Fatalf("backend %v: %v", b, err)
			}
		}
	}
	if changed := c.NeedsRestart(c); changed != nil {
		t.Fatalf("differs from itself: %v", changed)
	}
}
