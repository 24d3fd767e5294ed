package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// machine is where and with what was measured.
type machine struct {
	Date     string   `json:"date"`
	Hardware string   `json:"hardware"`
	System   string   `json:"system"`
	Load     string   `json:"load_average"`
	Versions []string `json:"versions"`
}

func describe(ctx context.Context) machine {
	m := machine{Date: time.Now().UTC().Format("2006-01-02 15:04 UTC")}
	m.Hardware = fmt.Sprintf("%s, %d cores", after(read("/proc/cpuinfo"), "model name\t: "), runtime.NumCPU())
	m.System = fmt.Sprintf("%s, Linux %s", strings.Trim(after(read("/etc/os-release"), "PRETTY_NAME="), `"`),
		strings.TrimSpace(read("/proc/sys/kernel/osrelease")))
	m.Load, _, _ = strings.Cut(read("/proc/loadavg"), " ")
	m.Versions = append(m.Versions, "Go "+strings.TrimPrefix(runtime.Version(), "go"))
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/valyala/fasthttp" || d.Path == "github.com/redis/go-redis/v9" {
				m.Versions = append(m.Versions, d.Path[strings.LastIndex(strings.TrimSuffix(d.Path, "/v9"), "/")+1:]+" "+strings.TrimPrefix(d.Version, "v"))
			}
		}
	}
	for _, v := range []struct{ name, flag string }{{"redis-server", "--version"}, {"nginx", "-v"}, {"haproxy", "-v"}, {"caddy", "version"}, {"wrk", "-v"}} {
		out, _ := exec.CommandContext(ctx, find(v.name), v.flag).CombinedOutput() // wrk ends with 1
		m.Versions = append(m.Versions, v.name+" "+number(string(out)))
	}
	return m
}

// String is the paragraph above the table.
func (m machine) String() string {
	return fmt.Sprintf("%s; %s; %s; load average at the start %s. %s.\n", m.Date, m.Hardware, m.System, m.Load, strings.Join(m.Versions, ", "))
}

func read(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}

// after is the rest of the line that follows a label.
func after(text, label string) string {
	_, rest, _ := strings.Cut(text, label)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// number is the first word of a text that holds a version, which has a digit and a dot.
func number(text string) string {
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \n/=", c) }) {
		if strings.ContainsAny(word, "0123456789") && strings.Contains(word, ".") {
			return strings.TrimPrefix(word, "v")
		}
	}
	return "?"
}
