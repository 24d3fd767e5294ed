package token

import (
	"errors"
	"fmt"
	"time"
)

// MaxSubjects is how many keys persons are named with at most at a time.
const MaxSubjects = 4

// errNoSubject is about a folder of an installation that is older than these keys.
var errNoSubject = errors.New("no subject key, which rooms with identity name persons with: `waitroom keys rotate --subject` makes it")

// nameWith takes the keys that persons are named with, newest first.
func (k *Keys) nameWith(files []keyFile) error {
	if len(files) > MaxSubjects {
		return fmt.Errorf("%d keys of the kind %s, of which there can be %d: remove the oldest, %s",
			len(files), kindSubject, MaxSubjects, files[len(files)-1].fileName())
	}
	for _, f := range files {
		k.persons = append(k.persons, newMacs(f.secret))
	}
	return nil
}

// NamesPersons tells whether persons can be named with these keys: nil, or ErrKeys with the mend. Rooms without identity need no
// such key.
func (k *Keys) NamesPersons() error {
	if len(k.persons) == 0 {
		return fmt.Errorf("%w: %w", ErrKeys, errNoSubject)
	}
	return nil
}

// Subjects appends the names of a person to dst, whose key bytes are given: keyed hashes under each subject key, newest first, at most
// MaxSubjects; none in a folder without such a key, see NamesPersons. Nobody can compute them without the keys, or come from one to another.
// A person who is known under an older one is to stay under it.
func (k *Keys) Subjects(dst [][16]byte, person []byte) [][16]byte {
	for _, key := range k.persons {
		m := key.get()
		dst = append(dst, [16]byte(m.of(appendField(append(m.buf[:0], "waitroom subject v1\x00"...), person))))
		key.put(m)
	}
	return dst
}

// FormatSubject is the text of a person's name as passes and the backend have it: 22 characters of base64url, "" for nobody.
func FormatSubject(subject [16]byte) string {
	if subject == [16]byte{} {
		return ""
	}
	return strict.EncodeToString(subject[:])
}

// FlowKey is the secret that verifications under way are sealed with, derived (HKDF, RFC 5869) from the key of ticket ids, which is
// never rotated: the same at all gateways with the same keys.
func (k *Keys) FlowKey() [32]byte { return k.flow }

// RotateSubject adds a subject key to the folder, made at now, and returns its kid: persons who are verified from then on are named
// with it, and those held under an older one stay under that. Older ones are deleted that have been superseded for longer than keepOld, which
// must be at least the time that anybody is held for, with the life of a ticket and of a pass, and a minute more for slow gateways. There
// can be MaxSubjects: with so many that may all be needed still it refuses, and says how long to wait. It needs a folder with the
// other keys. 0 is for a key that has leaked: it deletes all older ones, and who was held under them is somebody else from then on.
func RotateSubject(dir string, now time.Time, keepOld time.Duration) (kid string, err error) {
	return inFolder(dir, "the subject key", func(f *folder) (string, error) { return f.rotateSubject(now, keepOld) })
}

func (f *folder) rotateSubject(now time.Time, keepOld time.Duration) (kid string, err error) {
	if keepOld < 0 {
		return "", fmt.Errorf("keep old keys for %v: must not be negative", keepOld)
	}
	byKind, err := f.read()
	if err != nil {
		return "", err
	}
	for _, kind := range []kind{kindPlace, kindDraw, kindTicket, kindPass} {
		if len(byKind[kind]) == 0 {
			return "", missing(kind, byKind)
		}
	}
	// The old ones first: at no time are there more than a gateway takes.
	if err := f.forget(byKind, now, keepOld, kindSubject); err != nil {
		return "", err
	}
	if byKind, err = f.read(); err != nil {
		return "", err
	}
	keys := byKind[kindSubject]
	if len(keys) >= MaxSubjects && keepOld > 0 {
		free := keys[MaxSubjects-2].created.Add(keepOld)
		return "", fmt.Errorf("%d subject keys may all be needed still: rotate again in %v", len(keys), free.Sub(now).Truncate(time.Second)+time.Second)
	}
	if kid, err = f.add(kindSubject, byKind, now); err != nil || keepOld > 0 {
		return kid, err
	}
	return kid, f.forget(byKind, now, 0, kindSubject)
}
