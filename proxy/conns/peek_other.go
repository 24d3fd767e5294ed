//go:build !unix

package conns

import "net"

// Without a way to look at a socket nothing is parked.
const canPark = false

// Peek cannot tell anything here.
func Peek(net.Conn) Found { return Unknown }

func look(uintptr) Found { return Unknown }
