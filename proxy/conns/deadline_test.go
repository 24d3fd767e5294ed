package conns

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// connected is a connection as a server has it, and the other end of it.
func connected(t *testing.T, secure bool) (ours, theirs net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if theirs, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if ours, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	// Little fits in between, so that who writes has to wait.
	_ = ours.(*net.TCPConn).SetWriteBuffer(64 << 10)
	_ = theirs.(*net.TCPConn).SetReadBuffer(256 << 10)
	if secure {
		ours, theirs = secured(t, ours, theirs)
	}
	ours = (&Listener{o: Options{After: time.Second, Idle: time.Minute}}).wrap(ours)
	t.Cleanup(func() { _, _ = theirs.Close(), socket(ours).Close() })
	return ours, theirs
}

func secured(t *testing.T, ours, theirs net.Conn) (net.Conn, net.Conn) {
	t.Helper()
	s := tls.Server(ours, &tls.Config{Certificates: []tls.Certificate{Certificate(t)}})
	c := tls.Client(theirs, &tls.Config{InsecureSkipVerify: true})
	shaken := make(chan error, 1)
	go func() { shaken <- s.Handshake() }()
	if err := errors.Join(c.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// passes waits until a time is over.
func passes(at time.Time) {
	timer := time.NewTimer(time.Until(at))
	<-timer.C
}

func TestAReadEndsAtItsDeadlineAndNoSooner(t *testing.T) {
	Both(t, func(t *testing.T, secure bool) {
		ours, theirs := connected(t, secure)
		buf := make([]byte, 4)
		f := func(set ...time.Duration) {
			t.Helper()
			now := time.Now()
			for _, d := range set {
				_ = ours.SetReadDeadline(now.Add(d))
			}
			for range 2 { // what has passed stays passed
				if n, err := ours.Read(buf); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("%v: got %d, %v", set, n, err)
				}
			}
			if took := time.Since(now); took < set[len(set)-1] {
				t.Errorf("%v: after %v", set, took)
			}
			// And is over once another is set.
			_ = ours.SetReadDeadline(time.Time{})
			_, _ = theirs.Write([]byte("ping"))
			if _, err := io.ReadFull(ours, buf); err != nil || string(buf) != "ping" {
				t.Fatalf("%v: then got %q, %v", set, buf, err)
			}
		}
		f(20 * time.Millisecond)
		f(5*time.Millisecond, 40*time.Millisecond)
		f(time.Hour, 20*time.Millisecond)
		f(5*time.Millisecond, time.Hour, 30*time.Millisecond)
		f(-time.Hour)
		f(time.Hour, -time.Second)
	})
}

func TestADeadlineThatIsTakenBackHoldsNobody(t *testing.T) {
	Both(t, func(t *testing.T, secure bool) {
		ours, theirs := connected(t, secure)
		soon := time.Now().Add(10 * time.Millisecond)
		_ = ours.SetDeadline(soon)
		_ = ours.SetDeadline(time.Time{})
		got := make(chan error, 1)
		go func() {
			_, err := ours.Read(make([]byte, 1))
			got <- err
		}()
		passes(soon)
		if _, err := ours.Write([]byte{1}); err != nil {
			t.Error(err)
		}
		_, _ = theirs.Write([]byte{1})
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}

func TestWhoeverIsBlockedIsInterruptedByADeadlineThatHasPassed(t *testing.T) {
	Both(t, func(t *testing.T, secure bool) {
		ours, _ := connected(t, secure)
		f := func(before time.Time, set func(time.Time) error, call func([]byte) (int, error)) {
			t.Helper()
			buf := make([]byte, 1<<20)
			for i := range 100 {
				_ = set(before)
				ended := make(chan error)
				go func() {
					for {
						if _, err := call(buf); err != nil {
							ended <- err
							return
						}
					}
				}()
				for range i {
					runtime.Gosched()
				}
				_ = set(time.Unix(1, 0))
				if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("round %d: got %v", i, err)
				}
			}
		}
		f(time.Time{}, ours.SetReadDeadline, ours.Read)
		f(time.Now().Add(time.Hour), ours.SetReadDeadline, ours.Read)
		f(time.Now().Add(time.Hour), ours.SetDeadline, ours.Read)
		f(time.Now().Add(time.Hour), ours.SetWriteDeadline, ours.Write)
	})
}

// content is more than fits between two ends.
func content() []byte {
	b := make([]byte, 8<<20)
	_, _ = rand.Read(b)
	return b
}

func TestAWriteGoesOnAfterATimerThatWasTooEarly(t *testing.T) {
	Both(t, func(t *testing.T, secure bool) {
		f := func(later time.Time) {
			t.Helper()
			ours, theirs := connected(t, secure)
			all := content()
			soon := time.Now().Add(20 * time.Millisecond)
			_ = ours.SetWriteDeadline(soon)
			_ = ours.SetWriteDeadline(later)
			wrote := make(chan error, 1)
			go func() {
				n, err := ours.Write(all)
				if err == nil && n != len(all) {
					err = io.ErrShortWrite
				}
				wrote <- err
			}()
			passes(soon)
			got := make([]byte, len(all))
			if _, err := io.ReadFull(theirs, got); err != nil || !bytes.Equal(got, all) {
				t.Errorf("%v, the same: %v", err, bytes.Equal(got, all))
			}
			if err := <-wrote; err != nil {
				t.Error(err)
			}
			_ = ours.SetReadDeadline(time.Now())
			_ = theirs.Close()
		}
		f(time.Now().Add(time.Hour))
		f(time.Time{})
	})
}

func TestAWriteThatNobodyReadsEndsAtItsDeadline(t *testing.T) {
	Both(t, func(t *testing.T, secure bool) {
		ours, theirs := connected(t, secure)
		all := content()
		at := time.Now().Add(40 * time.Millisecond)
		_ = ours.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		_ = ours.SetWriteDeadline(at)
		n, err := ours.Write(all)
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().Before(at) || n >= len(all) {
			t.Errorf("wrote %d: %v, too early: %v", n, err, time.Now().Before(at))
		}
		_ = socket(ours).Close()
		got, _ := io.ReadAll(theirs)
		// TLS has sent parts of records, of which it says nothing.
		if !bytes.HasPrefix(all, got) || !secure && len(got) != n {
			t.Errorf("%d bytes written, %d arrived, the same: %v", n, len(got), bytes.HasPrefix(all, got))
		}
	})
}

// A Read that goes on while another goroutine moves its deadline, as in a tunnel.
func TestADeadlineMayBeMovedWhileSomebodyIsBlocked(t *testing.T) {
	Both(t, func(t *testing.T, secure bool) {
		ours, _ := connected(t, secure)
		_ = ours.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		_ = ours.SetReadDeadline(time.Now().Add(time.Hour))
		ended := make(chan error, 1)
		go func() {
			_, err := ours.Read(make([]byte, 1))
			ended <- err
		}()
		for i := range 1000 {
			_ = ours.SetReadDeadline(time.Now().Add(time.Duration(1000+i) * time.Second))
			runtime.Gosched()
		}
		last := time.Now().Add(30 * time.Millisecond)
		_ = ours.SetReadDeadline(last)
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().Before(last) {
			t.Errorf("got %v, too early: %v", err, time.Now().Before(last))
		}
	})
}
