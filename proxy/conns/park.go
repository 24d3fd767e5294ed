package conns

import (
	"net"
	"syscall"
	"time"
)

// spot is where a connection is parked.
type spot struct {
	net.Conn // over TLS, if it is
	raw      syscall.RawConn
}

// park keeps an idle connection until it has something to say, at the latest by a
// time. It returns false where it cannot.
func (l *Listener) park(c net.Conn, by time.Time) bool {
	below, ok := socket(c).(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := below.SyscallConn()
	if err != nil || c.SetReadDeadline(by) != nil {
		return false
	}
	s := &spot{Conn: c, raw: raw}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.parked[s] = struct{}{}
	l.work.Go(func() { l.wait(s) })
	return true
}

// wait is all that runs for a parked connection. Its stack is what parking costs.
func (l *Listener) wait(s *spot) {
	found := Gone
	err := s.raw.Read(func(fd uintptr) bool {
		found = look(fd)
		return found != Quiet
	})
	l.mu.Lock()
	delete(l.parked, s)
	l.mu.Unlock()
	if err != nil || found != Data || s.SetReadDeadline(time.Time{}) != nil {
		_ = s.Close()
		l.left()
		return
	}
	l.offer(s.Conn)
}
