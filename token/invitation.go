package token

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// Invitation makes whoever shows its code a member of a group of one room. That one code is good for one person only is the line's
// affair, by its ID.
type Invitation struct {
	// Group is the group's name in the configuration.
	Group string
	ID    [16]byte
	// Until is when the code is over, in whole seconds.
	Until int64
}

const (
	inviteTime  = 16             // the time, in seconds, after the ID
	inviteCode  = inviteTime + 5 // a code over all
	inviteBytes = inviteCode + 16
)

// NewInvitation is one that nobody can guess.
func NewInvitation(group string, until int64) Invitation {
	i := Invitation{Group: group, Until: until - until%second}
	_, _ = rand.Read(i.ID[:]) // never fails: it ends the program instead
	return i
}

// AppendInvitation appends the code of an invitation: the group, a point, and 50 characters of base64url.
func (k *Keys) AppendInvitation(dst []byte, room string, i *Invitation) []byte {
	if !isRoom(room) || !isRoom(i.Group) || i.Until < 0 || i.Until > maxNumber {
		panic("BUG: an invitation that could not be read")
	}
	var raw [inviteBytes]byte
	copy(raw[:], i.ID[:])
	at := uint64(i.Until / second)
	raw[inviteTime] = byte(at >> 32)
	binary.BigEndian.PutUint32(raw[inviteTime+1:], uint32(at)) // #nosec G115 -- the low half; the rest is in the byte before
	code := k.invitationCode(raw[:inviteCode], room, i.Group)
	copy(raw[inviteCode:], code[:])
	return strict.AppendEncode(append(append(dst, i.Group...), '.'), raw[:])
}

// ReadInvitation reads a code. It is ErrMalformed where the code is none of ours, ErrSignature where it is another room's or was changed,
// and ErrExpired from Until on; there is one spelling of each code. Whether the room has the group is for the caller to see.
func (k *Keys) ReadInvitation(code []byte, room string, now int64) (Invitation, error) {
	group, text, found := bytes.Cut(code, []byte("."))
	var raw [inviteBytes]byte
	if !found || len(group) > maxRoom || !isRoom(string(group)) || len(text) != strict.EncodedLen(inviteBytes) {
		return Invitation{}, ErrMalformed
	}
	if _, ok := decode(raw[:], text); !ok {
		return Invitation{}, ErrMalformed
	}
	want := k.invitationCode(raw[:inviteCode], room, string(group))
	if subtle.ConstantTimeCompare(raw[inviteCode:], want[:]) != 1 {
		return Invitation{}, ErrSignature
	}
	i := Invitation{Group: string(group), ID: [16]byte(raw[:inviteTime])}
	i.Until = (int64(raw[inviteTime])<<32 | int64(binary.BigEndian.Uint32(raw[inviteTime+1:]))) * second
	if now >= i.Until {
		return Invitation{}, ErrExpired
	}
	return i, nil
}

func (k *Keys) invitationCode(stamp []byte, room, group string) (code [16]byte) {
	m := k.invite.get()
	defer k.invite.put(m)
	b := appendField(append(m.buf[:0], "waitroom invitation v1\x00"...), stamp)
	copy(code[:], m.of(appendField(appendField(b, room), group)))
	return code
}

// inviteKey is what invitations are signed with: derived (HKDF, RFC 5869) from the folder's draw key, which is never rotated, so that
// codes that were sent out stay good.
func inviteKey(draw [32]byte) (key [32]byte) {
	derived, err := hkdf.Key(sha256.New, draw[:], nil, "waitroom invitations v1\x00", len(key))
	if err != nil {
		panic("BUG: derive the key of invitations: " + err.Error())
	}
	copy(key[:], derived)
	return key
}
