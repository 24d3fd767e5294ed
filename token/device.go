package token

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// Device is the browser or app that a ticket or pass is bound to.
type Device struct {
	// ID is a hash of the secret in the device cookie: a token that is seen does not give the cookie away.
	ID [16]byte
	// Browser is what the browser shows of itself: hash of the User-Agent in the upper half, of the platform hint in the lower;
	// 0 in a half is 'not shown'.
	Browser uint64
	// Network is the address prefix that a ticket or pass is bound to, see NetworkOf; 0 is any.
	Network uint64
	// Key is the thumbprint of the device's key, RFC 7638; zero is a device without one.
	Key [32]byte
}

// Binding is how a device that shows a token compares with the one that it was made for.
type Binding int

// The verdicts. The zero value is a refusal.
const (
	OtherDevice  Binding = iota // another device cookie, or none
	OtherBrowser                // the cookie of the same device, shown by another browser
	Same                        // the same device
)

// String is the verdict's name for logs.
func (b Binding) String() string {
	switch b {
	case Same:
		return "same"
	case OtherBrowser:
		return "other_browser"
	default:
		return "other_device"
	}
}

// NewDeviceID is a fresh value for the device cookie: 128 random bits as 22 characters of base64url. It is a secret.
func NewDeviceID() (cookie [22]byte) {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: it ends the program instead
	strict.Encode(cookie[:], id[:])
	return cookie
}

// DeviceOf is the device without a key that shows the cookie, the User-Agent and the Sec-CH-UA-Platform given; false where the
// cookie is not one that NewDeviceID makes. Versions in the User-Agent do not count: a browser's update is no other browser. The platform
// hint may be empty, since browsers do not send it with each request.
func DeviceOf(cookie, userAgent, platform []byte) (Device, bool) {
	const domain = "waitroom device v1\x00"
	var text [len(domain) + 16]byte
	copy(text[:], domain)
	if len(cookie) != 22 {
		return Device{}, false
	}
	if _, ok := decode(text[len(domain):], cookie); !ok {
		return Device{}, false
	}
	sum := sha256.Sum256(text[:])
	d := Device{Browser: uint64(hashAgent(userAgent))<<32 | uint64(hashPlatform(platform))}
	copy(d.ID[:], sum[:])
	return d, true
}

// Same compares d, for which a token was made, with the device that shows it. A device without identity is never the same. A
// token with a key needs a device with that key; one without is good for a device that has got a key since. The network is not
// compared: that is a rule of the room.
func (d Device) Same(o Device) Binding {
	switch {
	case d.ID != o.ID || d.ID == [16]byte{}:
		return OtherDevice
	case d.HasKey() && d.Key != o.Key:
		return OtherDevice
	case !d.SameBrowser(o):
		return OtherBrowser
	}
	return Same
}

// SameBrowser compares only what the browsers show of themselves: User-Agents must agree, even in showing none; platform hints
// only where both were shown.
func (d Device) SameBrowser(o Device) bool {
	mine, other := uint32(d.Browser), uint32(o.Browser)
	return d.Browser>>32 == o.Browser>>32 && (mine == other || mine == 0 || other == 0)
}

// mix hashes b into h, eight bytes at a time. It guards against mistakes, not against liars: a User-Agent can be copied as
// easily as a hash of it.
func mix(h uint64, b []byte) uint64 {
	const golden = 0x9e3779b97f4a7c15
	for len(b) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(b)) * golden
		h ^= h >> 32
		b = b[8:]
	}
	var last [8]byte
	copy(last[:], b)
	h = (h ^ binary.LittleEndian.Uint64(last[:]) ^ uint64(len(b))<<56) * golden
	return h ^ h>>32
}

// agentShown bounds how much of a User-Agent counts without its versions, in bytes: real ones have some 150.
const agentShown = 512

// versionByte holds what goes on with a version: letters, digits, dots and underscores.
var versionByte = func() (t [256]bool) {
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._") {
		t[c] = true
	}
	return t
}()

// hashAgent hashes with each version replaced by one mark. A version starts with a digit: 17.2.1, 17_2, 121.0a1, 15E148.
func hashAgent(agent []byte) uint32 {
	var buf [agentShown]byte
	n := 0
	// The bound is on what is left: an update that makes a version longer must not push out what stands behind it.
	for i := 0; i < len(agent) && n < len(buf); {
		from := i
		for i < len(agent) && agent[i]-'0' > 9 {
			i++
		}
		n += copy(buf[n:], agent[from:i])
		if i < len(agent) && n < len(buf) {
			buf[n] = '0'
			n++
		}
		for i < len(agent) && versionByte[agent[i]] {
			i++
		}
	}
	return shown(mix(0, buf[:n]), len(agent))
}

// hashPlatform hashes the hint without its quotes (RFC 8941 strings), whatever its case.
func hashPlatform(hint []byte) uint32 {
	hint = bytes.Trim(hint, "\" \t")
	h, length := uint64(0), len(hint)
	for len(hint) > 0 {
		var low [32]byte
		n := copy(low[:], hint)
		for i, c := range low[:n] {
			if c >= 'A' && c <= 'Z' {
				low[i] = c | 0x20
			}
		}
		h, hint = mix(h, low[:n]), hint[n:]
	}
	return shown(h, length)
}

// shown keeps 0 for what was not shown.
func shown(h uint64, length int) uint32 {
	switch short := uint32(h); { // #nosec G115 -- the low half is the hash
	case length == 0:
		return 0
	case short == 0:
		return 1
	default:
		return short
	}
}
