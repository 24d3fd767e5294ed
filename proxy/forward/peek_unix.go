//go:build unix

package forward

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
)

// What peek found.
const (
	peekQuiet   = iota // open, and nothing to read
	peekData           // open, with bytes waiting
	peekGone           // closed by the other end, or broken
	peekUnknown        // not to be told of this kind of connection
)

// peek looks at a connection without reading from it and without waiting.
func peek(c net.Conn) int {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	sc, ok := c.(syscall.Conn)
	if !ok {
		return peekUnknown
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return peekGone
	}
	found := peekUnknown
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case n > 0:
			found = peekData
		case err == nil:
			found = peekGone
		case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
			found = peekQuiet
		default:
			found = peekGone
		}
	})
	if err != nil {
		return peekGone
	}
	return found
}
