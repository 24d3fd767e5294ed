package strict

import (
	"net"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"
)

// maxHops bounds how many entries of X-Forwarded-For are looked at.
const maxHops = 64

// Peer returns the address of the connection's other end, the zero Addr where
// it has none (a Unix socket).
func Peer(ctx *fasthttp.RequestCtx) netip.Addr {
	if c, ok := ctx.Conn().(interface{ Peer() netip.Addr }); ok {
		return c.Peer()
	}
	if tcp, ok := ctx.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// Trusted reports whether a lies in one of the prefixes.
func Trusted(a netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// ClientAddr returns the visitor's address: the peer's, or, where the peer is a
// trusted proxy, the right-most address of X-Forwarded-For that is not itself
// trusted. An entry that is no address ends the search; the last hop that was
// understood counts then. It allocates only for trusted peers.
func ClientAddr(ctx *fasthttp.RequestCtx, trusted []netip.Prefix) netip.Addr {
	at := Peer(ctx)
	if len(trusted) == 0 || !Trusted(at, trusted) {
		return at
	}
	lines := ctx.Request.Header.PeekAll(fasthttp.HeaderXForwardedFor)
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		rest := string(lines[i])
		for rest != "" && hops < maxHops {
			entry := rest
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, entry = rest[:comma], rest[comma+1:]
			} else {
				rest = ""
			}
			next, ok := parseHop(strings.TrimSpace(entry))
			if !ok {
				return at
			}
			if at = next; !Trusted(at, trusted) {
				return at
			}
			hops++
		}
	}
	return at
}

// parseHop reads an address, with or without a port.
func parseHop(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil && a.Zone() == "" {
		return a.Unmap(), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil && ap.Addr().Zone() == "" {
		return ap.Addr().Unmap(), true
	}
	return netip.Addr{}, false
}
