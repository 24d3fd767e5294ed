//go:build unix

package conns

import (
	"errors"
	"net"
	"syscall"
)

const canPark = true

// Peek looks at a connection without reading from it and without waiting.
func Peek(c net.Conn) Found {
	sc, ok := socket(c).(syscall.Conn)
	if !ok {
		return Unknown
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return Gone
	}
	found := Unknown
	if err := raw.Control(func(fd uintptr) { found = look(fd) }); err != nil {
		return Gone
	}
	return found
}

func look(fd uintptr) Found {
	var b [1]byte
	n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	switch {
	case n > 0:
		return Data
	case err == nil:
		return Gone
	case errors.Is(err, syscall.EINTR):
		return look(fd)
	case errors.Is(err, syscall.EAGAIN):
		return Quiet
	default:
		return Gone
	}
}
