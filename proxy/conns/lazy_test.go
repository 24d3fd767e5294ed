package conns

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// step is one deadline of a script: when it is set, and to what, in microseconds from
// the start; 0 is never. Deadlines, settings and bytes never fall on the same moment.
type step struct{ at, to int }

func script(r *rand.Rand) (steps []step, bytes []int) {
	at := 0
	for range 40 {
		at += 4 * (1 + r.IntN(20))
		to := at - at%4 + 4*(r.IntN(60)-10)
		if r.IntN(6) == 0 {
			to = 0
		}
		steps = append(steps, step{at + 1, max(to, 0)})
	}
	for range 20 {
		bytes = append(bytes, 4*r.IntN(at/4)+2)
	}
	slices.Sort(bytes)
	return steps, bytes
}

// play runs a script on one end of a pipe, and returns what came of each call, and when.
// A call that ran out of time is made again after the next deadline was set.
func play(t *testing.T, seed uint64, wrap func(net.Conn) net.Conn, reading bool) (log []string) {
	synctest.Test(t, func(*testing.T) {
		start := time.Now()
		after := func(us int) time.Time { return start.Add(time.Duration(us) * time.Microsecond) }
		steps, bytes := script(rand.New(rand.NewPCG(seed, 0)))
		a, b := net.Pipe()
		c := wrap(a)
		set, call := c.SetReadDeadline, c.Read
		if !reading {
			set, call = c.SetWriteDeadline, c.Write
		}
		again, over := make(chan struct{}, 1), make(chan struct{})
		go func() {
			defer close(over)
			for {
				n, err := call(make([]byte, 3))
				log = append(log, fmt.Sprintf("%v: %d %v", time.Since(start), n, err))
				switch {
				case errors.Is(err, os.ErrDeadlineExceeded):
					<-again
				case err != nil:
					return
				}
			}
		}()
		go func() {
			for _, us := range bytes {
				time.Sleep(time.Until(after(us)))
				if reading {
					_, _ = b.Write([]byte{1})
				} else {
					_, _ = b.Read(make([]byte, 1))
				}
			}
			_ = b.Close()
		}()
		for _, s := range steps {
			time.Sleep(time.Until(after(s.at)))
			to := time.Time{}
			if s.to > 0 {
				to = after(s.to)
			}
			_ = set(to)
			select {
			case again <- struct{}{}:
			default:
			}
		}
		_ = set(time.Time{})
		close(again)
		<-over
	})
	// Within one moment a call may be made once more or once less.
	return slices.Compact(log)
}

// A connection whose deadlines are armed lazily cannot be told from one that arms them all.
func TestDeadlinesHoldToTheMoment(t *testing.T) {
	plain := func(c net.Conn) net.Conn { return c }
	lazily := func(c net.Conn) net.Conn { return (&Listener{}).wrap(c) }
	for _, reading := range []bool{true, false} {
		out := 0
		for seed := range uint64(300) {
			want, got := play(t, seed, plain, reading), play(t, seed, lazily, reading)
			if !slices.Equal(want, got) {
				t.Fatalf("reading %v, seed %d:\n got %q\nwant %q", reading, seed, got, want)
			}
			for _, line := range want {
				if line[len(line)-7:] == "timeout" {
					out++
				}
			}
		}
		if out < 500 {
			t.Errorf("reading %v: time ran out only %d times", reading, out)
		}
	}
}

// A server sets three deadlines per request, of which none is met.
func TestTimersAreLeftAloneWhileRequestsFollowEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		counted := &armed{Conn: a}
		c := (&Listener{o: Options{After: 2 * time.Second, Idle: time.Minute}}).wrap(counted).(*conn)
		c.can = true
		go func() {
			for range 1000 {
				time.Sleep(time.Millisecond)
				_, _ = b.Write([]byte{1})
				_, _ = b.Read(make([]byte, 1))
			}
		}()
		for range 1000 {
			c.idle = true
			_ = c.SetReadDeadline(time.Now().Add(time.Minute))
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			c.idle = false
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
			_ = c.SetWriteDeadline(time.Now().Add(30 * time.Second))
			if _, err := c.Write([]byte{1}); err != nil {
				t.Fatal(err)
			}
		}
		if counted.times > 4 {
			t.Errorf("timers were set %d times in a thousand requests", counted.times)
		}
	})
}

// armed counts the timers that are set.
type armed struct {
	net.Conn
	times int
}

func (a *armed) SetReadDeadline(t time.Time) error  { a.times++; return a.Conn.SetReadDeadline(t) }
func (a *armed) SetWriteDeadline(t time.Time) error { a.times++; return a.Conn.SetWriteDeadline(t) }

func TestTheServerIsToldThatAConnectionEndedOnceItIsIdleForLong(t *testing.T) {
	f := func(o Options, idle, can bool, byteAt time.Duration, want error, at time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			a, b := net.Pipe()
			c := (&Listener{o: o}).wrap(a).(*conn)
			c.idle, c.can = idle, can
			if byteAt > 0 {
				go func() { time.Sleep(byteAt); _, _ = b.Write([]byte{1}) }()
			}
			// What a request leaves behind, armed for sooner than all that follows.
			_ = c.SetReadDeadline(start.Add(time.Millisecond))
			_ = c.SetReadDeadline(start.Add(o.Idle))
			_, err := c.Read(make([]byte, 1))
			if took := time.Since(start); !errors.Is(err, want) || took != at {
				t.Errorf("%+v: got %v after %v, want %v after %v", o, err, took, want, at)
			}
			if c.parks.Load() != errors.Is(want, io.EOF) {
				t.Errorf("%+v: would be parked: %v", o, c.parks.Load())
			}
		})
	}
	o := Options{After: 2 * time.Second, Idle: time.Minute}
	f(o, true, true, 0, io.EOF, 2*time.Second)
	f(o, true, true, time.Second, nil, time.Second)
	f(o, true, false, 0, os.ErrDeadlineExceeded, time.Minute)
	f(o, false, true, 0, os.ErrDeadlineExceeded, time.Minute)
	f(o, false, true, 3*time.Second, nil, 3*time.Second)
	f(Options{After: time.Hour, Idle: time.Minute}, true, true, 0, os.ErrDeadlineExceeded, time.Minute)
	f(Options{After: time.Minute, Idle: time.Minute}, true, true, 0, os.ErrDeadlineExceeded, time.Minute)
}

// early is a connection that gives bytes together with the end of its time, as TLS may.
type early struct{ net.Conn }

func (early) Read(p []byte) (int, error) { return len(p), os.ErrDeadlineExceeded }

func TestBytesThatComeWithAnEarlyTimerComeWithoutItsError(t *testing.T) {
	c := (&Listener{}).wrap(early{&net.TCPConn{}})
	if n, err := c.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}
