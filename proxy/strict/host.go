package strict

import (
	"bytes"
	"net/netip"
)

// authority reads the Host field: one name or address, an optional port, no
// userinfo (RFC 9110, section 7.2). It says what is wrong.
func (r *Request) authority(value []byte) string {
	if len(value) == 0 {
		return "host"
	}
	host, port := value, []byte(nil)
	if value[0] == '[' {
		end := bytes.IndexByte(value, ']')
		if end < 0 {
			return "host"
		}
		host, port = value[:end+1], value[end+1:]
	} else if colon := bytes.IndexByte(value, ':'); colon >= 0 {
		host, port = value[:colon], value[colon:]
	}
	if !validPort(port) {
		return "port"
	}
	if !validHost(host) {
		return "host"
	}
	r.setHost(host, port)
	return ""
}

func validPort(p []byte) bool {
	if len(p) == 0 {
		return true
	}
	if p[0] != ':' || len(p) < 2 || len(p) > 6 {
		return false
	}
	n := 0
	for _, c := range p[1:] {
		if c < '0' || c > '9' {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n > 0 && n < 1<<16
}

func validHost(h []byte) bool {
	if len(h) > 0 && h[0] == '[' {
		inner := h[1 : len(h)-1]
		if len(inner) > 45 || bytes.IndexByte(inner, '%') >= 0 {
			return false
		}
		a, err := netip.ParseAddr(string(inner))
		return err == nil && a.Is6()
	}
	if len(h) > 1 && h[len(h)-1] == '.' {
		h = h[:len(h)-1]
	}
	if len(h) == 0 || len(h) > 253 {
		return false
	}
	label := 0
	for _, c := range h {
		switch {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			label++
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}

// setHost keeps the canonical spelling, copying only where it differs from
// what was sent.
func (r *Request) setHost(host, port []byte) {
	dot := host[len(host)-1] == '.'
	same := !dot
	for _, c := range host {
		if 'A' <= c && c <= 'Z' {
			same = false
			break
		}
	}
	if same {
		r.Host = host
		r.Authority = host[: len(host)+len(port) : len(host)+len(port)]
		return
	}
	if dot {
		host = host[:len(host)-1]
	}
	for _, c := range host {
		r.host = append(r.host, lowerTable[c])
	}
	r.host = append(r.host, port...)
	r.Host, r.Authority = r.host[:len(host)], r.host
}
