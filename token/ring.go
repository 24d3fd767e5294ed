package token

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// reloadEvery is how often unknown keys may make a Ring read a folder that does not look changed.
	reloadEvery = time.Second
	// grain is how coarse a file system's times may be: two changes that close look like one.
	grain = 50 * time.Millisecond
)

// Ring follows a folder of keys while the program runs: it holds the last good reading. A token with a key that it does not know, as
// another gateway may use right after a rotation, makes it look once more, which is bounded. Safe for concurrent use.
type Ring struct {
	dir  string
	keys atomic.Pointer[Keys]

	mu      sync.Mutex
	tried   time.Time // of the last reading
	changed time.Time // of the folder, at the last reading
}

// NewRing follows dir, from which keys were read.
func NewRing(dir string, keys *Keys) *Ring {
	r := &Ring{dir: dir}
	r.keys.Store(keys)
	return r
}

// Keys is the last good reading. Use one reading for one thought, and ask again for the next.
func (r *Ring) Keys() *Keys { return r.keys.Load() }

// Reload reads the folder now. After an error (ErrKeys) the keys read before stay in use. Keys that are gone are forgotten: what
// they signed is refused from here on. It blocks for the reading of a few small files.
func (r *Ring) Reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reload()
}

func (r *Ring) reload() error {
	r.changed, r.tried = modified(r.dir), time.Now()
	if r.tried.Sub(r.changed).Abs() < grain {
		r.changed = time.Time{} // another change may be about to look the same: do not rely on it
	}
	was := r.keys.Load()
	next, err := openKeys(r.dir, was.verified)
	if err != nil {
		return fmt.Errorf("reload keys in %s: %w: %w", r.dir, ErrKeys, err)
	}
	if next.kids != was.kids {
		r.keys.Store(next)
	}
	return nil
}

// modified is when the folder's list of names last changed; zero if it cannot be seen.
func modified(dir string) time.Time {
	info, err := os.Stat(dir)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// Watch reloads every so often until ctx is done; it blocks. An error is told once, not again until it changes or is over.
func (r *Ring) Watch(ctx context.Context, every time.Duration, tell func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := r.Reload()
		switch {
		case err == nil:
			told = ""
		case err.Error() != told:
			told = err.Error()
			tell(err)
		}
	}
}

// ReadTicket is Keys.ReadTicket, with another look into the folder if the key is not known.
func (r *Ring) ReadTicket(raw []byte, room string, now int64) (Ticket, error) {
	keys := r.Keys()
	t, err := keys.ReadTicket(raw, room, now)
	if errors.Is(err, errUnknownKey) {
		if newer := r.newer(keys); newer != nil {
			return newer.ReadTicket(raw, room, now)
		}
	}
	return t, err
}

// ReadPass is Keys.ReadPass, with another look into the folder if the key is not known.
func (r *Ring) ReadPass(raw []byte, room string, now int64) (Pass, error) {
	keys := r.Keys()
	p, err := keys.ReadPass(raw, room, now)
	if errors.Is(err, errUnknownKey) {
		if newer := r.newer(keys); newer != nil {
			return newer.ReadPass(raw, room, now)
		}
	}
	return p, err
}

// newer looks for keys newer than seen: those that another request has just loaded, or those in the folder, if that has changed or
// was not read within the last second. So inventing kids costs whoever asks more than us.
func (r *Ring) newer(seen *Keys) *Keys {
	r.mu.Lock()
	defer r.mu.Unlock()
	if keys := r.Keys(); keys != seen {
		return keys
	}
	if time.Since(r.tried) < reloadEvery && modified(r.dir).Equal(r.changed) {
		return nil
	}
	// A reading that fails is told by Watch and by Reload; here the answer is that the key is not known.
	if r.reload() != nil || r.Keys() == seen {
		return nil
	}
	return r.Keys()
}
