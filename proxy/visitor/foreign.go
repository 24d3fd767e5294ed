package visitor

import (
	"bytes"

	"waitroom/proxy/strict"
)

// Foreign says whether another site's page made the call. Programs that are no
// browsers send neither field.
func Foreign(q *strict.Request) bool {
	if site := q.Value(strict.FetchSite); len(site) > 0 && string(site) != "same-origin" && string(site) != "none" {
		return true
	}
	origin := q.Value(strict.Origin)
	if len(origin) == 0 {
		return false
	}
	scheme, host, ok := bytes.Cut(origin, []byte("://"))
	return !ok || !SameAuthority(host, q.Authority, scheme)
}

// SameAuthority compares two hosts with their ports, by a scheme; without a port, the scheme's own counts.
func SameAuthority(a, b, scheme []byte) bool {
	usual := "80"
	if bytes.EqualFold(scheme, []byte("https")) {
		usual = "443"
	}
	hostA, portA := splitPort(a)
	hostB, portB := splitPort(b)
	same := len(portA) == 0 && len(portB) == 0 || bytes.Equal(portA, portB) ||
		len(portA) == 0 && string(portB) == usual || len(portB) == 0 && string(portA) == usual
	return same && len(hostA) > 0 && bytes.EqualFold(bytes.TrimSuffix(hostA, []byte(".")), bytes.TrimSuffix(hostB, []byte(".")))
}

// splitPort takes the port off a host, which may be an IPv6 address in its brackets.
func splitPort(authority []byte) (host, port []byte) {
	colon := bytes.LastIndexByte(authority, ':')
	if colon < 0 || bytes.IndexByte(authority[colon:], ']') >= 0 {
		return authority, nil
	}
	return authority[:colon], authority[colon+1:]
}
