package token

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	lockName  = ".lock"
	tmpPrefix = ".new-"
)

// OpenOrMakeKeys is OpenKeys, and makes what a first start needs: the folder (0700) and one key of each kind (0600). Several
// processes may do it at the same time; a crash at any point leaves what the next start completes. It makes no place or
// draw key instead of one that was lost: that is an error, see OpenKeys.
func OpenOrMakeKeys(dir string) (*Keys, error) {
	k, err := OpenKeys(dir)
	if !errors.Is(err, errNoKeys) {
		return k, err
	}
	f := folder{dir: dir}
	if err := f.locked(func() error { return f.makeFirst(time.Now()) }); err != nil {
		return nil, fmt.Errorf("make keys in %s: %w: %w", dir, ErrKeys, err)
	}
	return OpenKeys(dir)
}

// RotateKeys adds a ticket key and a pass key to the folder, made at now, and returns the pass key's kid; in an empty folder
// it makes the first keys. Gateways publish the new ones and sign with them as soon as they have loaded them; what the old ones
// signed stays good until those are deleted, which happens here to keys that have been superseded for longer than keepOld. So
// keepOld must be at least the longest life of a ticket or pass, and a minute more for slow gateways; shorter is for keys that
// have leaked: 0 deletes all older ones at once. The keys of ticket ids, of
// draws and of persons are not touched. A crash at any point
// leaves a folder that works, and rotating again is harmless. It waits for another rotation of the folder to end.
func RotateKeys(dir string, now time.Time, keepOld time.Duration) (kid string, err error) {
	return inFolder(dir, "keys", func(f *folder) (string, error) { return f.rotate(now, keepOld) })
}

// inFolder adds a key to the folder, and returns its kid; what names it in an error.
func inFolder(dir, what string, add func(*folder) (string, error)) (kid string, err error) {
	f := folder{dir: dir}
	err = f.locked(func() error {
		kid, err = add(&f)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("rotate %s in %s: %w: %w", what, dir, ErrKeys, err)
	}
	return kid, nil
}

// folder is a folder of keys that is being written.
type folder struct {
	dir string
	// step is called before each change to the folder, so that tests can crash there.
	step func(what string) error
}

func (f *folder) before(what string) error {
	if f.step == nil {
		return nil
	}
	return f.step(what)
}

// locked runs work as the only writer of the folder, on this machine at least.
func (f *folder) locked(work func() error) error {
	if err := f.makeFolder(); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(f.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("%w: rotate in a folder that can be written, and copy it to where it is read", err)
	}
	defer lock.Close() // which unlocks
	for {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("lock %s: %w", lock.Name(), err)
		}
	}
	if err := f.sweep(); err != nil {
		return err
	}
	return work()
}

func (f *folder) makeFolder() error {
	if err := checkFolder(f.dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.dir))
}

// sweep removes what a crash left half-written.
func (f *folder) sweep() error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), tmpPrefix) {
			if err := os.Remove(filepath.Join(f.dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeFirst completes a folder in which nothing was signed yet. The keys that are for good come first: where a signing key lies and
// one of them does not, it was lost.
func (f *folder) makeFirst(now time.Time) error {
	byKind, err := f.read()
	if err != nil {
		return err
	}
	for _, kind := range []kind{kindPlace, kindDraw, kindSubject, kindTicket, kindPass} {
		if len(byKind[kind]) > 0 || kind == kindSubject && signedHere(byKind) {
			continue
		}
		if err := missing(kind, byKind); !errors.Is(err, errNoKeys) {
			return err
		}
		if err := f.write(newKeyFile(kind, now)); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) read() (map[kind][]keyFile, error) {
	files, err := readKeyFiles(f.dir)
	if err != nil {
		return nil, err
	}
	return sortKeys(files)
}

func (f *folder) rotate(now time.Time, keepOld time.Duration) (kid string, err error) {
	if keepOld < 0 {
		return "", fmt.Errorf("keep old keys for %v: must not be negative", keepOld)
	}
	byKind, err := f.read()
	if err != nil {
		return "", err
	}
	if len(byKind[kindTicket]) == 0 || len(byKind[kindPass]) == 0 {
		if err := f.makeFirst(now); err != nil {
			return "", err
		}
		byKind, err = f.read()
		if err != nil {
			return "", err
		}
		return byKind[kindPass][0].kid, nil
	}
	for _, kind := range []kind{kindPlace, kindDraw} {
		if len(byKind[kind]) == 0 {
			return "", missing(kind, byKind)
		}
	}
	for _, kind := range []kind{kindTicket, kindPass} {
		if kid, err = f.add(kind, byKind, now); err != nil {
			return "", err
		}
	}
	return kid, f.forget(byKind, now, keepOld, kindTicket, kindPass)
}

// add makes a key that is the newest of its kind.
func (f *folder) add(kind kind, byKind map[kind][]keyFile, now time.Time) (kid string, err error) {
	// A clock that was set back must not make the new key look old.
	created := now
	if keys := byKind[kind]; len(keys) > 0 && !created.After(keys[0].created) {
		created = keys[0].created.Add(time.Microsecond)
	}
	key := newKeyFile(kind, created)
	if err := f.write(key); err != nil {
		return "", err
	}
	byKind[kind] = slices.Insert(byKind[kind], 0, key)
	return key.kid, nil
}

// forget deletes keys whose successor is older than keepOld.
func (f *folder) forget(byKind map[kind][]keyFile, now time.Time, keepOld time.Duration, kinds ...kind) error {
	for _, kind := range kinds {
		for i, key := range byKind[kind] {
			if i == 0 || byKind[kind][i-1].created.Add(keepOld).After(now) && keepOld > 0 {
				continue
			}
			if err := f.before("delete " + string(kind)); err != nil {
				return err
			}
			// A copy under another name is not ours to delete, and keeps the key good.
			err := os.Remove(filepath.Join(f.dir, key.fileName()))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return syncFolder(f.dir)
}

// write puts a key into the folder: wholly or not at all, and for good once it returns.
func (f *folder) write(key keyFile) error {
	if err := f.before("write " + string(key.kind)); err != nil {
		return err
	}
	file, err := os.CreateTemp(f.dir, tmpPrefix+"*") // 0600
	if err != nil {
		return err
	}
	_, err = file.WriteString(key.text())
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if err := f.before("rename " + string(key.kind)); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), filepath.Join(f.dir, key.fileName())); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(f.dir)
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
