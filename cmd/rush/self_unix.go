//go:build unix

package main

import (
	"runtime"
	"syscall"
)

// spent is what the process used until now.
func spent(requests int64) self {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return self{}
	}
	micros := float64(u.Utime.Nano()+u.Stime.Nano()) / 1000
	unit := 1 << 20
	if runtime.GOOS == "linux" {
		unit = 1 << 10 // it counts KiB, others bytes
	}
	return self{micros / 1e6, micros / float64(max(1, requests)), float64(u.Maxrss) / float64(unit)}
}
