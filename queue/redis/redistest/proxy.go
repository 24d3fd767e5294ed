package redistest

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Fate is what becomes of a request, or of its reply.
type Fate int

// The fates. A request that is cut was not done; a reply that is cut or swallowed was
// done, and nobody hears of it.
const (
	Pass    Fate = iota
	Cut          // the connection is reset
	Swallow      // nothing comes, and the connection stays
)

// Proxy stands between a gateway and a server, and does what a bad network does. A
// client's connection carries one request at a time, so that a reply belongs to the
// request before it.
type Proxy struct {
	listener net.Listener
	to       string
	scripts  atomic.Int64
	done     sync.WaitGroup

	mu      sync.Mutex
	request func([]byte) Fate
	reply   func([]byte) Fate
	conns   map[net.Conn]bool
}

// NewProxy starts a proxy before a server; it ends with the test.
func NewProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, to: s.Addr(), conns: map[net.Conn]bool{}}
	p.done.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.Reset()
		p.done.Wait()
	})
	return p
}

// URL is the proxy's address as a store URL.
func (p *Proxy) URL() string { return "redis://" + p.listener.Addr().String() + "/0" }

// Decide sets who decides about requests, and about the replies to them; nil lets all
// pass. Both are given the request, and may be called by many connections at a time.
func (p *Proxy) Decide(request, reply func(request []byte) Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.request, p.reply = request, reply
}

// Scripts counts the requests that ran a script.
func (p *Proxy) Scripts() int64 { return p.scripts.Load() }

// Reset breaks all connections.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// IsScript says whether a request runs a script.
func IsScript(request []byte) bool {
	head := bytes.ToLower(request[:min(len(request), 32)])
	return bytes.Contains(head, []byte("\r\neval\r\n")) || bytes.Contains(head, []byte("\r\nevalsha\r\n"))
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		pipe := &pipe{proxy: p, client: client, server: server}
		p.done.Go(pipe.requests)
		p.done.Go(pipe.replies)
	}
}

// pipe is one connection through the proxy.
type pipe struct {
	proxy          *Proxy
	client, server net.Conn
	last           atomic.Pointer[[]byte]
}

func (c *pipe) requests() {
	c.carry(c.server, c.client, func(chunk []byte) Fate {
		if len(chunk) > 0 && chunk[0] == '*' {
			request := bytes.Clone(chunk)
			c.last.Store(&request)
			if IsScript(request) {
				c.proxy.scripts.Add(1)
			}
		}
		return c.fate(func() func([]byte) Fate { return c.proxy.request })
	})
}

func (c *pipe) replies() {
	c.carry(c.client, c.server, func([]byte) Fate {
		return c.fate(func() func([]byte) Fate { return c.proxy.reply })
	})
}

func (c *pipe) fate(who func() func([]byte) Fate) Fate {
	c.proxy.mu.Lock()
	decide := who()
	c.proxy.mu.Unlock()
	if last := c.last.Load(); decide != nil && last != nil {
		return decide(*last)
	}
	return Pass
}

// carry takes what comes to the other side, until one of them ends.
func (c *pipe) carry(to, from net.Conn, fate func([]byte) Fate) {
	defer c.end()
	chunk := make([]byte, 1<<16)
	for {
		n, err := from.Read(chunk)
		if n > 0 {
			switch fate(chunk[:n]) {
			case Cut:
				return
			case Swallow:
				continue
			}
			if _, err := to.Write(chunk[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (c *pipe) end() {
	_ = c.client.Close()
	_ = c.server.Close()
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	delete(c.proxy.conns, c.client)
	delete(c.proxy.conns, c.server)
}
