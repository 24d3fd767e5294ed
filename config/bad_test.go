package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each file of testdata/bad is one mistake, or a few of a kind. Its comments are part of the test:
// `#env NAME=value` is in the environment, `#want text` is a message, in the order of the messages,
// and without the file's name before the line.
func TestEveryMistakeIsReportedWithItsPlaceAndItsMend(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			want, environ := expectations(t, file)
			c, err := Load(file, environ)
			var problems Problems
			if c != nil || !errors.As(err, &problems) {
				t.Fatalf("got %v, %v", c, err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, strings.TrimPrefix(p.String(), file+":"))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("a message holds a secret")
			}
		})
	}
}

func expectations(t *testing.T, file string) (want, environ []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		if text, ok := strings.CutPrefix(line, "#want "); ok {
			want = append(want, text)
		}
		if text, ok := strings.CutPrefix(line, "#env "); ok {
			environ = append(environ, text)
		}
	}
	return want, environ
}
