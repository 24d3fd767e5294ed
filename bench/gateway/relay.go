package gateway

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Relay is the network between a visitor and the gateway: it can be cut, change the
// visitor's address, and lose an answer on its way.
type Relay struct {
	// Addr is where visitors connect, and URL the same for browsers.
	Addr, URL string
	to        string
	listener  net.Listener

	mu      sync.Mutex
	from    string
	down    bool
	drop    []byte
	dropped func()
	open    map[net.Conn]struct{}
}

// NewRelay starts a relay to an address; it ends with the test.
func NewRelay(t testing.TB, to string) *Relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{Addr: l.Addr().String(), to: to, listener: l, open: map[net.Conn]struct{}{}}
	r.URL = "http://" + r.Addr
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { r.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.Cut()
		all.Wait()
	})
	return r
}

// To sends new connections to another gateway.
func (r *Relay) To(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to = addr
}

// From makes new connections come from another address, and ends the old ones.
func (r *Relay) From(ip string) {
	r.mu.Lock()
	r.from = ip
	r.mu.Unlock()
	r.Cut()
}

// Down ends all connections, and refuses new ones until Up.
func (r *Relay) Down() {
	r.mu.Lock()
	r.down = true
	r.mu.Unlock()
	r.Cut()
}

// Up ends Down.
func (r *Relay) Up() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = false
}

// Cut ends all connections.
func (r *Relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.open {
		_ = c.Close()
	}
}

// LoseAnswer loses the whole answer to the next request that contains the text: the
// gateway has done what was asked, and the visitor's connection breaks. Then is called
// in between; it may be nil.
func (r *Relay) LoseAnswer(text string, then func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop, r.dropped = []byte(text), then
}

// Losing says whether an answer is still to be lost.
func (r *Relay) Losing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drop != nil
}

// hold notes a connection; false where the network is down.
func (r *Relay) hold(c net.Conn) (from, to string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return "", "", false
	}
	r.open[c] = struct{}{}
	return r.from, r.to, true
}

func (r *Relay) forget(c net.Conn) {
	_ = c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, c)
}

// carry carries one connection.
func (r *Relay) carry(visitor net.Conn) {
	defer r.forget(visitor)
	from, to, ok := r.hold(visitor)
	if !ok {
		return
	}
	d := net.Dialer{Timeout: 5 * time.Second}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	server, err := d.Dial("tcp", to)
	if err != nil {
		return
	}
	defer r.forget(server)
	if _, _, ok := r.hold(server); !ok {
		return
	}
	var lose lossy
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(&answers{visitor, &lose}, server)
		_ = visitor.Close()
	}()
	b := make([]byte, 32<<10)
	for {
		n, err := visitor.Read(b)
		if n > 0 {
			if then, yes := r.loses(b[:n]); yes {
				lose.begin(then)
			}
			if _, err := server.Write(b[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	_ = server.Close()
	<-back
}

// loses says, once, that the answer to this request is to be lost.
func (r *Relay) loses(request []byte) (then func(), yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.drop == nil || !bytes.Contains(request, r.drop) {
		return nil, false
	}
	then = r.dropped
	r.drop, r.dropped = nil, nil
	return then, true
}

// lossy says whether a connection loses what comes back.
type lossy struct {
	mu   sync.Mutex
	on   bool
	then func()
}

func (l *lossy) begin(then func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on, l.then = true, then
}

// answers writes what comes back to the visitor, or loses it and ends.
type answers struct {
	to   net.Conn
	lose *lossy
}

func (a *answers) Write(b []byte) (int, error) {
	a.lose.mu.Lock()
	on, then := a.lose.on, a.lose.then
	a.lose.mu.Unlock()
	if !on {
		return a.to.Write(b)
	}
	if then != nil {
		then()
	}
	return 0, io.ErrClosedPipe
}
