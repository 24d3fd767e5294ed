//go:build linux

package memory

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"waitroom/queue"
)

// childOf names what a child process of a test is to do; its folder follows.
const childOf = "WAITROOM_MEMORY_CHILD"

func TestMain(m *testing.M) {
	switch job, dir, _ := strings.Cut(os.Getenv(childOf), " "); job {
	case "visitors":
		visitors(dir)
	case "full":
		full(dir)
	default:
		os.Exit(m.Run())
	}
}

// child runs this test binary again, and returns its output as lines.
func child(t *testing.T, job, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childOf+"="+job+" "+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func realRules() queue.Rules {
	return queue.Rules{RatePerHour: 1e7, Burst: 500, Hold: 1800e6, PassTTL: 1800e6}
}

func openRoom(dir string) (*Store, *Line, error) {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		return nil, nil, err
	}
	l, err := s.Room("booking", realRules())
	return s, l, err
}

// visitors arrive, enter and leave, and say so after every answer, until the
// process is killed.
func visitors(dir string) {
	_, l, err := openRoom(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go queue.Keep(context.Background(), l, func(error) {})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				visit(l, rand.IntN(1<<40))
			}
		})
	}
	wg.Wait()
}

func visit(l *Line, n int) {
	s, err := l.Arrive(bg, queue.Arrival{ID: id(n), Direct: n%4 == 0})
	if err != nil {
		return
	}
	fmt.Println("place", n, s.Place, s.Entry)
	if n%3 == 0 {
		c := queue.Claim{IDs: []queue.ID{id(n)}, Device: [16]byte{byte(n)}, Keep: queue.DefaultKeep}
		for range 2 { // without a lock the second takes over from the first
			c.Device[1]++
			if h, err := l.Hold(bg, c); err == nil {
				fmt.Println("held", n+verified, h.Since, l.Taken(id(n)))
			}
		}
	}
	switch n % 5 {
	case 0:
		if l.Leave(bg, id(n), s.Place) == nil && s.State != queue.StateAdmitted {
			fmt.Println("left", n, s.Place, 0)
		}
	case 1, 2:
		for range 1000 {
			if s, err = l.Enter(bg, id(n), s.Place); err == nil && s.State == queue.StateAdmitted {
				fmt.Println("place", n, s.Place, s.Entry)
				return
			}
		}
	}
}

// verified sets what is said of a person apart from what is said of the ticket.
const verified = 1 << 41

type said struct {
	what         string
	place, entry int64
}

func TestNobodyWhoGotAnAnswerIsLostByKill9(t *testing.T) {
	dir := t.TempDir()
	all := map[int]said{}
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 1))
	for round := range 6 {
		cmd, lines := child(t, "visitors", dir)
		upto := 1 + random.IntN(3000)
		for n := 0; lines.Scan(); n++ {
			var s said
			var who int
			if _, err := fmt.Sscan(lines.Text(), &s.what, &who, &s.place, &s.entry); err != nil {
				continue // the line that the kill cut off
			}
			all[who] = s
			if n == upto {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		cmd.Wait()
		s, l, err := openRoom(dir)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		holds(t, l, all)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d tickets", len(all))
}

// holds checks that everything that was said is so.
func holds(t *testing.T, l *Line, all map[int]said) {
	t.Helper()
	for n, s := range all {
		if s.what == "held" {
			h := l.state.persons.held[id(n-verified)]
			if h.Since < s.place || h.Since > s.place && !h.Took || l.Taken(id(n-verified)) < s.entry {
				t.Fatalf("person %d is held since %d: %+v, taken %d of %d", n, s.place, h, l.Taken(id(n-verified)), s.entry)
			}
			continue
		}
		r, used := l.state.records[id(n)]
		seat, there := l.standing(id(n))
		switch {
		case s.what == "left":
			if !used || r.place != s.place || there {
				t.Fatalf("ticket %d left place %d: %+v, %+v", n, s.place, r, seat)
			}
		case s.entry != 0:
			if !used || r.place != s.place || r.entry != s.entry {
				t.Fatalf("ticket %d entered at %d: %+v", n, s.entry, r)
			}
		case there && seat.Place != s.place || used && r.place != s.place || !there && !used:
			t.Fatalf("ticket %d got place %d: %+v, %+v", n, s.place, seat, r)
		}
	}
}

// full runs into a real limit: no file may grow beyond some kilobytes.
func full(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{}
	check(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	_, l, err := openRoom(dir)
	check(err)
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 20_000, Max: limit.Max}))
	n := 0
	var s queue.Seat
	for ; ; n++ {
		if s, err = l.Arrive(bg, queue.Arrival{ID: id(n)}); err != nil {
			break
		}
		fmt.Println("place", n, s.Place, 0)
	}
	if _, tick := l.Tick(bg); !errors.Is(err, syscall.EFBIG) || !errors.Is(tick, queue.ErrAway) || l.Refresh(bg) == nil {
		check(fmt.Errorf("arrive: %w, tick: %w", err, tick))
	}
	check(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	for deadline := time.Now().Add(10 * time.Second); ; {
		if s, err = l.Arrive(bg, queue.Arrival{ID: id(n)}); err == nil {
			break
		}
		if l.Tick(bg); time.Now().After(deadline) {
			check(err)
		}
	}
	fmt.Println("place", n, s.Place, 0)
	fmt.Println("done")
	os.Exit(0) // without closing anything
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestARealLimitOfTheFileSizeLosesNobody(t *testing.T) {
	dir := t.TempDir()
	cmd, lines := child(t, "full", dir)
	all := map[int]said{}
	done := false
	for lines.Scan() {
		var s said
		var who int
		if lines.Text() == "done" {
			done = true
			cmd.Process.Kill()
			continue
		}
		if _, err := fmt.Sscan(lines.Text(), &s.what, &who, &s.place, &s.entry); err != nil {
			t.Fatal(err)
		}
		all[who] = s
	}
	cmd.Wait()
	if !done || len(all) < 100 {
		t.Fatalf("done is %t with %d tickets", done, len(all))
	}
	s, l, err := openRoom(dir)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, l, all)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
