package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var rotationStart = time.UnixMicro(noon)

// rotated rotates and reads.
func rotated(t *testing.T, dir string, now time.Time, keepOld time.Duration) (kid string, keys *Keys) {
	t.Helper()
	kid, err := RotateKeys(dir, now, keepOld)
	if err != nil {
		t.Fatal(err)
	}
	keys, err = OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return kid, keys
}

// published are the kids in the JWKS.
func published(t *testing.T, keys *Keys) (kids []string) {
	t.Helper()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(keys.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		kids = append(kids, key.Kid)
	}
	return kids
}

func TestTheFirstRotationMakesTheFirstKeys(t *testing.T) {
	kid, keys := rotated(t, filepath.Join(t.TempDir(), "a", "keys"), rotationStart, time.Hour)
	if _, pass := keys.SigningKeys(); pass != kid {
		t.Fatalf("signs with %s, said %s", pass, kid)
	}
	if diff := cmp.Diff([]string{kid}, published(t, keys)); diff != "" {
		t.Fatal(diff)
	}
}

func TestRotationCostsNobodyAnything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, was := rotated(t, dir, rotationStart, time.Hour)
	ticket, pass := testTicket(t), testPass(t)
	oldTicket, oldPass := was.AppendTicket(nil, &ticket), was.AppendPass(nil, &pass)

	second, is := rotated(t, dir, rotationStart.Add(time.Minute), time.Hour)
	if first == second {
		t.Fatal("no new pass key")
	}
	if diff := cmp.Diff([]string{second, first}, published(t, is)); diff != "" {
		t.Fatalf("published (-want +got):\n%s", diff)
	}
	if got, err := is.ReadTicket(oldTicket, "booking", noon); err != nil || got != ticket {
		t.Fatalf("a ticket from before: %v", err)
	}
	if got, err := is.ReadPass(oldPass, "booking", noon); err != nil || got != pass {
		t.Fatalf("a pass from before: %v", err)
	}
	acceptedByOthers(t, is, "pass", string(oldPass), "booking", noon)
	newTicket, newPass := is.AppendTicket(nil, &ticket), is.AppendPass(nil, &pass)
	if err := read(was, "ticket", newTicket, "booking", noon); !errors.Is(err, ErrSignature) {
		t.Fatalf("tickets are still signed with the old key: %v", err)
	}
	if err := read(was, "pass", newPass, "booking", noon); !errors.Is(err, ErrSignature) {
		t.Fatalf("passes are still signed with the old key: %v", err)
	}
	if was.TicketID("booking", []byte("x")) != is.TicketID("booking", []byte("x")) {
		t.Fatal("people get other ticket ids, and lose their places")
	}
	if was.DrawSecret("booking", noon) != is.DrawSecret("booking", noon) {
		t.Fatal("the draw is another")
	}
}

func TestKeysAreDeletedWhenSupersededForLongEnough(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	var kids []string
	f := func(after, keepOld time.Duration, want ...int) {
		t.Helper()
		kid, keys := rotated(t, dir, rotationStart.Add(after), keepOld)
		kids = append(kids, kid)
		var left []string
		for _, i := range want {
			left = append(left, kids[i])
		}
		if diff := cmp.Diff(left, published(t, keys)); diff != "" {
			t.Fatalf("after %v (-want +got):\n%s", after, diff)
		}
		if len(keys.tickets) != len(want) {
			t.Fatalf("%d ticket keys, %d pass keys", len(keys.tickets), len(want))
		}
	}
	const hour, minute = time.Hour, time.Minute
	f(0, hour, 0)
	f(10*minute, hour, 1, 0)
	f(70*minute-1000, hour, 2, 1, 0)       // 0 was superseded at 10 min: an hour is not over
	f(70*minute, hour, 3, 2, 1)            // and now it is
	f(10*24*hour, hour, 4, 3)              // 3 signed until now, however old it is
	f(10*24*hour+minute, 0, 5)             // leaked: nothing old is good any more
	f(9*24*hour, hour, 6, 5)               // the clock was set back: the new key signs nevertheless
	f(9*24*hour, 0, 7)                     // and a leak then
	f(20*24*hour, 400*24*hour, 8, 7)       // kept long
	f(20*24*hour+1000, 9*24*hour, 9, 8, 7) // old is not superseded: 7 signed until just now
}

