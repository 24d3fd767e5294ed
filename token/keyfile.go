package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A folder of keys holds one file per key, named KIND-KID.key; other names, and names that start with a dot, are ignored.
//
//	waitroom key 1
//	kind: pass
//	kid: 0123456789abcdef
//	created: 2021-08-12T11:00:00.000000Z
//	secret: (32 bytes as base64url)
//
// The kid is a hash of the key, so a file that was torn or mixed up does not load. Of each kind the newest signs; all verify.

// kind is what a key is for.
type kind string

const (
	kindTicket kind = "ticket" // HMAC key of tickets
	kindPass   kind = "pass"   // Ed25519 seed of passes
	kindPlace  kind = "place"  // HMAC key of ticket ids; one, for good
	kindDraw   kind = "draw"   // from which the draws' secrets come; one, for good
	// kindSubject is the HMAC key that persons are named with: the newest, and older ones until nobody is held under them.
	kindSubject kind = "subject"
)

const (
	keySuffix   = ".key"
	keyMagic    = "waitroom key 1"
	keyFileMost = 4096 // bytes
	kidLength   = 16
	createdForm = "2006-01-02T15:04:05.000000Z"
)

// keyFile is one key as it lies in the folder.
type keyFile struct {
	kind    kind
	kid     string
	created time.Time
	secret  [32]byte
}

// newKeyFile makes a random key.
func newKeyFile(kind kind, created time.Time) keyFile {
	f := keyFile{kind: kind, created: created.UTC().Truncate(time.Microsecond)}
	_, _ = rand.Read(f.secret[:]) // never fails: it ends the program instead
	f.kid = f.name()
	return f
}

// name derives the kid; for a pass key from the public half, so that it can be recomputed by whoever has the JWKS.
func (f *keyFile) name() string {
	named := f.secret[:]
	if f.kind == kindPass {
		named = ed25519.NewKeyFromSeed(f.secret[:]).Public().(ed25519.PublicKey)
	}
	h := sha256.New()
	fmt.Fprintf(h, "waitroom kid v1\x00%s\x00", f.kind)
	h.Write(named)
	return hex.EncodeToString(h.Sum(nil)[:kidLength/2])
}

func (f *keyFile) fileName() string { return string(f.kind) + "-" + f.kid + keySuffix }

func (f *keyFile) text() string {
	return fmt.Sprintf("%s\nkind: %s\nkid: %s\ncreated: %s\nsecret: %s\n", keyMagic,
		f.kind, f.kid, f.created.Format(createdForm), strict.EncodeToString(f.secret[:]))
}

// parseKeyFile reads what text writes. Its errors never quote the content.
func parseKeyFile(text string) (keyFile, error) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	names := []string{"kind: ", "kid: ", "created: ", "secret: "}
	if len(lines) != len(names)+1 || lines[0] != keyMagic {
		return keyFile{}, fmt.Errorf("not a key file of this program, or cut short")
	}
	values := lines[1:]
	for i, name := range names {
		value, ok := strings.CutPrefix(values[i], name)
		if !ok {
			return keyFile{}, fmt.Errorf("line %d does not start with %q", i+2, name)
		}
		values[i] = value
	}
	f := keyFile{kind: kind(values[0]), kid: values[1]}
	switch f.kind {
	case kindTicket, kindPass, kindPlace, kindDraw, kindSubject:
	default:
		return keyFile{}, fmt.Errorf("a kind of key that is not known here")
	}
	var err error
	if f.created, err = time.Parse(createdForm, values[2]); err != nil || f.created.Format(createdForm) != values[2] {
		return keyFile{}, fmt.Errorf("line 4: not a time like %s", createdForm)
	}
	if len(values[3]) != strict.EncodedLen(len(f.secret)) {
		return keyFile{}, fmt.Errorf("line 5: not 32 bytes as base64url")
	}
	if _, ok := decode(f.secret[:], []byte(values[3])); !ok {
		return keyFile{}, fmt.Errorf("line 5: not 32 bytes as base64url")
	}
	if f.name() != f.kid {
		return keyFile{}, fmt.Errorf("kid and secret do not belong together")
	}
	return f, nil
}

// readKeyFile reads one file, if its permissions keep the secret.
func readKeyFile(path string) (keyFile, error) {
	text, err := readPrivate(path, keyFileMost)
	if err != nil {
		return keyFile{}, err
	}
	f, err := parseKeyFile(string(text))
	if err != nil {
		return keyFile{}, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// readPrivate reads at most so many bytes of a file that nobody else can read.
func readPrivate(path string, most int64) ([]byte, error) {
	link, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := private(info, link.Mode()&fs.ModeSymlink != 0); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(io.LimitReader(file, most))
}

// private refuses a file that others can read. Behind a symbolic link, as Kubernetes mounts secrets, the group may read:
// there fsGroup always adds that.
func private(info fs.FileInfo, linked bool) error {
	mode := info.Mode()
	switch {
	case !mode.IsRegular():
		return fmt.Errorf("not a regular file")
	case linked && mode.Perm()&0o037 != 0:
		return fmt.Errorf("mode %04o lets others read or write it: set `defaultMode: 0440` on the secret's volume", mode.Perm())
	case !linked && mode.Perm()&0o077 != 0:
		return fmt.Errorf("mode %04o lets others at it: `chmod 600` it, and rotate the keys if anybody could have read it", mode.Perm())
	}
	return nil
}

// checkFolder refuses a folder into which others could put keys of theirs. The folder of a Kubernetes secret looks like that and is
// not: it is known by its ..data link, of the same owner.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	if info.Mode().Perm()&0o022 == 0 {
		return nil
	}
	data, err := os.Lstat(filepath.Join(dir, "..data"))
	if err == nil && data.Mode()&fs.ModeSymlink != 0 && owner(data) == owner(info) {
		return nil
	}
	return fmt.Errorf("mode %04o of %s lets others put keys into it: `chmod 700` it", info.Mode().Perm(), dir)
}

func owner(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }

// bundleMost bounds a file with several keys, in bytes.
const bundleMost = 64 * keyFileMost

// readBundle reads one file with all keys of a folder, one after another.
func readBundle(path string) ([]keyFile, error) {
	text, err := readPrivate(path, bundleMost)
	if err != nil {
		return nil, err
	}
	var files []keyFile
	for _, one := range strings.Split(string(text), keyMagic+"\n")[1:] {
		f, err := parseKeyFile(keyMagic + "\n" + one)
		if err != nil {
			return nil, fmt.Errorf("%s, key %d: %w", path, len(files)+1, err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s is not a folder, and as a file it holds no key", path)
	}
	return files, nil
}

// readKeyFiles reads all keys in dir, which may be a single file with all of them.
func readKeyFiles(dir string) ([]keyFile, error) {
	if info, err := os.Stat(dir); err == nil && info.Mode().IsRegular() {
		return readBundle(dir)
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []keyFile
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, ".") || !strings.HasSuffix(name, keySuffix) {
			continue
		}
		f, err := readKeyFile(filepath.Join(dir, entry.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // a rotation has just removed it
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}
