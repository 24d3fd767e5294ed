// Package ports finds ports of 127.0.0.1 for servers that are told where to listen, and may be started there again.
//
// They are below those that a system gives to whoever asks for any port, or connects: no connection of a busy test takes the
// port of a server that is not up yet, or down for a moment. Within one process no port is given twice.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

const (
	lowest, count = 10_000, 11_000
	// blocked is a port to which browsers do not go (https://fetch.spec.whatwg.org/#port-blocking).
	blocked = 10_080
)

var given struct {
	sync.Mutex
	ports map[int]bool
}

// Free is a port that was free just now, and so were those that lie above it by the distances given.
func Free(above ...int) (int, error) {
	var err error
	for range 100 {
		port := lowest + rand.IntN(count) // #nosec G404 -- only to be spread
		if port == blocked || !take(port) {
			continue
		}
		if err = free(port, above...); err == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("look for a free port of 127.0.0.1 from %d to %d: %w", lowest, lowest+count-1, err)
}

func take(port int) bool {
	given.Lock()
	defer given.Unlock()
	if given.ports == nil || len(given.ports) > count/2 {
		given.ports = map[int]bool{}
	}
	known := given.ports[port]
	given.ports[port] = true
	return !known
}

func free(port int, above ...int) error {
	for _, more := range append([]int{0}, above...) {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+more))
		if err != nil {
			return err
		}
		_ = l.Close()
	}
	return nil
}
