package memory

import (
	"testing"

	"waitroom/queue"
	"waitroom/queue/queuetest"
)

func bench(t *testing.T) *queuetest.Bench {
	b := &queuetest.Bench{Clock: queuetest.NewClock()}
	dir := t.TempDir()
	var store *Store
	b.Open = func(t testing.TB, rules queue.Rules) queuetest.Engine {
		t.Helper()
		if store == nil {
			var err error
			if store, err = Open(Options{Dir: dir, Now: b.Clock.Now, NoSync: true}); err != nil {
				t.Fatal(err)
			}
		}
		l, err := store.Room("booking", rules)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	b.Crash = func(testing.TB) {
		store.crash()
		store = nil
	}
	b.Close = func() {
		if store != nil {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			store = nil
		}
	}
	t.Cleanup(b.Close)
	return b
}

func TestTheLineKeepsItsPromises(t *testing.T) { queuetest.Run(t, bench) }

func TestTheLineDoesWhatTheModelDoes(t *testing.T) { queuetest.RunModel(t, bench) }

// crash gives the folder up without finishing anything.
func (s *Store) crash() { _ = s.end(true) }
