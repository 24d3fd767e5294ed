package token

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// Keys is what one reading of a folder of keys gave: it never changes and is safe for concurrent use. A Ring follows the folder.
type Keys struct {
	tickets map[string]*ticketKey // by encoded header: a kid only ever finds a key of its own kind
	passes  map[string]*passKey
	ticket  *ticketKey // signs
	pass    *passKey
	place   *macs
	persons []*macs // newest first; none in a folder from before there were any
	flow    [32]byte
	invite  *macs
	draw    [32]byte
	jwks    []byte
	kids    string // all of them, to tell snapshots apart

	verified *verified // shared with the snapshots that follow
	epochs   interned
	draws    draws
}

type ticketKey struct {
	kid, header string
	macs        *macs
}

type passKey struct {
	kid, header string
	private     ed25519.PrivateKey
	public      ed25519.PublicKey
}

// errUnknownKey asks a Ring to look into the folder once more.
var errUnknownKey = fmt.Errorf("%w: no such key", ErrSignature)

// OpenKeys reads the keys in dir. All errors are ErrKeys and say what to do: a folder or a key that is missing, cannot be read,
// is not whole, or is open to others (files wider than 0600; behind symbolic links, as in Kubernetes, wider than 0640). It makes
// nothing.
func OpenKeys(dir string) (*Keys, error) {
	k, err := openKeys(dir, &verified{})
	if err != nil {
		return nil, fmt.Errorf("open keys in %s: %w: %w", dir, ErrKeys, err)
	}
	return k, nil
}

var (
	errNoKeys = errors.New("no keys there: `waitroom keys rotate` makes the first ones")
	errHalf   = errors.New("no key of this kind, though tickets and passes were signed here: " +
		"put the file back from a copy, or empty the folder to begin anew (those who wait then get new places)")
)

func openKeys(dir string, verified *verified) (*Keys, error) {
	files, err := readKeyFiles(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNoKeys
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: give the folder and its files to the user that the gateway runs as", err)
	case err != nil:
		return nil, err
	}
	return newKeys(files, verified)
}

// newKeys builds the snapshot.
func newKeys(files []keyFile, verified *verified) (*Keys, error) {
	byKind, err := sortKeys(files)
	if err != nil {
		return nil, err
	}
	for _, kind := range []kind{kindPlace, kindDraw, kindTicket, kindPass} {
		if len(byKind[kind]) == 0 {
			return nil, missing(kind, byKind)
		}
	}
	k := &Keys{
		tickets: map[string]*ticketKey{}, passes: map[string]*passKey{},
		place: newMacs(byKind[kindPlace][0].secret), draw: byKind[kindDraw][0].secret,
		invite:   newMacs(inviteKey(byKind[kindDraw][0].secret)),
		verified: verified,
	}
	for _, f := range byKind[kindTicket] {
		key := &ticketKey{kid: f.kid, header: ticketHeader.encode(f.kid), macs: newMacs(f.secret)}
		k.tickets[key.header] = key
		k.ticket = cmp.Or(k.ticket, key)
	}
	for _, f := range byKind[kindPass] {
		private := ed25519.NewKeyFromSeed(f.secret[:])
		key := &passKey{kid: f.kid, header: passHeader.encode(f.kid), private: private, public: private.Public().(ed25519.PublicKey)}
		k.passes[key.header] = key
		k.pass = cmp.Or(k.pass, key)
	}
	if err := k.nameWith(byKind[kindSubject]); err != nil {
		return nil, err
	}
	k.flow = derive(byKind[kindPlace][0].secret, "waitroom flow v1\x00")
	k.jwks = publish(byKind[kindPass], k.passes)
	for _, f := range files {
		k.kids += f.fileName() + " "
	}
	return k, nil
}

// sortKeys parts keys by kind, newest first, each once.
func sortKeys(files []keyFile) (map[kind][]keyFile, error) {
	slices.SortFunc(files, func(a, b keyFile) int {
		return cmp.Or(b.created.Compare(a.created), strings.Compare(a.kid, b.kid))
	})
	byKind := map[kind][]keyFile{}
	for _, f := range files {
		same := func(o keyFile) bool { return o.kid == f.kid }
		if !slices.ContainsFunc(byKind[f.kind], same) {
			byKind[f.kind] = append(byKind[f.kind], f)
		}
	}
	for _, kind := range []kind{kindPlace, kindDraw} {
		if keys := byKind[kind]; len(keys) > 1 {
			return nil, fmt.Errorf("%d keys of the kind %s, of which there can be only one: remove %s, unless it is the one in use",
				len(keys), kind, keys[0].fileName())
		}
	}
	return byKind, nil
}

// missing tells a folder where nothing was signed yet from one that has lost a key that cannot be made again.
func missing(kind kind, byKind map[kind][]keyFile) error {
	if signedHere(byKind) && (kind == kindPlace || kind == kindDraw) {
		return fmt.Errorf("%s-….key: %w", kind, errHalf)
	}
	return errNoKeys
}

func signedHere(byKind map[kind][]keyFile) bool {
	return len(byKind[kindTicket])+len(byKind[kindPass]) > 0
}

// jwk is a public key (RFC 7517, RFC 8037 section 2).
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Alg string `json:"alg"`
	Use string `json:"use"`
	Kid string `json:"kid"`
	X   string `json:"x"`
}

func publish(order []keyFile, keys map[string]*passKey) []byte {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	for _, f := range order {
		set.Keys = append(set.Keys, jwk{
			Kty: "OKP", Crv: "Ed25519", Alg: passHeader.alg, Use: "sig",
			Kid: f.kid, X: strict.EncodeToString(keys[passHeader.encode(f.kid)].public),
		})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic("BUG: write the key set: " + err.Error())
	}
	return text
}

// JWKS is the set of public keys that passes can be verified with, newest first (RFC 7517, RFC 8037). Backends may keep it for
// some minutes if they ask anew at an unknown kid. The bytes are the caller's.
func (k *Keys) JWKS() []byte { return bytes.Clone(k.jwks) }

// SigningKeys names the keys that sign now.
func (k *Keys) SigningKeys() (ticket, pass string) { return k.ticket.kid, k.pass.kid }

// TicketID is the identity of the ticket of one device or person in one room: a keyed hash, so that each has one place by
// construction and nobody can compute another's. subject is the device's ID, or the person's Subject where identity is on. Its key
// is never rotated.
func (k *Keys) TicketID(room string, subject []byte) (id [12]byte) {
	m := k.place.get()
	defer k.place.put(m)
	b := appendField(append(m.buf[:0], "waitroom ticket id v1\x00"...), room)
	b = appendField(b, subject)
	copy(id[:], m.of(b))
	return id
}

// appendField writes a length and the bytes: no two lists of fields come out the same.
func appendField[T string | []byte](b []byte, field T) []byte {
	n := len(field)
	return append(append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)), field...)
}

// draws keeps one HMAC pool per draw; there are as many draws as rooms with one, and openings.
type draws struct {
	mu    sync.RWMutex
	pools map[drawOf]*macs
}

type drawOf struct {
	room    string
	opensAt int64
}
