package ports

import (
	"fmt"
	"net"
	"testing"
)

func TestPortsAreFreeBelowThoseOfConnectionsAndGivenOnce(t *testing.T) {
	seen := map[int]bool{}
	for range 300 {
		port, err := Free(10_000)
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] || port < 1024 || port+10_000 >= 32_768 {
			t.Fatalf("got %d, known %v", port, seen[port])
		}
		seen[port] = true
		for _, at := range []int{port, port + 10_000} {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", at))
			if err != nil {
				t.Fatal(err)
			}
			_ = l.Close()
		}
	}
}

func TestAPortThatIsTakenIsNotFree(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if free(port) == nil || free(port-1, 1) == nil {
		t.Errorf("%d is taken, and was called free", port)
	}
}
