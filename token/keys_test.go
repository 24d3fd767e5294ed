package token

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// madeKeys is a folder as a first start leaves it.
func madeKeys(t *testing.T) (dir string, keys *Keys) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data", "keys")
	keys, err := OpenOrMakeKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, keys
}

// keyNames are the names of the key files of one kind.
func keyNames(t *testing.T, dir string, kind kind) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, string(kind)+"-*.key"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestTheFirstStartMakesOneKeyOfEachKindForItsUserOnly(t *testing.T) {
	dir, made := madeKeys(t)
	for _, kind := range []kind{kindTicket, kindPass, kindPlace, kindDraw, kindSubject} {
		names := keyNames(t, dir, kind)
		if len(names) != 1 {
			t.Fatalf("keys of the kind %s: %v", kind, names)
		}
		if info, err := os.Stat(names[0]); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%s: mode %v, %v", names[0], info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("folder: mode %v, %v", info.Mode(), err)
	}
	again, err := OpenOrMakeKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	read, err := OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if made.kids != again.kids || made.kids != read.kids {
		t.Fatalf("the second start uses other keys: %s / %s / %s", made.kids, again.kids, read.kids)
	}
}

func TestManyFirstStartsAtOnceAgreeOnTheKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	kids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range kids {
		wg.Go(func() {
			keys, err := OpenOrMakeKeys(dir)
			if err != nil {
				t.Error(err)
				return
			}
			kids[i] = keys.kids
		})
	}
	wg.Wait()
	if len(slices.Compact(kids)) != 1 {
		t.Fatalf("different keys: %q", kids)
	}
}

func TestAFolderThatCannotBeUsedIsRefusedWithTheMend(t *testing.T) {
	f := func(what string, spoil func(dir string) error, want ...string) {
		t.Helper()
		dir, _ := madeKeys(t)
		if err := spoil(dir); err != nil {
			t.Fatal(err)
		}
		keys, err := OpenKeys(dir)
		if keys != nil || !errors.Is(err, ErrKeys) {
			t.Fatalf("%s: %v, %v", what, keys, err)
		}
		for _, part := range append(want, dir) {
			if !strings.Contains(err.Error(), part) {
				t.Fatalf("%s: %q does not say %q", what, err, part)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Fatalf("%s: more than a line: %q", what, err)
		}
	}
	one := func(dir string, kind kind) string { return keyNames(t, dir, kind)[0] }
	rewrite := func(kind kind, change func(string) string) func(string) error {
		return func(dir string) error {
			text, err := os.ReadFile(one(dir, kind))
			if err != nil {
				return err
			}
			return os.WriteFile(one(dir, kind), []byte(change(string(text))), 0o600)
		}
	}
	f("no folder", os.RemoveAll, "`waitroom keys rotate`")
	f("a file for a folder", func(dir string) error {
		return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600))
	}, "not a folder")
	f("an empty folder", func(dir string) error {
		return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700))
	}, "`waitroom keys rotate`")
	f("no ticket key", func(dir string) error { return os.Remove(one(dir, kindTicket)) }, "`waitroom keys rotate`")
	f("no pass key", func(dir string) error { return os.Remove(one(dir, kindPass)) }, "`waitroom keys rotate`")
	f("place key lost", func(dir string) error { return os.Remove(one(dir, kindPlace)) }, "place-", "put the file back")
	f("draw key lost", func(dir string) error { return os.Remove(one(dir, kindDraw)) }, "draw-", "put the file back")
	f("readable by others", func(dir string) error { return os.Chmod(one(dir, kindPass), 0o604) }, "0604", "`chmod 600`")
	f("readable by the group", func(dir string) error { return os.Chmod(one(dir, kindTicket), 0o640) }, "0640", "`chmod 600`")
	f("folder writable by the group", func(dir string) error { return os.Chmod(dir, 0o770) }, "0770", "`chmod 700`")
	f("folder writable by all", func(dir string) error { return os.Chmod(dir, 0o777|fs.ModeSticky) }, "`chmod 700`")
	f("a folder named like a key", func(dir string) error { return os.Mkdir(filepath.Join(dir, "x.key"), 0o700) }, "x.key", "regular")
	f("an empty key", rewrite(kindTicket, func(string) string { return "" }), "cut short")
	f("a key cut short", rewrite(kindTicket, func(s string) string { return s[:len(s)-20] }), "line 5")
	f("a key of another program", rewrite(kindPass, func(string) string { return "-----BEGIN PRIVATE KEY-----\n" }), "not a key file")
	f("an unknown kind", rewrite(kindPass, func(s string) string { return strings.Replace(s, "pass", "pess", 1) }), "kind")
	f("a key said to be of another kind", rewrite(kindPass, func(s string) string { return strings.Replace(s, "pass", "ticket", 1) }), "do not belong")
	f("another secret", rewrite(kindPlace, func(s string) string {
		i := strings.Index(s, "secret: ") + len("secret: ")
		return s[:i] + strings.Repeat("A", 43) + "\n"
	}), "do not belong")
	f("a date of another form", rewrite(kindDraw, func(s string) string { return strings.Replace(s, "Z\n", "+09:00\n", 1) }), "line 4")
	f("lines swapped", rewrite(kindDraw, func(s string) string { return strings.Replace(s, "kid: ", "kjd: ", 1) }), "line 3")
	f("two place keys", func(dir string) error {
		other, _ := madeKeys(t)
		text, err := os.ReadFile(one(other, kindPlace))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, filepath.Base(one(other, kindPlace))), text, 0o600)
	}, "2 keys of the kind place", "remove place-")
}

