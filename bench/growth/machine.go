package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"time"
)

var (
	processor = regexp.MustCompile(`(?m)^model name\s*: (.+)$`)
	release   = regexp.MustCompile(`v=(\S+)`)
)

// describe says where and with what is measured.
func (b *bench) describe(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
	if err != nil {
		return fmt.Errorf("redis-server is needed (apt-get install redis-server): %w", err)
	}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return fmt.Errorf("look what machine this is (Linux only): %w", err)
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return err
	}
	b.report.Date = time.Now().UTC().Format("2006-01-02 15:04 UTC")
	b.report.Machine = fmt.Sprintf("%s, %d cores; %s, Redis %s; load average at the start %.4s",
		first(processor, info), runtime.NumCPU(), runtime.Version(), first(release, out), load)
	return nil
}

func first(e *regexp.Regexp, text []byte) string {
	if m := e.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return "unknown"
}
