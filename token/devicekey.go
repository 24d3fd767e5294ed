package token

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
)

// A device with a key has another cookie than one without: its ID, the key's thumbprint, and a code over both, each as base64url,
// with dots between. The ID is that of the cookie before, so that the device keeps its places. The secret of that cookie cannot be
// computed from it: whoever copies the new cookie has no old one to fall back to, and who changes it has none at all.

// keyedCookie is the length of the cookie of a device with a key.
const keyedCookie = 22 + 1 + 43 + 1 + 22

// HasKey tells whether the device has a key.
func (d Device) HasKey() bool { return d.Key != [32]byte{} }

// AppendDevice appends the device cookie of a device with a key to dst.
func (k *Keys) AppendDevice(dst []byte, d Device) []byte {
	code := k.deviceCode(&d)
	dst = strict.AppendEncode(dst, d.ID[:])
	dst = strict.AppendEncode(append(dst, '.'), d.Key[:])
	return strict.AppendEncode(append(dst, '.'), code[:])
}

func (k *Keys) deviceCode(d *Device) (code [16]byte) {
	m := k.place.get()
	defer k.place.put(m)
	b := append(m.buf[:0], "waitroom device key v1\x00"...)
	copy(code[:], m.of(append(append(b, d.ID[:]...), d.Key[:]...)))
	return code
}

// Device is the device that shows the cookie, with or without a key, and the User-Agent and the Sec-CH-UA-Platform given; false
// where the cookie is none that was made here. Versions in the User-Agent do not count, as in DeviceOf.
func (k *Keys) Device(cookie, userAgent, platform []byte) (Device, bool) {
	if len(cookie) != keyedCookie {
		return DeviceOf(cookie, userAgent, platform)
	}
	d := Device{Browser: uint64(hashAgent(userAgent))<<32 | uint64(hashPlatform(platform))}
	s := scanner{rest: cookie}
	var code [16]byte
	s.bytes(d.ID[:])
	s.literal(".")
	s.bytes(d.Key[:])
	s.literal(".")
	s.bytes(code[:])
	if !s.done() || !equal(k.deviceCode(&d), code) || !d.HasKey() {
		return Device{}, false
	}
	return d, true
}

// NetworkOf is the network that an address belongs to, as a Device is bound to it: the /24 of IPv4, the /56 of IPv6. It is never 0;
// no address is a network of its own.
func NetworkOf(a netip.Addr) uint64 {
	a = a.Unmap()
	switch {
	case a.Is4():
		b := a.As4()
		return 4<<56 | uint64(b[0])<<16 | uint64(b[1])<<8 | uint64(b[2])
	case a.Is6():
		b := a.As16()
		return 6<<56 | binary.BigEndian.Uint64(b[:8])>>8
	}
	return 1 << 56
}

// FormatKey is the text of a key's thumbprint: 43 characters of base64url, as in cnf.jkt.
func FormatKey(key [32]byte) string { return strict.EncodeToString(key[:]) }

// thumbprint names a public P-256 key, given as its coordinates in base64url (RFC 7638).
func thumbprint(x, y []byte) [32]byte {
	var buf [160]byte
	b := append(append(buf[:0], `{"crv":"P-256","kty":"EC","x":"`...), x...)
	b = append(append(b, `","y":"`...), y...)
	return sha256.Sum256(append(b, `"}`...))
}

func (d Device) appendClaims(b []byte) []byte {
	b = appendBytes(b, `,"dev":"`, d.ID[:])
	b = appendWord(b, `","brw":"`, d.Browser)
	if d.Network != 0 {
		b = appendWord(b, `","net":"`, d.Network)
	}
	b = append(b, '"')
	if d.HasKey() {
		b = append(appendBytes(b, `,"cnf":{"jkt":"`, d.Key[:]), `"}`...)
	}
	return b
}

func appendWord(b []byte, name string, n uint64) []byte {
	var word [8]byte
	binary.BigEndian.PutUint64(word[:], n)
	return appendBytes(b, name, word[:])
}

func (d *Device) scan(s *scanner) {
	s.literal(`,"dev":"`)
	s.bytes(d.ID[:])
	s.literal(`","brw":"`)
	d.Browser = s.word()
	if s.optional(`","net":"`) {
		if d.Network = s.word(); d.Network == 0 {
			s.bad = true
		}
	}
	s.literal(`"`)
	if s.optional(`,"cnf":{"jkt":"`) {
		s.bytes(d.Key[:])
		s.literal(`"}`)
		s.bad = s.bad || !d.HasKey()
	}
}

// word reads eight bytes.
func (s *scanner) word() uint64 {
	var word [8]byte
	s.bytes(word[:])
	return binary.BigEndian.Uint64(word[:])
}
