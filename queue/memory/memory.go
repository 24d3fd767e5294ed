// Package memory is the line in this process, journalled to disk: the engine where
// no store is configured.
//
// It has the rules of package queue, with exact positions, for one gateway. What
// an operation decided is appended to the room's journal, and answers are given
// when it is durable (fdatasync), many at a time; so a process that is killed, or a
// machine that loses power, loses nobody who got an answer. When the disk refuses,
// nobody is called or let in until it takes what it refused.
//
// A room's journal is a folder of segments, each a row of records with a length
// and a CRC32C. It grows by some 120 bytes for a visitor who arrives, is called and
// enters, by 112 for each verification, and is never shortened: it is the room's audit. Starting reads all of it,
// some 700,000 records a second. To begin anew, move the folder away. A ticket in the
// line takes up to 80 bytes of memory.
//
// Not its job: several gateways on one folder (they are refused), and tickets and
// passes themselves.
package memory

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"waitroom/queue"
)

// Options are what a Store is opened with.
type Options struct {
	// Dir is the folder for the journals. It is made, for this user only, where it
	// is missing.
	Dir string
	// Now is the clock, in microseconds since 1970 UTC; nil is the wall clock.
	Now func() int64
	// NoSync leaves out syncing, for tests: then a machine's crash may lose what was
	// answered.
	NoSync bool

	disk *disk // nil is the real one
}

// Store is a folder of rooms, held by this process alone.
type Store struct {
	dir  string
	now  func() int64
	disk disk
	lock *os.File

	mu    sync.Mutex
	lines map[string]*Line
}

// Open takes the folder for this process. The error wraps ErrInUse where another
// one has it.
func Open(o Options) (*Store, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	held, err := lock(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if o.Now == nil {
		o.Now = func() int64 { return time.Now().UnixMicro() }
	}
	d := realDisk()
	if o.disk != nil {
		d = *o.disk
	}
	if o.NoSync {
		d = d.unsynced()
	}
	return &Store{dir: o.Dir, now: o.Now, disk: d, lock: held, lines: map[string]*Line{}}, nil
}

// Room opens the room of that name and replays its journal; a room that is open
// already gets the rules and is returned again.
func (s *Store) Room(name string, rules queue.Rules) (*Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.lines[name]; ok {
		l.SetRules(rules)
		return l, nil
	}
	l, err := s.room(name, rules)
	if err != nil {
		return nil, fmt.Errorf("open room %s: %w", name, err)
	}
	s.lines[name] = l
	return l, nil
}

func (s *Store) room(name string, rules queue.Rules) (*Line, error) {
	dir := filepath.Join(s.dir, "rooms", url.PathEscape(name))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l := &Line{name: name, now: s.now, rules: rules, state: newState()}
	l.journal = newJournal(dir, s.disk, s.now)
	if err := l.journal.load(l.replayed()); err != nil {
		return nil, err
	}
	go l.journal.run()
	l.mu.Lock()
	if l.state.epoch == "" {
		l.commit(event{kind: kindEpoch, at: l.now(), epoch: newEpoch()})
	}
	l.retime(l.clock())
	l.mu.Unlock()
	if err := l.Refresh(context.Background()); err != nil {
		_ = l.close(l.journal.kill)
		return nil, err
	}
	return l, nil
}

// replayed applies events of the past, and forgets on the way what is long over.
func (l *Line) replayed() func(*event) error {
	n := 0
	return func(e *event) error {
		if n++; n%1024 == 0 {
			l.state.expire(e.at)
			l.state.prune(e.at, l.rules.Hold)
		}
		return l.state.apply(e)
	}
}

func newEpoch() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// close ends the line's goroutine, by either of its channels, and waits for it.
func (l *Line) close(how chan struct{}) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(how)
	<-l.journal.over
	_, _, failure := l.journal.pending()
	return failure
}

// Close writes what is under way, ends all rooms and gives the folder up. Lines
// must not be used any more; those that are answer queue.ErrAway.
func (s *Store) Close() error { return s.end(false) }

func (s *Store) end(crash bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failures []error
	for name, l := range s.lines {
		how := l.journal.stop
		if crash {
			how = l.journal.kill
		}
		if err := l.close(how); err != nil {
			failures = append(failures, fmt.Errorf("close room %s: %w", name, err))
		}
	}
	s.lines = map[string]*Line{}
	return errors.Join(append(failures, s.lock.Close())...)
}
