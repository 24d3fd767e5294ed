package conns_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

const crowdEnv = "WAITROOM_TEST_CROWD" // scheme://address/how-many to visit, in a process of its own

// crowd visits an address with many connections, says so, and stays until its input ends.
func crowd(target string) {
	scheme, addr, _ := strings.Cut(target, "://")
	addr, size, _ := strings.Cut(addr, "/")
	n, _ := strconv.Atoi(size)
	var all []net.Conn
	for range n {
		c, err := net.Dial("tcp", addr)
		if err == nil && scheme == "https" {
			c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		}
		if err == nil {
			_, err = io.WriteString(c, request("/status"))
		}
		if err == nil {
			_, err = http.ReadResponse(bufio.NewReader(c), nil)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		all = append(all, c)
	}
	fmt.Println("here")
	_, _ = io.Copy(io.Discard, os.Stdin)
	for _, c := range all {
		_ = c.Close()
	}
}

// used is what the runtime has in use, in bytes, once nothing more can be freed.
func used() int64 {
	var m runtime.MemStats
	// The server's pools are emptied by the second collection, workers end by themselves.
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// Both ends would be counted in one process: so the visitors have their own.
func TestAParkedConnectionCostsLittleMemory(t *testing.T) {
	f := func(name, scheme string, size int, most int64) {
		t.Run(name, func(t *testing.T) {
			s := open(t, setting{secure: scheme == "https"})
			c := s.dial()
			c.get("/warm")
			s.parked(1)
			quiet := runtime.NumGoroutine()
			before := used()

			visit := exec.Command(os.Args[0])
			visit.Env = append(os.Environ(), crowdEnv+"="+scheme+"://"+s.l.Addr().String()+"/"+strconv.Itoa(size))
			stay, err := visit.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := visit.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := visit.Start(); err != nil {
				t.Fatal(err)
			}
			said, _ := bufio.NewReader(out).ReadString('\n')
			if said != "here\n" {
				t.Fatalf("the crowd said %q", said)
			}
			s.parked(size + 1)
			s.until("the server's workers have ended", func() bool { return runtime.NumGoroutine() <= quiet+size+4 })
			each := (used() - before) / int64(size)
			t.Logf("%d bytes for each of %d parked connections", each, size)
			if each > most {
				t.Errorf("%d bytes for each parked connection, at most %d are promised", each, most)
			}
			_ = stay.Close()
			if err := visit.Wait(); err != nil {
				t.Error(err)
			}
			s.parked(1)
		})
	}
	f("tcp", "http", 2000, 6656) // 6.5 KiB
	// The buffers of the handshake stay with a tls.Conn for its life.
	f("tls", "https", 500, 14<<10)
}