func TestErrorsAboutKeysNeverTellThem(t *testing.T) {
	dir, _ := madeKeys(t)
	name := keyNames(t, dir, kindTicket)[0]
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	secret := string(text[bytes.Index(text, []byte("secret: "))+8:][:43])
	for i := range text {
		if err := os.WriteFile(name, append(bytes.Clone(text[:i]), text[i+1:]...), 0o600); err != nil {
			t.Fatal(err)
		}
		// Without the last line break it is still whole.
		if _, err := OpenKeys(dir); err == nil != (i == len(text)-1) {
			t.Fatalf("byte %d missing: %v", i, err)
		} else if err != nil && strings.Contains(err.Error(), secret[:8]) {
			t.Fatalf("the error shows the secret: %v", err)
		}
	}
}

func TestALostPlaceKeyIsNotMadeAnewInSilence(t *testing.T) {
	dir, _ := madeKeys(t)
	if err := os.Remove(keyNames(t, dir, kindPlace)[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenOrMakeKeys(dir); !errors.Is(err, ErrKeys) {
		t.Fatalf("a start: %v", err)
	}
	if _, err := RotateKeys(dir, testPassTime, 0); !errors.Is(err, ErrKeys) {
		t.Fatalf("a rotation: %v", err)
	}
	if names := keyNames(t, dir, kindPlace); len(names) != 0 {
		t.Fatalf("made: %v", names)
	}
}

func TestOtherFilesInTheFolderAreNoKeys(t *testing.T) {
	dir, keys := madeKeys(t)
	for _, name := range []string{"README", ".hidden.key", tmpPrefix + "123", "ticket-x.key.bak", "pass.pem"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("nonsense"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	again, err := OpenKeys(dir)
	if err != nil || again.kids != keys.kids {
		t.Fatalf("%v", err)
	}
}

// mounted is the folder as Kubernetes mounts a secret: links into a dated folder, behind one link that is swapped.
func mounted(t *testing.T, mode fs.FileMode) string {
	t.Helper()
	from, _ := madeKeys(t)
	dir := filepath.Join(t.TempDir(), "mounted")
	dated := filepath.Join(dir, "..2021_08_12")
	if err := os.MkdirAll(dated, 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	try(os.Symlink("..2021_08_12", filepath.Join(dir, "..data")))
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), keySuffix) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, entry.Name()))
		try(err)
		try(os.WriteFile(filepath.Join(dated, entry.Name()), text, 0o600))
		try(os.Chmod(filepath.Join(dated, entry.Name()), mode))
		try(os.Symlink(filepath.Join("..data", entry.Name()), filepath.Join(dir, entry.Name())))
	}
	try(os.Chmod(dir, 0o777|fs.ModeSticky|fs.ModeSetgid))
	return dir
}

