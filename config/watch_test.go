package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// deadline is how long a test waits for what must come. What must not come is excluded by
// something that comes after it, never by waiting.
const deadline = 10 * time.Second

type change struct {
	config *Config
	err    error
}

// watched runs a watcher of path for the length of the test, beginning with the configuration
// that is there. Its changes arrive in order.
func watched(t *testing.T, path string) (*Watcher, <-chan change) {
	t.Helper()
	current, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	changes := make(chan change, 100)
	w := NewWatcher(path, nil, current, func(c *Config, err error) { changes <- change{c, err} })
	run(t, w)
	return w, changes
}

func run(t *testing.T, w *Watcher) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		goleak.VerifyNone(t)
	})
}

func next(t *testing.T, changes <-chan change) change {
	t.Helper()
	select {
	case c := <-changes:
		return c
	case <-time.After(deadline):
		t.Fatal("no change is reported")
		return change{}
	}
}

func nextRate(t *testing.T, changes <-chan change, want string) {
	t.Helper()
	c := next(t, changes)
	if c.err != nil {
		t.Fatal(c.err)
	}
	if got := c.config.Rooms[0].Rate.Short(); got != want {
		t.Fatalf("the rate is %s, want %s", got, want)
	}
}

func roomAtRate(rate string) string {
	return strings.Replace(oneRoom, "1/s", rate, 1)
}

// replace puts a new file in place of the old one, as editors do.
func replace(t *testing.T, path, data string) {
	t.Helper()
	write(t, path+".new", data)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestAChangedFileIsTakenOverAndABadOneRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waitroom.yaml")
	write(t, path, oneRoom)
	_, changes := watched(t, path)
	replace(t, path, roomAtRate("2/s"))
	nextRate(t, changes, "2/s")
	replace(t, path, roomAtRate("500"))
	bad := next(t, changes)
	var problems Problems
	if bad.config != nil || !errors.As(bad.err, &problems) || problems[0].Line != 2 {
		t.Fatalf("got %v, %v", bad.config, bad.err)
	}
	replace(t, path, roomAtRate("2/s"))
	nextRate(t, changes, "2/s")
}

func TestAFileThatGoesAwayIsReportedAndMayComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waitroom.yaml")
	write(t, path, oneRoom)
	_, changes := watched(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if gone := next(t, changes); !errors.Is(gone.err, os.ErrNotExist) {
		t.Fatalf("got %v", gone.err)
	}
	replace(t, path, roomAtRate("3/s"))
	nextRate(t, changes, "3/s")
}

func TestEqualBytesChangeNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waitroom.yaml")
	write(t, path, oneRoom)
	w, changes := watched(t, path)
	replace(t, path, oneRoom)
	w.Reload()
	w.Reload()
	write(t, filepath.Join(filepath.Dir(path), "unrelated"), "x")
	w.Reload()
	replace(t, path, roomAtRate("2/s"))
	nextRate(t, changes, "2/s") // the first that is reported
}

func TestABadFileIsReportedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waitroom.yaml")
	write(t, path, oneRoom)
	w, changes := watched(t, path)
	replace(t, path, "rooms: []")
	if bad := next(t, changes); bad.err == nil {
		t.Fatal("accepted")
	}
	w.Reload()
	replace(t, path, "rooms: []")
	w.Reload()
	replace(t, path, roomAtRate("2/s"))
	nextRate(t, changes, "2/s")
}

func TestTheFolderIsWatchedAsKubernetesSwapsIt(t *testing.T) {
	dir := t.TempDir()
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	version := func(name, rate string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name, "waitroom.yaml"), roomAtRate(rate))
	}
	version("..v1", "1/s")
	link("..v1", "..data")
	link(filepath.Join("..data", "waitroom.yaml"), "waitroom.yaml")
	_, changes := watched(t, filepath.Join(dir, "waitroom.yaml"))
	for i, rate := range []string{"2/s", "3/s", "4/s"} {
		name := "..v" + string(rune('2'+i))
		version(name, rate)
		link(name, "..data_tmp")
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		nextRate(t, changes, rate)
	}
}

func TestReloadSeesFilesThatTheConfigurationNames(t *testing.T) {
	dir, secrets := t.TempDir(), t.TempDir()
	token, path := filepath.Join(secrets, "token"), filepath.Join(dir, "waitroom.yaml")
	write(t, token, "old")
	write(t, path, "operator: {token_file: "+token+"}\n"+oneRoom)
	w, changes := watched(t, path)
	replace(t, token, "new")
	w.Reload()
	if c := next(t, changes); c.err != nil || c.config.Operator.Token.Reveal() != "new" {
		t.Fatalf("got %+v, %v", c.config, c.err)
	}
}

func TestAChangeBetweenLoadAndRunIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waitroom.yaml")
	write(t, path, oneRoom)
	current, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, roomAtRate("2/s"))
	changes := make(chan change, 100)
	run(t, NewWatcher(path, nil, current, func(c *Config, err error) { changes <- change{c, err} }))
	nextRate(t, changes, "2/s")
}

func TestTheEnvironmentCountsAtEveryReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waitroom.yaml")
	write(t, path, oneRoom)
	environ := []string{"WAITROOM_LISTEN=:99"}
	current, err := Load(path, environ)
	if err != nil {
		t.Fatal(err)
	}
	changes := make(chan change, 100)
	run(t, NewWatcher(path, environ, current, func(c *Config, err error) { changes <- change{c, err} }))
	replace(t, path, roomAtRate("2/s"))
	if c := next(t, changes); c.err != nil || c.config.Listen != ":99" {
		t.Fatalf("got %+v, %v", c.config, c.err)
	}
}

func TestAFolderThatCannotBeWatchedIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "waitroom.yaml")
	err := NewWatcher(path, nil, Default(), func(*Config, error) { t.Error("called") }).Run(t.Context())
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
