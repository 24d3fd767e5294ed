package memory

import (
	"os"
	"syscall"
)

// datasync makes what was written to f durable: fdatasync(2), again when a signal
// came between.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