func TestWhoeverRotatesWithANegativeTimeIsRefused(t *testing.T) {
	dir, keys := madeKeys(t)
	if _, err := RotateKeys(dir, rotationStart, -time.Second); !errors.Is(err, ErrKeys) {
		t.Fatal(err)
	}
	again, err := OpenKeys(dir)
	if err != nil || again.kids != keys.kids {
		t.Fatalf("something happened nevertheless: %v", err)
	}
}

var errCrash = errors.New("crash")

func TestACrashAtAnyPointOfTheFirstStartIsMendedByTheNext(t *testing.T) {
	for point := 1; ; point++ {
		dir := filepath.Join(t.TempDir(), "keys")
		reached := crash(t, dir, point, func(f *folder) error { return f.makeFirst(rotationStart) })
		if !reached {
			if point != 11 {
				t.Fatalf("%d points to crash at; five keys are written and renamed", point-1)
			}
			return
		}
		if _, err := OpenKeys(dir); !errors.Is(err, errNoKeys) {
			t.Fatalf("point %d: half a set of keys: %v", point, err)
		}
		if _, err := OpenOrMakeKeys(dir); err != nil {
			t.Fatalf("point %d: the next start: %v", point, err)
		}
		tidy(t, dir, 5)
	}
}

func TestACrashAtAnyPointOfARotationLosesNothing(t *testing.T) {
	for point := 1; ; point++ {
		dir := filepath.Join(t.TempDir(), "keys")
		rotated(t, dir, rotationStart, time.Hour)
		_, was := rotated(t, dir, rotationStart.Add(time.Minute), time.Hour)
		ticket, pass := testTicket(t), testPass(t)
		oldTicket, oldPass := was.AppendTicket(nil, &ticket), was.AppendPass(nil, &pass)
		later := rotationStart.Add(2 * time.Hour)
		reached := crash(t, dir, point, func(f *folder) error {
			_, err := f.rotate(later, time.Hour)
			return err
		})
		if !reached {
			if point != 7 {
				t.Fatalf("%d points to crash at; two keys are written, renamed, deleted", point-1)
			}
			return
		}
		f := func(keys *Keys, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("point %d: %v", point, err)
			}
			if err := errors.Join(read(keys, "ticket", oldTicket, "booking", noon), read(keys, "pass", oldPass, "booking", noon)); err != nil {
				t.Fatalf("point %d: a ticket or pass is lost: %v", point, err)
			}
			if was.TicketID("x", nil) != keys.TicketID("x", nil) {
				t.Fatalf("point %d: places are lost", point)
			}
		}
		f(OpenKeys(dir))
		kid, keys := rotated(t, dir, later, time.Hour)
		f(keys, nil)
		if _, pass := keys.SigningKeys(); pass != kid {
			t.Fatalf("point %d: signs with %s, not with the new %s", point, pass, kid)
		}
		tidy(t, dir, -1)
	}
}

// crash stops work dead at its n-th change to the folder, and tells whether it got there.
func crash(t *testing.T, dir string, n int, work func(*folder) error) (reached bool) {
	t.Helper()
	f := &folder{dir: dir}
	f.step = func(string) error {
		if n--; n == 0 {
			return errCrash
		}
		return nil
	}
	err := f.locked(func() error { return work(f) })
	if err != nil && !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	return err != nil
}

// tidy fails if there are other things in dir than whole keys; -1 is any number of them.
func tidy(t *testing.T, dir string, keys int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != lockName && !strings.HasSuffix(name, keySuffix) {
			t.Fatalf("left behind: %s", name)
		}
	}
	if keys >= 0 && len(entries) != keys+1 {
		t.Fatalf("%d files, %d keys were to be", len(entries), keys)
	}
}

func TestHalfWrittenFilesAreIgnoredAndCleanedAway(t *testing.T) {
	dir, was := madeKeys(t)
	text, err := os.ReadFile(keyNames(t, dir, kindPass)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, tmpPrefix+"77"), text[:len(text)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	is, err := OpenKeys(dir)
	if err != nil || !bytes.Equal(was.JWKS(), is.JWKS()) {
		t.Fatalf("a half-written file counts: %v", err)
	}
	rotated(t, dir, time.Now(), time.Hour)
	tidy(t, dir, 7)
}
