package config

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a change may take to be complete: editors and Kubernetes make several events
// of one change. It is counted from the first event, so that a busy folder delays nothing for ever.
const settle = 100 * time.Millisecond

// Watcher reads the configuration again when its file changes, or when it is told to.
type Watcher struct {
	path    string
	environ []string
	on      func(*Config, error)
	reload  chan struct{}

	once    sync.Once
	current *Config
	seen    []string
	sum     [sha256.Size]byte
}

// NewWatcher makes a watcher of the file at path, with environ over it as in Load. Current is what
// the caller runs with, as Load gave it. Nothing is watched before Run.
//
// On gets each new configuration, or the error where it is refused, in which case the old one
// stays. It is called from Run, one call at a time.
func NewWatcher(path string, environ []string, current *Config, on func(*Config, error)) *Watcher {
	return &Watcher{path: path, environ: environ, current: current, on: on, reload: make(chan struct{}, 1)}
}

// Reload asks for another reading, as SIGHUP does. It does not wait for it, and may be called at
// any time from anywhere; several calls may become one reading. Where neither the file nor one
// that it names has changed, nothing happens.
func (w *Watcher) Reload() {
	select {
	case w.reload <- struct{}{}:
	default: // one is asked for already, and will see everything up to now
	}
}

// Run watches until ctx ends, and returns nil then. It watches the folder of the file, because
// editors and Kubernetes put a new file in place of the old one (Kubernetes by swapping the link
// `..data`). Files in other folders that the configuration names are compared at each reading, but
// do not cause one. Changes between the caller's Load and Run are found. Where the folder cannot be
// watched the error says so, and Reload has no effect any more. A watcher runs once.
func (w *Watcher) Run(ctx context.Context) error {
	ran := true
	w.once.Do(func() { ran = false })
	if ran {
		panic("BUG: Watcher.Run called twice")
	}
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", w.path, err)
	}
	defer events.Close()
	if err := events.Add(filepath.Dir(w.path)); err != nil {
		return fmt.Errorf("watch folder %s: %w", filepath.Dir(w.path), err)
	}
	w.begin()
	return w.loop(ctx, events)
}

func (w *Watcher) loop(ctx context.Context, events *fsnotify.Watcher) error {
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.reload:
			w.read()
		case <-settled:
			settled = nil
			w.read()
		case _, ok := <-events.Events:
			if !ok {
				return fmt.Errorf("watch %s: %w", w.path, fsnotify.ErrClosed)
			}
			if settled == nil {
				settled = time.After(settle)
			}
		case err, ok := <-events.Errors:
			if !ok || !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch %s: %w", w.path, errors.Join(err, fsnotify.ErrClosed))
			}
			w.Reload()
		}
	}
}

// begin notes what the caller runs with, and reports what has changed since.
func (w *Watcher) begin() {
	c, err := w.load()
	if err != nil || !reflect.DeepEqual(c, w.current) {
		w.on(c, err)
	}
	w.current = nil // from here on the sum tells
}

// read takes over what has changed. What was seen and refused is not refused again.
func (w *Watcher) read() {
	now := make([]source, len(w.seen))
	for i, name := range w.seen {
		now[i] = read(name)
	}
	if fingerprint(now) == w.sum {
		return
	}
	w.on(w.load())
}

// load remembers exactly what it has read: had it read again for the sum, a change in between
// would be taken for seen.
func (w *Watcher) load() (*Config, error) {
	c, sources, err := load(w.path, w.environ)
	w.sum = fingerprint(sources)
	w.seen = w.seen[:0]
	for _, s := range sources {
		w.seen = append(w.seen, s.name)
	}
	return c, err
}

// fingerprint is a hash over files, or over why they cannot be read.
func fingerprint(sources []source) [sha256.Size]byte {
	h := sha256.New()
	for _, s := range sources {
		fmt.Fprintf(h, "%s\x00%d\x00%v\x00", s.name, len(s.data), s.err)
		h.Write(s.data)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
