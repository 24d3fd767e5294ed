package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrFlow is for what is no sealed flow, or was sealed under another key, or changed since.
var ErrFlow = errors.New("not a verification that was begun here")

// MaxSealed is how long a sealed flow is at most. With its name and attributes it is a cookie that browsers take.
const MaxSealed = 3500

// what sealed bytes begin with, and are bound to: an answer of another program, or of another version, is none.
const flowVersion = "waitroom flow 1"

// Of says whether an answer's state is the flow's own.
func (f *Flow) Of(state string) bool { return sameText(state, spell(f.State)) }

// Seal hides the flow from who carries it, and shows every change to it. A flow whose texts are too long for MaxSealed is an error.
// One key may seal some 4,000,000,000 flows.
func Seal(key [32]byte, f Flow) (string, error) {
	plain := make([]byte, 0, 512)
	for _, s := range []string{f.Room, f.Provider, f.Verifier, f.Return, f.Invite, f.Redirect, f.Proof} {
		plain = binary.AppendUvarint(plain, uint64(len(s)))
		plain = append(plain, s...)
	}
	plain = append(plain, f.Device[:]...)
	plain = append(plain, f.State[:]...)
	plain = append(plain, f.Nonce[:]...)
	plain = binary.BigEndian.AppendUint64(plain, uint64(f.Begun)) // #nosec G115 -- read back as it was written
	sealed := base64.RawURLEncoding.EncodeToString(sealer(key).Seal(nil, nil, plain, []byte(flowVersion)))
	if len(sealed) > MaxSealed {
		return "", fmt.Errorf("sealing a verification: %d bytes, and a cookie takes %d", len(sealed), MaxSealed)
	}
	return sealed, nil
}

// Open reads what Seal wrote with the same key. Any other text is ErrFlow, also another spelling of the same.
func Open(key [32]byte, sealed string) (Flow, error) {
	if len(sealed) > MaxSealed {
		return Flow{}, ErrFlow
	}
	// Strict leaves one spelling, but for line ends, which the decoder skips.
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(bytes)) != len(sealed) {
		return Flow{}, ErrFlow
	}
	plain, err := sealer(key).Open(nil, nil, bytes, []byte(flowVersion))
	if err != nil {
		return Flow{}, ErrFlow
	}
	return readFlow(plain)
}

func readFlow(plain []byte) (f Flow, err error) {
	for _, s := range []*string{&f.Room, &f.Provider, &f.Verifier, &f.Return, &f.Invite, &f.Redirect, &f.Proof} {
		n, size := binary.Uvarint(plain)
		if size <= 0 || n > uint64(len(plain)-size) {
			return Flow{}, ErrFlow
		}
		plain = plain[size:]
		*s, plain = string(plain[:n]), plain[n:]
	}
	if len(plain) != 3*16+8 {
		return Flow{}, ErrFlow
	}
	copy(f.Device[:], plain)
	copy(f.State[:], plain[16:])
	copy(f.Nonce[:], plain[32:])
	f.Begun = int64(binary.BigEndian.Uint64(plain[48:])) // #nosec G115 -- as it was written
	return f, nil
}

func sealer(key [32]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("BUG: 32 bytes are a key: " + err.Error())
	}
	// The nonce is random, and stands before what is sealed.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("BUG: AES has blocks of 16 bytes: " + err.Error())
	}
	return aead
}
