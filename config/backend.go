package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const backendForm = "write http://host:port or https://host:port"

// Backend is the address of one protected server.
type Backend struct {
	// TLS says that it is spoken to by https.
	TLS bool
	// Addr is host:port, with the port always there; an IPv6 host is in brackets.
	Addr string
}

// parseBackend reads http://host[:port] or https://host[:port]: no user, path, query or fragment.
// Without a port it is 80 or 443.
func parseBackend(text string) (Backend, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Opaque != "" {
		return Backend{}, &fault{"the address of a backend is not understood", backendForm}
	}
	if u.User != nil {
		return Backend{}, &fault{"the address of a backend has a user in it", backendForm}
	}
	if strings.Trim(u.Path, "/") != "" || u.Path == "//" || u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return Backend{}, &fault{"the address of a backend has more than a host and a port", backendForm + "; paths are passed on as they come"}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	addr := net.JoinHostPort(strings.ToLower(u.Hostname()), port)
	if err := checkAddress(addr, false); err != nil || strings.HasSuffix(u.Host, ":") {
		return Backend{}, &fault{"the address of a backend has an impossible host or port", backendForm}
	}
	return Backend{TLS: u.Scheme == "https", Addr: addr}, nil
}

// String is the URL, which parseBackend reads back.
func (b Backend) String() string {
	if b.TLS {
		return "https://" + b.Addr
	}
	return "http://" + b.Addr
}

// checkAddress refuses what is not host:port. A listener may have no host, and port 0.
func checkAddress(text string, listener bool) error {
	form := "write host:port, such as 10.0.0.5:6379"
	if listener {
		form = "write host:port, such as 127.0.0.1:8080, or :8080 for all addresses"
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return &fault{quote(text) + " is not an address with a port", form}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || (n == 0 && !listener) {
		return &fault{quote(port) + " is not a port", "write a number from 1 to 65535"}
	}
	if host == "" && listener {
		return nil
	}
	if _, err := netip.ParseAddr(host); err != nil && !hostName(host) {
		return &fault{quote(host) + " is not a host", form}
	}
	return nil
}

// hostName says whether s is a DNS name in ASCII (RFC 1123, and `_`, which containers use).
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