func TestKeysAreReadFromAKubernetesSecret(t *testing.T) {
	f := func(mode fs.FileMode, want string) {
		t.Helper()
		_, err := OpenOrMakeKeys(mounted(t, mode))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Fatalf("mode %v: %v, want %q", mode, err, want)
		}
	}
	f(0o400, "")
	f(0o440, "") // what fsGroup makes of it
	f(0o640, "")
	f(0o444, "defaultMode: 0440")
	f(0o644, "defaultMode: 0440") // Kubernetes' default
	f(0o660, "defaultMode: 0440")
}

func TestACopyOfAKeyUnderAnotherNameIsTheSameKey(t *testing.T) {
	dir, keys := madeKeys(t)
	text, err := os.ReadFile(keyNames(t, dir, kindPlace)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "copy of place.key"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := keys.TicketID("a", nil), again.TicketID("a", nil); a != b {
		t.Fatalf("%x, %x", a, b)
	}
}

func TestTicketIDsDependOnRoomAndSubjectAndKeyUnambiguously(t *testing.T) {
	keys := testKeys(t)
	_, others := madeKeys(t)
	seen := map[[12]byte]string{}
	f := func(keys *Keys, what, room, subject string) {
		t.Helper()
		id := keys.TicketID(room, []byte(subject))
		if id != keys.TicketID(room, []byte(subject)) {
			t.Fatalf("%s: another id the second time", what)
		}
		if before, taken := seen[id]; taken {
			t.Fatalf("%s has the id of %s", what, before)
		}
		seen[id] = what
	}
	f(keys, "a+bc", "a", "bc")
	f(keys, "ab+c", "ab", "c")
	f(keys, "abc+", "abc", "")
	f(keys, "+abc", "", "abc")
	f(keys, "a+bc with a zero", "a", "bc\x00")
	f(keys, "a+bc with a length inside", "a", "\x00\x00\x00\x02bc")
	f(keys, "a long subject", "a", strings.Repeat("x", 5000))
	f(others, "a+bc with another key", "a", "bc")
}

func TestOneFileWithAllKeysIsAsGoodAsTheirFolder(t *testing.T) {
	dir := t.TempDir()
	made, err := OpenOrMakeKeys(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "keys", "*.key"))
	if err != nil || len(names) != 5 {
		t.Fatalf("%d key files: %v", len(names), err)
	}
	var all []byte
	for _, name := range names {
		one, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one...)
	}
	bundle := filepath.Join(dir, "bundle")
	write := func(data []byte, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.RemoveAll(bundle), os.WriteFile(bundle, data, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write(all, 0o600)
	read, err := OpenKeys(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read.JWKS(), made.JWKS()) || read.TicketID("booking", []byte("x")) != made.TicketID("booking", []byte("x")) {
		t.Error("the file holds other keys than the folder")
	}
	refused := func(why string, data []byte, mode os.FileMode) {
		t.Helper()
		write(data, mode)
		if _, err := OpenKeys(bundle); !errors.Is(err, ErrKeys) {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("others can read it", all, 0o644)
	refused("it is cut short", all[:len(all)-9], 0o600)
	refused("a key is missing", all[:len(all)/4], 0o600)
	refused("it is empty", nil, 0o600)
	refused("it is something else", []byte("hello"), 0o600)
}
