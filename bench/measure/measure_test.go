package measure_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"waitroom/bench/measure"
	"waitroom/bench/ports"
)

// What the children of these tests use of the CPU, by their own reckoning.
const burnt = 300 * time.Millisecond

// role says what a child of these tests is to do.
const role = "MEASURE_TEST_ROLE"

// TestMain lets the test's own program be the processes that are measured.
func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "burn":
		burn()
	case "burn and serve":
		burn()
		serve()
	case "child serves":
		run("burn and serve")
	case "child has ended":
		run("burn")
		serve()
	case "fail":
		fmt.Fprintln(os.Stderr, "the port is taken")
	}
}

func burn() {
	var u syscall.Rusage
	for used := time.Duration(0); used < burnt; used = time.Duration(u.Utime.Nano() + u.Stime.Nano()) {
		for n := 0; n < 1e6; n++ {
			_ = n
		}
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	}
}

func serve() {
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

func run(as string) {
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), role+"="+as)
	if err := cmd.Run(); err != nil {
		panic(err)
	}
}

func child(t *testing.T, as string) (*measure.Process, string) {
	t.Helper()
	port, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	p, err := measure.Start(t.Context(), measure.Command{
		Name: as, Path: os.Args[0], Args: []string{address}, Core: 0, Env: []string{role + "=" + as}, Ready: address,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	return p, address
}

func TestTheCPUOfAProcessAndItsChildrenIsCounted(t *testing.T) {
	f := func(as string) {
		t.Helper()
		p, _ := child(t, as)
		used, err := p.CPU()
		if err != nil {
			t.Fatal(err)
		}
		if used < burnt-10*time.Millisecond {
			t.Errorf("%s: %s counted, and %s were used", as, used, burnt)
		}
	}
	f("burn and serve")
	f("child serves")
	f("child has ended")
}

func TestAProcessIsPinnedToItsCore(t *testing.T) {
	p, _ := child(t, "burn and serve")
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\nCpus_allowed_list:\t0\n") {
		t.Errorf("it may run on other cores than 0:\n%s", text)
	}
}

func TestWhatWasStartedEndsWithItsChildren(t *testing.T) {
	p, address := child(t, "child serves")
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := p.CPU(); err == nil || !strings.Contains(err.Error(), "child serves has ended") {
		t.Errorf("the CPU of a process that has ended: %v", err)
	}
	if !refuses(address) {
		t.Error("its child still serves")
	}
	if err := p.Stop(); err != nil {
		t.Errorf("stopped again: %v", err)
	}
}

// refuses says whether nobody listens; a killed child may need a moment to be gone.
func refuses(address string) bool {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for range 1000 {
		conn, err := net.Dial("tcp", address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return true
		}
		if err == nil {
			_ = conn.Close()
		}
		<-look.C
	}
	return false
}

func TestAProcessThatDoesNotServeSaysWhy(t *testing.T) {
	_, err := measure.Start(context.Background(), measure.Command{
		Name: "it", Path: os.Args[0], Core: measure.AnyCore, Env: []string{role + "=fail"}, Ready: "127.0.0.1:1",
	})
	if err == nil || !strings.Contains(err.Error(), "it ended at its start") || !strings.Contains(err.Error(), "the port is taken") {
		t.Errorf("got %v", err)
	}
}

func TestTheSpreadIsTheMedianBetweenTheExtremes(t *testing.T) {
	f := func(want measure.Spread, values ...float64) {
		t.Helper()
		if got := measure.SpreadOf(values...); got != want {
			t.Errorf("%v: got %v, want %v", values, got, want)
		}
	}
	f(measure.Spread{})
	f(measure.Spread{Median: 2, Min: 2, Max: 2}, 2)
	f(measure.Spread{Median: 2, Min: 1, Max: 30}, 30, 1, 2)
	f(measure.Spread{Median: 2.5, Min: 1, Max: 4}, 4, 1, 3, 2)
}
