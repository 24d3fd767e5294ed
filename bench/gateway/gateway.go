// Package gateway runs the real program for tests: it builds the binary, starts it
// with a configuration of the test's own on free ports, kills it, stops it and starts
// it again, and speaks to it as visitors and operators do.
//
// It promises that what it starts ends with the test, and that nothing of it is
// simulated: processes, sockets, stores and files are real. It holds no expectations:
// what is right is said by the tests.
package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"waitroom/bench/ports"
	"waitroom/queue/redis/redistest"
)

// Room is the name of the one room that a gateway of this package has.
const Room = "booking"

// Token is the operator's token.
const Token = "the-operators-token-of-the-tests"

// Build builds the program into a folder and gives its path.
func Build(dir string) (string, error) {
	path := filepath.Join(dir, "waitroom")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "waitroom/cmd/waitroom").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build waitroom/cmd/waitroom: %w\n%s", err, out)
	}
	return path, nil
}

// Main is the TestMain of a package whose tests run the program: it builds it, says where it is, runs the tests and
// gives the code to exit with.
func Main(m *testing.M, binary *string) int {
	dir, err := os.MkdirTemp("", "waitroom-test-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		*binary, err = Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Options are what a gateway is started with.
type Options struct {
	// Binary is what Build gave.
	Binary string
	// Backend is the URL of the protected site.
	Backend string
	// Redis keeps the line; nil is the embedded store.
	Redis *redistest.Server
	// Top and Room are settings beside those that a test needs anyway, as YAML values
	// on one line each. $URL in them is the visitors' listener.
	Top, Room map[string]string
	// Dir is the folder of configuration, keys and data; by default a new one.
	Dir string
}

// Gateway is one process of the program, running or not.
type Gateway struct {
	// URL is the visitors' listener, Visitors its address, Operators the operators'.
	URL, Visitors, Operators string
	// Dir holds waitroom.yaml and data.
	Dir string
	o   Options

	cmd  *exec.Cmd
	log  *logged
	done chan struct{}
}

// Start starts a gateway and waits until it is ready.
func Start(t testing.TB, o Options) *Gateway {
	t.Helper()
	g := Prepare(t, o)
	g.Run(t)
	return g
}

// Prepare writes the configuration, and the keys where they have to be given, without
// starting anything.
func Prepare(t testing.TB, o Options) *Gateway {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	g := &Gateway{Visitors: FreeAddr(t), Operators: FreeAddr(t), Dir: o.Dir, o: o, log: &logged{}}
	g.URL = "http://" + g.Visitors
	g.Configure(t, nil)
	if o.Redis != nil {
		if keys, _ := os.ReadDir(filepath.Join(o.Dir, "keys")); len(keys) == 0 {
			if out, err := g.Command("keys", "rotate", "-c", g.File()).CombinedOutput(); err != nil {
				t.Fatalf("make keys: %v\n%s", err, out)
			}
		}
	}
	t.Cleanup(func() {
		g.Kill()
		if t.Failed() {
			t.Logf("log of the gateway at %s:\n%s", g.Visitors, tail(g.Log(), 60))
		}
	})
	return g
}

// FreeAddr is an address of this machine with a port that was free just now.
func FreeAddr(t testing.TB) string {
	t.Helper()
	port, err := ports.Free()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// File is the gateway's configuration file.
func (g *Gateway) File() string {
	return filepath.Join(g.Dir, "waitroom-"+strings.ReplaceAll(g.Visitors, ":", "-")+".yaml")
}

// Configure writes the configuration file with settings of the room changed; a
// running gateway takes them over by itself.
func (g *Gateway) Configure(t testing.TB, room map[string]string) {
	t.Helper()
	g.o.Room = merged(g.o.Room, room)
	top := merged(map[string]string{
		"listen": g.Visitors, "operator": "{listen: " + g.Operators + ", token: " + Token + "}",
		"cookies": "{secure: false}", "data_dir": filepath.Join(g.Dir, "data"),
		"keys": "{dir: " + filepath.Join(g.Dir, "keys") + "}",
	}, g.o.Top)
	if g.o.Redis != nil {
		top = merged(map[string]string{"store": "{url: '" + g.o.Redis.URL() + "'}"}, top)
	}
	r := merged(map[string]string{"backend": g.o.Backend, "rate": "3600/h", "burst": "1"}, g.o.Room)
	text := strings.ReplaceAll(lines(top, "")+"rooms:\n  - name: "+Room+"\n"+lines(r, "    "), "$URL", g.URL)
	// Renamed into place, so that nobody reads half a file.
	if err := os.WriteFile(g.File()+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(g.File()+".new", g.File()); err != nil {
		t.Fatal(err)
	}
}

func merged(base, over map[string]string) map[string]string {
	all := maps.Clone(base)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, over)
	return all
}

func lines(settings map[string]string, indent string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s%s: %s\n", indent, key, settings[key])
	}
	return b.String()
}

// Command is the program with arguments, not started.
func (g *Gateway) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(g.o.Binary, args...)
	cmd.Dir = g.Dir
	cmd.Env = append(os.Environ(), "WAITROOM_OPERATOR_TOKEN="+Token, "WAITROOM_OPERATOR_URL=http://"+g.Operators)
	return cmd
}

// Launch starts the process and does not wait for it to be ready.
func (g *Gateway) Launch(t testing.TB) {
	t.Helper()
	g.cmd = g.Command("serve", "-c", g.File())
	g.cmd.Stderr = g.log
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	g.done = done
	cmd := g.cmd
	go func() {
		defer close(done)
		_ = cmd.Wait()
	}()
}

// Run starts the process and waits until it is ready.
func (g *Gateway) Run(t testing.TB) {
	t.Helper()
	g.Launch(t)
	Until(t, "the gateway to be ready", 20*time.Second, func() bool {
		select {
		case <-g.done:
			t.Fatalf("the gateway ended at its start:\n%s", g.Log())
		default:
		}
		status, _ := g.Ready()
		return status == 200
	})
}

// Kill ends the process at once, as kill -9 does.
func (g *Gateway) Kill() { _ = g.end(syscall.SIGKILL) }

// Stop sends SIGTERM and waits for the end; the error tells an exit code other than 0.
func (g *Gateway) Stop(t testing.TB) error {
	t.Helper()
	return g.end(syscall.SIGTERM)
}

// Signal sends a signal and does not wait.
func (g *Gateway) Signal(s os.Signal) { _ = g.cmd.Process.Signal(s) }

// Done is closed when the process has ended.
func (g *Gateway) Done() <-chan struct{} { return g.done }

// stopLimit is longer than the gateway's own limit for what is in flight.
const stopLimit = 30 * time.Second

func (g *Gateway) end(s os.Signal) error {
	if g.cmd == nil {
		return nil
	}
	cmd := g.cmd
	g.cmd = nil
	_ = cmd.Process.Signal(s)
	select {
	case <-g.done:
	case <-time.After(stopLimit):
		_ = cmd.Process.Kill()
		<-g.done
		return errors.New("it did not end by itself")
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("exit code %d", code)
	}
	return nil
}

// Ended is how a command ended that was run to its end.
type Ended struct {
	Out, Err string
	Code     int
}

// Serve runs `serve` with this gateway's configuration, for starts that are to fail:
// it waits for the end.
func (g *Gateway) Serve(t testing.TB, limit time.Duration) Ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, g.o.Binary, "serve", "-c", g.File())
	cmd.Dir = g.Dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("serve did not end within %s:\n%s", limit, errs.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return Ended{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// Log is what the process has logged so far.
func (g *Gateway) Log() string { return g.log.String() }

// logged is a buffer for one writer and many readers.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func tail(text string, n int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

// Until polls a condition, and fails the test where it does not come true in time.
func Until(t testing.TB, what string, limit time.Duration, condition func() bool) {
	t.Helper()
	if !Eventually(limit, condition) {
		t.Fatalf("waited %s for %s", limit, what)
	}
}

// Eventually polls a condition, and says whether it came true in time.
func Eventually(limit time.Duration, condition func() bool) bool {
	end := time.Now().Add(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(end) {
			return false
		}
		<-tick.C
	}
	return true
}

// Pass lets real time go by, where that is what a test is about.
func Pass(d time.Duration) { <-time.After(d) }
