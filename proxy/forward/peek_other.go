//go:build !unix

package forward

import "net"

// What peek found; where it cannot be told it is always peekUnknown.
const (
	peekQuiet = iota
	peekData
	peekGone
	peekUnknown
)

func peek(net.Conn) int { return peekUnknown }
