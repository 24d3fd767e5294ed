package memory

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"waitroom/queue"
	"waitroom/queue/queuetest"
)

func TestTalliesKeepTheirPromises(t *testing.T) {
	queuetest.RunTallies(t, func(t *testing.T) *queuetest.TallyBench {
		b := &queuetest.TallyBench{Clock: queuetest.NewClock()}
		dir := t.TempDir()
		var store *Store
		var tallies *Tallies
		b.Restart = func(testing.TB) {
			if store != nil {
				store.crash()
			}
			store, tallies = nil, nil
		}
		b.Open = func(t testing.TB) queue.Tallying {
			t.Helper()
			if tallies != nil {
				return tallies
			}
			var err error
			if store, err = Open(Options{Dir: dir, Now: b.Clock.Now}); err == nil {
				tallies, err = store.Tallies()
			}
			if err != nil {
				t.Fatal(err)
			}
			return tallies
		}
		t.Cleanup(func() { b.Restart(t) })
		return b
	})
}

func tallies(t *testing.T, dir string) (*Tallies, error) {
	t.Helper()
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.crash)
	return s.Tallies()
}

func TestASwitchThatTheDiskDoesNotTakeIsNotSet(t *testing.T) {
	dir := t.TempDir()
	g, err := tallies(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	// A folder of the name stands where the file is written.
	if err := os.Mkdir(filepath.Join(dir, "switches.json.new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Switch(context.Background(), "kakao", true, "kim"); !errors.Is(err, queue.ErrAway) {
		t.Errorf("%v", err)
	}
	answer, err := g.Tally(context.Background(), []queue.Counted{{Name: "kakao"}}, queue.Ask{Length: 10e6, Most: 5})
	if err != nil || answer.Names[0].Switch.On {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestADamagedFileOfSwitchesIsToldWithItsName(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "switches.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tallies(t, dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "switches.json")) {
		t.Errorf("%v", err)
	}
}
