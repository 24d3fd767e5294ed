package evening_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"waitroom/bench/gateway"
	"waitroom/queue/redis/redistest"
)

// TestAStartThatCannotSucceedSaysWhereAndWhatToDo has one line for each bad day, exit
// code 1, and nothing left behind.
func TestAStartThatCannotSucceedSaysWhereAndWhatToDo(t *testing.T) {
	t.Parallel()
	f := func(name string, o gateway.Options, spoil func(t *testing.T, g *gateway.Gateway), says ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.Binary, o.Backend = binary, "http://127.0.0.1:9"
			g := gateway.Prepare(t, o)
			if spoil != nil {
				spoil(t, g)
			}
			end := g.Serve(t, 20*time.Second)
			if end.Code != 1 || end.Out != "" {
				t.Errorf("exit code %d, output %q", end.Code, end.Out)
			}
			if strings.Count(strings.TrimSpace(end.Err), "\n") > 0 {
				t.Errorf("more than one line:\n%s", end.Err)
			}
			for _, part := range append(says, "waitroom: ") {
				if !contains(end.Err, strings.ReplaceAll(part, "$DIR", g.Dir)) {
					t.Errorf("it does not say %q:\n%s", part, end.Err)
				}
			}
			if l, err := net.Listen("tcp", g.Operators); err != nil && name != "the operators' port is busy" {
				t.Errorf("the operators' port is still taken: %v", err)
			} else if err == nil {
				l.Close()
			}
		})
	}
	busy := func(addr func(*gateway.Gateway) string) func(*testing.T, *gateway.Gateway) {
		return func(t *testing.T, g *gateway.Gateway) {
			l, err := net.Listen("tcp", addr(g))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
		}
	}
	f("the visitors' port is busy", gateway.Options{}, busy(func(g *gateway.Gateway) string { return g.Visitors }),
		"listen", "address already in use", "is another gateway running there?")
	f("the operators' port is busy", gateway.Options{}, busy(func(g *gateway.Gateway) string { return g.Operators }),
		"operator.listen", "address already in use")
	f("the folder is in use by another gateway", gateway.Options{}, func(t *testing.T, g *gateway.Gateway) {
		gateway.Start(t, gateway.Options{Binary: binary, Backend: "http://127.0.0.1:9", Dir: g.Dir})
	}, "data_dir", "$DIR", "in use by another process", "stop it, or give this one another data_dir")
	f("the folder cannot be made", gateway.Options{}, func(t *testing.T, g *gateway.Gateway) {
		if err := os.WriteFile(filepath.Join(g.Dir, "data"), []byte("a file"), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "data_dir", "$DIR/data")
	f("a key is open to others", gateway.Options{}, keys(func(t *testing.T, file string) {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
	}), "open keys", "$DIR/keys", "mode 0644 lets others at it", "chmod 600")
	f("a key is no key", gateway.Options{}, keys(func(t *testing.T, file string) {
		if err := os.WriteFile(file, []byte("not a key\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}), "open keys", "$DIR/keys")
	f("a key cannot be read", gateway.Options{}, keys(func(t *testing.T, file string) {
		// A folder in its place cannot be read by anyone, root included.
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(file, 0o700); err != nil {
			t.Fatal(err)
		}
	}), "open keys", "$DIR/keys")

	r := redistest.Start(t)
	f("Redis without keys", gateway.Options{Redis: r}, func(t *testing.T, g *gateway.Gateway) {
		if err := os.RemoveAll(filepath.Join(g.Dir, "keys")); err != nil {
			t.Fatal(err)
		}
	}, "$DIR/keys", "waitroom keys rotate")
	evicts := redistest.Start(t, "--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")
	f("a Redis that evicts", gateway.Options{Redis: evicts}, nil,
		"store", fmt.Sprintf("127.0.0.1:%d", evicts.Port), "maxmemory-policy is allkeys-lru", "set it to noeviction")
	replica := redistest.Start(t, "--replicaof", "127.0.0.1 "+fmt.Sprint(r.Port))
	f("a replica", gateway.Options{Redis: replica}, nil, "store", fmt.Sprintf("127.0.0.1:%d", replica.Port), "it is a slave", "master")
	locked := redistest.Start(t)
	c := locked.Client()
	defer func() { _ = c.Close() }()
	if err := c.ConfigSet(context.Background(), "requirepass", "secret").Err(); err != nil {
		t.Fatal(err)
	}
	f("a Redis that wants a password", gateway.Options{Redis: locked}, nil, "store", fmt.Sprintf("127.0.0.1:%d", locked.Port), "password")
	gone := redistest.Start(t)
	gone.Kill()
	f("a Redis that is away", gateway.Options{Redis: gone}, nil, "store", fmt.Sprintf("127.0.0.1:%d", gone.Port), "is it running")
	hung := redistest.Start(t)
	if err := hung.Process().Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	f("a Redis that does not answer", gateway.Options{Redis: hung}, nil, "store", fmt.Sprintf("127.0.0.1:%d", hung.Port), "is it running")
	f("something else in place of Redis", gateway.Options{Top: map[string]string{"store": "{url: 'redis://" + stranger(t) + "/0'}"}}, func(t *testing.T, g *gateway.Gateway) {
		if out, err := g.Command("keys", "rotate", "-c", g.File()).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}, "store")
}

// keys starts and stops a gateway, so that there are keys, and spoils one of them.
func keys(spoil func(t *testing.T, file string)) func(*testing.T, *gateway.Gateway) {
	return func(t *testing.T, g *gateway.Gateway) {
		t.Helper()
		g.Run(t)
		if err := g.Stop(t); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(g.Dir, "keys", "pass-*.key"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no keys: %v", err)
		}
		spoil(t, files[0])
	}
}

// stranger is the address of a server that speaks no Redis.
func stranger(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			c.Close()
		}
	}()
	return l.Addr().String()
}

// TestAFullDiskLetsNobodyInAndLosesNobody fills the file system under the embedded
// store. It needs a file system of its own, which only root can mount.
func TestAFullDiskLetsNobodyInAndLosesNobody(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("waitroom-test", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("no small file system can be mounted here (%v); the store's own tests fail its writes", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	e := beginIn(t, dir, map[string]string{"rate": "36000/h"})
	inside := e.join(t, 1)[0]
	enter(t, inside, 5*time.Second)
	e.inside(t, inside, "/book")
	e.Set(t, map[string]any{"paused": true})
	people := e.join(t, 10)
	before := numbers(t, people)
	e.Set(t, map[string]any{"paused": false})
	gateway.Until(t, "the calls", 10*time.Second, func() bool { return people[9].Call(t, "status").Standing.State == "called" })

	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	entered := len(gateway.Tickets(e.Journal(t), "enter"))
	// The last page of the journal still takes some; then nothing does.
	full := func() bool {
		return gateway.NewVisitor(e.URL).Call(t, "join").Standing.State == "recovering"
	}
	for range 2000 {
		if full() {
			break
		}
	}
	for range 10 {
		if !full() {
			t.Fatal("the disk is not full")
		}
	}
	for _, v := range people {
		if a := v.Call(t, "enter"); a.Status != 503 || a.Standing.Title != "Your place is kept" {
			t.Errorf("somebody who is called is told on a full disk: %d %s", a.Status, a.Body)
		}
	}
	gateway.Until(t, "/readyz to say why", 10*time.Second, func() bool {
		status, text := e.Ready()
		return status == 503 && contains(text, "nobody is let in")
	})
	if now := len(gateway.Tickets(e.Journal(t), "enter")); now != entered {
		t.Errorf("%d entries on a full disk", now-entered)
	}
	if a := inside.Navigate(t, "/my/bookings"); !isInside(a) {
		t.Errorf("who is inside: %d", a.Status)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	gateway.Until(t, "the gateway to recover by itself", 15*time.Second, func() bool { status, _ := e.Ready(); return status == 200 })
	same := func(when string) {
		t.Helper()
		for i, number := range numbers(t, people) {
			if number != before[i] {
				t.Errorf("%s visitor %d has ticket %d, not %d", when, i, number, before[i])
			}
		}
	}
	same("with room again")
	e.Kill()
	e.Run(t)
	same("after a restart")
	for _, v := range people {
		enter(t, v, 20*time.Second)
	}
	e.order(t)
}

// fill fills the file system.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{64 << 10, 4 << 10, 512, 1} {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
	}
}
